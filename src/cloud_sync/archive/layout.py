"""Where an original lands: from what the provider says of it to a key, purely.

`gopro-videos/{year}/{month}/{filename}` by capture date as the provider writes it, by upload date
where capture is missing, under `undated` where both are. The machine's time zone plays no part.
A key is only ever computed once per file; the tracker keeps it from then on.
"""

from __future__ import annotations

import unicodedata
from hashlib import sha256

from cloud_sync.model.media import MediaItem

ROOT = "gopro-videos"
NAME_LIMIT = 255
"""The longest name in bytes that common file systems take."""

EXTENSION_LIMIT = 32
"""The longest extension in bytes; real ones have three or four."""

_EDITS = frozenset({"Edit", "MultiClipEdit"})
_FORBIDDEN = frozenset('/\\:*?"<>|')
"""Separators, and what exFAT and NTFS volumes refuse: archives often lie on such disks."""


def directory(item: MediaItem) -> str:
    """The part of the key before the name, with a final slash."""
    moment = item.captured_at or item.uploaded_at
    if moment is None:
        return f"{ROOT}/undated/"
    return f"{ROOT}/{moment.year:04}/{moment.month:02}/"


def first_key_candidates(item: MediaItem) -> tuple[str, ...]:
    """Keys for the item's first file, by preference, from the listing alone.

    Empty where the listing does not tell the kind of file: the key waits for the files then.
    """
    extension = _listed_extension(item)
    if not extension:
        return ()
    return key_candidates(item, 1, item.filename, extension)


def _listed_extension(item: MediaItem) -> str:
    # edits are baked to MP4 although the listing calls their project file json
    if item.type in _EDITS:
        return "mp4"
    return split_name(item.filename)[1] or item.extension


def key_candidates(item: MediaItem, number: int, filename: str, extension: str) -> tuple[str, ...]:
    """Keys for file `number`, by preference; the last is the file's own beyond any doubt.

    The plain name comes first; then `-{media_id}` (and `-{number}` from the second file on) stands
    before the extension. Another medium may bear just that name, so longer marks follow.
    A file without a name is called after its medium.
    `extension` wins over the name's own when the two disagree.
    """
    stem, own = split_name(filename)
    if extension and own.lower() != extension.lower():
        own = extension
    by_number = "" if number == 1 else f"-{number}"
    by_medium = f"-{item.id}{by_number}"
    # repr keeps the three apart whatever they hold, and spells lone surrogates out
    digest = sha256(repr((item.id, number, filename)).encode()).hexdigest()[:16]
    marks = ["", by_medium] if stem else [by_number]
    marks += [f"-{item.id}-{number}", f"{by_medium}-{digest}"]
    names = [_fit(stem or item.id, mark, own) for mark in marks]
    return tuple(directory(item) + name for name in dict.fromkeys(names))


def split_name(filename: str) -> tuple[str, str]:
    """Stem and extension (without the dot) of a name; a leading dot starts no extension."""
    stem, dot, extension = filename.rpartition(".")
    if not dot or not stem or len(extension) > 10 or not extension.isalnum():
        return filename, ""
    return stem, extension


def _fit(stem: str, mark: str, extension: str) -> str:
    """`{stem}{mark}.{extension}` as one safe name of at most `NAME_LIMIT` bytes.

    The stem is cut first, and of an endless mark the front, so that a digest at its end stays.
    """
    ending = f".{_cut(_safe(extension), EXTENSION_LIMIT)}" if extension else ""
    room = NAME_LIMIT - len(ending.encode())
    tail = _cut(_safe(mark)[::-1], room)[::-1]
    head = _cut(_safe(stem), room - len(tail.encode()))
    name = unicodedata.normalize("NFC", _no_leading(head + tail) + ending)
    return _no_trailing(name)


def _cut(text: str, room: int) -> str:
    """The longest beginning of `text` that takes at most `room` bytes."""
    return text.encode()[:room].decode("utf-8", "ignore")


def _safe(text: str) -> str:
    """One path segment: NFC, and `_` for separators, control characters and lone surrogates."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(
        "_" if char in _FORBIDDEN or unicodedata.category(char) in ("Cc", "Cs") else char
        for char in normal
    )


def _no_leading(name: str) -> str:
    """`_` for leading dots and blanks, which would make a hidden name or `..`, and for no name."""
    body = name.lstrip(". \t")
    return name if body and body == name else "_" + body


def _no_trailing(name: str) -> str:
    """`_` for trailing dots and blanks, which some disks drop."""
    body = name.rstrip(". ")
    return name if body == name else body + "_"


def collision_form(key: str) -> str:
    """Two keys with the same form may be one file on some disk: NFC, letter case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold())
