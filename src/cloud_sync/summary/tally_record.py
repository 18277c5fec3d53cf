"""A tally as text, for a run whose steps are in different processes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from dataclasses import fields as fields_of
from typing import Any

from cloud_sync.clock import from_text, to_text
from cloud_sync.model.report import Named, Outcome
from cloud_sync.summary.tally import Tally


def tally_text(tally: Tally) -> str:
    """One line of JSON in ASCII."""
    # not `asdict`, which counts the pairs of a Counter anew
    fields = {field.name: getattr(tally, field.name) for field in fields_of(tally)}
    fields["started_at"] = to_text(tally.started_at)
    fields["named"] = [asdict(named) for named in tally.named]
    return json.dumps(fields, separators=(",", ":"))


def tally_of(text: str) -> Tally:
    """The inverse of `tally_text`."""
    fields: dict[str, Any] = json.loads(text)
    fields["started_at"] = from_text(fields["started_at"])
    fields["counts"] = Counter({Outcome(name): each for name, each in fields["counts"].items()})
    fields["reasons"] = Counter(fields["reasons"])
    fields["named"] = [_named(each) for each in fields["named"]]
    return Tally(**fields)


def _named(fields: dict[str, str]) -> Named:
    return Named(**{**fields, "outcome": Outcome(fields["outcome"])})  # type: ignore[arg-type]
