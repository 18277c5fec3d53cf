"""The command line of `cloud-sync copy`, where it can be read in one way only.

Places, flags, and options with a value after them. Whatever else there is (help, `--name=value`,
what is wrong) is for the general reading of command lines, which knows it all and says what is
wrong; both readings come to the same for the lines that are read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloud_sync.cli.copy_request import CopyArguments
    from cloud_sync.cli.copy_run import CopyOptions

FLAGS = {
    "--json": "json",
    "--quiet": "quiet",
    "-q": "quiet",
    "--verbose": "verbose",
    "-v": "verbose",
}
"""Flags by the field of CopyOptions that they set."""

ABOUT_THE_REQUEST = {
    "--input": "input_file",
    "--version-id": "version_id",
    "--storage-class": "storage_class",
    "--prefix-from": "prefix_from",
    "--prefix-to": "prefix_to",
}
"""Options with a value by the field of CopyArguments that they set."""

ABOUT_THE_WORK = {
    "--to-endpoint": "to_endpoint",
    "--to-profile": "to_profile",
    "--concurrency": "concurrency",
    "--on-complete": "on_complete",
}
"""Options with a value by the field of CopyOptions that they set."""


@dataclass(frozen=True, slots=True)
class PlainCopy:
    """A command line that was read to its end."""

    arguments: CopyArguments
    options: CopyOptions


def plain_copy(line: Sequence[str]) -> PlainCopy | None:
    """What the words after `copy` ask for, None where they are not for this reading."""
    places: list[str] = []
    request: dict[str, str] = {}
    work: dict[str, Any] = {}
    words = iter(line)
    for word in words:
        if not word.startswith("-"):
            places.append(word)
        elif word in FLAGS:
            work[FLAGS[word]] = True
        else:
            value = next(words, "-")
            if value.startswith("-"):
                return None
            if word in ABOUT_THE_REQUEST:
                request[ABOUT_THE_REQUEST[word]] = value
            elif word in ABOUT_THE_WORK:
                work[ABOUT_THE_WORK[word]] = value
            else:
                return None
    from cloud_sync.cli.copy_request import CopyArguments
    from cloud_sync.cli.copy_run import CopyOptions

    return PlainCopy(CopyArguments(tuple(places), **request), CopyOptions(**work))
