"""The whole: a library, a cloud that misbehaves, runs that are killed, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

from chaos import checks, faults
from chaos.kills import Moment, drawn
from chaos.library import LARGE, Make, bytes_of, made
from chaos.runs import Deadline, OutOfTime, RunEnd, run_until
from chaos.targets import Target, target_of
from cloud_sync.simulator.counters import Snapshot
from cloud_sync.simulator.library import Library
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from library_checks import wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large the whole is, and what bounds it.

    `share` of all calls get a fault, stalls last `stall` seconds, and with `refusals` the service
    also asks for fewer calls. At least the part `least` of these faults must have been given, for
    some cannot harm what they meet. `fetched_bound` is for bytes fetched, divided by bytes stored.
    `runs` and `seconds` end it where it does not converge.
    """

    media: int = 500
    kills: int = 10
    seed: int = 1
    to: str = "folder"
    share: float = 0.1
    stall: float = 1.5
    refusals: bool = True
    least: float = 0.8
    file_bytes: tuple[int, int] = (100_000, 2_000_000)
    large: int = 12
    large_bytes: tuple[int, int] = (9_000_000, 20_000_000)
    fetched_bound: float = 1.3
    runs: int = 40
    seconds: float = 345.0

    @property
    def make(self) -> Make:
        return Make(
            media=self.media,
            seed=self.seed,
            file_bytes=self.file_bytes,
            large=self.large,
            large_bytes=self.large_bytes,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. `media` are in the cloud, `ready` are those of them to be archived.

    `findings` are sentences about all that does not hold; none is success.
    """

    runs: list[RunEnd]
    counts: Snapshot
    media: int
    ready: int
    originals: int
    stored: int
    seconds: float
    findings: list[str]
    calm_bytes: int

    @property
    def fetched(self) -> int:
        """Bytes that the delivery network has sent, whoever took them."""
        return self.counts.bytes_sent + self.calm_bytes

    @property
    def kills(self) -> int:
        return sum(run.killed is not None for run in self.runs)

    @property
    def resumed(self) -> int:
        return sum(run.resumed for run in self.runs)

    @property
    def calls(self) -> int:
        return sum(self.counts.calls.values())

    @property
    def faults(self) -> int:
        return sum(self.counts.faults.values())

    @property
    def fetched_per_stored(self) -> float:
        return self.fetched / self.stored


def experiment(scale: Scale, folder: Path, tell: Callable[[str], None]) -> Report:
    """Run it in `folder`, which must be empty; `tell` gets a sentence for each run as it ends."""
    began = time.monotonic()
    library = made(scale.make)
    plan = faults.loaded(scale.seed, scale.share, scale.stall, refusals=scale.refusals)
    options = SimulatorOptions(faults=plan)
    with target_of(scale.to, folder) as target, Simulator(library, options) as cloud:
        scene = _Scene(scale, folder, library, target, cloud, Deadline(began + scale.seconds))
        runs: list[RunEnd] = []
        findings: list[str] = []
        calm_bytes = scene.calm_start()
        try:
            for run in scene.runs():
                runs.append(run)
                tell(f"run {len(runs):2}  {run.seconds:5.1f} s  {run}")
            findings = list(scene.findings(runs))
        except OutOfTime:
            findings.append(f"it did not end within {scale.seconds:.0f} s")
        counts = cloud.snapshot()
    report = Report(
        runs=runs,
        counts=counts,
        media=len(library),
        ready=len(wanted(library)),
        originals=sum(len(medium.originals) for medium in wanted(library)),
        stored=bytes_of(wanted(library)),
        seconds=time.monotonic() - began,
        findings=findings,
        calm_bytes=calm_bytes,
    )
    report.findings.extend(_figures(scale, report))
    return report


def _figures(scale: Scale, report: Report) -> Iterator[str]:
    if report.kills != scale.kills:
        yield f"{report.kills} kills instead of {scale.kills}"
    if report.fetched_per_stored > scale.fetched_bound:
        yield f"{report.fetched_per_stored:.2f} bytes were fetched for each that was stored"
    if report.faults < report.calls * scale.share * scale.least:
        yield f"only {report.faults} of {report.calls} calls were faulty"


class _Scene:
    """The command between a cloud and an archive."""

    def __init__(
        self,
        scale: Scale,
        folder: Path,
        library: Library,
        target: Target,
        cloud: Simulator,
        deadline: Deadline,
    ) -> None:
        self._scale, self._library, self._target = scale, library, target
        self._cloud, self._deadline = cloud, deadline
        self._outputs, self._temporary = folder / "outputs", folder / "tmp"
        for each in (self._outputs, self._temporary, folder / "user"):
            each.mkdir()
        self._command = CommandLine(
            folder / "user",
            {
                **target.settings,
                "CLOUD_SYNC_GOPRO_API_URL": cloud.api_url,
                "CLOUD_SYNC_GOPRO_TOKEN": cloud.token,
                "CLOUD_SYNC_RETRY_WAIT": "0.05s",
                "CLOUD_SYNC_OUTAGE_WAIT": "10s",
                "TMPDIR": str(self._temporary),
            },
        )

    def calm_start(self) -> int:
        """Archive a few media from the same cloud in good health; how many bytes it sent.

        Originals of one part and of several show how the cloud makes its marks. Before that
        nobody can tell bytes that are wrong under the right mark.
        """
        with Simulator(self._library, SimulatorOptions()) as calm:
            command = self._command.using(CLOUD_SYNC_GOPRO_API_URL=calm.api_url)
            for option in ("--include", "--exclude"):
                archived = ("sync", "--to", self._target.to, option, f"{LARGE}*", "--limit", "3")
                ended = command(*archived, "--json")
                if ended.code or not ended.summary["archived"]:
                    raise RuntimeError(f"the calm start failed: {ended.out} {ended.err}")
            return calm.snapshot().bytes_sent

    def runs(self) -> Iterator[RunEnd]:
        """Run after run until all kills are done and one says that everything is archived."""
        chance = Random(f"chaos kills {self._scale.seed}")
        left, kills = bytes_of(wanted(self._library)), self._scale.kills
        missed = retry_failed = False
        for number in range(1, self._scale.runs + 1):
            moment = drawn(chance, left, kills, missed=missed) if kills else None
            run = self._run(number, moment, retry_failed=retry_failed)
            yield run
            left -= run.archived
            kills -= run.killed is not None
            missed = moment is not None and run.killed is None
            if run.summary:
                retry_failed = run.code == 3
            if not kills and self._converged(run):
                return

    def _run(self, number: int, moment: Moment | None, *, retry_failed: bool) -> RunEnd:
        arguments = ["sync", "--to", self._target.to, "--json"]
        if retry_failed:
            arguments.append("--retry-failed")
        outputs = self._outputs / f"run-{number}"
        return run_until(self._command, self._cloud, arguments, moment, outputs, self._deadline)

    def _converged(self, run: RunEnd) -> bool:
        """A run that ends well may still have been told that media are not ready: one more then."""
        if run.code or run.killed or run.summary is None:
            return False
        done = run.summary["archived"] + run.summary["already_archived"]
        return bool(done == len(wanted(self._library)))

    def findings(self, runs: list[RunEnd]) -> Iterator[str]:
        """All that does not hold after the last run."""
        if not (runs and self._converged(runs[-1])):
            yield f"it did not converge in {len(runs)} runs"
        self._deadline.check()
        rows = self._command("list", "--json").lines
        yield from chain(
            checks.check_archive(self._library, rows, self._target),
            checks.check_rows(self._library, rows),
            checks.check_reports(self._command),
            checks.check_home(self._command.home / "cloud-sync", self._temporary),
            checks.check_cloud(self._cloud.snapshot()),
            checks.check_secret(
                self._cloud.token, self._outputs, self._command.home / "cloud-sync"
            ),
        )
