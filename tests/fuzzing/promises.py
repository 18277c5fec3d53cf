"""What must hold for any answer at all, checked by means that are not the product's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from urllib3 import HTTPHeaderDict

from cloud_sync.clock import to_text
from cloud_sync.errors import CloudSyncError, Throttled
from cloud_sync.model.media import Account, MediaFile, MediaItem, Page
from cloud_sync.provider.gopro.answers import Answer, http_date, problem_with
from cloud_sync.provider.gopro.wire import parse_download, parse_page, parse_user
from fuzzing.seeds import SECRET, Answered, Kind

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_ORIGINALS = frozenset({"source", "baked_source", "raw_photo"})
_SHOWN = frozenset({"id", "filename", "label", "camera_position", "type", "error"})
"""Members whose text a message may show."""


class Broken(Exception):
    """A promise that an answer broke."""


@dataclass(frozen=True, slots=True)
class Readers:
    """What is on trial: the product's own reading of answers, unless a test plants a defect."""

    problem: Callable[[Answer, str, datetime], CloudSyncError | None] = problem_with
    page: Callable[[bytes, int], Page] = parse_page
    download: Callable[[bytes, MediaItem], Sequence[MediaFile]] = parse_download
    user: Callable[[bytes], Account] = parse_user


PRODUCT = Readers()


def judge(answered: Answered, readers: Readers = PRODUCT) -> str:
    """How the answer was taken, in a word. Raises Broken where it broke a promise."""
    try:
        return _taken(answered, readers)
    except CloudSyncError as error:
        _no_secret(answered, error.message, error.kept, error.hint)
        return type(error).__name__
    except Broken:
        raise
    except Exception as error:
        raise Broken(f"{type(error).__name__} came through: {error}") from error


def _taken(answered: Answered, readers: Readers) -> str:
    headers = HTTPHeaderDict(answered.headers)
    answer = Answer(answered.status, headers, answered.body)
    http_date(headers.get("Date"))
    problem = readers.problem(answer, "reading", NOW)
    if problem is not None:
        if isinstance(problem, Throttled) and problem.retry_after is not None:
            _hold(0 <= problem.retry_after < float("inf"), "a wait without an end")
        raise problem
    _hold(answered.status == 200, f"status {answered.status} passed for an answer")
    seed, body = answered.seed, answered.body
    if seed.kind is Kind.SEARCH:
        return _check_page(answered, readers.page(body, seed.page))
    if seed.kind is Kind.DOWNLOAD:
        return _check_files(answered, readers.download(body, seed.item))
    account = readers.user(body)
    account.id.encode("utf-8")
    _decoded(body)
    return "account" if account.id else "login that works, without an id"


def _check_page(answered: Answered, page: Page) -> str:
    rows = _rows(_decoded(answered.body))
    told = len(page.items) + len(page.unreadable)
    _hold(told >= len(rows), f"{len(rows)} rows came, {told} were told of")
    _hold(page.last == (not rows), "the end of the listing is where no row is, nowhere else")
    for item in page.items:
        _check_item(item)
    _check_untouched(answered, rows, page)
    _no_secret(answered, *page.unreadable)
    if not rows:
        return "empty page"
    return "page with rows named unreadable" if page.unreadable else "page"


def _check_untouched(answered: Answered, rows: list[Any], page: Page) -> None:
    """A row that nothing happened to is read as ever, whatever stands beside it."""
    content = answered.seed.content
    sound = [row for row in content["_embedded"]["media"] if row in map(_plain, rows)]
    if not sound:
        return
    alone = {"_embedded": {"media": sound}}
    for item in parse_page(json.dumps(alone).encode(), 2).items:
        _hold(item in page.items, f"the sound row of {item.id} was read otherwise")


def _check_item(item: MediaItem) -> None:
    """The model's own promises, and that a tracker can hold and compare what it gets."""
    for text in (item.id, item.type, item.filename, item.extension, item.state):
        text.encode("utf-8")
    _hold(bool(item.id), "an item without an id")
    _hold(item.size is None or 0 < item.size < 2**63, "a size that no tracker holds")
    _hold(0 < item.file_count < 2**63, "a count that no tracker holds")
    duration = item.duration_seconds
    _hold(duration is None or 0 <= duration < float("inf"), "a duration without an end")
    for moment in (item.captured_at, item.uploaded_at, item.updated_at):
        if moment is not None:
            to_text(moment)


def _check_files(answered: Answered, files: Sequence[MediaFile]) -> str:
    embedded = _members(_decoded(answered.body), "_embedded")
    promised = answered.seed.item.file_count
    offered = [
        (name, entry)
        for part in embedded
        for name in ("files", "variations", "sidecar_files")
        for entries in _members(part, name)
        for entry in (entries if isinstance(entries, list) else [])
    ]
    baked = any("baked_source" in map(_label, _members(entry, "label")) for _, entry in offered)
    _hold(len(files) >= (1 if baked else promised), f"{len(files)} of {promised} originals")
    numbers = [file.number for file in files]
    _hold(numbers == sorted(set(numbers)) and numbers[0] == 1, f"numbers {numbers}")
    addresses = {file.url.reveal() for file in files}
    _hold(len(addresses) == len(files), "one address for two originals")
    originals = {
        url
        for place, entry in offered
        if place == "files" or _is_original(entry)
        for url in _urls(entry)
    }
    _hold(addresses <= originals, "something was given that nobody calls an original")
    _no_secret(answered, repr(files))
    return "originals"


def _is_original(entry: Any) -> bool:
    """Whether a variation or sidecar is labelled so, or is a RAW photo. Frames bear no label."""
    labels = {_label(value) for value in _members(entry, "label")}
    raw = any(".gpr" in url for url in _urls(entry)) or "gpr" in {
        _label(value).lstrip(".") for value in _members(entry, "type")
    }
    return raw or bool(labels & _ORIGINALS)


def _label(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _urls(entry: Any) -> set[str]:
    several = [each for urls in _members(entry, "urls") if isinstance(urls, list) for each in urls]
    return {url for url in [*_members(entry, "url"), *several] if isinstance(url, str)}


class Members(list[tuple[str, Any]]):
    """A JSON object with all its members, also those of the same name."""


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=Members)
    except (ValueError, RecursionError):
        raise Broken("what is no JSON was read as an answer") from None


def _members(value: Any, name: str) -> list[Any]:
    """All members of that name."""
    if not isinstance(value, Members):
        return []
    return [member for each, member in value if each == name]


def _rows(root: Any) -> list[Any]:
    """The longest list of media in the answer, however often one is named."""
    lists = [
        media
        for embedded in _members(root, "_embedded")
        for media in _members(embedded, "media")
        if isinstance(media, list) and not isinstance(media, Members)
    ]
    return max(lists, key=len, default=[])


def _plain(value: Any) -> Any:
    """The row as the seeds have it; None where a name stands twice in it or it is no object."""
    if not isinstance(value, Members) or len(dict(value)) != len(value):
        return None
    return {name: _within(member) for name, member in value}


def _within(value: Any) -> Any:
    return dict(value) if isinstance(value, Members) else value


def _no_secret(answered: Answered, *texts: str) -> None:
    """No token and no signed address in a message, unless it stood where a name belongs."""
    if any(SECRET in text for text in texts) and not _misplaced(answered.body):
        raise Broken("a secret is in what is told")


def _misplaced(body: bytes) -> bool:
    try:
        return _in_a_name(json.loads(body, object_pairs_hook=Members))
    except (ValueError, RecursionError):
        return False


def _in_a_name(value: Any) -> bool:
    if isinstance(value, Members):
        return any(
            (name in _SHOWN and isinstance(member, str) and SECRET in member) or _in_a_name(member)
            for name, member in value
        )
    return isinstance(value, list) and any(map(_in_a_name, value))


def _hold(promise: bool, otherwise: str) -> None:
    if not promise:
        raise Broken(otherwise)
