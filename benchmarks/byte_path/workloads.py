"""What is moved, by whom, and what cloud-sync must reach beside them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MIB = 1 << 20
GIB = 1 << 30


class Who(StrEnum):
    """A contestant."""

    CLOUD_SYNC = "cloud-sync"
    RCLONE = "rclone"
    FOUNDING = "founding design"
    FLOOR = "curl GET + curl PUT"
    SYNC = "cloud-sync sync"


class Target(StrEnum):
    """Where the bytes go."""

    NULL_SINK = "null sink"
    SEAWEEDFS = "SeaweedFS"


@dataclass(frozen=True, slots=True)
class Bound:
    """What `who` must reach against `peer`: factors, and MiB of peak memory."""

    who: Who
    peer: Who
    throughput: float | None = None
    cpu: float | None = None
    peak_mib: float | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Files of the given sizes, moved by each contestant in turn.

    `at_a_time` is how many files are moved at once. `capped`: the source lets 20 MB/s through each
    connection.
    """

    name: str
    title: str
    sizes: tuple[int, ...]
    contestants: tuple[Who, ...]
    bounds: tuple[Bound, ...] = ()
    at_a_time: int = 1
    capped: bool = False
    target: Target = Target.NULL_SINK

    @property
    def bytes(self) -> int:
        return sum(self.sizes)

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the files lie at the source."""
        return tuple(
            f"/{self.name}/file-{number:03d}.mp4" for number in range(1, len(self.sizes) + 1)
        )


CAP = 20_000_000
"""Bytes a second that the capped source lets through each connection."""

_US, _RCLONE = Who.CLOUD_SYNC, Who.RCLONE

WORKLOADS = (
    Workload(
        "1x2gib",
        "1 × 2 GiB",
        (2 * GIB,),
        (_US, _RCLONE, Who.FOUNDING, Who.FLOOR),
        (
            Bound(_US, _RCLONE, throughput=1.4, cpu=0.6, peak_mib=100),
            Bound(_US, Who.FLOOR, cpu=1.25),
        ),
    ),
    Workload(
        "1x4gib",
        "1 × 4 GiB",
        (4 * GIB,),
        (_US, _RCLONE),
        (Bound(_US, _RCLONE, throughput=1.4, cpu=0.6, peak_mib=128),),
    ),
    Workload(
        "5x512mib",
        "5 × 512 MiB",
        (512 * MIB,) * 5,
        (_US, _RCLONE, Who.SYNC),
        (
            Bound(_US, _RCLONE, throughput=1.4, cpu=0.6, peak_mib=128),
            Bound(Who.SYNC, _US, throughput=0.95),
        ),
        at_a_time=5,
    ),
    Workload(
        "200x8mib",
        "200 × 8 MiB",
        (8 * MIB,) * 200,
        (_US, _RCLONE),
        (Bound(_US, _RCLONE, throughput=1.0, cpu=1.2, peak_mib=128),),
        at_a_time=8,
    ),
    Workload(
        "capped",
        "1 × 1 GiB, 20 MB/s a connection",
        (GIB,),
        (_US, _RCLONE),
        (Bound(_US, _RCLONE, throughput=1.8, cpu=0.4, peak_mib=128),),
        capped=True,
    ),
    Workload(
        "seaweedfs",
        "1 × 1 GiB to SeaweedFS",
        (GIB,),
        (_US, _RCLONE),
        target=Target.SEAWEEDFS,
    ),
)
