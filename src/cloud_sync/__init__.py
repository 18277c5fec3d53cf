"""cloud-sync: archives a camera cloud's library into storage that its owner controls."""

__version__ = "0.1.0"
