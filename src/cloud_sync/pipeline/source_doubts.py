"""What a person is told of originals whose bytes do not give the source's own checksum."""

from __future__ import annotations

import threading

from cloud_sync.errors import CloudSyncError
from cloud_sync.pipeline.events import Observer, Warned
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.summary.render import count

SUSPECTS_COUNTED = 1000


def proven_rules(rooms: Rooms, options: RunOptions) -> set[str] | None:
    """The rules by which the source's ETags were reproduced before, None where none is to be."""
    return set(rooms.tracker.source_rules_matched()) if options.source_check else None


class SourceDoubts:
    """Says once in a run that a source's checksum could not be reproduced."""

    def __init__(self, observe: Observer) -> None:
        self._observe = observe
        self._first = threading.Lock()

    def differs(self, name: str) -> None:
        """An original was stored whose bytes do not give the source's checksum."""
        # taken once and never let go of: who comes second has nothing to tell
        if self._first.acquire(blocking=False):
            self._observe(
                Warned(
                    f"the cloud's own checksum could not be reproduced (first: {name}); the file "
                    "is stored as it came, size and transfer checks agree, and `cloud-sync list "
                    "--json` has all such files under source_check"
                )
            )


def warn_of_suspects(rooms: Rooms, observe: Observer) -> None:
    """Tell of stored files that are most likely damaged, as others of their kind were proven."""
    try:
        found = rooms.tracker.source_suspects(SUSPECTS_COUNTED)
    except CloudSyncError as error:
        observe(Warned(f"{error.message}; the run itself is not affected"))
        return
    if found:
        observe(
            Warned(
                f"{count(len(found), 'stored file does', 'stored files do')} not give the cloud's "
                f"own checksum as others do (first: {found[0][1].key}); look at them, "
                "`cloud-sync status` names them"
            )
        )
