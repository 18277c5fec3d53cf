"""Each kind of fault, asked for in a plan, reaches the client over the socket exactly so."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from cloud_sync.simulator.fault_plan import plan_from
from cloud_sync.simulator.fault_table import KINDS
from cloud_sync.simulator.library import Library, SimMedium, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions

SIZE = 600_000
"""More than two of the pieces in which the simulator sends."""

NONE = urllib3.Timeout(connect=5, read=5)


class TickedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class Client:
    """Talks to a simulator as any client would."""

    sim: Simulator
    pool: urllib3.PoolManager
    clock: TickedClock

    def ask(self, path: str, token: str | None = None) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {token or self.sim.token}"}
        return self.pool.request("GET", self.sim.api_url + path, headers=headers)

    def search(self, page: int = 1, per_page: int = 2) -> urllib3.BaseHTTPResponse:
        return self.ask(f"/media/search?page={page}&per_page={per_page}&order_by=created_at")

    def ids(self, page: int = 1, per_page: int = 2) -> list[str]:
        return [row["id"] for row in rows(self.search(page, per_page))]

    def row(self, medium_id: str) -> dict[str, Any]:
        found = [row for row in rows(self.search(1, 100)) if row.get("id") == medium_id]
        assert len(found) == 1
        return found[0]

    def url(self, medium_id: str = "A") -> str:
        content = self.ask(f"/media/{medium_id}/download").json()
        found: str = content["_embedded"]["variations"][-1]["url"]
        return found

    def fetch(self, url: str, **headers: str) -> urllib3.BaseHTTPResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.pool.request("GET", url, headers=named)

    @property
    def faults(self) -> Mapping[str, int]:
        return self.sim.snapshot().faults

    def truth(self, medium_id: str = "A") -> bytes:
        medium = self.sim.library.get(medium_id)
        assert medium is not None
        return medium.originals[0].read(0, SIZE)


def rows(answer: urllib3.BaseHTTPResponse) -> list[dict[str, Any]]:
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.json()["_embedded"]["media"]
    return found


def medium(medium_id: str, day: int) -> SimMedium:
    instant = datetime(2024, 5, day, tzinfo=UTC)
    return pattern_medium(medium_id, SIZE, created_at=instant, captured_at=instant)


@contextmanager
def cloud_with(*faults: dict[str, Any], seed: int = 0) -> Iterator[Client]:
    """Media A to E, E the newest, and these faults; it must not crash over any of them."""
    library = Library(medium(name, day) for day, name in enumerate("ABCDE", 1))
    clock = TickedClock()
    plan = plan_from({"seed": seed, "faults": list(faults)})
    options = SimulatorOptions(faults=plan, clock=clock)
    with (
        Simulator(library, options) as sim,
        urllib3.PoolManager(retries=False, timeout=NONE) as pool,
    ):
        yield Client(sim, pool, clock)
        pool.clear()
    assert sim.snapshot().crashes == 0


def broken(url: str, **headers: str) -> tuple[bytes, str]:
    """What arrived of a body whose connection broke, and whether it was `closed` or `reset`."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    arrived = b""
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        with connection.getresponse() as answer:
            told = int(answer.headers["Content-Length"])
            while piece := answer.read1():
                arrived += piece
    except ConnectionResetError as error:
        if type(error) is not ConnectionResetError:
            raise
        return arrived, "reset"
    finally:
        connection.close()
    assert len(arrived) < told, "the body came whole"
    return arrived, "closed"


# the conditions


def test_a_fault_meets_exactly_the_calls_that_its_conditions_name() -> None:
    expected = {
        (("nth", 2),): "010000",
        (("nth", (1, 4)),): "100100",
        (("every", 2),): "010101",
        (("first", 2),): "110000",
        (("after", 4),): "000011",
        (("after", 1), ("until", 3)): "011000",
        (("every", 2), ("times", 1)): "010000",
        (("probability", 1),): "111111",
        (("probability", 0),): "000000",
    }
    for conditions, pattern in expected.items():
        given = {name: list(v) if isinstance(v, tuple) else v for name, v in conditions}
        with cloud_with({"kind": "status", "endpoint": "search", **given}) as client:
            seen = "".join("1" if client.search().status == 503 else "0" for _ in pattern)
        assert seen == pattern, conditions


def test_one_endpoint_is_spoiled_and_the_others_are_not() -> None:
    with cloud_with({"kind": "status", "endpoint": "download"}) as client:
        assert client.ask("/media/user").status == 200
        assert client.search().status == 200
        assert client.ask("/media/A").status == 200
        assert client.ask("/media/A/download").status == 503


def test_every_endpoint_can_be_spoiled() -> None:
    with cloud_with() as healthy:
        address = urlsplit(healthy.url())
    with cloud_with({"kind": "status", "endpoint": "any", "status": 502}) as client:
        paths = ("/media/user", "/media/search", "/media/A", "/media/A/download")
        assert {client.ask(path).status for path in paths} == {502}
        assert client.fetch(client.sim.cdn_url + address.path).status == 502
        assert client.faults == {"status": 5}


def test_a_medium_is_chosen_by_its_id_or_a_pattern() -> None:
    with cloud_with({"kind": "gone", "medium": "[AC]"}) as client:
        statuses = {name: client.ask(f"/media/{name}/download").status for name in "ABC"}
        assert statuses == {"A": 404, "B": 200, "C": 404}


def test_calls_are_counted_for_each_medium_where_the_plan_says_so() -> None:
    plan = {"kind": "status", "endpoint": "download", "first": 1, "per": "medium"}
    with cloud_with(plan) as client:
        statuses = [client.ask(f"/media/{name}/download").status for name in "ABAB"]
        assert statuses == [503, 503, 200, 200]


def test_the_same_seed_spoils_the_same_calls_in_whatever_order_they_come() -> None:
    plan = {"kind": "status", "endpoint": "download", "probability": 0.5}

    def spoiled(order: str, seed: int) -> list[tuple[str, int]]:
        calls = [(name, number) for number in range(8) for name in order]
        with cloud_with(plan, seed=seed) as client:
            statuses = [client.ask(f"/media/{name}/download").status for name, _ in calls]
        return sorted(call for call, status in zip(calls, statuses, strict=True) if status == 503)

    first = spoiled("ABCDE", 1)
    assert 5 < len(first) < 35
    assert spoiled("EDCBA", 1) == first
    assert spoiled("ABCDE", 2) != first


def test_a_plan_begins_anew_in_each_simulator() -> None:
    plan = plan_from({"faults": [{"kind": "status", "endpoint": "user", "nth": 1}]})
    pool = urllib3.PoolManager(retries=False)
    for _ in range(2):
        with Simulator(Library(), SimulatorOptions(faults=plan)) as sim:
            headers = {"Authorization": f"Bearer {sim.token}"}
            answers = [
                pool.request("GET", f"{sim.api_url}/media/user", headers=headers).status
                for _ in range(2)
            ]
            assert answers == [503, 200]
    pool.clear()


def test_faults_are_stacked_on_one_call() -> None:
    plan = (
        {"kind": "lying_total", "by": 2},
        {"kind": "row_without_type", "medium": "E"},
        {"kind": "no_length", "endpoint": "search"},
    )
    with cloud_with(*plan) as client:
        answer = client.search()
        assert answer.json()["_pages"]["total_items"] == 7
        assert "type" not in rows(answer)[0]
        assert "type" in rows(answer)[1]
        assert "Content-Length" not in answer.headers
        assert client.faults == {"lying_total": 1, "no_length": 1, "row_without_type": 1}


def test_a_fault_that_could_do_nothing_is_not_counted_and_not_used_up() -> None:
    with cloud_with({"kind": "range_ignored", "times": 1}) as client:
        url = client.url()
        assert client.fetch(url).status == 200
        assert client.faults == {}
        assert client.fetch(url, Range="bytes=5-9").status == 200
        assert client.fetch(url, Range="bytes=5-9").status == 206
        assert client.faults == {"range_ignored": 1}


# what the service says


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 502, 503, 504])
def test_status_is_answered(status: int) -> None:
    with cloud_with({"kind": "status", "status": status, "nth": 1}) as client:
        answer = client.search()
        assert answer.status == status
        assert "Retry-After" not in answer.headers
        assert json.loads(answer.data)["_embedded"]["errors"]


def test_retry_after_is_told_in_seconds_or_as_a_date() -> None:
    told = {"kind": "status", "status": 429, "retry_after": 1.5}
    with cloud_with({**told, "nth": 1}, {**told, "retry_after_as": "date", "nth": 2}) as client:
        assert client.search().headers["Retry-After"] == "1.5"
        moment = parsedate_to_datetime(client.search().headers["Retry-After"])
        assert moment == client.clock.now() + timedelta(seconds=2)


def test_the_delivery_network_words_its_errors_in_xml() -> None:
    with cloud_with({"kind": "status", "endpoint": "cdn"}) as client:
        answer = client.fetch(client.url())
        assert answer.status == 503
        assert answer.headers["Content-Type"] == "application/xml"
        assert b"<Code>ServiceUnavailable</Code>" in answer.data


@pytest.mark.parametrize(
    ("plan", "status", "words"),
    [
        ({"kind": "html"}, 200, b"Log in"),
        ({"kind": "html", "page": "cloudfront", "status": 502}, 502, b"cloudfront"),
        ({"kind": "blocked"}, 403, b"Request blocked"),
    ],
)
def test_a_page_comes_instead_of_data(plan: dict[str, Any], status: int, words: bytes) -> None:
    with cloud_with(plan) as client:
        answer = client.search()
        assert answer.status == status
        assert answer.headers["Content-Type"].startswith("text/html")
        assert words in answer.data


def test_malformed_json_is_the_beginning_of_the_answer() -> None:
    with cloud_with({"kind": "malformed_json", "nth": 2}) as client:
        whole, spoiled = client.search().data, client.search()
        assert spoiled.status == 200
        assert whole.startswith(spoiled.data)
        with pytest.raises(json.JSONDecodeError):
            spoiled.json()


@pytest.mark.parametrize("endpoint", ["search", "cdn"])
def test_an_empty_body_is_a_success_of_no_bytes(endpoint: str) -> None:
    with cloud_with({"kind": "empty_body", "endpoint": endpoint}) as client:
        answer = client.search() if endpoint == "search" else client.fetch(client.url())
        assert (answer.status, answer.headers["Content-Length"], answer.data) == (200, "0", b"")


def test_missing_embedded_leaves_the_rest() -> None:
    with cloud_with({"kind": "missing_embedded"}) as client:
        assert set(client.search().json()) == {"_pages"}
        assert set(client.ask("/media/A/download").json()) == {"filename"}


def test_a_medium_is_gone_after_it_was_listed() -> None:
    with cloud_with({"kind": "gone", "medium": "B"}) as client:
        assert client.ids(1, 100) == list("EDCBA")
        assert client.ask("/media/B").status == 404
        assert client.ask("/media/B/download").status == 404
        assert client.ask("/media/A/download").status == 200


def test_an_original_is_gone_from_the_delivery_network() -> None:
    with cloud_with({"kind": "gone", "endpoint": "cdn", "status": 410}) as client:
        answer = client.fetch(client.url())
        assert answer.status == 410
        assert b"<Code>NoSuchKey</Code>" in answer.data


def test_no_original_leaves_proxies_only() -> None:
    with cloud_with({"kind": "no_original", "medium": "A"}) as client:
        content = client.ask("/media/A/download").json()["_embedded"]
        labels = {entry["label"] for entry in content["variations"]}
        assert labels == {"edit_proxy", "high_res_proxy_mp4"}
        assert client.ask("/media/B/download").json()["_embedded"]["variations"][-1]["label"] == (
            "source"
        )


@pytest.mark.parametrize("status", [401, 403, 500])
def test_the_token_expires_until_another_is_accepted(status: int) -> None:
    plan = {"kind": "token_expired", "status": status, "endpoint": "search", "nth": 2}
    with cloud_with({**plan, "accepts": "second"}) as client:
        first = client.sim.token
        assert client.search().status == 200
        assert client.search().status == status
        assert client.ask("/media/user", first).status == status
        assert client.ask("/media/user", "second").status == 200
        assert client.ask("/media/search", "second").status == 200
        assert client.faults == {"token_expired": 1}


def test_a_token_handed_to_the_simulator_ends_the_expiry() -> None:
    with cloud_with({"kind": "token_expired"}) as client:
        assert client.search().status == 401
        client.sim.accept_token("another")
        assert client.search().status == 200


def test_calls_beyond_the_rate_are_refused_and_counted() -> None:
    with cloud_with({"kind": "rate_limit", "per_second": 3, "retry_after": 2}) as client:
        answers = [client.search() for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[-1].headers["Retry-After"] == "2"
        client.clock.seconds += 1.01
        assert client.search().status == 200
        assert client.faults == {"rate_limit": 2}


def test_the_service_is_away_for_a_while_on_both_ports() -> None:
    with cloud_with({"kind": "down", "seconds": 10, "endpoint": "any", "nth": 2}) as client:
        url = client.url()
        assert client.search().status == 503
        assert client.fetch(url).status == 503
        client.clock.seconds += 9.9
        assert client.fetch(url).status == 503
        client.clock.seconds += 0.2
        assert client.fetch(url).status == 200
        assert client.search().status == 200
        assert client.faults == {"down": 3}


def test_connections_are_refused_while_the_service_is_away_and_taken_again_after() -> None:
    plan = {"kind": "down", "seconds": 1, "how": "refuse", "endpoint": "search"}
    with cloud_with(plan) as client:
        url = client.url()
        with pytest.raises(urllib3.exceptions.ProtocolError):
            client.search()
        port = urlsplit(client.sim.api_url).port
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
        assert client.fetch(url).status == 200, "the other port stays"
        wait_until_listening(port)
        assert client.search().status == 200
        assert client.faults == {"down": 1}


def wait_until_listening(port: int | None) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the port is never taken again")


def test_a_simulator_that_refuses_connections_can_be_stopped() -> None:
    with cloud_with({"kind": "down", "seconds": 3600, "how": "refuse"}) as client:
        with pytest.raises(urllib3.exceptions.ProtocolError):
            client.search()
        for url in (client.sim.api_url, client.sim.cdn_url):
            with pytest.raises(urllib3.exceptions.NewConnectionError):
                client.pool.request("GET", url)


def test_an_address_expires_in_the_middle_of_a_file() -> None:
    with cloud_with({"kind": "expired_url", "nth": 2}) as client:
        url = client.url()
        assert client.fetch(url, Range="bytes=0-99").status == 206
        refused = client.fetch(url, Range="bytes=100-199")
        assert refused.status == 403
        assert b"Request has expired" in refused.data
        assert client.fetch(url, Range="bytes=100-199").status == 206


# what the listing says


def test_an_empty_page_keeps_the_total() -> None:
    with cloud_with({"kind": "empty_page", "nth": 1}) as client:
        answer = client.search()
        assert rows(answer) == []
        assert answer.json()["_pages"]["total_items"] == 5
        assert client.ids() == ["E", "D"]


def test_a_short_page_is_a_cap_below_what_was_asked() -> None:
    with cloud_with({"kind": "short_page", "rows": 2}) as client:
        assert client.ids(1, 100) == ["E", "D"]
        assert client.ids(2, 100) == ["C", "B"]
        assert client.search(1, 100).json()["_pages"]["per_page"] == 2
        assert client.ids(1, 1) == ["E"]


def test_the_page_before_comes_again() -> None:
    with cloud_with({"kind": "repeated_page", "nth": 2}) as client:
        assert client.ids(1) == ["E", "D"]
        repeated = client.search(2)
        assert [row["id"] for row in rows(repeated)] == ["E", "D"]
        assert repeated.json()["_pages"]["current_page"] == 2
        assert client.ids(2) == ["C", "B"]


def test_one_page_comes_for_ever() -> None:
    with cloud_with({"kind": "repeated_page", "page": 1}) as client:
        assert [client.ids(page) for page in (1, 2, 9)] == [["E", "D"]] * 3


@pytest.mark.parametrize(("by", "total", "pages"), [(4, 9, 5), (-3, 2, 1), (-99, 0, 0)])
def test_the_total_lies(by: int, total: int, pages: int) -> None:
    with cloud_with({"kind": "lying_total", "by": by}) as client:
        told = client.search().json()["_pages"]
        assert (told["total_items"], told["total_pages"]) == (total, pages)


def test_media_are_not_ready_until_a_later_listing() -> None:
    plan = {"kind": "not_ready", "medium": "[BC]", "state": "processing", "listings": 2}
    with cloud_with(plan) as client:

        def states() -> list[str]:
            pages = [rows(client.search(page)) for page in (1, 2, 3)]
            return [row["ready_to_view"] for page in pages for row in page]

        assert states() == ["ready", "ready", "processing", "processing", "ready"]
        assert client.ask("/media/B").json()["ready_to_view"] == "processing"
        assert states() == ["ready", "ready", "processing", "processing", "ready"]
        assert states() == ["ready"] * 5
        assert client.ask("/media/B").json()["ready_to_view"] == "ready"


def test_rows_shift_left_when_a_medium_is_deleted_between_two_pages() -> None:
    plan = {"kind": "library_change", "change": "delete", "medium": "D", "nth": 2}
    with cloud_with(plan) as client:
        assert [client.ids(1), client.ids(2)] == [["E", "D"], ["B", "A"]]
        assert client.ask("/media/D").status == 404


def test_rows_shift_right_when_a_medium_is_uploaded_between_two_pages() -> None:
    plan = {"kind": "library_change", "change": "upload", "medium": "F", "size": 77, "nth": 2}
    with cloud_with(plan) as client:
        assert [client.ids(1), client.ids(2)] == [["E", "D"], ["D", "C"]]
        assert client.row("F")["file_size"] == 77
        assert len(client.fetch(client.url("F")).data) == 77


def test_a_medium_changes_its_name_and_its_date() -> None:
    plan = (
        {"kind": "library_change", "change": "rename", "medium": "A", "filename": "b.mp4"},
        {
            "kind": "library_change",
            "change": "redate",
            "medium": "A",
            "instant": "2020-02-02T00:00:00Z",
            "nth": 2,
        },
    )
    with cloud_with(*plan) as client:
        first, second = client.row("A"), client.row("A")
        assert first["filename"] == "b.mp4"
        assert first["captured_at"] == "2024-05-01T00:00:00Z"
        assert second["captured_at"] == "2020-02-02T00:00:00Z"
        assert client.faults == {"library_change": 2}, "the same change twice is none"


def test_a_reprocessed_original_has_other_bytes_and_another_etag() -> None:
    plan = {
        "kind": "library_change",
        "change": "reprocess",
        "medium": "A",
        "endpoint": "cdn",
        "nth": 2,
    }
    with cloud_with(plan) as client:
        url = client.url()
        before, after = client.fetch(url), client.fetch(url)
        assert len(before.data) == len(after.data) == SIZE
        assert before.data != after.data
        assert before.headers["ETag"] != after.headers["ETag"]


def edited(fault: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The row of C in good health, as spoiled, and the row of D beside it."""
    with cloud_with({**fault, "medium": "C", "nth": 2}) as client:
        healthy = client.row("C")
        spoiled = rows(client.search(1, 100))
        assert client.faults == {fault["kind"]: 1}
        return healthy, spoiled[2], spoiled[1]


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        ({"kind": "row_without_id"}, {"id": ...}),
        ({"kind": "row_without_type"}, {"type": ...}),
        ({"kind": "unknown_type"}, {"type": "Hologram"}),
        ({"kind": "unknown_type", "type": "X"}, {"type": "X"}),
        ({"kind": "unknown_state"}, {"ready_to_view": "dreaming"}),
        ({"kind": "null_size"}, {"file_size": None}),
        ({"kind": "zero_size"}, {"file_size": 0}),
        ({"kind": "null_filename"}, {"filename": None}),
        ({"kind": "row", "set": {"filename": 5}, "remove": ["type"]}, {"filename": 5, "type": ...}),
        ({"kind": "row", "as_text": ["file_size"]}, {"file_size": str(SIZE)}),
    ],
)
def test_one_row_is_told_otherwise(fault: dict[str, Any], changes: dict[str, Any]) -> None:
    healthy, spoiled, neighbour = edited(fault)
    expected = {**healthy, **changes}
    assert spoiled == {name: value for name, value in expected.items() if value is not ...}
    assert healthy.keys() == neighbour.keys()


def test_unknown_fields_stand_beside_the_known_ones() -> None:
    healthy, spoiled, neighbour = edited({"kind": "unknown_fields"})
    assert all(spoiled[name] == value for name, value in healthy.items())
    assert set(spoiled) - set(healthy) == {"hologram", "remix_of", "Ünïcode"}
    assert "hologram" not in neighbour


def test_numbers_come_as_text() -> None:
    healthy, spoiled, _ = edited({"kind": "numbers_as_strings"})
    assert spoiled["file_size"] == str(SIZE)
    assert spoiled["item_count"] == "1"
    assert spoiled["on_public_profile"] is False
    assert set(spoiled) == set(healthy)


# what the connection does


def reset_by(error: BaseException) -> bool:
    found: BaseException | None = error
    while found is not None:
        # http.client's RemoteDisconnected, for an orderly end, is a kind of it
        if ConnectionResetError in {type(found), *map(type, found.args)}:
            return True
        found = found.__cause__ or found.__context__
    return False


@pytest.mark.parametrize("endpoint", ["search", "cdn"])
def test_a_connection_is_reset_before_any_answer(endpoint: str) -> None:
    with cloud_with({"kind": "reset", "endpoint": endpoint, "times": 1}) as client:
        url = client.url()

        def call() -> int:
            return client.search().status if endpoint == "search" else client.fetch(url).status

        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            call()
        assert reset_by(caught.value)
        assert call() == 200


def test_a_connection_is_reset_in_the_middle_of_a_body() -> None:
    with cloud_with({"kind": "reset", "endpoint": "cdn", "at_byte": 400_000}) as client:
        arrived, end = broken(client.url())
        assert end == "reset"
        assert len(arrived) <= 400_000


@pytest.mark.parametrize("at_byte", [0, 1, 262_144, 400_000, SIZE - 1])
def test_a_body_is_truncated_at_the_byte(at_byte: int) -> None:
    with cloud_with({"kind": "truncate", "at_byte": at_byte}) as client:
        arrived, end = broken(client.url())
        assert end == "closed"
        assert arrived == client.truth()[:at_byte]
        assert client.sim.snapshot().broken_off == 1


def test_the_byte_counts_in_the_file_and_not_in_the_range() -> None:
    with cloud_with({"kind": "truncate", "at_byte": 1_500, "times": 1}) as client:
        url = client.url()
        assert client.fetch(url, Range="bytes=0-999").data == client.truth()[:1000]
        assert broken(url, Range="bytes=1000-1999") == (client.truth()[1000:1500], "closed")
        assert client.fetch(url, Range="bytes=1000-1999").data == client.truth()[1000:2000]


def test_an_answer_of_the_api_is_truncated() -> None:
    with cloud_with({"kind": "truncate", "endpoint": "search"}) as client:
        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            client.search()
        assert "IncompleteRead" in repr(caught.value)


def test_a_stalled_body_goes_on() -> None:
    plan = {"kind": "stall", "endpoint": "cdn", "at_byte": 1000}
    with cloud_with(
        {**plan, "nth": 1, "seconds": 600}, {**plan, "nth": 2, "seconds": 0.01}
    ) as client:
        answer = client.pool.request(
            "GET", client.url(), preload_content=False, timeout=urllib3.Timeout(read=0.3)
        )
        assert answer.read(1000) == client.truth()[:1000]
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            answer.read(1)
        answer.close()
        assert client.fetch(client.url()).data == client.truth()
        assert client.faults == {"stall": 2}


@pytest.mark.parametrize("then", ["close", "reset"])
def test_a_stalled_body_breaks_off(then: str) -> None:
    plan = {"kind": "stall", "endpoint": "cdn", "at_byte": 1000, "seconds": 0.01, "then": then}
    with cloud_with(plan) as client:
        arrived, end = broken(client.url())
        assert len(arrived) <= 1000
        assert end == ("reset" if then == "reset" else "closed")


@pytest.mark.parametrize("then", ["go_on", "close", "reset"])
def test_an_answer_is_stalled_before_it_begins(then: str) -> None:
    plan = {"kind": "stall", "endpoint": "search", "then": then}
    with cloud_with(
        {**plan, "nth": 1, "seconds": 600}, {**plan, "nth": 2, "seconds": 0.01}
    ) as client:
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            client.pool.request(
                "GET", client.sim.api_url + "/media/search", timeout=urllib3.Timeout(read=0.1)
            )
        if then == "go_on":
            assert client.search().status == 200
        else:
            with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
                client.search()
            assert reset_by(caught.value) == (then == "reset")


def test_a_slow_body_drips() -> None:
    plan = {"kind": "slow", "bytes_per_second": 10_000}
    with cloud_with(plan) as client:
        answer = client.pool.request("GET", client.url(), preload_content=False)
        arrived = answer.read(2000)
        assert arrived == client.truth()[:2000]
        assert client.sim.snapshot().bytes_sent < SIZE, "the rest is on its way already"
        answer.close()


def test_a_body_is_longer_than_the_file() -> None:
    with cloud_with({"kind": "too_long", "by": 300_000}) as client:
        answer = client.fetch(client.url(), Range=f"bytes=0-{SIZE - 1}")
        assert answer.headers["Content-Range"] == f"bytes 0-{SIZE - 1}/{SIZE}"
        assert answer.headers["Content-Length"] == str(SIZE + 300_000)
        assert answer.data == client.truth() + bytes(300_000)


def test_a_length_is_told_too_small() -> None:
    with cloud_with({"kind": "wrong_length", "by": -10}) as client:
        answer = client.fetch(client.url())
        assert answer.headers["Content-Length"] == str(SIZE - 10)
        assert answer.data == client.truth()[:-10]
        assert client.fetch(client.url()).status == 200, "the rest is not taken for an answer"


def test_a_length_is_told_too_big() -> None:
    with cloud_with({"kind": "wrong_length", "by": 10}) as client:
        arrived, end = broken(client.url())
        assert arrived == client.truth()
        assert end == "closed"


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_no_length_is_told(framing: str) -> None:
    with cloud_with({"kind": "no_length", "framing": framing}) as client:
        answer = client.fetch(client.url())
        assert "Content-Length" not in answer.headers
        assert answer.headers.get("Transfer-Encoding") == (
            "chunked" if framing == "chunked" else None
        )
        assert answer.data == client.truth()
        assert client.sim.snapshot().bytes_sent == SIZE


# what the bytes are


def test_a_range_is_ignored() -> None:
    with cloud_with({"kind": "range_ignored"}) as client:
        answer = client.fetch(client.url(), Range="bytes=100-199")
        assert (answer.status, len(answer.data)) == (200, SIZE)
        assert "Content-Range" not in answer.headers


@pytest.mark.parametrize(("header", "told"), [("given", 107), ("asked", 100)])
def test_another_range_comes_than_was_asked_for(header: str, told: int) -> None:
    with cloud_with({"kind": "wrong_range", "by": 7, "header": header}) as client:
        answer = client.fetch(client.url(), Range="bytes=100-199")
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes {told}-{told + 99}/{SIZE}"
        assert answer.data == client.truth()[107:207]


@pytest.mark.parametrize(("at_byte", "count"), [(0, 1), (262_140, 10), (SIZE - 1, 1), (5, 600_000)])
def test_bytes_are_flipped_under_the_right_etag(at_byte: int, count: int) -> None:
    plan = {"kind": "flip", "at_byte": at_byte, "bytes": count, "times": 1}
    with cloud_with(plan) as client:
        url = client.url()
        spoiled, healthy = client.fetch(url), client.fetch(url)
        assert spoiled.headers["ETag"] == healthy.headers["ETag"]
        differing = [
            n for n, (a, b) in enumerate(zip(spoiled.data, healthy.data, strict=True)) if a != b
        ]
        assert differing == list(range(at_byte, min(SIZE, at_byte + count)))
        assert healthy.data == client.truth()


def test_an_etag_changes_between_two_ranges() -> None:
    with cloud_with({"kind": "etag_changes", "after": 1}) as client:
        url = client.url()
        old = client.fetch(url, Range="bytes=0-9").headers["ETag"]
        assert client.fetch(url, Range="bytes=10-19", If_Match=old).status == 412
        moved = client.fetch(url, Range="bytes=10-19", If_Range=old)
        assert (moved.status, len(moved.data)) == (200, SIZE)
        new = moved.headers["ETag"]
        assert new != old
        assert len(new) == len(old)
        assert client.fetch(url, Range="bytes=10-19", If_Match=new).status == 206
        assert client.fetch(url, Range="bytes=10-19", If_Range=new).status == 206
        assert moved.data == client.truth()


def test_an_etag_changes_with_the_bytes() -> None:
    with cloud_with({"kind": "etag_changes", "content": "changed"}) as client:
        answer = client.fetch(client.url())
        assert answer.data == bytes(byte ^ 0xFF for byte in client.truth())


# all of them


REQUIRED: dict[str, dict[str, Any]] = {
    "rate_limit": {"per_second": 1},
    "down": {"seconds": 0},
    "short_page": {"rows": 1},
    "library_change": {"change": "delete", "medium": "*"},
    "row": {"remove": ["id", "file_size"]},
    "stall": {"seconds": 0},
    "slow": {"bytes_per_second": 10_000_000},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_works_on_every_endpoint_and_on_top_of_every_other(kind: str) -> None:
    """Whatever a plan stacks, the simulator itself never fails."""
    others = [{"kind": name, **REQUIRED.get(name, {}), "endpoint": "any"} for name in KINDS]
    mine = {"kind": kind, **REQUIRED.get(kind, {}), "endpoint": "any"}
    chances = [{**other, "probability": 0.2} for other in others if other["kind"] != kind]
    with cloud_with() as healthy:
        path = urlsplit(healthy.url()).path
    for faults in ([mine], [mine, *chances], [*chances, mine]):
        with cloud_with(*faults) as client:
            for _ in range(3):
                paths = ("/media/user", "/media/search?page=2&per_page=1", "/media/A")
                for url in (*paths, "/media/A/download"):
                    whatever(client, client.sim.api_url + url)
                whatever(client, client.sim.cdn_url + path)


def whatever(client: Client, url: str) -> None:
    """A call of which anything may come."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request(
            "GET",
            f"{parts.path}?{parts.query}",
            headers={"Authorization": f"Bearer {client.sim.token}", "Range": "bytes=0-9"},
        )
        with connection.getresponse() as answer:
            answer.read()
    except (OSError, http.client.HTTPException):
        assert client.faults, "something went wrong of which no fault is told"
    finally:
        connection.close()
