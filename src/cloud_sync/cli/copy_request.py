"""The command line of a copy as the JSON document that every door takes."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from cloud_sync.errors import UsageError
from cloud_sync.replicate.request import Problem, RequestRefused

_EXAMPLE = "cloud-sync copy s3://bucket/key s3://bucket-a s3://bucket-b"
_WHOLE_BUCKET = (
    "; for whatever appears in a bucket: cloud-sync watch-copies s3://bucket s3://bucket-a"
)

_ARGUMENTS = {
    "sourceBucket": "the bucket of SRC",
    "sourceKey": "the key of SRC",
    "destinationBuckets": "DEST",
    "versionId": "--version-id",
    "storageClass": "--storage-class",
    "prefixMapping": "--prefix-from with --prefix-to",
    "prefixMapping.from": "--prefix-from",
    "prefixMapping.to": "--prefix-to",
}
"""What a field of the request is on the command line."""


@dataclass(frozen=True, slots=True)
class CopyArguments:
    """The command line as given: the places, or a file with the request."""

    places: tuple[str, ...] = ()
    input_file: str | None = None
    version_id: str | None = None
    storage_class: str | None = None
    prefix_from: str | None = None
    prefix_to: str | None = None


@dataclass(frozen=True, slots=True)
class AsDocument:
    """The request as JSON, and whether its source is a folder of this machine."""

    document: object
    from_folder: bool


def as_document(arguments: CopyArguments) -> AsDocument:
    """The request that the command line stands for; UsageError where it stands for none."""
    if arguments.input_file is not None:
        if arguments.places or _named(arguments):
            raise UsageError(
                "reading the copy request: it is given both by --input and on the command line",
                hint="give either --input FILE or SRC DEST…",
            )
        return AsDocument(_read(arguments.input_file), from_folder=False)
    if len(arguments.places) < 2:
        raise UsageError("copying: SRC and at least one DEST are needed", hint=_EXAMPLE)
    source, *destinations = arguments.places
    fields, from_folder, problems = _source(source)
    fields["destinationBuckets"] = [
        _bucket(each, position, problems) for position, each in enumerate(destinations)
    ]
    if problems:
        raise RequestRefused(tuple(problems))
    fields |= _named(arguments)
    return AsDocument(fields, from_folder)


def as_typed(refused: RequestRefused, arguments: CopyArguments) -> RequestRefused:
    """The same refusal in the words of the command line, where the request was typed there."""
    if arguments.input_file is not None:
        return refused
    keyless = any(problem == Problem("sourceKey", "is empty") for problem in refused.problems)
    hint = _EXAMPLE + (_WHOLE_BUCKET if keyless else "")
    return RequestRefused(refused.problems, called=_called, hint=hint)


def _called(field: str) -> str:
    name, bracket, position = field.partition("[")
    argument = _ARGUMENTS.get(name)
    return f"{argument}{bracket}{position} ({field})" if argument else field


def _named(arguments: CopyArguments) -> dict[str, object]:
    fields: dict[str, object] = {}
    if arguments.version_id is not None:
        fields["versionId"] = arguments.version_id
    if arguments.storage_class is not None:
        fields["storageClass"] = arguments.storage_class
    if arguments.prefix_from is not None or arguments.prefix_to is not None:
        fields["prefixMapping"] = {
            "from": arguments.prefix_from or "",
            "to": arguments.prefix_to or "",
        }
    return fields


def _source(source: str) -> tuple[dict[str, object], bool, list[Problem]]:
    if source.startswith("s3://"):
        bucket, _, key = source.removeprefix("s3://").partition("/")
        return {"sourceBucket": bucket, "sourceKey": key}, False, []
    if "://" in source:
        told = f"{source!r} is neither s3://bucket/key nor a file of this machine"
        return {}, False, [Problem("SRC", told)]
    path = Path(source).expanduser().absolute()
    if not path.is_file():
        told = f"{source!r} is no file of this machine"
        told += ", but a folder" if path.is_dir() else ", nor an object as s3://bucket/key"
        return {}, True, [Problem("SRC", told)]
    return {"sourceBucket": str(path.parent), "sourceKey": path.name}, True, []


def _bucket(place: str, position: int, problems: list[Problem]) -> str:
    bucket, _, rest = place.removeprefix("s3://").partition("/")
    if not place.startswith("s3://") or rest:
        reason = f"{place!r} is no bucket as s3://bucket"
        if rest:
            reason += " (for another key there, see --prefix-from and --prefix-to)"
        problems.append(Problem(f"DEST[{position}]", reason))
    return bucket


def _read(name: str) -> object:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except OSError as error:
        raise UsageError(f"reading the copy request from {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"reading the copy request from {name}: it is no UTF-8 text") from None
    try:
        return json.loads(text)
    except ValueError:
        raise UsageError(
            f"reading the copy request from {name}: it is no JSON",
            hint='write {"sourceBucket": "…", "sourceKey": "…", "destinationBuckets": ["…"]}',
        ) from None
