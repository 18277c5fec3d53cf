"""Where lies what can be made again at any time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cloud_sync.config.schema import HOME_ENV


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The platform's cache; below CLOUD_SYNC_HOME where that is set."""
    home = environment.get(HOME_ENV, "").strip()
    if home:
        return Path(home).expanduser().absolute() / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("cloud-sync", appauthor=False)
