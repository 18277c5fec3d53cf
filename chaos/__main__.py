"""`make chaos`: prints what was asked of the cloud, what went wrong, and whether all of it held."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaos.experiment import Report, Scale, experiment
from chaos.faults import plan_of
from cloud_sync.simulator.fault_conditions import NAME_OF

LEAST_MEDIA = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything holds, 1 otherwise."""
    scale, keep = _given(arguments)
    print(
        f"{scale.media} media, {scale.share:.0%} of all calls faulty, {scale.kills} kills, "
        f"seed {scale.seed}, into a {'folder' if scale.to == 'folder' else 'bucket'}",
        flush=True,
    )
    with _room(keep) as folder:
        report = experiment(scale, folder, lambda line: print(line, flush=True))
    for line in figures(report, scale):
        print(line)
    for finding in report.findings:
        print(f"BROKEN: {finding}")
    if not report.findings:
        print("Holds: every byte, nothing lost, nothing twice, nothing left over.")
    return 1 if report.findings else 0


def figures(report: Report, scale: Scale) -> list[str]:
    """What there is to say in numbers."""
    calls = {NAME_OF.get(end, end.value): count for end, count in report.counts.calls.items()}
    kinds = {fault["kind"] for fault in plan_of(scale.seed, scale.share, 1)["faults"]}
    share = report.faults / max(1, report.calls)
    told = {
        "calls": f"{report.calls:,}: {_each(calls)}",
        "faults": f"{report.faults:,}, {share:.1%} of all calls: {_each(report.counts.faults)}",
        "never": ", ".join(sorted(kinds - set(report.counts.faults))) or "no kind was left out",
        "kills": f"{report.kills} in {len(report.runs)} runs; {report.resumed} originals resumed",
        "bytes": f"{report.fetched:,} fetched ÷ {report.stored:,} stored = "
        f"{report.fetched_per_stored:.2f} (at most {scale.fetched_bound:.2f})",
        "originals": f"{report.originals:,} of {report.ready:,} media; {report.media:,} are listed",
        "time": f"{report.seconds:.0f} s",
    }
    return [f"{name:<10}{what}" for name, what in told.items()]


def _each(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)


@contextmanager
def _room(keep: Path | None) -> Iterator[Path]:
    """An empty folder to work in: `keep`, which stays, or one that goes."""
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="cloud-sync-chaos-") as folder:
        yield Path(folder)


def _given(arguments: Sequence[str] | None) -> tuple[Scale, Path | None]:
    usual = Scale()
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--media", type=int, default=usual.media, help=f"{LEAST_MEDIA} or more")
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--to", choices=["folder", "s3"], default=usual.to)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="end it after so many")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new one; all of it stays")
    given = parser.parse_args(arguments)
    if given.media < LEAST_MEDIA:
        parser.error(f"--media: {given.media} is too few, there must be {LEAST_MEDIA}")
    scale = Scale(
        media=given.media, kills=given.kills, seed=given.seed, to=given.to, seconds=given.seconds
    )
    return scale, given.keep


if __name__ == "__main__":
    # so that the run and the servers are ended, whatever ends this
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
