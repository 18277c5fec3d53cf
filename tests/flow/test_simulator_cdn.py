"""The simulator's CDN over real sockets: signed URLs, ranges, versions, and every byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import urllib3

from cloud_sync.simulator.etag import PART
from cloud_sync.simulator.library import FolderLibrary, Library, generate, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions

SIZE = 700_001


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def library() -> Library:
    return Library([pattern_medium("A", SIZE, filename="ö #1.MP4")])


@pytest.fixture
def sim(library: Library, clock: HandClock) -> Iterator[Simulator]:
    with Simulator(library, SimulatorOptions(clock=clock)) as simulator:
        yield simulator
    assert simulator.snapshot().crashes == 0


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        yield pool
        pool.clear()


def _described(http: urllib3.PoolManager, sim: Simulator, medium_id: str) -> Any:
    answer = http.request(
        "GET",
        f"{sim.api_url}/media/{medium_id}/download",
        headers={"Authorization": f"Bearer {sim.token}"},
    )
    assert answer.status == 200
    return answer.json()["_embedded"]


@pytest.fixture
def source(http: urllib3.PoolManager, sim: Simulator) -> dict[str, str]:
    """The variation that is the original of medium A."""
    found: dict[str, str] = _described(http, sim, "A")["variations"][-1]
    assert found["label"] == "source"
    return found


@pytest.fixture
def content(library: Library) -> bytes:
    return library.media()[0].originals[0].read(0, SIZE)


def test_the_original_comes_whole(
    http: urllib3.PoolManager, source: dict[str, str], content: bytes, sim: Simulator
) -> None:
    answer = http.request("GET", source["url"])
    assert (answer.status, answer.data) == (200, content)
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment;filename="%C3%B6 %231.MP4"'
    snapshot = sim.snapshot()
    assert (snapshot.bytes_sent, snapshot.cdn_requests, snapshot.cdn_peak) == (SIZE, 1, 1)


def test_every_original_of_every_shape_can_be_fetched(http: urllib3.PoolManager) -> None:
    library = generate(80, seed=4, file_bytes=(1, 3000))
    with Simulator(library) as sim:
        for medium in library.media():
            embedded = _described(http, sim, medium.id)
            entries = embedded["files"] + embedded["variations"] + embedded["sidecar_files"]
            fetched = {
                sha256(http.request("GET", entry["url"]).data).hexdigest() for entry in entries
            }
            assert {file.sha256() for file in medium.originals} <= fetched
        http.clear()
    assert sim.snapshot().refusals == {}


def test_urls_live_on_a_port_of_their_own(source: dict[str, str], sim: Simulator) -> None:
    assert source["url"].startswith(sim.cdn_url + "/")
    assert sim.cdn_url != sim.api_url


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=65530-65545", 65530, 65545),
        ("bytes=700000-", 700_000, 700_000),
        ("bytes=300000-9999999", 300_000, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
    ],
)
def test_a_range_is_206_with_its_place(
    http: urllib3.PoolManager,
    source: dict[str, str],
    content: bytes,
    wanted: str,
    first: int,
    last: int,
) -> None:
    answer = http.request("GET", source["url"], headers={"Range": wanted})
    assert answer.status == 206
    assert answer.data == content[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"


def test_a_range_outside_is_416_with_the_size(
    http: urllib3.PoolManager, source: dict[str, str]
) -> None:
    answer = http.request("GET", source["url"], headers={"Range": f"bytes={SIZE}-"})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


def test_head_tells_what_get_would(http: urllib3.PoolManager, source: dict[str, str]) -> None:
    head = http.request("HEAD", source["head"])
    get = http.request("GET", source["url"])
    assert (head.status, head.data) == (200, b"")
    for name in ("Content-Length", "ETag", "Accept-Ranges", "Last-Modified"):
        assert head.headers[name] == get.headers[name]


def test_a_signature_is_bound_to_its_method(
    http: urllib3.PoolManager, source: dict[str, str], sim: Simulator
) -> None:
    assert http.request("HEAD", source["url"]).status == 403
    answer = http.request("GET", source["head"])
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.data
    assert sim.snapshot().refusals == {"signature": 2}


def test_a_url_without_its_signature_opens_nothing(
    http: urllib3.PoolManager, source: dict[str, str]
) -> None:
    assert http.request("GET", source["url"].partition("?")[0]).status == 403


def test_a_url_dies_after_its_time(
    http: urllib3.PoolManager, source: dict[str, str], clock: HandClock, sim: Simulator
) -> None:
    clock.instant += timedelta(seconds=3601)
    answer = http.request("GET", source["url"], headers={"Range": "bytes=5-"})
    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/xml"
    assert sim.snapshot().refusals == {"expired": 1}
    fresh = _described(http, sim, "A")["variations"][-1]
    assert http.request("GET", fresh["url"]).status == 200


def test_credentials_do_not_belong_to_the_cdn(
    http: urllib3.PoolManager, source: dict[str, str], sim: Simulator
) -> None:
    headers = {"Authorization": f"Bearer {sim.token}"}
    answer = http.request("GET", source["url"], headers=headers)
    assert answer.status == 400
    assert b"Only one auth mechanism allowed" in answer.data
    http.request("GET", source["url"], headers={"Cookie": "a=b"})
    http.request("GET", source["url"])
    assert sim.snapshot().credentials_on_cdn == 2


def test_versions_are_guarded_by_if_match_and_if_range(
    http: urllib3.PoolManager, source: dict[str, str], content: bytes, library: Library
) -> None:
    def ranged(**headers: str) -> urllib3.BaseHTTPResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return http.request("GET", source["url"], headers={"Range": "bytes=10-19", **named})

    etag = http.request("HEAD", source["head"]).headers["ETag"]
    assert etag[0] == etag[-1] == '"'
    assert ranged(If_Match=etag).data == ranged(If_Range=etag).data == content[10:20]
    library.add(pattern_medium("A", SIZE, content="again"))
    answer = ranged(If_Match=etag)
    assert (answer.status, b"PreconditionFailed" in answer.data) == (412, True)
    answer = ranged(If_Range=etag)
    assert answer.status == 200
    assert len(answer.data) == SIZE
    assert answer.headers["ETag"] != etag
    assert answer.data[10:20] != content[10:20]


def test_etags_of_large_objects_count_their_parts(http: urllib3.PoolManager) -> None:
    library = Library([pattern_medium("B", 2 * PART + 1)])
    with Simulator(library) as sim:
        head = _described(http, sim, "B")["variations"][-1]["head"]
        assert http.request("HEAD", head).headers["ETag"].endswith('-3"')
        http.clear()


def test_a_huge_object_is_ranged_into_without_being_read(http: urllib3.PoolManager) -> None:
    size = 12_000_000_000
    library = Library([pattern_medium("H", size)])
    with Simulator(library) as sim:
        url = _described(http, sim, "H")["variations"][-1]["url"]
        answer = http.request("GET", url, headers={"Range": "bytes=-1000"})
        assert answer.data == library.media()[0].originals[0].read(size - 1000, 1000)
        assert answer.headers["ETag"].endswith(f'-{-(-size // PART)}"')
        http.clear()


def test_urls_outlive_the_deletion_of_their_medium(
    http: urllib3.PoolManager, source: dict[str, str], content: bytes, library: Library
) -> None:
    library.remove("A")
    assert http.request("GET", source["url"]).data == content


def test_an_object_that_is_no_longer_offered_is_404(
    http: urllib3.PoolManager, source: dict[str, str], library: Library
) -> None:
    library.add(replace(library.media()[0], originals=()))
    answer = http.request("GET", source["url"])
    assert answer.status == 404
    assert b"NoSuchKey" in answer.data


def test_a_file_that_has_left_the_folder_is_404(http: urllib3.PoolManager, tmp_path: Path) -> None:
    (tmp_path / "GX010001.MP4").write_bytes(b"some footage")
    library = FolderLibrary(tmp_path)
    with Simulator(library) as sim:
        url = _described(http, sim, library.media()[0].id)["variations"][-1]["url"]
        assert http.request("GET", url).data == b"some footage"
        (tmp_path / "GX010001.MP4").unlink()
        assert http.request("GET", url).status == 404
        http.clear()


def test_a_capped_connection_still_carries_every_byte(
    http: urllib3.PoolManager, library: Library, content: bytes
) -> None:
    with Simulator(library, SimulatorOptions(bytes_per_second=4_000_000)) as sim:
        url = _described(http, sim, "A")["variations"][-1]["url"]
        assert http.request("GET", url).data == content
        http.clear()


def test_a_client_that_goes_away_is_counted_and_harms_nothing(
    http: urllib3.PoolManager, library: Library
) -> None:
    library.add(pattern_medium("B", 200_000_000))
    with Simulator(library, SimulatorOptions(etag_limit=0)) as sim:
        answer = http.request(
            "GET", _described(http, sim, "B")["variations"][-1]["url"], preload_content=False
        )
        answer.read(10)
        answer.close()
        waiting = Event()
        while sim.snapshot().broken_off == 0:
            waiting.wait(0.01)
        url = _described(http, sim, "A")["variations"][-1]["url"]
        assert len(http.request("GET", url).data) == SIZE
        http.clear()
    assert sim.snapshot().crashes == 0


def test_a_file_that_shrinks_while_it_is_sent_never_looks_whole(
    http: urllib3.PoolManager, tmp_path: Path
) -> None:
    path = tmp_path / "GX010001.MP4"
    path.write_bytes(bytes(30_000_000))
    library = FolderLibrary(tmp_path)
    with Simulator(library) as sim:
        url = _described(http, sim, library.media()[0].id)["variations"][-1]["url"]
        answer = http.request("GET", url, preload_content=False)
        answer.read(10)
        path.write_bytes(b"short")
        with pytest.raises(urllib3.exceptions.ProtocolError):
            answer.read()
        answer.close()
        http.clear()
    assert sim.snapshot().broken_off == 1
