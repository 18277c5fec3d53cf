"""A fault plan can spoil any answer, at any byte, and the simulator carries out what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import urllib3

from cloud_sync.simulator.answers import Answer, Endpoint
from cloud_sync.simulator.faults import Call, Connection, NoFaults
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions

SIZE = 2_000_000


class Spoil(NoFaults):
    """Deals with the first call of one endpoint by a function; everything else goes well."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        answer: Callable[[Answer, Connection], Answer | None] | None = None,
        piece: Callable[[int, bytes, Connection], bytes | None] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._answer = answer
        self._piece = piece
        self.seen: list[Call] = []

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        self.seen.append(call)
        if self._answer and call.endpoint is self._endpoint and call.nth == 1:
            return self._answer(answer, connection)
        return answer

    def piece(
        self, call: Call, position: int, piece: bytes, connection: Connection
    ) -> bytes | None:
        if self._piece and call.endpoint is self._endpoint and call.nth == 1:
            return self._piece(position, piece, connection)
        return piece


@contextmanager
def _running(plan: Spoil) -> Iterator[tuple[Simulator, urllib3.PoolManager]]:
    library = Library([pattern_medium("A", SIZE)])
    pool = urllib3.PoolManager(retries=False, timeout=10)
    with Simulator(library, SimulatorOptions(faults=plan)) as sim, pool:
        yield sim, pool
        pool.clear()
    assert sim.snapshot().crashes == 0


def _search(sim: Simulator, http: urllib3.PoolManager) -> urllib3.BaseHTTPResponse:
    headers = {"Authorization": f"Bearer {sim.token}"}
    return http.request("GET", f"{sim.api_url}/media/search", headers=headers)


def _url(sim: Simulator, http: urllib3.PoolManager) -> str:
    headers = {"Authorization": f"Bearer {sim.token}"}
    answer = http.request("GET", f"{sim.api_url}/media/A/download", headers=headers)
    url: str = answer.json()["_embedded"]["variations"][-1]["url"]
    return url


def test_a_plan_sees_endpoint_number_and_medium_of_each_call() -> None:
    plan = Spoil(Endpoint.UNKNOWN)
    with _running(plan) as (sim, http):
        url = _url(sim, http)
        http.request("GET", url)
        _search(sim, http)
        _search(sim, http)
    seen = [(call.endpoint, call.nth, call.medium_id) for call in plan.seen]
    assert seen == [
        (Endpoint.DOWNLOAD, 1, "A"),
        (Endpoint.OBJECT, 1, "A"),
        (Endpoint.SEARCH, 1, ""),
        (Endpoint.SEARCH, 2, ""),
    ]


def test_a_plan_may_answer_in_the_services_place() -> None:
    busy = Answer(503, (("Retry-After", "7"),), b"busy")
    with _running(Spoil(Endpoint.SEARCH, answer=lambda _a, _c: busy)) as (sim, http):
        answer = _search(sim, http)
        assert (answer.status, answer.data, answer.headers["Retry-After"]) == (503, b"busy", "7")
        assert _search(sim, http).status == 200


def test_a_plan_may_change_the_healthy_answer() -> None:
    def unembedded(answer: Answer, _connection: Connection) -> Answer:
        assert isinstance(answer.body, bytes)
        found = json.loads(answer.body)
        del found["_embedded"]
        return replace(answer, body=json.dumps(found).encode())

    with _running(Spoil(Endpoint.SEARCH, answer=unembedded)) as (sim, http):
        assert set(_search(sim, http).json()) == {"_pages"}


def test_a_plan_may_lie_about_the_length() -> None:
    def longer(answer: Answer, _connection: Connection) -> Answer:
        return replace(
            answer, headers=(*answer.headers, ("Content-Length", str(answer.length - 10)))
        )

    with _running(Spoil(Endpoint.OBJECT, answer=longer)) as (sim, http):
        answer = http.request("GET", _url(sim, http))
        assert len(answer.data) == SIZE - 10


def test_a_plan_may_reset_the_connection_instead_of_answering() -> None:
    def reset(_answer: Answer, connection: Connection) -> None:
        connection.reset()

    with _running(Spoil(Endpoint.OBJECT, answer=reset)) as (sim, http):
        url = _url(sim, http)
        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            http.request("GET", url)
        assert isinstance(caught.value.args[1], ConnectionResetError)
        assert len(http.request("GET", url).data) == SIZE


def test_a_plan_may_write_raw_bytes() -> None:
    def garbage(_answer: Answer, connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: \xff\r\n\r\nabc")

    with _running(Spoil(Endpoint.SEARCH, answer=garbage)) as (sim, http):
        assert _search(sim, http).data == b"abc"


def test_a_plan_may_truncate_a_body() -> None:
    def cut(position: int, piece: bytes, _connection: Connection) -> bytes | None:
        return piece if position < SIZE // 2 else None

    with _running(Spoil(Endpoint.OBJECT, piece=cut)) as (sim, http):
        url = _url(sim, http)
        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            http.request("GET", url)
        assert "IncompleteRead" in repr(caught.value)
        assert sim.snapshot().broken_off == 1
        assert 0 < sim.snapshot().bytes_sent < SIZE


def test_a_plan_may_reset_in_the_middle_of_a_body() -> None:
    def cut(position: int, piece: bytes, connection: Connection) -> bytes | None:
        if position < SIZE // 2:
            return piece
        connection.reset()
        return None

    with _running(Spoil(Endpoint.OBJECT, piece=cut)) as (sim, http):
        url = _url(sim, http)
        with pytest.raises(urllib3.exceptions.ProtocolError):
            http.request("GET", url)


def test_a_plan_may_flip_a_byte() -> None:
    def flip(position: int, piece: bytes, _connection: Connection) -> bytes:
        return bytes([piece[0] ^ 1]) + piece[1:] if position == 0 else piece

    with _running(Spoil(Endpoint.OBJECT, piece=flip)) as (sim, http):
        url = _url(sim, http)
        spoiled, healthy = (http.request("GET", url).data for _ in range(2))
        assert spoiled[0] == healthy[0] ^ 1
        assert spoiled[1:] == healthy[1:]


def test_a_stalled_body_does_not_hold_up_the_simulators_end() -> None:
    def stall(position: int, piece: bytes, connection: Connection) -> bytes:
        if position > 0:
            connection.wait(3600)
        return piece

    library = Library([pattern_medium("A", SIZE)])
    http = urllib3.PoolManager(retries=False, timeout=10)
    with Simulator(library, SimulatorOptions(faults=Spoil(Endpoint.OBJECT, piece=stall))) as sim:
        answer = http.request("GET", _url(sim, http), preload_content=False)
        assert len(answer.read(1000)) == 1000
    answer.close()
    http.clear()
    assert sim.snapshot().cdn_now == 0
