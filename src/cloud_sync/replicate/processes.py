"""Whether a process of this machine still lives."""

from __future__ import annotations

import os


def is_gone(process: int) -> bool:
    """Whether no process of this machine has the id, which may be another's by now."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
