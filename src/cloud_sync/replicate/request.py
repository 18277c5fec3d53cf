"""What is asked of a copy: one object, and the buckets that are to hold it.

The JSON form is the same on the command line, over HTTP and in a state machine's input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cloud_sync.errors import UsageError

MOST_DESTINATIONS = 100
LONGEST_KEY = 1024
"""Bytes of a key in UTF-8, as Amazon documents it."""

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_CLASS = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
_FIELDS = frozenset(
    {
        "sourceBucket",
        "sourceKey",
        "destinationBuckets",
        "versionId",
        "storageClass",
        "prefixMapping",
    }
)
_BUCKET_RULE = (
    "is no bucket's name: 3 to 63 characters a-z, 0-9, dots and hyphens, a letter or digit at both "
    "ends, no two dots in a row, no IP address"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that cannot be as it is: its JSON name, and what is wrong, to be read after it."""

    field: str
    reason: str


class RequestRefused(UsageError):
    """A request that cannot be carried out as it stands; `problems` names every bad field.

    `called` is how the one who asked calls a field, where that is not its JSON name.
    """

    code = "bad_request"

    def __init__(
        self,
        problems: tuple[Problem, ...],
        *,
        called: Callable[[str], str] = str,
        hint: str = "cloud-sync copy --help shows a request",
    ) -> None:
        told = "; ".join(f"{called(problem.field)} {problem.reason}" for problem in problems)
        super().__init__(f"reading the copy request: {told}", kept="nothing was copied", hint=hint)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class PrefixMapping:
    """The beginning of the key that is replaced at the destinations, and by what.

    Either may be empty: an empty `old` puts `new` before the whole key.
    """

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """One object to be copied to each destination.

    `version_id` None means the version that is current when the copy is made. `storage_class` None
    means the destination's default.
    """

    source_bucket: str
    source_key: str
    destinations: tuple[str, ...]
    version_id: str | None = None
    storage_class: str | None = None
    prefix: PrefixMapping | None = None

    @classmethod
    def from_json(
        cls, document: object, *, elsewhere: bool = False, from_folder: bool = False
    ) -> CopyRequest:
        """The request in `document`; RequestRefused names every field that is wrong.

        `elsewhere`: the destinations lie at another service than the source, so that a bucket of
        the same name is another bucket. `from_folder`: `sourceBucket` is a folder's path.
        """
        fields, problems = _as_object(document)
        problems += [
            Problem(str(name), "is no field of a copy request")
            for name in fields
            if name not in _FIELDS
        ]
        request = cls(
            source_bucket=_source(fields, problems, from_folder=from_folder),
            source_key=_key(fields, problems),
            destinations=_destinations(fields, problems),
            version_id=_optional_text(fields, "versionId", problems),
            storage_class=_storage_class(fields, problems),
            prefix=_mapping(fields, problems),
        )
        if not problems:
            problems += _together(request, elsewhere=elsewhere or from_folder)
        if problems:
            raise RequestRefused(tuple(problems))
        return request

    def to_json(self) -> dict[str, object]:
        """The request as JSON; optional fields only where they are set."""
        document: dict[str, object] = {
            "sourceBucket": self.source_bucket,
            "sourceKey": self.source_key,
            "destinationBuckets": list(self.destinations),
        }
        if self.version_id is not None:
            document["versionId"] = self.version_id
        if self.storage_class is not None:
            document["storageClass"] = self.storage_class
        if self.prefix is not None:
            document["prefixMapping"] = {"from": self.prefix.old, "to": self.prefix.new}
        return document


def destination_key(request: CopyRequest) -> str:
    """The key that the object gets at every destination."""
    if request.prefix is None:
        return request.source_key
    return request.prefix.new + request.source_key.removeprefix(request.prefix.old)


def bucket_problem(name: str) -> str | None:
    """What is wrong with a bucket's name, None where it may be one."""
    good = _NAME.fullmatch(name) and ".." not in name and not _ADDRESS.fullmatch(name)
    return None if good else f"{_shown(name)} {_BUCKET_RULE}"


def key_problem(key: str) -> str | None:
    """What is wrong with an object's key, None where it may be one."""
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return "holds characters that UTF-8 has no form for"
    if not length:
        return "is empty"
    if length > LONGEST_KEY:
        return f"has {length} bytes, and a key at most {LONGEST_KEY}"
    return None


def _as_object(document: object) -> tuple[Mapping[str, object], list[Problem]]:
    if isinstance(document, Mapping):
        return document, []
    return {}, [Problem("request", "is no JSON object")]


def _source(fields: Mapping[str, object], problems: list[Problem], *, from_folder: bool) -> str:
    name = _text(fields, "sourceBucket", problems)
    if name and not from_folder and (wrong := bucket_problem(name)):
        problems.append(Problem("sourceBucket", wrong))
    return name


def _key(fields: Mapping[str, object], problems: list[Problem]) -> str:
    key = _text(fields, "sourceKey", problems)
    if key and (wrong := key_problem(key)):
        problems.append(Problem("sourceKey", wrong))
    return key


def _destinations(fields: Mapping[str, object], problems: list[Problem]) -> tuple[str, ...]:
    field = "destinationBuckets"
    given = fields.get(field)
    if given is None:
        problems.append(Problem(field, "is missing"))
        return ()
    if not isinstance(given, list):
        problems.append(Problem(field, "is no list of bucket names"))
        return ()
    if not 1 <= len(given) <= MOST_DESTINATIONS:
        problems.append(
            Problem(field, f"has {len(given)} entries, and takes 1 to {MOST_DESTINATIONS}")
        )
    names: list[str] = []
    for position, name in enumerate(given[:MOST_DESTINATIONS]):
        if not isinstance(name, str):
            wrong: str | None = "is no text"
        elif name in names:
            wrong = f"{_shown(name)} is named twice"
        else:
            wrong = bucket_problem(name)
        if wrong:
            problems.append(Problem(f"{field}[{position}]", wrong))
        if isinstance(name, str):
            names.append(name)
    return tuple(names)


def _storage_class(fields: Mapping[str, object], problems: list[Problem]) -> str | None:
    given = _optional_text(fields, "storageClass", problems)
    if given is not None and not _CLASS.fullmatch(given):
        problems.append(
            Problem("storageClass", f"{_shown(given)} is no storage class such as STANDARD_IA")
        )
    return given


def _mapping(fields: Mapping[str, object], problems: list[Problem]) -> PrefixMapping | None:
    field = "prefixMapping"
    given = fields.get(field)
    if given is None:
        return None
    if not isinstance(given, Mapping):
        problems.append(Problem(field, 'is no object like {"from": "a/", "to": "b/"}'))
        return None
    problems += [
        Problem(f"{field}.{name}", "is no field of a prefix mapping")
        for name in given
        if name not in ("from", "to")
    ]
    ends = {name: given.get(name) for name in ("from", "to")}
    for name, value in ends.items():
        if not isinstance(value, str):
            reason = "is missing" if value is None else "is no text"
            problems.append(Problem(f"{field}.{name}", reason))
    old, new = ends.values()
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    return PrefixMapping(old, new)


def _together(request: CopyRequest, *, elsewhere: bool) -> list[Problem]:
    """What is wrong with fields that are each right by themselves."""
    if request.prefix and not request.source_key.startswith(request.prefix.old):
        return [Problem("prefixMapping.from", "is not the beginning of sourceKey")]
    key = destination_key(request)
    if wrong := key_problem(key):
        return [Problem("prefixMapping.to", f"gives a key that {wrong}")]
    if elsewhere or key != request.source_key or request.source_bucket not in request.destinations:
        return []
    position = request.destinations.index(request.source_bucket)
    return [
        Problem(
            f"destinationBuckets[{position}]",
            f"{request.source_bucket} is the source itself: the object would be copied onto itself",
        )
    ]


def _text(fields: Mapping[str, object], field: str, problems: list[Problem]) -> str:
    given = fields.get(field)
    if isinstance(given, str) and given:
        return given
    reason = "is missing" if given is None else "is empty" if given == "" else "is no text"
    problems.append(Problem(field, reason))
    return ""


def _optional_text(fields: Mapping[str, object], field: str, problems: list[Problem]) -> str | None:
    return None if fields.get(field) is None else _text(fields, field, problems)


def _shown(value: str) -> str:
    """A value of a request for a message: bounded, without anything that a terminal obeys."""
    plain = "".join(char if char.isprintable() else "?" for char in value[:80])
    return f"'{plain}…'" if len(value) > 80 else f"'{plain}'"
