"""What `cloud-sync demo --aws` prints in the end: what held, what it does not show, what next."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from cloud_sync.cli.demo_aws.checks import Check
from cloud_sync.deployment.package import RUNTIME
from cloud_sync.emulator.template import LeftOut
from cloud_sync.summary.render import count, duration_text

WIDTH = 100

NOT_SHOWN = (
    "An emulator is not AWS. Not shown here: that the roles have every permission and no other, "
    "encryption, lifecycle rules, alarms, the schedule's time zone, and limits of size and time. "
    "The functions ran on Python {python} ({machine}), on AWS they run on {runtime} (arm64). "
    "Objects were kept in the class STANDARD so that they could be read back; the default of a "
    "deployment is S3 Glacier Deep Archive, from which objects must be restored first."
)
LARGE = (
    "{media} with files above 8 MiB stayed out of the demo: the emulator keeps no checksum of an "
    "object that comes in parts, and what cannot be confirmed is not called archived."
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What came of the demo: the checks, where its things lie, and what stayed out.

    `large` counts media that the emulator cannot take, `left_out` are resources of the stacks.
    """

    checks: tuple[Check, ...]
    work: Path
    log: Path
    large: int
    left_out: tuple[LeftOut, ...]


def report(facts: Facts, seconds: float) -> Iterator[str]:
    """The lines of the result."""
    yield ""
    for check in facts.checks:
        yield f"{'DIFFERENT' if check.differences else 'ok':<9}  {check.told}"
        for difference in check.differences:
            yield f"           {difference}"
    yield ""
    yield f"Package, stacks and log lie in {facts.work}."
    yield f"The emulator is gone, with all it held. In all: {duration_text(seconds)}."
    yield ""
    for paragraph in not_shown(facts):
        yield from wrap(paragraph, WIDTH)
    yield ""
    yield "Next, with your own account:"
    yield "  cloud-sync aws deploy --env dev"
    yield "  cloud-sync aws login --env dev"
    yield "  cloud-sync aws run --env dev"


def not_shown(facts: Facts) -> Iterator[str]:
    """What nobody should take this demo for."""
    yield NOT_SHOWN.format(
        python=platform.python_version(), machine=platform.machine(), runtime=RUNTIME
    )
    if facts.large:
        yield LARGE.format(media=count(facts.large, "medium", "media"))
    for reason, names in reasons(facts.left_out).items():
        yield f"Not deployed, for {reason}: {', '.join(names)}."


def reasons(left_out: tuple[LeftOut, ...]) -> dict[str, list[str]]:
    """The names of what was left out, by the reason."""
    found: dict[str, list[str]] = {}
    for each in left_out:
        found.setdefault(each.reason, []).append(each.name)
    return found
