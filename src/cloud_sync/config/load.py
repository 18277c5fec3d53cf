"""Settings from flag, environment, `config.toml` and default, in this order of precedence."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud_sync.config.quantities import (
    parse_count,
    parse_digest,
    parse_duration,
    parse_level,
    parse_listen,
    parse_rate,
    parse_switch,
)
from cloud_sync.config.schema import BY_NAME, HOME_ENV, SETTINGS, Setting
from cloud_sync.errors import UsageError
from cloud_sync.model.environments import ENVIRONMENTS
from cloud_sync.model.location import Destination, parse_destination
from cloud_sync.model.storage_plan import StoragePlan, parse_storage_plan
from cloud_sync.secret import REDACTED, Secret

CONFIG_FILE = "config.toml"
AWS_TABLES = "aws"
AWS_COPIES_TABLE = "copies"
"""The file's tables `[aws.dev]`, `[aws.staging]` and `[aws.prod]`: what is deployed there."""


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's text and where it came from: `--to`, `CLOUD_SYNC_TO`, the file, or `default`."""

    text: str
    origin: str


@dataclass(frozen=True, slots=True)
class Config:
    """Checked settings. Every text in `values` has passed its setting's check."""

    home: Path
    values: Mapping[str, Value]

    def text(self, name: str) -> str | None:
        """The text of a setting, None where it has neither value nor default."""
        value = self.values.get(name)
        return value.text if value else None

    def secret(self, name: str) -> Secret | None:
        """The value of a secret setting."""
        text = self.text(name)
        return Secret(text) if text else None

    def shown(self, setting: Setting) -> tuple[str, str]:
        """Text and origin for a person; secrets are not shown."""
        value = self.values.get(setting.name)
        if value is None:
            return "", "not set"
        return (REDACTED if setting.secret else value.text), value.origin

    @property
    def destination(self) -> Destination | None:
        text = self.text("to")
        return parse_destination(text) if text else None

    @property
    def provider(self) -> str:
        return self.values["provider"].text

    @property
    def concurrency(self) -> int:
        return parse_count(self.values["concurrency"].text)

    @property
    def max_seconds(self) -> float | None:
        text = self.text("max_duration")
        return parse_duration(text).total_seconds() if text else None

    @property
    def retry_wait(self) -> float:
        """In seconds."""
        return parse_duration(self.values["retry_wait"].text).total_seconds()

    @property
    def outage_wait(self) -> float:
        """In seconds."""
        return parse_duration(self.values["outage_wait"].text).total_seconds()

    @property
    def login_wait(self) -> float | None:
        """In seconds; None where a run is not to wait for a login."""
        text = self.text("wait_for_login")
        return parse_duration(text).total_seconds() if text else None

    @property
    def bytes_per_second(self) -> int | None:
        text = self.text("bandwidth_limit")
        return parse_rate(text) if text else None

    @property
    def source_check(self) -> bool:
        return parse_switch(self.values["source_check"].text)

    @property
    def log_level(self) -> str:
        """In upper case."""
        return parse_level(self.values["log_level"].text)

    @property
    def digest(self) -> bool:
        """Whether a week's runs are told together."""
        return parse_digest(self.values["notify_digest"].text)

    @property
    def metrics_listen(self) -> tuple[str, int] | None:
        """Address and port; None where nobody is to be answered."""
        text = self.text("metrics_listen")
        return parse_listen(text) if text else None

    @property
    def storage_plan(self) -> StoragePlan | None:
        text = self.text("storage_plan")
        return parse_storage_plan(text) if text else None


def load_config(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Config:
    """Read every setting once; UsageError names the setting, its origin and what is wrong."""
    home = _home(environment)
    from_file = _read_file(home / CONFIG_FILE)
    values: dict[str, Value] = {}
    for setting in SETTINGS:
        value = _value(setting, flags, environment, from_file, home)
        if value is not None:
            values[setting.name] = value
    return Config(home, values)


def _home(environment: Mapping[str, str]) -> Path:
    given = environment.get(HOME_ENV, "").strip()
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("cloud-sync", appauthor=False)


def _value(
    setting: Setting,
    flags: Mapping[str, str | None],
    environment: Mapping[str, str],
    from_file: Mapping[str, str],
    home: Path,
) -> Value | None:
    flag = flags.get(setting.name)
    sources = (
        (flag, "--" + setting.name.replace("_", "-")),
        (environment.get(setting.env) or None, setting.env),
        (from_file.get(setting.name), str(home / CONFIG_FILE)),
        (setting.default, "default"),
    )
    for text, origin in sources:
        if text is not None:
            _check(setting, text, origin)
            return Value(text, origin)
    return None


def _check(setting: Setting, text: str, origin: str) -> None:
    try:
        setting.check(text)
    except UsageError as error:
        raise UsageError(f"{origin}: {error.message}", hint=error.hint) from None


def environment_table(
    environment: Mapping[str, str], name: str, *, copies: bool = False
) -> tuple[dict[str, object], str]:
    """The table `[aws.NAME]` of the file, or `[aws.NAME.copies]`, and how to call it.

    Empty where there is none. Account and region stand in `[aws.NAME]` for both.

    UsageError where the file cannot be read, or has an environment that does not exist.
    """
    path = _home(environment) / CONFIG_FILE
    tables = _parsed(path).get(AWS_TABLES, {})
    known = isinstance(tables, dict) and all(
        each in ENVIRONMENTS and isinstance(table, dict) for each, table in tables.items()
    )
    if not known:
        raise UsageError(
            f"{path}: below {AWS_TABLES} stand the tables of environments only",
            hint="known: " + ", ".join(f"[{AWS_TABLES}.{each}]" for each in ENVIRONMENTS),
        )
    own = dict(tables.get(name, {}))
    within = own.pop(AWS_COPIES_TABLE, {})
    if not isinstance(within, dict):
        raise UsageError(
            f"{path}: [{AWS_TABLES}.{name}] has a {AWS_COPIES_TABLE} that is no table",
            hint=f"write it as [{AWS_TABLES}.{name}.{AWS_COPIES_TABLE}]",
        )
    if not copies:
        return own, f"[{AWS_TABLES}.{name}] of {path}"
    shared = {each: own[each] for each in ("account", "region") if each in own}
    return shared | within, f"[{AWS_TABLES}.{name}.{AWS_COPIES_TABLE}] of {path}"


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"reading {path}: {reason}", hint="mend or remove that file") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"reading {path}: it is no valid TOML ({error})",
            hint='write lines like to = "/archive"',
        ) from None


def _read_file(path: Path) -> Mapping[str, str]:
    content = {name: value for name, value in _parsed(path).items() if name != AWS_TABLES}
    known = sorted(name for name, setting in BY_NAME.items() if setting.in_file)
    for name, value in content.items():
        if name not in known:
            raise UsageError(
                f"{path} has a setting {name!r} that does not exist or may not stand in a file",
                hint="known settings: " + ", ".join(known),
            )
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise UsageError(f"{path}: the value of {name} is neither text nor a whole number")
    return {name: str(value) for name, value in content.items()}
