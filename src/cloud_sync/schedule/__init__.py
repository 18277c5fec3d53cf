"""When a daily run starts on one machine, and what starts it."""
