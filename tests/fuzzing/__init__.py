"""Damaged answers of the camera cloud by the hundred thousand: `make fuzz`.

Every answer is made from the run's seed and its own number alone, so any of them can be made again.
"""
