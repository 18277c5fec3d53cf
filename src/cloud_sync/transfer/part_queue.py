"""One queue of parts over all originals, first come first served."""

from __future__ import annotations

import threading

from cloud_sync.transfer.file_transfer import FileTransfer, PartTask


class PartQueue:
    """Hands parts to workers; an idle worker waits while an original is being opened."""

    def __init__(self) -> None:
        self._files: list[FileTransfer] = []
        self._changed = threading.Condition()
        self._allowed = 0
        self._closed = False

    def add(self, file: FileTransfer) -> None:
        """Queue an original whose first parts are wanted."""
        with self._changed:
            self._files.append(file)
            self._changed.notify_all()

    def remove(self, file: FileTransfer) -> None:
        """Take an original out that has ended."""
        with self._changed:
            self._files.remove(file)

    def changed(self) -> None:
        """Parts have come to be wanted, or more workers are allowed: look again."""
        with self._changed:
            self._changed.notify_all()

    def allow(self, workers: int) -> None:
        """Let workers below this index take parts; the others rest."""
        with self._changed:
            self._allowed = workers
            self._changed.notify_all()

    def take(self, worker: int) -> tuple[FileTransfer, PartTask] | None:
        """The next part for the worker of this index; None when the queue is closed."""
        with self._changed:
            while not self._closed:
                if worker < self._allowed:
                    for file in self._files:
                        if (task := file.take()) is not None:
                            return file, task
                self._changed.wait()
            return None

    def close(self) -> None:
        """Let all workers go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
