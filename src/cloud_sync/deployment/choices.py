"""The choices of an environment as they travel: from options and a settings file into a stack's
output, and back from there at the next deployment, so that none changes without being asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from cloud_sync.deployment.environments import Environment
from cloud_sync.errors import UsageError

OUTPUT = "Choices"
"""The output of every stack that holds them, as JSON."""

_GIVEN_OTHERWISE = frozenset({"name", "function_code", "account", "region"})

Known = Mapping[str, Field[Any]]


def choices_of(kind: type[Any]) -> Known:
    """What a person may choose of an environment's dataclass, by name."""
    return {each.name: each for each in fields(kind) if each.name not in _GIVEN_OTHERWISE}


CHOICES = choices_of(Environment)
"""What a person may choose of the archive."""

DEPLOYED = "as deployed"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Choices:
    """Every choice with where it came from: an option, the settings file, a stack, the default."""

    values: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    known: Known = field(default_factory=lambda: CHOICES)

    def lines(self) -> list[str]:
        """What was chosen differently from the default, one a line."""
        return [
            f"{name} = {shown(value)} ({self.origins[name]})"
            for name, value in self.values.items()
            if self.origins[name] != DEFAULT and value != self.known[name].default
        ]


def settled(
    options: Mapping[str, Any],
    from_file: Mapping[str, Any],
    file: str,
    deployed: Mapping[str, Any],
    known: Known = CHOICES,
) -> Choices:
    """Options go before the file, the file before what is deployed, and that before the defaults.

    None in `options` means that nothing was given. UsageError for a name or a kind of value that
    cannot be.
    """
    in_file = {name: read(name, value, file, known) for name, value in from_file.items()}
    given = {name: _tidy(value) for name, value in options.items() if value is not None}
    values, origins = {}, {}
    for name, choice in known.items():
        sources = (
            (given, "--" + name.replace("_", "-")),
            (in_file, file),
            (deployed, DEPLOYED),
            ({name: choice.default}, DEFAULT),
        )
        values[name], origins[name] = next(
            (source[name], origin) for source, origin in sources if name in source
        )
    return Choices(values, origins, known)


def written(environment: object) -> str:
    """The choices of an environment's dataclass as the stacks' output holds them."""
    values = {name: getattr(environment, name) for name in choices_of(type(environment))}
    return json.dumps(values, separators=(",", ":"), sort_keys=True)


def understood(text: str, stack: str, known: Known = CHOICES) -> dict[str, Any]:
    """The inverse of `written`; UsageError where another version has written something else."""
    try:
        content = json.loads(text)
        origin = f"the stack {stack}"
        return {name: read(name, value, origin, known) for name, value in content.items()}
    except (ValueError, AttributeError):
        raise UsageError(
            f"reading the choices of the stack {stack}: its output {OUTPUT} is not understood",
            hint="deploy with the version of cloud-sync that deployed it, or a later one",
        ) from None


def read(name: str, value: object, origin: str, known: Known = CHOICES) -> Any:
    """A value of JSON or TOML as the environment has it."""
    if name not in known:
        raise UsageError(
            f"{origin} has a choice {name!r} that does not exist",
            hint="known choices: " + ", ".join(known),
        )
    default = known[name].default
    if isinstance(default, tuple):
        several = [value] if isinstance(value, str) else value
        if isinstance(several, list) and all(isinstance(each, str) for each in several):
            return _tidy(several)
        wanted = "texts in square brackets"
    elif type(value) is type(default):
        return value
    else:
        wanted = {bool: "true or false", int: "a whole number", str: "text"}[type(default)]
    raise UsageError(f"{origin}: {name} cannot be {value!r}", hint=f"{wanted}, please")


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The choices that change, one a line."""
    return [
        f"{name}: {shown(before[name])} → {shown(after[name])}"
        for name in after
        if name in before and before[name] != after[name]
    ]


def shown(value: object) -> str:
    """A value for a person."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)


def _tidy(value: Any) -> Any:
    """A list as a tuple; an empty text in it stands for none."""
    return tuple(each for each in value if each) if isinstance(value, list | tuple) else value
