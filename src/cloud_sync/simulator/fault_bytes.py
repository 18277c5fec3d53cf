"""Faults in the bytes of a body, in how they are framed, and in the connection they come by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cloud_sync.simulator.answers import Answer, Body, BodyEnds, FileSlice, Framing
from cloud_sync.simulator.fault_occasion import Occasion, healthy

_HEX = "0123456789abcdef"
_TURNED_OVER = bytes(range(255, -1, -1))

Pieces = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class SpoiledBody:
    """A body that is made by a function. `offset` is the place of its first byte in the file."""

    length: int
    offset: int
    make: Pieces

    def pieces(self, size: int) -> Iterator[bytes]:
        return self.make(size)


def reset(occasion: Occasion) -> Answer | None:
    if occasion.parameter("at_byte") is None:
        occasion.connection.reset()
        return None
    return _at_byte(occasion, lambda: _reset_body(occasion))


def stall(occasion: Occasion) -> Answer | None:
    def stalled() -> None:
        occasion.connection.wait(occasion.parameter("seconds"))
        if occasion.parameter("then") == "close":
            raise BodyEnds
        if occasion.parameter("then") == "reset":
            _reset_body(occasion)

    if occasion.parameter("at_byte") is not None:
        return _at_byte(occasion, stalled)
    occasion.connection.wait(occasion.parameter("seconds"))
    match occasion.parameter("then"):
        case "go_on":
            return occasion.serve(occasion.request)
        case "reset":
            occasion.connection.reset()
    return None


def truncate(occasion: Occasion) -> Answer | None:
    def cut() -> None:
        raise BodyEnds

    return _at_byte(occasion, cut)


def slow(occasion: Occasion) -> Answer | None:
    rate = occasion.parameter("bytes_per_second")

    def dripped(body: Body) -> Pieces:
        def pieces(size: int) -> Iterator[bytes]:
            for piece in body.pieces(min(size, max(1, rate // 10))):
                occasion.connection.wait(len(piece) / rate)
                yield piece

        return pieces

    return _spoiled(occasion, dripped)


def too_long(occasion: Occasion) -> Answer | None:
    extra = occasion.parameter("by")

    def longer(body: Body) -> Pieces:
        def pieces(size: int) -> Iterator[bytes]:
            yield from body.pieces(size)
            for start in range(0, extra, size):
                yield bytes(min(size, extra - start))

        return pieces

    return _spoiled(occasion, longer, extra)


def wrong_length(occasion: Occasion) -> Answer | None:
    answer = occasion.serve(occasion.request)
    if answer is None or not healthy(answer):
        return occasion.untouched(answer)
    told = max(0, answer.length + occasion.parameter("by"))
    headers = (*answer.headers, ("Content-Length", str(told)))
    return replace(answer, headers=headers, closes=True)


def no_length(occasion: Occasion) -> Answer | None:
    return _spoiled(
        occasion, lambda body: body.pieces, framing=Framing(occasion.parameter("framing"))
    )


def flip(occasion: Occasion) -> Answer | None:
    answer = occasion.serve(occasion.request)
    place = _place(occasion, answer)
    if answer is None or place is None:
        return occasion.untouched(answer)
    end = place + occasion.parameter("bytes")
    return _with_body(answer, lambda body: _inverted(body, place, end))


def range_ignored(occasion: Occasion) -> Answer | None:
    if occasion.request.header("Range") is None:
        return occasion.passed()
    return occasion.serve(occasion.request.with_header("Range", None))


def wrong_range(occasion: Occasion) -> Answer | None:
    answer = occasion.serve(occasion.request)
    if answer is None or answer.status != 206 or not isinstance(answer.body, FileSlice):
        return occasion.untouched(answer)
    body = answer.body
    start = body.offset + occasion.parameter("by")
    start = max(0, min(start, body.file.size - body.length))
    if start == body.offset:
        return occasion.untouched(answer)
    headers = answer.headers
    if occasion.parameter("header") == "given":
        span = f"bytes {start}-{start + body.length - 1}/{body.file.size}"
        headers = _with_header(headers, "Content-Range", span)
    return replace(answer, headers=headers, body=replace(body, offset=start))


def etag_changes(occasion: Occasion) -> Answer | None:
    """The version that the client holds is another than this one, so that its conditions fail."""
    version = occasion.parameter("version")
    request = occasion.request
    for name in ("If-Range", "If-Match"):
        if (condition := request.header(name)) is not None:
            request = request.with_header(name, _turned(condition, -version))
    answer = occasion.serve(request)
    etag = answer and dict(answer.headers).get("ETag")
    if answer is None or not etag:
        return occasion.untouched(answer)
    answer = replace(answer, headers=_with_header(answer.headers, "ETag", _turned(etag, version)))
    if occasion.parameter("content") == "same":
        return answer
    return _with_body(answer, lambda body: _inverted(body, 0, answer.length))


def _turned(etag: str, by: int) -> str:
    """Another ETag of the same form, out of which this one comes by turning back."""
    by %= len(_HEX)
    return etag.translate(str.maketrans(_HEX, _HEX[by:] + _HEX[:by]))


def _at_byte(occasion: Occasion, event: Callable[[], None]) -> Answer | None:
    """Let something happen before the byte in question is sent."""
    answer = occasion.serve(occasion.request)
    place = _place(occasion, answer)
    if answer is None or place is None:
        return occasion.untouched(answer)

    def interrupted(body: Body) -> Pieces:
        def pieces(size: int) -> Iterator[bytes]:
            position = 0
            for piece in body.pieces(size):
                ahead = place - position
                position += len(piece)
                if not 0 <= ahead < len(piece):
                    yield piece
                    continue
                if ahead:
                    yield piece[:ahead]
                event()
                yield piece[ahead:]

        return pieces

    return _with_body(answer, interrupted)


def _place(occasion: Occasion, answer: Answer | None) -> int | None:
    """Where in the body the byte in question stands; None where it does not. Else its middle."""
    if answer is None or not answer.length or occasion.request.method == "HEAD":
        return None
    at_byte = occasion.parameter("at_byte")
    if at_byte is None:
        return answer.length // 2
    place: int = at_byte - _offset(answer.body)
    return place if 0 <= place < answer.length else None


def _inverted(body: Body, start: int, end: int) -> Pieces:
    """The body with every bit turned over from `start` to before `end`."""

    def pieces(size: int) -> Iterator[bytes]:
        position = 0
        for piece in body.pieces(size):
            low = min(len(piece), max(0, start - position))
            high = min(len(piece), max(low, end - position))
            position += len(piece)
            yield piece[:low] + piece[low:high].translate(_TURNED_OVER) + piece[high:]

    return pieces


def _spoiled(
    occasion: Occasion,
    make: Callable[[Body], Pieces],
    longer: int = 0,
    framing: Framing = Framing.LENGTH,
) -> Answer | None:
    answer = occasion.serve(occasion.request)
    if answer is None or occasion.request.method == "HEAD":
        return occasion.untouched(answer)
    return replace(_with_body(answer, make, longer), framing=framing)


def _with_body(answer: Answer, make: Callable[[Body], Pieces], longer: int = 0) -> Answer:
    body = _made(answer.body)
    made = SpoiledBody(body.length + longer, _offset(body), make(body))
    return replace(answer, body=made)


def _made(body: bytes | Body) -> Body:
    if not isinstance(body, bytes):
        return body

    def pieces(size: int) -> Iterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    return SpoiledBody(len(body), 0, pieces)


def _offset(body: bytes | Body) -> int:
    return body.offset if isinstance(body, FileSlice | SpoiledBody) else 0


def _with_header(
    headers: tuple[tuple[str, str], ...], name: str, value: str
) -> tuple[tuple[str, str], ...]:
    return tuple((key, value if key == name else kept) for key, kept in headers)


def _reset_body(occasion: Occasion) -> None:
    occasion.connection.reset()
    raise BodyEnds


BYTES: dict[str, Callable[[Occasion], Answer | None]] = {
    "reset": reset,
    "stall": stall,
    "truncate": truncate,
    "slow": slow,
    "too_long": too_long,
    "wrong_length": wrong_length,
    "no_length": no_length,
    "flip": flip,
    "range_ignored": range_ignored,
    "wrong_range": wrong_range,
    "etag_changes": etag_changes,
}
