"""Where a run's time goes, for those who collect traces."""
