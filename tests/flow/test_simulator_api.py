"""The simulator's API over real sockets: who is let in, and what is told of media."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3

from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.library import Library, generate, pattern_medium
from cloud_sync.simulator.recipes import SHOWCASE
from cloud_sync.simulator.server import Simulator, SimulatorOptions

COUNT = 130


@pytest.fixture
def library() -> Library:
    return generate(COUNT, seed=6, file_bytes=(10, 2000))


@pytest.fixture
def sim(library: Library) -> Iterator[Simulator]:
    with Simulator(library) as simulator:
        yield simulator
    assert simulator.snapshot().crashes == 0


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        yield pool
        pool.clear()


class Caller:
    """Calls the API with the simulator's token."""

    def __init__(self, http: urllib3.PoolManager, sim: Simulator) -> None:
        self._http = http
        self._sim = sim

    def __call__(self, path: str, **fields: str) -> Any:
        answer = self.raw(path, **fields)
        assert answer.status == 200, answer.data
        return answer.json()

    def raw(self, path: str, **fields: str) -> urllib3.BaseHTTPResponse:
        return self._http.request(
            "GET",
            self._sim.api_url + path,
            fields=fields,
            headers={"Authorization": f"Bearer {self._sim.token}", "Accept": "*/*"},
        )

    def ids(self, **fields: str) -> list[str]:
        """All ids of a listing, page after page until an empty one."""
        found: list[str] = []
        for page in range(1, 100):
            rows = self("/media/search", page=str(page), **fields)["_embedded"]["media"]
            if not rows:
                return found
            found += [row["id"] for row in rows]
        raise AssertionError("the listing has no end")


@pytest.fixture
def call(http: urllib3.PoolManager, sim: Simulator) -> Caller:
    return Caller(http, sim)


def test_paging_to_the_empty_page_gives_every_medium_newest_first(
    call: Caller, library: Library
) -> None:
    assert call.ids(per_page="50") == [medium.id for medium in library.media()]


def test_pages_tell_where_they_stand(call: Caller) -> None:
    assert call("/media/search")["_pages"] == {
        "current_page": 1,
        "per_page": 30,
        "total_items": COUNT,
        "total_pages": 5,
    }


def test_more_than_the_cap_is_cut_to_the_cap(call: Caller) -> None:
    answer = call("/media/search", per_page="1000")
    assert len(answer["_embedded"]["media"]) == answer["_pages"]["per_page"] == 100


def test_past_the_end_is_an_empty_page_with_200(call: Caller) -> None:
    answer = call("/media/search", page="99")
    assert answer["_embedded"] == {"errors": [], "media": []}
    assert answer["_pages"]["total_items"] == COUNT


def test_filters_narrow_the_listing_and_its_total(call: Caller, library: Library) -> None:
    wanted = [m.id for m in library.media() if m.type in {"Photo", "Burst"} and m.ready]
    filters = {"type": "Photo,Burst", "processing_states": "ready"}
    assert call.ids(**filters) == wanted
    assert call("/media/search", **filters)["_pages"]["total_items"] == len(wanted)


def test_a_capture_range_lists_that_range(call: Caller, library: Library) -> None:
    start, end = datetime(2016, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)
    wanted = [m.id for m in library.media() if m.captured_at and start <= m.captured_at < end]
    assert wanted
    found = call.ids(captured_range="2016-01-01T00:00:00Z,2019-01-01T00:00:00Z")
    assert found == wanted


def test_order_by_created_at_is_by_upload(call: Caller, library: Library) -> None:
    by_upload = sorted(library.media(), key=lambda m: (m.created_at, m.id), reverse=True)
    assert call.ids(order_by="created_at") == [medium.id for medium in by_upload]


def test_fields_project_but_some_always_come(call: Caller) -> None:
    row = call("/media/search", fields="id,filename")["_embedded"]["media"][0]
    assert set(row) == {"id", "filename", "gopro_user_id", "source_gumi", "source_mgumi"}


def test_a_query_that_cannot_be_read_is_400(call: Caller) -> None:
    assert call.raw("/media/search", page="none").status == 400


def test_the_listing_is_live(call: Caller, sim: Simulator, library: Library) -> None:
    first = library.media()[0]
    library.add(pattern_medium("X1", 5, captured_at=datetime(2030, 1, 1, tzinfo=UTC)))
    library.add(replace(first, filename="renamed.MP4"))
    rows = call("/media/search")["_embedded"]["media"]
    assert [row["id"] for row in rows[:2]] == ["X1", first.id]
    assert rows[1]["filename"] == "renamed.MP4"


def test_hostile_names_arrive_as_they_are(call: Caller, library: Library) -> None:
    names = {medium.id: medium.filename for medium in library.media()}
    for page in ("1", "2"):
        for row in call("/media/search", page=page, per_page="100")["_embedded"]["media"]:
            assert row["filename"] == names[row["id"]]
            if row["filename"] is not None:
                described = call(f"/media/{row['id']}/download")
                assert described["filename"] == row["filename"]
    assert len(SHOWCASE) <= COUNT


def test_a_medium_tells_all_of_itself(call: Caller, library: Library) -> None:
    medium = library.media()[3]
    row = call(f"/media/{medium.id}")
    assert row["id"] == medium.id
    assert {"folder_path", "region", "item_durations"} <= set(row)
    assert set(call(f"/media/{medium.id}", fields="type")) >= {"type", "source_gumi"}


def test_a_removed_medium_is_404_and_so_is_its_descriptor(call: Caller, library: Library) -> None:
    medium = library.remove(library.media()[0].id)
    for path in (f"/media/{medium.id}", f"/media/{medium.id}/download"):
        answer = call.raw(path)
        assert answer.status == 404
        assert "errors" in answer.json()["_embedded"]


def test_the_account_is_told(call: Caller) -> None:
    assert call("/media/user")["user_id"]


def test_the_token_opens_as_a_cookie_among_others(
    http: urllib3.PoolManager, sim: Simulator
) -> None:
    cookie = f'a=1; odd={{"x":[1]}}; gp_access_token={sim.token}; gp_user_id=5'
    answer = http.request("GET", f"{sim.api_url}/media/user", headers={"Cookie": cookie})
    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic dXNlcg=="},
        {"Cookie": "gp_access_token="},
        {"Cookie": "gp_user_id=5"},
    ],
)
def test_without_the_token_everything_is_refused(
    http: urllib3.PoolManager, sim: Simulator, headers: dict[str, str]
) -> None:
    for path in ("/media/user", "/media/search", "/media/A", "/media/A/download"):
        answer = http.request("GET", sim.api_url + path, headers=headers)
        assert answer.status == 401
        assert "error" in answer.json()
    assert sim.snapshot().refusals == {"token": 4}


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_token_dies_and_another_takes_its_place(
    http: urllib3.PoolManager, sim: Simulator, status: int
) -> None:
    old = sim.token

    def answered(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return http.request("GET", f"{sim.api_url}/media/user", headers=headers).status

    assert answered(old) == 200
    sim.expire_token(status)
    assert answered(old) == status
    sim.accept_token("another")
    assert (answered(old), answered("another"), sim.token) == (401, 200, "another")


def test_a_wrong_token_is_refused_with_the_status_asked_for(http: urllib3.PoolManager) -> None:
    options = SimulatorOptions(token="right", refusal_status=500)
    with Simulator(Library(), options) as sim:
        assert http.request("GET", f"{sim.api_url}/media/user").status == 500
        http.clear()


def test_calls_that_change_things_are_refused_and_counted(
    http: urllib3.PoolManager, sim: Simulator
) -> None:
    headers = {"Authorization": f"Bearer {sim.token}"}
    for method in ("PUT", "DELETE", "POST"):
        answer = http.request(method, f"{sim.api_url}/media/A", headers=headers, body=b"{}")
        assert answer.status == 405
    assert sim.snapshot().calls[Endpoint.WRITE] == 3


def test_calls_are_counted_by_endpoint(call: Caller, sim: Simulator, library: Library) -> None:
    medium_id = library.media()[0].id
    paths = ("/media/user", "/media/search", "/media/search", f"/media/{medium_id}")
    for path in paths:
        call(path)
    call.raw("/nothing")
    snapshot = sim.snapshot()
    assert {name: count for name, count in snapshot.calls.items() if count} == {
        Endpoint.USER: 1,
        Endpoint.SEARCH: 2,
        Endpoint.MEDIUM: 1,
        Endpoint.UNKNOWN: 1,
    }
    assert (snapshot.api_calls, snapshot.api_peak, snapshot.cdn_requests) == (5, 1, 0)
    call("/media/user")
    assert snapshot.calls[Endpoint.USER] == 1, "a snapshot has changed"


def test_connections_are_kept_alive(http: urllib3.PoolManager, sim: Simulator) -> None:
    pool = http.connection_from_url(sim.api_url)
    headers = {"Authorization": f"Bearer {sim.token}"}
    for _ in range(5):
        pool.request("GET", "/media/search", headers=headers)
    assert pool.num_connections == 1
