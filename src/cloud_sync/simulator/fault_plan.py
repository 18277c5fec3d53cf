"""Plans of faults in JSON: read, checked, and refused with the place of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cloud_sync.errors import UsageError
from cloud_sync.simulator import fault_table as table
from cloud_sync.simulator.fault_conditions import Conditions, Fault
from cloud_sync.simulator.faults import Cloud, Faults

_HINT = "see docs/reference/fault-plans.md"
_SHOWN = 60
_TOP = ("seed", "faults")


@dataclass(frozen=True, slots=True)
class FaultPlanFile:
    """A checked plan; it goes into `SimulatorOptions.faults`, and into as many as one likes.

    `seed` is None where the plan names none; it then counts as 0.
    """

    faults: tuple[Fault, ...]
    seed: int | None = None

    def begin(self, cloud: Cloud) -> Faults:
        from cloud_sync.simulator.fault_run import FaultRun

        return FaultRun(self.faults, self.seed or 0, cloud)

    def or_seed(self, seed: int) -> FaultPlanFile:
        """The same plan with this seed, unless it names one itself."""
        return self if self.seed is not None else replace(self, seed=seed)


def load_plan(source: Path | str | Mapping[str, Any]) -> FaultPlanFile:
    """The plan in a file, or in a dict as a file would hold it.

    Raises UsageError, which names the file, the place in its JSON, and what may stand there.
    """
    if isinstance(source, Mapping):
        return plan_from(source)
    try:
        text = Path(source).read_text("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"reading the fault plan {source}: it is not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"reading the fault plan {source}: {error.strerror}") from None
    return plan_from(_decoded(text, str(source)), name=str(source))


def plan_from(content: object, *, name: str = "fault plan") -> FaultPlanFile:
    """The plan in decoded JSON; `name` is what errors call it. Raises UsageError."""
    at = _Place(name)
    if not isinstance(content, Mapping):
        raise at.refused("an object", content)
    _known(at, content, _TOP)
    seed = content.get("seed")
    if seed is not None and not table.is_whole(seed):
        raise at.below("seed").refused("a whole number", seed)
    entries = content.get("faults")
    if not isinstance(entries, list):
        raise at.below("faults").refused("a list of faults", entries)
    faults = tuple(
        _fault(at.below(f"faults[{number}]"), number, entry) for number, entry in enumerate(entries)
    )
    return FaultPlanFile(faults, seed)


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a plan, for messages."""

    file: str
    path: str = ""

    def below(self, name: str) -> _Place:
        return _Place(self.file, f"{self.path}.{name}" if self.path else name)

    def error(self, problem: str) -> UsageError:
        where = f"{self.path}: " if self.path else ""
        return UsageError(f"{self.file}: {where}{problem}", hint=_HINT)

    def refused(self, expected: str, value: object) -> UsageError:
        return self.error(f"expected {expected}; found {_shown(value)}")


def _fault(at: _Place, number: int, entry: object) -> Fault:
    if not isinstance(entry, Mapping):
        raise at.refused("an object", entry)
    name = entry.get("kind")
    if not isinstance(name, str) or name not in table.KINDS:
        raise at.below("kind").refused(table.COMMON["kind"].expected, name)
    kind = table.KINDS[name]
    _known(at, entry, (*table.COMMON, *kind.parameters))
    for key, value in entry.items():
        values = table.COMMON.get(key) or kind.parameters[key].values
        if not values.allows(value):
            raise at.below(key).refused(values.expected, value)
    endpoints = _endpoints(at.below("endpoint"), kind, entry.get("endpoint", table.ANY), entry)
    _check_medium(at.below("medium"), kind, endpoints, entry)
    return Fault(
        number,
        name,
        endpoints,
        entry.get("medium"),
        kind.medium,
        _conditions(at, kind, entry),
        _parameters(at, name, kind, entry),
    )


def _endpoints(
    at: _Place, kind: table.Kind, value: object, entry: Mapping[str, Any]
) -> frozenset[str]:
    if "endpoint" not in entry:
        return frozenset(kind.usual)
    if value == table.ANY:
        return frozenset(kind.endpoints)
    named = value if isinstance(value, list) and value else [value]
    for endpoint in named:
        if endpoint not in kind.endpoints:
            allowed = ", ".join((*kind.endpoints, table.ANY))
            raise at.refused(f"one of {allowed}, for this kind", endpoint)
    return frozenset(named)


def _check_medium(
    at: _Place, kind: table.Kind, endpoints: frozenset[str], entry: Mapping[str, Any]
) -> None:
    named = "medium" in entry
    if kind.medium is table.Medium.CALLS:
        if named and endpoints <= {"user", "search"}:
            raise at.error("calls of these endpoints name no medium, so none would be met")
        return
    if kind.medium is table.Medium.TARGET and not named:
        raise at.error("missing: the id of what is changed, or a pattern for ids")
    if entry.get("change") == "upload" and set(entry["medium"]) & set("*?["):
        raise at.refused("the id of what is uploaded, without *, ? and [", entry["medium"])


def _conditions(at: _Place, kind: table.Kind, entry: Mapping[str, Any]) -> Conditions:
    if "first" in entry and "until" in entry:
        raise at.below("first").error("says the same as until; leave one of them out")
    nth = entry.get("nth", [])
    return Conditions(
        nth=frozenset(nth if isinstance(nth, list) else [nth]),
        every=entry.get("every"),
        probability=entry.get("probability"),
        after=entry.get("after", 0),
        until=entry.get("until", entry.get("first")),
        times=entry.get("times", kind.times),
        per=entry.get("per", "endpoint"),
    )


def _parameters(
    at: _Place, name: str, kind: table.Kind, entry: Mapping[str, Any]
) -> dict[str, Any]:
    for key, parameter in kind.parameters.items():
        if parameter.required and key not in entry:
            raise at.below(key).error(f"missing; {name} needs {parameter.values.expected}")
    needed = table.NEEDED_BY_CHANGE.get(str(entry.get("change")))
    if needed and needed not in entry:
        raise at.below(needed).error(f"missing; to {entry['change']} needs it")
    if name == "row" and not kind.parameters.keys() & entry.keys():
        raise at.error("row needs one of " + ", ".join(kind.parameters))
    return {key: entry.get(key, parameter.default) for key, parameter in kind.parameters.items()}


def _known(at: _Place, content: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in content:
        if name not in names:
            raise at.below(str(name)).error("no such field; allowed are " + ", ".join(names))


def _shown(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value, default=repr)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _decoded(text: str, name: str) -> object:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key in _repeated(pairs):
            raise _Place(name).error(f"the field {json.dumps(key)} stands twice in one object")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        where = (
            f"line {error.lineno}, column {error.colno}: {error.msg}"
            if isinstance(error, json.JSONDecodeError)
            else "it is nested too deeply, or a number in it is too long"
        )
        raise UsageError(f"{name}: it is no valid JSON ({where})", hint=_HINT) from None


def _repeated(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            yield key
        seen.add(key)
