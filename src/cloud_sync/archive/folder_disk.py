"""What the folder archive asks of a file system, with our own errors."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cloud_sync.errors import (
    ArchiveUnusable,
    CloudSyncError,
    KeyTaken,
    ServiceUnavailable,
)

_READ_SIZE = 1 << 20

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_FOLDER = frozenset({errno.ENOTDIR, errno.EEXIST, errno.ELOOP})
_PASSING = frozenset(
    {errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY, errno.EMFILE, errno.ENFILE}
)
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF})


@contextmanager
def translated(doing: str, path: Path, *, kept: str = "") -> Iterator[None]:
    """Turn an OSError into ArchiveUnusable, or ServiceUnavailable where it may pass by itself."""
    try:
        yield
    except OSError as error:
        raise _meaning(error, doing, path, kept) from error


def _meaning(error: OSError, doing: str, path: Path, kept: str) -> CloudSyncError:
    number = error.errno or 0
    what = f"{doing} {path}: "
    if number in _PASSING:
        return ServiceUnavailable(what + "the file system does not answer", kept=kept)
    if number in _FULL:
        return ArchiveUnusable(
            what + "no space is left",
            kept=kept,
            hint=f"free some space, or see what is there: df -h '{path}'",
        )
    if number in _REFUSED:
        return ArchiveUnusable(
            what + "writing is not allowed",
            kept=kept,
            hint=f"is the disk mounted, and for writing? Who may write: ls -ld '{path}'",
        )
    if number in _NO_FOLDER:
        return ArchiveUnusable(
            what + "a file or a link stands where a folder is needed",
            kept=kept,
            hint="move it away, or choose another destination with --to",
        )
    if number == errno.EFBIG:
        return ArchiveUnusable(
            what + "the file system does not take a file of this size",
            kept=kept,
            hint="FAT32 ends at 4 GiB a file; choose a disk with exFAT, APFS or ext4",
        )
    if number == errno.ENAMETOOLONG:
        return ArchiveUnusable(
            what + "the path is too long for this file system",
            kept=kept,
            hint="choose a destination with a shorter path with --to",
        )
    name = errno.errorcode.get(number, "an unknown error")
    return ArchiveUnusable(
        what + f"the file system answers {name}",
        kept=kept,
        hint="is the disk still there? cloud-sync doctor",
    )


def create_file(path: Path) -> int:
    """A new empty file for reading and writing, its mode left to the umask; the descriptor."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def lock_file(descriptor: int) -> bool:
    """Mark the file as held by this process until it ends; False where somebody else holds it.

    A file system without locks also answers False.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def hold_file(descriptor: int) -> None:
    """Mark a file that this process has just made as held by it until it ends.

    Whoever else holds it has taken it for a leftover, and lets go of it at once. On a file system
    without locks nothing is held.
    """
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def write_at(descriptor: int, data: memoryview, offset: int) -> None:
    """All of `data` at `offset`."""
    rest = data.cast("B")
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        offset += written
        rest = rest[written:]


def blocks(descriptor: int, offset: int, length: int) -> Iterator[memoryview]:
    """The bytes from `offset` on, at most `length`; each block is overwritten by the next."""
    buffer = memoryview(bytearray(min(length, _READ_SIZE)))
    while length:
        count = os.preadv(descriptor, [buffer[:length]], offset)
        if not count:
            return
        yield buffer[:count]
        offset += count
        length -= count


def open_again(path: Path) -> int | None:
    """Open and lock a temporary file that an earlier process left; None where that cannot be.

    Not where it is gone, held by somebody else, no file but a link, or published already: a process
    that died between giving it its name and removing the temporary one leaves one file with both,
    and writing to it would change an archived object.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.EISDIR):
            return None
        raise
    try:
        if lock_file(descriptor) and _is_ours_alone(descriptor, path):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _is_ours_alone(descriptor: int, path: Path) -> bool:
    # asked under the lock: until then its holder may have published or removed the file
    held = os.fstat(descriptor)
    try:
        named = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(held.st_mode) and held.st_nlink == 1 and os.path.samestat(held, named)


def sync_file(descriptor: int) -> None:
    """Return when the file's bytes are on the medium itself."""
    if sys.platform == "darwin":
        # fsync on macOS stops at the disk's own cache; some shares know only fsync
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:
            os.fsync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Make the folder's entries durable, where the file system can sync folders at all."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def make_folders(path: Path) -> None:
    """Create `path` with its parents, durably: each folder that gains an entry is synced."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        # another thread may have made it in the meantime
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def publish(temporary: Path, target: Path, key: str) -> None:
    """Give a finished file its name; KeyTaken, and nothing changed, where the name is in use.

    A hard link fails when the name exists, whoever made it. File systems without hard links
    (exFAT, some network shares) get a look and then a rename: between the two a foreign program
    could create the name and lose its file. cloud-sync itself is kept apart by its run lease.
    """
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        raise _taken(key, target) from None
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(target):
            raise _taken(key, target) from None
        temporary.rename(target)
    else:
        temporary.unlink()


def _taken(key: str, target: Path) -> KeyTaken:
    return KeyTaken(
        f"storing {key}: something else already lies at {target}",
        kept="what lies there is untouched",
        hint=f"look at what lies there, move it away, and run again: {target}",
    )


def listed_name(name: str, siblings: frozenset[str], same_file: Callable[[str], bool]) -> str:
    """The name under which an entry was stored, where the file system spells it its own way.

    HFS+ and some shares list names decomposed (NFD) whatever was stored. The composed form is
    meant when it leads to the very same file (`same_file`) without being an entry of its own.
    """
    composed = unicodedata.normalize("NFC", name)
    if composed != name and composed not in siblings and same_file(composed):
        return composed
    return name
