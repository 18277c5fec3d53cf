"""Metrics of this machine, summed up over all runs: a scraper sees counters that never fall."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from cloud_sync.errors import ArchiveUnusable
from cloud_sync.metrics.definitions import BY_NAME, Kind, Measurement

FILE_NAME = "metrics.json"


class Series(NamedTuple):
    """One row of numbers: a metric of an archive, by error type where it has one."""

    metric: str
    archive: str
    error_type: str


@dataclass(frozen=True, slots=True)
class Total:
    """`value` is the sum, or the last value of a gauge, in the metric's unit; `count` of values."""

    count: int
    value: float

    def and_then(self, later: Total, kind: Kind) -> Total:
        """Both, `later` being the later one."""
        if kind is Kind.GAUGE:
            return later
        return Total(self.count + later.count, self.value + later.value)


Totals = dict[Series, Total]


def added(totals: Totals, archive: str, measurements: Iterable[Measurement]) -> Totals:
    """The totals with these measurements."""
    result = dict(totals)
    for each in measurements:
        if each.metric.by_error_type and not each.error_type:
            # nothing failed: the sum over the error types tells that by itself
            continue
        series = Series(each.metric.name, archive, each.error_type)
        one, before = Total(1, each.value), result.get(series)
        result[series] = before.and_then(one, each.metric.kind) if before else one
    return result


def joined(before: Totals, later: Totals) -> Totals:
    """Both together."""
    result = dict(before)
    for series, total in later.items():
        known = result.get(series)
        result[series] = known.and_then(total, BY_NAME[series.metric].kind) if known else total
    return result


def kept(path: Path) -> Totals:
    """What earlier runs came to, nothing where there were none.

    ArchiveUnusable for a file that cannot be read.
    """
    try:
        rows = json.loads(path.read_text("utf-8"))["series"]
        return {_series(row): Total(int(row["count"]), float(row["value"])) for row in rows}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(path, "reading", error) from None
    except (ValueError, KeyError, TypeError):
        raise ArchiveUnusable(
            f"reading the metrics {path}: they are damaged",
            kept="the archive has nothing to do with them",
            hint=f"remove {path}; the counters begin anew then",
        ) from None


def keep(path: Path, later: Totals) -> Totals:
    """Add to the file what a run came to; all of it then. Other processes may do so, too.

    ArchiveUnusable where it cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(path.with_suffix(".lock")):
            totals = joined(kept(path), later)
            rows = [{**series._asdict(), **asdict(total)} for series, total in totals.items()]
            write_whole(path, json.dumps({"series": rows}, indent=1) + "\n")
            return totals
    except OSError as error:
        raise _unusable(path, "writing", error) from None


def write_whole(path: Path, text: str) -> None:
    """Replace the file in one step, so that no reader sees a part of it. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def rounded(total: Total) -> Total:
    """Without the noise of binary fractions."""
    return replace(total, value=round(total.value, 9))


def _series(row: dict[str, Any]) -> Series:
    series = Series(str(row["metric"]), str(row["archive"]), str(row["error_type"]))
    if series.metric not in BY_NAME:
        raise ValueError(series.metric)
    return series


def _unusable(path: Path, doing: str, error: OSError) -> ArchiveUnusable:
    return ArchiveUnusable(
        f"{doing} the metrics {path}: {error.strerror}",
        kept="the archive has nothing to do with them",
    )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
