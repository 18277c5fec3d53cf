"""Where the simulator's media come from: generated libraries, and folders of the user's own."""

from cloud_sync.simulator.folder import FolderLibrary
from cloud_sync.simulator.generator import generate, pattern_medium
from cloud_sync.simulator.medium import OriginalUnreadable, Shape, SimFile, SimMedium
from cloud_sync.simulator.store import Library

__all__ = [
    "FolderLibrary",
    "Library",
    "OriginalUnreadable",
    "Shape",
    "SimFile",
    "SimMedium",
    "generate",
    "pattern_medium",
]
