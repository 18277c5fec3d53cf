"""A whole run of the deployed functions over a large library of tiny media, on an emulator.

What is measured besides the time: the largest document that travelled anywhere, the lengths of the
histories, and what is there at the end. The emulator's time is not the service's: it runs
functions, stores and state machine on this machine's cores, with five media in work.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from asl_interpreter import MOST_BYTES
from cloud_sync.deployment.package import HERE, build_package
from cloud_sync.model.report import Outcome
from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import TOKEN, Simulator, SimulatorOptions
from cloud_sync.tracker.dynamodb import DynamoTracker
from deployed_functions import BUCKET, TABLE, Travelled, build, log_in, travelled
from emulated_machine import Deployed, deploy
from ministack import ministack

MEDIA = 1_000
"""How many media where nobody says: a minute or two. Ten thousand take a quarter of an hour."""

SEED = 1
BYTES = (20, 200)
MOST_EVENTS = 25_000
LONGEST = 3600.0


@dataclass
class Figures:
    """What a run left behind."""

    seconds: float
    status: str
    travelled: Travelled
    objects: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    archived: int = 0

    def right(self, media: int) -> bool:
        """Whether everything is archived, and nothing was too large."""
        seen = self.travelled
        return (
            self.status == "SUCCEEDED"
            and self.rows == {"COMPLETED": media}
            and self.objects == self.archived == media
            and set(seen.statuses) == {"SUCCEEDED"}
            and len(seen.statuses) == media + 1
            and seen.largest < MOST_BYTES
            and max(seen.events) < MOST_EVENTS
            and not seen.leaks
        )


def run(media: int) -> bool:
    """Print the figures; True when all is archived and every document and history is small."""
    with tempfile.TemporaryDirectory() as folder:
        figures = _run(Path(folder), media)
    _tell(media, figures)
    return figures.right(media)


def _run(folder: Path, media: int) -> Figures:
    built = build(folder / "built", build_package(folder / "package", HERE).folder)
    with simulated(media, built.port) as api_url, ministack(folder) as emulator:
        deployed = deploy(emulator, built.assembly)
        log_in(deployed, TOKEN)
        started = time.perf_counter()
        told = deployed.run({}, "run-1", seconds=LONGEST)
        seconds = time.perf_counter() - started
        figures = Figures(seconds, told["status"], travelled(deployed, told, (TOKEN, api_url)))
        _count(deployed, figures)
        return figures


def _count(deployed: Deployed, figures: Figures) -> None:
    pages = deployed.emulator.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=BUCKET):
        keys = [each["Key"] for each in page.get("Contents", ())]
        figures.objects += sum(not key.startswith("runs/") for key in keys)
    with closing(DynamoTracker(TABLE, client_options=deployed.emulator.options)) as tracker:
        figures.rows.update(row.status.value for row in tracker.media())
        figures.archived = sum(each.counts[Outcome.ARCHIVED] for each in tracker.runs())


def _tell(media: int, figures: Figures) -> None:
    seen = figures.travelled
    print(
        f"aws_scale: {media} media by the deployed functions on the emulator in "
        f"{figures.seconds:.0f} s ({media / figures.seconds:.1f} a second): {figures.status}, "
        f"{figures.objects} objects, rows {dict(figures.rows)}, summary {figures.archived} archived"
    )
    print(
        f"  largest document that travelled {seen.largest} bytes (bound {MOST_BYTES}); events in "
        f"the emulator's history: {seen.events[0]} of the execution, {max(seen.events[1:])} of the "
        f"longest of {len(seen.events) - 1} children (bound {MOST_EVENTS})",
        flush=True,
    )


@contextmanager
def simulated(media: int, port: int) -> Iterator[str]:
    """The API's URL of a simulator with that many tiny media, in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, media, port))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join(30)


def _serve(connection: Connection, media: int, port: int) -> None:
    library = generate(media, SEED, file_bytes=BYTES, plain=True)
    with Simulator(library, SimulatorOptions(api_port=port)) as simulator:
        connection.send(simulator.api_url)
        connection.recv()
