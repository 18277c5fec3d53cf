"""One suite over every provider: what the contract in `provider/base.py` obliges to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud_sync.clock import SystemClock
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    GoneAtSource,
    NoOriginal,
    SourceChanged,
    StreamBroken,
    UrlExpired,
)
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.provider.base import Provider, SourceStream
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.secret import Secret
from cloud_sync.simulator.library import Library, SimMedium, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions

SIZES = (300_000, 70_000, 5)
PER_PAGE = 4
START = datetime(2024, 5, 2, tzinfo=UTC)


def library() -> Library:
    """Ten clips of one file, then a chaptered one, and one that offers nothing."""
    clips = [
        pattern_medium(f"clip{n}", 1000 + n, created_at=START + timedelta(days=n))
        for n in range(10)
    ]
    chaptered = pattern_medium("chapters", *SIZES, created_at=START + timedelta(days=20))
    nothing = replace(
        pattern_medium("nothing", created_at=START + timedelta(days=21)), listed_size=None
    )
    return Library([*clips, chaptered, nothing])


def content(medium: SimMedium, number: int) -> bytes:
    file = medium.originals[number - 1]
    return file.read(0, file.size)


class _MovableClock(SystemClock):
    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class Cloud:
    """A provider over `library()`, and what its owner can do behind its back."""

    provider: Provider
    media: dict[str, SimMedium]
    remove: Callable[[str], object]
    change: Callable[[SimMedium], object]
    expire_urls: Callable[[], None]
    expire_login: Callable[[], None]

    def item(self, media_id: str) -> MediaItem:
        return next(item for item in listed(self.provider) if item.id == media_id)


@contextmanager
def gopro() -> Iterator[Cloud]:
    clock = _MovableClock()
    options = SimulatorOptions(clock=clock)
    with Simulator(library(), options) as simulator:
        credentials = MemoryCredentials(Secret(simulator.token))
        with GoProProvider(
            simulator.api_url, credentials, per_page=PER_PAGE, read_timeout=20
        ) as provider:

            def later() -> None:
                clock.ahead += timedelta(hours=2)

            yield Cloud(
                provider,
                {medium.id: medium for medium in simulator.library.media()},
                simulator.library.remove,
                simulator.library.add,
                later,
                simulator.expire_token,
            )
        seen = simulator.snapshot()
        assert seen.credentials_on_cdn == 0, "the login was sent to the delivery network"
        assert seen.crashes == 0


@contextmanager
def memory() -> Iterator[Cloud]:
    media = {medium.id: medium for medium in library().media()}
    provider = MemoryProvider(per_page=PER_PAGE)

    def put(medium: SimMedium) -> None:
        originals = [Original(content(medium, file.number)) for file in medium.originals]
        item = MediaItem(
            id=medium.id,
            type=medium.type,
            filename=medium.filename or "",
            extension="mp4",
            state="ready",
            ready=True,
            size=medium.listed_size,
            file_count=len(originals) or 1,
            captured_at=medium.captured_at,
            uploaded_at=medium.created_at,
            updated_at=None,
            duration_seconds=None,
        )
        provider.add(item, *originals)

    def refuse_login() -> None:
        for call in ("check_login", "list_page", "resolve"):
            provider.faults.on(call, AuthRequired("dead", trouble=AuthTrouble.EXPIRED))

    for medium in media.values():
        put(medium)
    yield Cloud(provider, media, provider.remove, put, provider.expire_urls, refuse_login)


@pytest.fixture(params=[gopro, memory], ids=["gopro", "memory"])
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    make: Callable[[], AbstractContextManager[Cloud]] = request.param
    with make() as made:
        yield made


def listed(provider: Provider) -> list[MediaItem]:
    items: list[MediaItem] = []
    for number in range(1, 20):
        page = provider.list_page(number)
        assert page.unreadable == ()
        items += page.items
        if page.last:
            return items
    raise AssertionError("the listing has no end")


def read_all(stream: SourceStream, piece: int = 40_000) -> bytes:
    buffer = memoryview(bytearray(piece))
    parts = []
    try:
        while count := stream.readinto(buffer):
            parts.append(bytes(buffer[:count]))
        assert stream.readinto(buffer) == 0, "bytes came after the end"
    finally:
        stream.close()
    return b"".join(parts)


def etag_of(provider: Provider, file: MediaFile) -> str | None:
    stream = provider.open(file, 0, 1)
    read_all(stream)
    return stream.etag


def test_a_good_login_is_let_in_and_named(cloud: Cloud) -> None:
    assert cloud.provider.check_login().id


def test_pages_hold_every_item_once_newest_first_and_tell_the_total(cloud: Cloud) -> None:
    items = listed(cloud.provider)
    assert sorted(item.id for item in items) == sorted(cloud.media)
    uploaded = [item.uploaded_at for item in items if item.uploaded_at]
    assert len(uploaded) == len(items)
    assert uploaded == sorted(uploaded, reverse=True)
    assert cloud.provider.list_page(1).total_items == len(items)


def test_past_the_end_there_is_an_empty_last_page(cloud: Cloud) -> None:
    page = cloud.provider.list_page(50)
    assert (page.items, page.last) == ((), True)


def test_items_bear_what_the_plan_needs(cloud: Cloud) -> None:
    item = cloud.item("chapters")
    assert (item.type, item.filename, item.extension) == ("Video", "GX010001.MP4", "mp4")
    assert (item.ready, item.size, item.file_count) == (True, sum(SIZES), 3)
    assert item.captured_at == datetime(2024, 5, 1, tzinfo=UTC)


def test_every_original_comes_whole_with_its_size_and_mark(cloud: Cloud) -> None:
    files = cloud.provider.resolve(cloud.item("chapters"))
    assert [file.number for file in files] == [1, 2, 3]
    for file in files:
        stream = cloud.provider.open(file)
        assert stream.size == SIZES[file.number - 1]
        assert stream.etag
        assert '"' not in stream.etag
        assert read_all(stream) == content(cloud.media["chapters"], file.number)


WHOLE = SIZES[0]
RANGES = {
    "the start": (0, 70_000),
    "the first byte": (0, 1),
    "the middle": (65_535, 100_002),
    "one byte": (1234, 1),
    "the last byte": (WHOLE - 1, 1),
    "up to the end": (WHOLE - 70_000, 70_000),
    "past the end": (WHOLE - 70_000, 70_001),
    "far past the end": (WHOLE - 1, 1 << 40),
    "the whole": (0, WHOLE),
    "more than the whole": (0, WHOLE + 1),
    "the rest": (1, None),
    "the rest from a last byte": (WHOLE - 1, None),
    "all": (0, None),
}


@pytest.mark.parametrize("known", [False, True], ids=["", "known"])
@pytest.mark.parametrize(("start", "length"), RANGES.values(), ids=RANGES)
def test_a_range_gives_its_bytes_and_tells_the_whole_originals_size_and_mark(
    cloud: Cloud, start: int, length: int | None, known: bool
) -> None:
    file = cloud.provider.resolve(cloud.item("chapters"))[0]
    etag = etag_of(cloud.provider, file)
    stream = cloud.provider.open(file, start, length, etag if known else None)
    assert (stream.size, stream.etag) == (WHOLE, etag)
    assert read_all(stream) == content(cloud.media["chapters"], 1)[start:][:length]


@pytest.mark.parametrize("piece", [1, 70_000, 1 << 20])
def test_ranges_tile_an_original_whatever_the_buffer(cloud: Cloud, piece: int) -> None:
    file = cloud.provider.resolve(cloud.item("chapters"))[1]
    etag = etag_of(cloud.provider, file)
    tiles = [
        read_all(cloud.provider.open(file, start, 30_000, etag), piece)
        for start in range(0, SIZES[1], 30_000)
    ]
    assert [len(tile) for tile in tiles] == [30_000, 30_000, 10_000]
    assert b"".join(tiles) == content(cloud.media["chapters"], 2)


def test_bytes_land_in_the_callers_buffer_and_nowhere_else(cloud: Cloud) -> None:
    """A buffer is reused for part after part, and may be larger than the range."""
    file = cloud.provider.resolve(cloud.item("chapters"))[0]
    buffer = bytearray(b"\xff" * 60_000)
    stream = cloud.provider.open(file, 100, 50_000)
    filled = 0
    while count := stream.readinto(memoryview(buffer)[filled + 10 :]):
        filled += count
    stream.close()
    assert filled == 50_000
    assert buffer[10:50_010] == content(cloud.media["chapters"], 1)[100:50_100]
    assert set(buffer[:10] + buffer[50_010:]) == {0xFF}


def test_an_empty_buffer_is_no_end(cloud: Cloud) -> None:
    stream = cloud.provider.open(cloud.provider.resolve(cloud.item("clip1"))[0], 0, 10)
    assert stream.readinto(memoryview(bytearray())) == 0
    assert read_all(stream) == content(cloud.media["clip1"], 1)[:10]


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, 0), (5, -1)])
def test_what_is_no_range_is_a_bug_of_the_caller(
    cloud: Cloud, start: int, length: int | None
) -> None:
    file = cloud.provider.resolve(cloud.item("clip1"))[0]
    with pytest.raises(ValueError, match="no range"):
        cloud.provider.open(file, start, length)


@pytest.mark.parametrize(("start", "length"), [(0, None), (0, 1000), (1000, 1000), (1000, None)])
@pytest.mark.parametrize("sizes", [SIZES, (5, 5, 5)], ids=["same size", "shorter"])
def test_another_version_is_never_given_for_the_one_that_was_begun(
    cloud: Cloud, start: int, length: int | None, sizes: tuple[int, ...]
) -> None:
    """The original is processed anew between two ranges; that is told, and can be begun anew."""
    file = cloud.provider.resolve(cloud.item("chapters"))[0]
    etag = etag_of(cloud.provider, file)
    changed = pattern_medium("chapters", *sizes, content="processed again")
    cloud.change(changed)
    again = cloud.provider.resolve(cloud.item("chapters"))[0]
    with pytest.raises(SourceChanged):
        cloud.provider.open(again, start, length, etag)
    assert read_all(cloud.provider.open(again)) == content(changed, 1)


@pytest.mark.parametrize("length", [None, 1, 1000])
@pytest.mark.parametrize("beyond", [0, 1])
def test_there_is_nothing_at_or_after_the_end(
    cloud: Cloud, beyond: int, length: int | None
) -> None:
    file = cloud.provider.resolve(cloud.item("chapters"))[1]
    with pytest.raises(StreamBroken, match=str(SIZES[1])) as raised:
        cloud.provider.open(file, SIZES[1] + beyond, length)
    assert (raised.value.got, raised.value.expected) == (SIZES[1] + beyond, SIZES[1])


def test_an_address_that_runs_out_between_two_ranges_is_replaced_by_resolving_again(
    cloud: Cloud,
) -> None:
    item = cloud.item("chapters")
    file = cloud.provider.resolve(item)[0]
    first = cloud.provider.open(file, 0, 1000)
    got = read_all(first)
    cloud.expire_urls()
    with pytest.raises(UrlExpired):
        cloud.provider.open(file, 1000, None, first.etag)
    again = cloud.provider.resolve(item)[0]
    got += read_all(cloud.provider.open(again, 1000, None, first.etag))
    assert got == content(cloud.media["chapters"], 1)


def test_a_stream_may_be_closed_twice_and_then_gives_no_clean_end(cloud: Cloud) -> None:
    stream = cloud.provider.open(cloud.provider.resolve(cloud.item("clip1"))[0])
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.readinto(memoryview(bytearray(10)))


def test_a_deleted_medium_is_gone(cloud: Cloud) -> None:
    item = cloud.item("clip3")
    cloud.remove("clip3")
    with pytest.raises(GoneAtSource):
        cloud.provider.resolve(item)


def test_a_medium_that_offers_no_original_says_so(cloud: Cloud) -> None:
    with pytest.raises(NoOriginal):
        cloud.provider.resolve(cloud.item("nothing"))


def test_an_address_that_has_run_out_is_no_dead_login(cloud: Cloud) -> None:
    item = cloud.item("clip3")
    file = cloud.provider.resolve(item)[0]
    cloud.expire_urls()
    with pytest.raises(UrlExpired):
        cloud.provider.open(file)
    fresh = cloud.provider.open(cloud.provider.resolve(item)[0])
    assert read_all(fresh) == content(cloud.media["clip3"], 1)


def test_a_dead_login_is_told_by_every_call_that_needs_one(cloud: Cloud) -> None:
    item = cloud.item("clip3")
    cloud.expire_login()
    with pytest.raises(AuthRequired):
        cloud.provider.check_login()
    with pytest.raises(AuthRequired):
        cloud.provider.list_page(1)
    with pytest.raises(AuthRequired):
        cloud.provider.resolve(item)


def test_several_threads_read_at_once(cloud: Cloud) -> None:
    items = [item for item in listed(cloud.provider) if item.id != "nothing"]

    def whole(item: MediaItem) -> list[bytes]:
        return [read_all(cloud.provider.open(file), 1000) for file in cloud.provider.resolve(item)]

    with ThreadPoolExecutor(8) as pool:
        got = dict(zip([item.id for item in items], pool.map(whole, items), strict=True))
    assert got == {
        item.id: [content(cloud.media[item.id], n + 1) for n in range(item.file_count)]
        for item in items
    }


def test_no_part_of_an_address_shows(cloud: Cloud) -> None:
    file = cloud.provider.resolve(cloud.item("clip1"))[0]
    assert file.url.reveal() not in f"{file!r} {file}"


def test_a_provider_may_be_closed_twice(cloud: Cloud) -> None:
    cloud.provider.check_login()
    cloud.provider.close()
    cloud.provider.close()
