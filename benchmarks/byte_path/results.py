"""From measurements to medians, ratios and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.byte_path.workloads import GIB, Bound, Who, Workload


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one contestant: seconds on the wall and on the CPU, peak memory in MiB."""

    wall: float
    cpu: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds of one workload: `samples[who][n]` ran in round `n` beside the others' `[n]`.

    `both_ends` is what source and target took beside them, in CPU seconds a GiB.
    """

    workload: Workload
    samples: Mapping[Who, Sequence[Sample]]
    both_ends: float

    def throughput(self, who: Who) -> float:
        """MB/s, the median of all rounds."""
        return median(self.workload.bytes / 1e6 / sample.wall for sample in self.samples[who])

    def cpu(self, who: Who) -> float:
        """CPU seconds a GiB, the median of all rounds."""
        return median(sample.cpu / self.workload.bytes * GIB for sample in self.samples[who])

    def peak_mib(self, who: Who) -> float:
        """The median of all rounds."""
        return median(sample.peak_mib for sample in self.samples[who])

    def throughput_ratio(self, who: Who, peer: Who) -> float:
        """The median of the rounds' own ratios."""
        return median(b.wall / a.wall for a, b in self._pairs(who, peer))

    def cpu_ratio(self, who: Who, peer: Who) -> float:
        """The median of the rounds' own ratios."""
        return median(a.cpu / b.cpu for a, b in self._pairs(who, peer))

    def peak_ratio(self, who: Who, peer: Who) -> float:
        """The median of the rounds' own ratios."""
        return median(a.peak_mib / b.peak_mib for a, b in self._pairs(who, peer))

    def _pairs(self, who: Who, peer: Who) -> list[tuple[Sample, Sample]]:
        return list(zip(self.samples[who], self.samples[peer], strict=True))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a client as cheap as the floor would reach against rclone on this machine.

    Source and target share the machine's cores with the client, so beyond this no client can go:
    `cpu` is the floor's share of rclone's CPU, `throughput` what that saves of the whole.
    """

    cpu: float
    throughput: float


def ceiling(result: Result) -> Ceiling | None:
    """None where the workload has no floor."""
    if Who.FLOOR not in result.samples:
        return None
    rclone, floor = result.cpu(Who.RCLONE), result.cpu(Who.FLOOR)
    return Ceiling(floor / rclone, (rclone + result.both_ends) / (floor + result.both_ends))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bound, held against what was measured."""

    text: str
    met: bool


def verdicts(result: Result) -> list[Verdict]:
    """Every bound of the workload."""
    return [verdict for bound in result.workload.bounds for verdict in _of_bound(result, bound)]


def _of_bound(result: Result, bound: Bound) -> list[Verdict]:
    found = []
    who, peer = bound.who, bound.peer
    start = f"{result.workload.title}: {who}"
    if bound.throughput is not None:
        ratio = result.throughput_ratio(who, peer)
        text = f"{start}: {ratio:.2f} × the throughput of {peer}, wanted ≥ {bound.throughput}"
        found.append(Verdict(text, ratio >= bound.throughput))
    if bound.cpu is not None:
        ratio = result.cpu_ratio(who, peer)
        text = f"{start}: {ratio:.2f} × the CPU of {peer}, wanted ≤ {bound.cpu}"
        found.append(Verdict(text, ratio <= bound.cpu))
    if bound.peak_mib is not None:
        # a bound on memory holds in every round
        worst = max(sample.peak_mib for sample in result.samples[who])
        text = f"{start}: peak memory {worst:.0f} MiB, wanted ≤ {bound.peak_mib:.0f}"
        found.append(Verdict(text, worst <= bound.peak_mib))
    return found


def table(results: Sequence[Result]) -> str:
    """All results as a Markdown table; ratios are to rclone in the same rounds."""
    lines = [
        "| workload | contestant | MB/s | ÷ rclone | CPU s/GiB | ÷ rclone | peak MiB | ÷ rclone |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        lines += [_row(result, who) for who in result.workload.contestants]
    return "\n".join(lines)


def ceilings(results: Sequence[Result]) -> list[str]:
    """A sentence for each workload that has a floor."""
    return [
        f"{result.workload.title}: source and target took {result.both_ends:.2f} CPU s/GiB of the "
        f"same cores, so a client as cheap as {Who.FLOOR} would reach {limit.throughput:.2f} × the "
        f"throughput and {limit.cpu:.2f} × the CPU of {Who.RCLONE} here."
        for result in results
        if (limit := ceiling(result))
    ]


def _row(result: Result, who: Who) -> str:
    title = result.workload.title if who is result.workload.contestants[0] else ""
    peer = Who.RCLONE
    # the floor does not move bytes through: it has no throughput and no memory to compare
    floor = who is Who.FLOOR
    cells = [
        title,
        str(who),
        "" if floor else f"{result.throughput(who):.0f}",
        "" if floor else f"{result.throughput_ratio(who, peer):.2f}",
        f"{result.cpu(who):.2f}",
        f"{result.cpu_ratio(who, peer):.2f}",
        "" if floor else f"{result.peak_mib(who):.0f}",
        "" if floor else f"{result.peak_ratio(who, peer):.2f}",
    ]
    return "| " + " | ".join(cells) + " |"
