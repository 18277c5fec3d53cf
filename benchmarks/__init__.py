"""Figures that the documentation states, measured anew: `make bench`."""
