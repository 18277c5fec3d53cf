"""Damage to an answer: to its structure, to its bytes, and to what stands above its body."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from fuzzing.seeds import Answered, Kind, Seed, by_kind

Place = tuple[Any, Any]
"""A dict or list, and the name or index in it."""

_LARGE = (2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**19, 10**30, 10**400)
_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "9" * 25,
    "1e999",
    "NaN",
    "null",
    "true",
    "..",
    "../../etc/passwd",
    "a/b",
    "a?b#c",
    "\x00",
    "\r\nSet-Cookie: x",
    "\u202e",
    "İıſß",
    "ﬁ",
    "😀" * 40,
    "x" * 5000,
    "http://[",
    "https://",
    "file:///etc/passwd",
    "https://h:99999/",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2024-02-30T00:00:00Z",
    "2024-01-01",
    "1٣",
    "source",
    "baked_source",
    "raw_photo",
    "ready",
    "gpr",
)
_RAW = (
    "NaN",
    "Infinity",
    "-Infinity",
    "-0",
    "1e999",
    "-1e-999",
    "1" * 5000,
    "0123",
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '"tab\there"',
    "'single'",
    "",
    "undefined",
    "[" * 90_000,
    '{"a":' * 90_000,
    "// comment",
)
"""Spellings that `json.dumps` would not write."""

_MARK = "\x01raw%d\x01"


class Body:
    """An answer's content while it is being damaged; `raw` are spellings put in at the end."""

    def __init__(self, content: Mapping[str, Any], chance: Random) -> None:
        self.content: Any = copy.deepcopy(content)
        self.chance = chance
        self.raw: list[str] = []

    def place(self) -> Place | None:
        """Some place inside, often one near the root; None where there is none left."""
        found = list(_places(self.content))
        if self.chance.random() < 0.3:
            found = list(_places(self.content, 2)) or found
        return self.chance.choice(found) if found else None

    def spelled(self, text: str) -> str:
        """What stands for `text`, put in without quotes, until the body is written."""
        self.raw.append(text)
        return _MARK % (len(self.raw) - 1)

    def written(self) -> bytes:
        text = json.dumps(self.content, ensure_ascii=self.chance.random() < 0.5)
        for number, raw in enumerate(self.raw):
            quoted = json.dumps(_MARK % number)
            text = text.replace(quoted, raw)
        return text.encode("utf-8", "surrogatepass")


def _places(value: Any, depth: int = 99) -> Iterator[Place]:
    if not depth:
        return
    steps: Any
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = range(len(value))
    else:
        return
    for step in steps:
        yield value, step
        yield from _places(value[step], depth - 1)


def any_value(chance: Random, depth: int = 0) -> Any:
    """Any value at all that JSON can hold."""
    roll = chance.randrange(10 if depth < 3 else 7)
    if roll < 2:
        return chance.choice((None, True, False, 0, 1, -1, 0.5, -0.0, 1e308, 1.0))
    if roll < 4:
        return chance.choice(_LARGE)
    if roll < 6:
        return chance.choice(_TEXTS)
    if roll == 6:
        return "".join(chr(chance.choice((32, 127, 255, 0x2028))) for _ in range(3))
    if roll < 9:
        return [any_value(chance, depth + 1) for _ in range(chance.randrange(3))]
    return {chance.choice(_TEXTS): any_value(chance, depth + 1) for _ in range(2)}


def _drop(body: Body, parent: Any, step: Any) -> None:
    del parent[step]


def _retype(body: Body, parent: Any, step: Any) -> None:
    parent[step] = any_value(body.chance)


def _spell(body: Body, parent: Any, step: Any) -> None:
    parent[step] = body.spelled(body.chance.choice(_RAW))


def _nest(body: Body, parent: Any, step: Any) -> None:
    wrapped: Any = [parent[step]]
    parent[step] = body.chance.choice((wrapped, {"value": parent[step]}, wrapped * 2))


def _bury(body: Body, parent: Any, step: Any) -> None:
    """Deep, but about as deep as a decoder goes along with."""
    depth = body.chance.choice((10, 300, body.chance.randrange(850, 1000)))
    parent[step] = body.spelled("[" * depth + "]" * depth)


def _as_text(body: Body, parent: Any, step: Any) -> None:
    parent[step] = str(parent[step])


def _double(body: Body, parent: Any, step: Any) -> None:
    """An element twice; or a name twice in one object, with another value the second time."""
    if isinstance(parent, list):
        parent.insert(body.chance.randrange(len(parent) + 1), copy.deepcopy(parent[step]))
        return
    other: Any = body.chance.choice(
        (copy.deepcopy(parent[step]), any_value(body.chance), [], {}, None)
    )
    _second(body, parent, step, other)


def _hide(body: Body, parent: Any, step: Any) -> None:
    """A list behind another, shorter one of the same name."""
    lists = [
        (at, name)
        for at, name in _places(body.content)
        if isinstance(at, dict) and isinstance(at[name], list)
    ]
    if lists:
        at, name = body.chance.choice(lists)
        _second(body, at, name, at[name][: body.chance.randrange(len(at[name]) + 1)])


def _second(body: Body, parent: dict[Any, Any], name: Any, value: Any) -> None:
    members = list(parent.items())
    place = body.chance.randrange(len(members) + 1)
    members.insert(place, (body.spelled(json.dumps(name)), value))
    parent.clear()
    parent.update(members)


def _rename(body: Body, parent: Any, step: Any) -> None:
    if isinstance(parent, dict):
        names = (str(step).upper(), f" {step}", "id", "url", "media", "label", "")
        parent[body.chance.choice(names)] = parent.pop(step)


def _swap(body: Body, parent: Any, step: Any) -> None:
    other = body.place()
    if other is not None and not _within(other[0], parent[step]):
        into, place = other
        if not _within(parent, into[place]):
            parent[step], into[place] = into[place], parent[step]


def _within(inner: Any, outer: Any) -> bool:
    """Whether `inner` is `outer` or a part of it: swapped, they would hold themselves."""
    return outer is inner or any(at is inner for at, _ in _places(outer))


def _empty(body: Body, parent: Any, step: Any) -> None:
    value = parent[step]
    parent[step] = [] if isinstance(value, list) else {} if isinstance(value, dict) else ""


def _everywhere(body: Body, parent: Any, step: Any) -> None:
    """The same member in every object that has it: a change of the service, not an accident."""
    value, gone = any_value(body.chance), body.chance.random() < 0.3
    for at, name in list(_places(body.content)):
        if name == step and isinstance(at, dict) and name in at:
            at[name] = value
            if gone:
                del at[name]


STRUCTURE: tuple[Callable[[Body, Any, Any], None], ...] = (
    _drop,
    _retype,
    _retype,
    _spell,
    _nest,
    _bury,
    _as_text,
    _double,
    _hide,
    _rename,
    _swap,
    _empty,
    _everywhere,
)


def _cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flip(data: bytes, chance: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _lose(data: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randrange(1, 40) :]


def _insert(data: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    inserted = chance.choice((b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b'"', b"}", b"]", b",", b"0"))
    return data[:start] + inserted * chance.randrange(1, 3) + data[start:]


def _repeat(data: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    end = start + chance.randrange(1, 200)
    return data[:end] + data[start:]


def _recode(data: bytes, chance: Random) -> bytes:
    """In another encoding, or said to be in another."""
    text = data.decode("utf-8", "replace")
    encoding = chance.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "cp037"))
    return text.encode(encoding, "replace")


def _wrap(data: bytes, chance: Random) -> bytes:
    before, after = chance.choice(
        (
            (b"\xef\xbb\xbf", b""),
            (b"\xff\xfe", b""),
            (b")]}'\n", b""),
            (b"[", b"]"),
            (b'{"data":', b"}"),
            (b"<html><body>", b"</body></html>"),
            (b"", b"\x00" * 8),
            (b"", data),
            (b"\n" * 300, b""),
        )
    )
    return before + data + after


def _replace(data: bytes, chance: Random) -> bytes:
    return chance.choice(
        (
            b"",
            b" ",
            b"null",
            b"true",
            b"[]",
            b"{}",
            b'""',
            b"0",
            b"<!DOCTYPE html>",
            gzip.compress(data, 1, mtime=0),
            chance.randbytes(60),
        )
    )


BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _cut,
    _flip,
    _flip,
    _lose,
    _insert,
    _repeat,
    _recode,
    _wrap,
    _replace,
)

_STATUSES = (201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 408, 410, 412, 418, 429, 500, 502)
_HEADERS = {
    "Content-Type": ("text/html", "TEXT/HTML; charset=x", "application/json", "", "\xff", ";;"),
    "Retry-After": (
        "5",
        "-3",
        "1e999",
        "nan",
        "1_0",
        " 7 ",
        "",
        "soon",
        "Wed, 21 Oct 2026 07:28:00 GMT",
        "Wed, 99 Oct 2026 07:28:00 GMT",
        "Mon, 1 Jan 1 0:0:0 +9999",
        "Fri, 31 Dec 9999 23:59:59 -9959",
        "0" * 400,
        "9" * 400,
        "²",
        "\xa0",
    ),
    "Date": (
        "Wed, 21 Oct 2026 07:28:00 GMT",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "1 1 1 1:1:1 +999999999999999999999",
        "x",
        "",
        ",",
        "(",
        "Wed, 21 Oct 2026 07:28",
        "Wed, 21 Oct 2026 07:28:00 " + "9" * 40,
        "21-10-26 7.2 é",
    ),
}


def _head(chance: Random) -> tuple[int, dict[str, str]]:
    status = 200 if chance.random() < 0.85 else chance.choice((*_STATUSES, 503, 503, 599))
    headers = {}
    for name, values in _HEADERS.items():
        if chance.random() < 0.2:
            value = chance.choice(values)
            if chance.random() < 0.2:
                value = _flip(value.encode("latin-1"), chance).decode("latin-1")
            headers[chance.choice((name, name.lower(), name.upper()))] = value
    return status, headers


def mutated(seed: int, number: int) -> Answered:
    """Answer `number` of the run with this seed: a sound one with one to five kinds of damage."""
    chance = Random(f"{seed}:{number}")  # a text, so that no two pairs meet
    kind = chance.choice((Kind.SEARCH, Kind.SEARCH, Kind.DOWNLOAD, Kind.DOWNLOAD, *Kind))
    origin: Seed = chance.choice(by_kind()[kind])
    content = origin.content
    if chance.random() < 0.02:
        # what belongs to another call, as a confused cache in front would give
        content = chance.choice(by_kind()[chance.choice(tuple(Kind))]).content
    body = Body(content, chance)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        if (place := body.place()) is not None:
            chance.choice(STRUCTURE)(body, *place)
    data = body.written()
    if chance.random() < 0.3:
        data = chance.choice(BYTES)(data, chance)
    status, headers = _head(chance)
    return Answered(origin, status, data, headers)
