"""What the emulator's own interpreter runs; it has none of our code, so this imports none of it.

The emulator does not outlive the process whose number is given, which started it and may be killed.
It believes that TLS ended just before it: the stacks' policies refuse all that comes without. And
it unpacks the code of a function once, instead of anew for each process that serves its calls.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import ministack.app  # type: ignore[import-not-found]
import ministack.core.lambda_runtime  # type: ignore[import-not-found]

Scope = dict[str, Any]
Serve = Callable[[Scope, Any, Any], Awaitable[None]]


def end_with(caller: int) -> None:
    """End this process and all that it started, once the caller is gone."""
    while os.getppid() == caller:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)


def behind_tls(serve: Serve) -> Serve:
    """The application as it is called by what ends TLS before it."""

    async def as_behind_tls(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = [*scope["headers"], (b"x-forwarded-proto", b"https")]
            scope = {**scope, "headers": headers}
        await serve(scope, receive, send)

    return as_behind_tls


class SharedCode(zipfile.ZipFile):
    """A zip whose content is unpacked once; folders to unpack into become links to it.

    Functions cannot write to their code on AWS either. What Python compiles of it stays there.
    """

    root = Path(tempfile.gettempdir()) / "function-code"
    lock = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Replace the empty folder `path` by a link to the content."""
        shared = self.root / hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        with self.lock:
            if not shared.is_dir():
                making = shared.with_suffix(".making")
                super().extractall(making, members, pwd)
                making.rename(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared)


class SharingZipfile:
    """What the runtime of functions uses of the module `zipfile`."""

    ZipFile = SharedCode
    BadZipFile = zipfile.BadZipFile


def main(caller: int) -> None:
    """Serve until told to end."""
    threading.Thread(target=end_with, args=(caller,), daemon=True).start()
    ministack.core.lambda_runtime.zipfile = SharingZipfile
    ministack.app.app = behind_tls(ministack.app.app)
    ministack.app.main()


if __name__ == "__main__":
    # the emulator reads the command line as well
    main(int(sys.argv.pop()))
