"""The benchmark itself: every workload, every contestant in turn, round after round."""

from __future__ import annotations

import multiprocessing
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.byte_path import listing_api
from benchmarks.byte_path.chart import draw
from benchmarks.byte_path.content import checksum
from benchmarks.byte_path.contestants import ROOT, Stage, task
from benchmarks.byte_path.machine import machine, versions
from benchmarks.byte_path.results import Result, Sample, ceilings, table, verdicts
from benchmarks.byte_path.source import File, Source, SourceSettings
from benchmarks.byte_path.targets import NullSink, S3Target, null_sink, seaweedfs
from benchmarks.byte_path.tls_server import Certificate, Served, choose_cipher, serving
from benchmarks.byte_path.workloads import CAP, GIB, WORKLOADS, Target, Who, Workload
from benchmarks.measured import measure

LEAST_ROUNDS = 5
"""Fewer are good for a look, and never written into the documentation."""

PAGE = ROOT / "docs/reference/performance.md"
PICTURE = ROOT / "docs/benchmarks.svg"
BEGIN = "<!-- byte-path: written by `make bench` -->"
END = "<!-- byte-path: end -->"

SHARED_MEMORY = Path("/dev/shm")


class Failed(Exception):
    """A contestant did not move its bytes, so there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one workload is played."""

    source: Served
    files: list[File]
    medium_files: list[File]
    api_url: str
    target: S3Target
    authority: Path
    folder: Path
    sparse: Path


def run(rounds: int, chosen: Sequence[str]) -> bool:
    """Print, and with all workloads and enough rounds write down, what was measured.

    `chosen` names workloads, none for all. True when every bound holds.
    """
    workloads = [each for each in WORKLOADS if not chosen or each.name in chosen]
    print(f"byte path, medians of {rounds}: {machine()}")
    print(f"  {versions()}", flush=True)
    try:
        results = _results(workloads, rounds)
    except Failed as failed:
        print(f"  {failed}")
        return False
    judged = [verdict for result in results for verdict in verdicts(result)]
    for sentence in ceilings(results):
        print(f"  {sentence}")
    for verdict in judged:
        print(f"  {'met   ' if verdict.met else 'MISSED'} {verdict.text}")
    if rounds >= LEAST_ROUNDS and len(workloads) == len(WORKLOADS):
        _write_down(results, rounds)
    return all(verdict.met for verdict in judged)


def _results(workloads: Sequence[Workload], rounds: int) -> list[Result]:
    results = []
    with tempfile.TemporaryDirectory() as folder:
        certificate = Certificate.make(Path(folder))
        choose_cipher(Path(folder))
        for workload in workloads:
            results.append(_play(workload, rounds, certificate, Path(folder) / workload.name))
            print(table(results[-1:]), flush=True)
    return results


def _play(workload: Workload, rounds: int, certificate: Certificate, folder: Path) -> Result:
    folder.mkdir()
    samples: dict[Who, list[Sample]] = {who: [] for who in workload.contestants}
    with _place(workload, certificate, folder) as place:
        for number in range(rounds):
            # whoever is first in one round is last in the next
            turn = number % len(workload.contestants)
            order = workload.contestants[turn:] + workload.contestants[:turn]
            for place_in_order, who in enumerate(order):
                bucket = f"run-{number}-{place_in_order}"
                samples[who].append(_one(who, workload, place, bucket))
    count = workload.bytes * rounds * len(workload.contestants)
    return Result(workload, samples, _cost_of_both_ends(place, count))


def _cost_of_both_ends(place: Place, count: int) -> float:
    """What source and sink took from the machine for `count` bytes, in CPU seconds a GiB.

    Contestants share the machine with them. Of a real server nothing is known.
    """
    sink = place.target.served.cpu if isinstance(place.target, NullSink) else 0.0
    return (place.source.cpu + sink) / count * GIB


@contextmanager
def _place(workload: Workload, certificate: Certificate, folder: Path) -> Iterator[Place]:
    files, originals = _files(workload.paths, workload), listing_api.paths(workload.sizes)
    medium_files = _files(originals, workload) if Who.SYNC in workload.contestants else {}
    settings = SourceSettings({**files, **medium_files}, CAP if workload.capped else None)
    memory = SHARED_MEMORY if SHARED_MEMORY.is_dir() else folder
    with (
        serving(Source, settings, certificate) as source,
        listing_api.listing(workload.sizes, source.url) as api_url,
        _target(workload, certificate, folder / "target") as target,
        tempfile.NamedTemporaryFile(dir=memory) as sparse,
    ):
        sparse.truncate(workload.sizes[0])
        yield Place(
            source,
            list(files.values()),
            list(medium_files.values()),
            api_url,
            target,
            certificate.authority,
            folder,
            Path(sparse.name),
        )


def _files(paths: Sequence[str], workload: Workload) -> dict[str, File]:
    """What the source serves. The checksums come from a process of its own, as certificates do."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        checksums = pool.starmap(checksum, zip(paths, workload.sizes, strict=True))
    return {
        path: File(size, value)
        for path, size, value in zip(paths, workload.sizes, checksums, strict=True)
    }


def _target(
    workload: Workload, certificate: Certificate, folder: Path
) -> AbstractContextManager[S3Target]:
    if workload.target is Target.SEAWEEDFS:
        return seaweedfs(folder)
    return null_sink(folder, certificate)


def _one(who: Who, workload: Workload, place: Place, bucket: str) -> Sample:
    """One run of one contestant; raises Failed unless every byte arrived as it left."""
    home = place.folder / bucket
    home.mkdir()
    place.target.make(bucket)
    stage = Stage(
        source_url=place.source.url,
        authority=place.authority,
        s3=place.target.environment,
        bucket=bucket,
        home=home,
        api_url=place.api_url,
        sparse=place.sparse,
        dialect=place.target.dialect,
    )
    todo = task(who, workload, stage)
    done = [measure(command, todo.environment) for command in todo.commands]
    for each in done:
        if each.code:
            raise Failed(f"{who} ended with {each.code} on {workload.title}: {each.out[-2000:]}")
    files = place.medium_files if who is Who.SYNC else place.files
    # what the floor sends up is not what it fetched
    problem = place.target.problem(bucket, files, with_bytes=who is not Who.FLOOR)
    if problem:
        raise Failed(f"{who} on {workload.title}: {problem}")
    place.target.clear(bucket)
    return Sample(
        wall=sum(each.wall for each in done),
        cpu=sum(each.cpu for each in done),
        peak_mib=max(each.peak_mib for each in done),
    )


def _write_down(results: Sequence[Result], rounds: int) -> None:
    """Put the table into the page, between its marks, and draw the picture."""
    said = f"{machine()}. Medians of {rounds} rounds. {versions()}."
    picture = (
        f"![Throughput and CPU, workload by workload]({os.path.relpath(PICTURE, PAGE.parent)})"
    )
    said_of_ceilings = "\n".join(ceilings(results))
    written = f"{BEGIN}\n\n{said}\n\n{picture}\n\n{table(results)}\n\n{said_of_ceilings}\n\n{END}"
    page = PAGE.read_text("utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: written, page), "utf-8")
    PICTURE.write_text(draw(results, machine()), "utf-8")
    print(f"  written to {PAGE.relative_to(ROOT)} and {PICTURE.relative_to(ROOT)}")
