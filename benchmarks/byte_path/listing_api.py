"""The simulator's own API, in a process of its own, whose signed URLs point at the source."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from threading import Event

from cloud_sync.clock import SystemClock
from cloud_sync.simulator.api import Api
from cloud_sync.simulator.auth import Gate
from cloud_sync.simulator.connections import LoopbackServer, Port
from cloud_sync.simulator.counters import Counters
from cloud_sync.simulator.faults import NoFaults
from cloud_sync.simulator.generator import pattern_medium
from cloud_sync.simulator.medium import SimMedium
from cloud_sync.simulator.objects import SOURCE, path_of
from cloud_sync.simulator.server import TOKEN
from cloud_sync.simulator.signing import Signer
from cloud_sync.simulator.store import Library

URL_LIFE_SECONDS = 3600.0
STOP_SECONDS = 30


def paths(sizes: Sequence[int]) -> list[str]:
    """Where the source must serve the originals of a library of videos of these sizes."""
    return [path_of(medium, SOURCE, 1, "mp4") for medium in _media(sizes)]


@contextmanager
def listing(sizes: Sequence[int], source_url: str) -> Iterator[str]:
    """The API's URL. The API itself speaks plain http: it moves a few kilobytes."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(there, list(sizes), source_url), daemon=True
    )
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def _media(sizes: Sequence[int]) -> list[SimMedium]:
    return [
        pattern_medium(f"bench{number:08d}", size, filename=f"GX01{number:04d}.MP4")
        for number, size in enumerate(sizes, 1)
    ]


def _serve(pipe: Connection, sizes: list[int], source_url: str) -> None:
    # Ctrl-C is for the parent, who then ends this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    api = Api(
        Library(_media(sizes)),
        Gate(TOKEN, 401),
        Signer(URL_LIFE_SECONDS, SystemClock()),
        source_url,
    )
    counters = Counters()
    port = Port(api, counters, counters.api, NoFaults(), Event())
    server = LoopbackServer(0, lambda: port)
    server.start()
    pipe.send(server.url)
    try:
        pipe.recv()
    except (EOFError, OSError):
        server.stop()
