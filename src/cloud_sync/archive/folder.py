"""An archive in a folder of a mounted file system: a local disk, an external one, a share.

A half file never bears a real name: parts go to a temporary file under `.cloud-sync/partial`, on
the same file system, which is made durable first and then given its name without overwriting.
A folder keeps nothing beside a file: `head` reports sizes only. What an object was when it was
stored, and which medium it belongs to, is noted in `.cloud-sync/manifest.jsonl`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cloud_sync.archive.base import (
    Noted,
    ObjectDescription,
    ObjectRecord,
    StoredObject,
    UnfinishedUpload,
)
from cloud_sync.archive.checksum import to_text
from cloud_sync.archive.folder_disk import (
    create_file,
    listed_name,
    make_folders,
    open_again,
    publish,
    sync_folder,
    translated,
    write_at,
)
from cloud_sync.archive.folder_manifest import FolderManifest, ManifestLine
from cloud_sync.archive.folder_partial import PARTS, TOKEN, WHOLE, create_partial, sweep
from cloud_sync.archive.folder_upload import FolderUpload
from cloud_sync.archive.keys import require_key
from cloud_sync.errors import ArchiveUnusable

PRIVATE = ".cloud-sync"
"""The name in the root that is ours and holds no objects."""

MANIFEST = "manifest.jsonl"
"""The name in our own folder of the file that tells of the objects."""


class FolderArchive:
    """Objects are the regular files below `root`, except in `.cloud-sync`.

    Symbolic links below the root are neither objects nor followed: `head`, `list` and `open` do
    not see what lies behind them, and nothing is written through them. The root may be one.
    Only `check` ever creates the root: where it, or its `.cloud-sync`, has gone since, a disk was
    unmounted, and every other call raises ArchiveUnusable rather than call everything missing or
    fill the disk below the mount point.
    """

    def __init__(self, root: Path, *, in_use: bool = False) -> None:
        """`in_use` says that something was archived here before: `check` creates nothing then."""
        self.location = str(root)
        self._in_use = in_use
        self._root = root
        self._partial = root / PRIVATE / "partial"
        self._manifest = FolderManifest(root / PRIVATE / MANIFEST)

    def check(self) -> None:
        """Create the folder with its parents, and prove by a probe file that it can be written.

        Also throws away what processes that died have left and nobody can go on with, and parts
        that nobody has gone on with for 30 days.
        """
        if self._in_use:
            self._require_root("writing into")
        with translated("checking the archive", self._root):
            make_folders(self._partial)
            probe = self._partial / f"probe-{secrets.token_hex(8)}"
            descriptor = create_file(probe)
            try:
                write_at(descriptor, memoryview(b"cloud-sync"), 0)
                os.fsync(descriptor)
                present = os.fstat(descriptor).st_mtime
            finally:
                os.close(descriptor)
                probe.unlink()
            # the probe's time stamp is the disk's own idea of now: a share has another clock
            sweep(self._partial, present)

    def begin(self, key: str, description: ObjectDescription, *, part_size: int) -> FolderUpload:
        """Start an object; of the description, the manifest keeps all but type and tags."""
        return self._begin(key, description, part_size, PARTS)

    def _begin(
        self, key: str, description: ObjectDescription, part_size: int, ending: str
    ) -> FolderUpload:
        if part_size < 1:
            raise ValueError(f"a part has at least one byte, not {part_size}")
        target = self._path(key)
        self._require_root("writing into")
        with translated("writing into", self._root):
            make_folders(self._partial)
            temporary, descriptor = create_partial(self._partial, ending)
        return self._upload(key, description, target, temporary, descriptor, part_size)

    def resume(
        self, key: str, description: ObjectDescription, *, part_size: int, token: str
    ) -> FolderUpload | None:
        """Go on with a temporary file; None also where another process or upload holds it.

        On a file system without locks nothing is ever resumed: who else writes cannot be told.
        """
        if part_size < 1:
            raise ValueError(f"a part has at least one byte, not {part_size}")
        target = self._path(key)
        self._require_root("writing into")
        if not TOKEN.fullmatch(token):
            return None
        temporary = self._partial / token
        with translated("going on with", temporary):
            descriptor = open_again(temporary)
        if descriptor is None:
            return None
        return self._upload(key, description, target, temporary, descriptor, part_size)

    def _upload(
        self,
        key: str,
        description: ObjectDescription,
        target: Path,
        temporary: Path,
        descriptor: int,
        part_size: int,
    ) -> FolderUpload:
        def publish(stored: StoredObject) -> None:
            self._note(description, stored, descriptor)
            self.publish(temporary, target, key)

        return FolderUpload(publish, key, target, temporary, descriptor, part_size)

    def _note(self, description: ObjectDescription, stored: StoredObject, descriptor: int) -> None:
        """Write down what is about to become visible; its own file system keeps its time."""
        with translated("noting a file in", self._root, kept="what was archived is untouched"):
            self._manifest.add(
                ManifestLine(
                    key=stored.key,
                    media_id=description.media_id,
                    file_number=description.file_number,
                    size=stored.size,
                    checksum=stored.checksum or "",
                    changed_ns=os.fstat(descriptor).st_mtime_ns,
                    metadata=description.metadata,
                )
            )

    def put(
        self, key: str, description: ObjectDescription, data: memoryview, checksum: bytes
    ) -> StoredObject:
        """As the contract says, by way of a temporary file like every other object."""
        upload = self._begin(key, description, max(1, data.nbytes), WHOLE)
        try:
            upload.put_part(1, data, checksum)
            return upload.commit(data.nbytes, to_text(checksum))
        finally:
            upload.abort()

    def head(self, key: str) -> StoredObject | None:
        """Size of the file at `key`; no checksum, for a folder keeps none with the file."""
        status = self._status(key)
        return None if status is None else StoredObject(key, status.st_size)

    def _status(self, key: str) -> os.stat_result | None:
        path = self._path(key)
        with translated("looking at", path):
            if path.is_file() and not path.is_symlink() and not self._link_before(path):
                return path.stat()
        self._require_root("looking into")
        return None

    def describe(self, key: str) -> ObjectRecord | None:
        """Size of the file at `key`, and what was noted of it.

        The noted checksum is vouched for while size and time of last change are as noted: then
        nothing has written to the file since it was stored. A copy of the archive that did not
        keep the times has no checksums until its bytes are read.
        """
        status = self._status(key)
        if status is None:
            return None
        stored = StoredObject(key, status.st_size)
        with translated("reading the manifest of", self._root):
            line = self._manifest.about(key, status.st_size, status.st_mtime_ns)
        if line is None:
            return ObjectRecord(stored)
        untouched = (line.size, line.changed_ns) == (status.st_size, status.st_mtime_ns)
        stored = replace(
            stored,
            checksum=line.checksum if untouched else None,
            media_id=line.media_id,
            file_number=line.file_number,
        )
        return ObjectRecord(stored, line.metadata, Noted(line.size, line.checksum))

    def unfinished_uploads(self) -> Iterator[UnfinishedUpload]:
        """Our own temporary files that no process holds; which keys they are for is not known."""
        self._require_root("looking into")
        with translated("looking into", self._partial):
            names = sorted(path.name for path in self._partial.glob("*.part"))
        for name in filter(TOKEN.fullmatch, names):
            with translated("looking at", self._partial / name):
                descriptor = open_again(self._partial / name)
                if descriptor is None:
                    continue
                try:
                    seconds = os.fstat(descriptor).st_mtime
                finally:
                    os.close(descriptor)
            yield UnfinishedUpload(name, None, datetime.fromtimestamp(seconds, UTC))

    def discard(self, upload: UnfinishedUpload) -> bool:
        """As the contract says; a file that is whole and has its name keeps it."""
        if not TOKEN.fullmatch(upload.token):
            return False
        temporary = self._partial / upload.token
        with translated("clearing", temporary):
            descriptor = open_again(temporary)
            if descriptor is None:
                return False
            try:
                temporary.unlink()
            finally:
                os.close(descriptor)
        return True

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key starts with `prefix`, in the order of their code points."""
        self._require_root("listing")
        return self._walk(self._root, "", prefix)

    def _walk(self, folder: Path, above: str, prefix: str) -> Iterator[StoredObject]:
        for name, entry in self._entries(folder):
            key = above + name
            if above == "" and name == PRIVATE:
                continue
            if entry.is_dir(follow_symlinks=False):
                below = key + "/"
                if below.startswith(prefix) or prefix.startswith(below):
                    yield from self._walk(Path(entry.path), below, prefix)
            elif entry.is_file(follow_symlinks=False) and key.startswith(prefix):
                with translated("listing", Path(entry.path)):
                    size = entry.stat(follow_symlinks=False).st_size
                yield StoredObject(key, size)

    def _entries(self, folder: Path) -> Sequence[tuple[str, os.DirEntry[str]]]:
        """Entries with their names, in key order: a folder sorts as its name and a slash."""
        with translated("listing", folder), os.scandir(folder) as scan:
            entries = list(scan)
        names = frozenset(entry.name for entry in entries)

        def named(entry: os.DirEntry[str]) -> str:
            def same_file(other: str) -> bool:
                path = folder / other
                return path.exists() and path.samefile(entry.path)

            return listed_name(entry.name, names, same_file)

        def place(pair: tuple[str, os.DirEntry[str]]) -> str:
            return pair[0] + "/" if pair[1].is_dir(follow_symlinks=False) else pair[0]

        return sorted(((named(entry), entry) for entry in entries), key=place)

    def open(self, key: str) -> BinaryIO:
        path = self._path(key)
        if self.head(key) is None:
            raise FileNotFoundError(key)
        with translated("reading", path):
            return path.open("rb")

    def close(self) -> None:
        """There is nothing to let go of."""

    def _how_to_return(self) -> str:
        if self._in_use:
            return f"mount the disk, or, if it is there: mkdir -p '{self._root / PRIVATE}'"
        return (
            "is the disk mounted? A folder becomes an archive with its first sync: "
            f"cloud-sync sync --to '{self._root}'"
        )

    def _require_root(self, doing: str) -> None:
        with translated(doing, self._root):
            found = (self._root / PRIVATE).is_dir()
        if not found:
            raise ArchiveUnusable(
                f"{doing} {self._root}: no archive is there",
                hint=self._how_to_return(),
            )

    def _path(self, key: str) -> Path:
        """Where `key` lies; ValueError for a key that is none, or that means our own folder."""
        if require_key(key).split("/")[0].casefold() == PRIVATE:
            raise ValueError(f"not a key: {key!r}")
        return self._root / key

    def _link_before(self, path: Path) -> bool:
        """Whether a symbolic link stands between the root and the file."""
        between = path.relative_to(self._root).parents
        return any((self._root / part).is_symlink() for part in between if part != Path())

    def publish(self, temporary: Path, target: Path, key: str) -> None:
        """Make a finished file visible and durable under its key; KeyTaken where it is in use."""
        with translated("writing", target, kept="what was archived before is untouched"):
            if self._link_before(target):
                raise ArchiveUnusable(
                    f"storing {key}: a symbolic link stands in its path {target.parent}",
                    hint="replace the link by the folder itself",
                )
            make_folders(target.parent)
            publish(temporary, target, key)
            sync_folder(target.parent)
