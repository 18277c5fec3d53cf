"""The environment variables of a function: what the deployment sets is what the handlers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

_PREFIX = "CLOUD_SYNC_"


class VariableMissing(ValueError):
    """A variable that a function needs is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """Settings that travel as variables: each field is one, `CLOUD_SYNC_` and its name."""

    def to_variables(self) -> dict[str, str]:
        """The variables as Lambda takes them."""
        return {variable(field.name): getattr(self, field.name) for field in fields(self)}

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Read them back; VariableMissing names the first that is not set or empty."""
        values = {field.name: variables.get(variable(field.name), "") for field in fields(cls)}
        for name, value in values.items():
            if not value:
                raise VariableMissing(f"{variable(name)} is not set")
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionEnvironment(Variables):
    """Where a function finds its rooms. Each field is a variable: `CLOUD_SYNC_` and its name.

    `environment`: dev, staging or prod. `table`: the tracker's table. `bucket`: the archive's
    bucket. `secret`: the name of the secret with the login. `storage_plan`: how objects are kept.
    `concurrency`: how many media the Map has in work at a time, so that each function takes its
    share of a bandwidth. `gopro_api_url`: base URL of the GoPro API. `log_level`: the least level
    that is logged, a value of `logs.record.Level`.
    """

    environment: str
    table: str
    bucket: str
    secret: str
    storage_plan: str
    concurrency: str
    gopro_api_url: str
    log_level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyEnvironment(Variables):
    """Where a function of the file-copy workflow finds its rooms.

    `environment`: dev, staging or prod. `table`: the table of copies. `machine`: the ARN of the
    state machine. `source`: the bucket whose new objects are copied. `destinations`: the buckets
    that get them, separated by commas.
    """

    environment: str
    table: str
    machine: str
    source: str
    destinations: str


def variable(name: str) -> str:
    """The variable of a field."""
    return _PREFIX + name.upper()
