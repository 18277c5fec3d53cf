"""A simulator starts, serves several at once, and stops without leaving anything behind."""

from __future__ import annotations

import socket
import threading
from threading import Event, Thread

import pytest
import urllib3

from cloud_sync.errors import UsageError
from cloud_sync.simulator.answers import Answer
from cloud_sync.simulator.counters import Snapshot
from cloud_sync.simulator.faults import Call, Connection, NoFaults
from cloud_sync.simulator.library import Library, generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions, serve


class Gathering(NoFaults):
    """Holds every answer back until `expected` requests are in service at the same time."""

    def __init__(self, expected: int) -> None:
        self._barrier = threading.Barrier(expected, timeout=20)

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer:
        self._barrier.wait()
        return answer


def _user(sim: Simulator) -> int:
    with urllib3.PoolManager(retries=False, timeout=10) as http:
        headers = {"Authorization": f"Bearer {sim.token}"}
        return http.request("GET", f"{sim.api_url}/media/user", headers=headers).status


def test_concurrency_is_counted_while_it_lasts_and_at_its_peak() -> None:
    with Simulator(generate(1), SimulatorOptions(faults=Gathering(4))) as sim:
        callers = [Thread(target=_user, args=(sim,)) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        snapshot = sim.snapshot()
    assert snapshot.api_peak == 4
    assert (snapshot.api_now, snapshot.cdn_peak) == (0, 0)


def test_stopping_ends_threads_and_frees_ports_though_a_client_holds_on() -> None:
    before = set(threading.enumerate())
    with Simulator(generate(3)) as sim:
        host, port = sim.api_url.removeprefix("http://").split(":")
        held = socket.create_connection((host, int(port)), timeout=10)
        held.sendall(b"GET /media/user HTTP/1.1\r\nHost: x\r\n\r\n")
        assert held.recv(12) == b"HTTP/1.1 401"
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=10)
    held.settimeout(10)
    while held.recv(1000):
        pass
    held.close()


def test_stopping_does_not_wait_for_a_slow_answer() -> None:
    sim = Simulator(generate(1), SimulatorOptions(api_delay=3600))
    sim.start()
    outcome: list[str] = []

    def call() -> None:
        try:
            outcome.append(str(_user(sim)))
        except urllib3.exceptions.HTTPError:
            outcome.append("broken off")

    caller = Thread(target=call)
    caller.start()
    waiting = Event()
    while sim.snapshot().api_now == 0:
        waiting.wait(0.01)
    sim.stop()
    sim.stop()
    caller.join(10)
    assert outcome
    assert sim.snapshot().api_now == 0


def test_a_simulator_that_never_started_can_be_stopped() -> None:
    sim = Simulator(Library())
    sim.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(sim.api_url.rpartition(":")[2])), timeout=10)


def test_a_taken_port_is_a_usage_error_that_names_it() -> None:
    with Simulator(Library()) as sim:
        port = int(sim.api_url.rpartition(":")[2])
        with pytest.raises(UsageError, match=str(port)):
            Simulator(Library(), SimulatorOptions(api_port=port))


def test_the_ports_asked_for_are_taken() -> None:
    with Simulator(Library()) as sim:
        urls = (sim.api_url, sim.cdn_url)
    api_port, cdn_port = (int(url.rpartition(":")[2]) for url in urls)
    with Simulator(Library(), SimulatorOptions(api_port=api_port, cdn_port=cdn_port)) as again:
        assert (again.api_url, again.cdn_url) == urls


def test_serve_runs_until_told_to_stop_and_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stop, ready = Event(), Event()
    running: list[Simulator] = []
    results: list[Snapshot] = []

    def greet(sim: Simulator) -> None:
        running.append(sim)
        ready.set()

    server = Thread(
        target=lambda: results.append(serve(generate(2), SimulatorOptions(), stop, greet))
    )
    server.start()
    assert ready.wait(10)
    assert _user(running[0]) == 200
    stop.set()
    server.join(10)
    assert results[0].api_calls == 1
    assert capfd.readouterr() == ("", "")


def test_options_never_show_the_token() -> None:
    assert "secret-token" not in repr(SimulatorOptions(token="secret-token"))
