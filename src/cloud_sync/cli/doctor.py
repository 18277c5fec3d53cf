"""`cloud-sync doctor`: checks configuration, credentials, destination and clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from cloud_sync.cli.options import Json, Quiet, To, Verbose, examples

if TYPE_CHECKING:
    from cloud_sync.config.load import Config
    from cloud_sync.wiring.local import LocalWiring

CLOCK_TOLERANCE = 300.0
"""Seconds a machine's clock may be off: S3 refuses signatures beyond 15 minutes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `hint` is what to type where it is not well."""

    check: str
    ok: bool
    message: str
    hint: str
    exit_code: int


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "doctor",
        epilog=examples(
            "cloud-sync doctor                      check everything that sync needs",
            "cloud-sync doctor --to s3://my-bucket  with this destination",
        ),
    )(doctor)


def doctor(
    to: To = None, json: Json = False, quiet: Quiet = False, verbose: Verbose = False
) -> None:
    """Check everything that sync needs; say what to fix."""
    import os

    from cloud_sync.cli.terminal import result, result_json, set_up_logging
    from cloud_sync.config.load import load_config
    from cloud_sync.wiring.local import LocalWiring

    set_up_logging(verbose=verbose)
    config = load_config({"to": to}, os.environ)
    wiring = LocalWiring(config, os.environ)
    findings = examine(wiring, config.retry_wait)
    if json:
        result_json(
            {
                "settings": settings_of(config),
                "login": _login_json(wiring),
                "checks": [
                    {
                        "check": finding.check,
                        "ok": finding.ok,
                        "message": finding.message,
                        "hint": finding.hint,
                    }
                    for finding in findings
                ],
            }
        )
    else:
        for line in _lines(config, findings, brief=quiet):
            result(line)
    raise typer.Exit(max((finding.exit_code for finding in findings), default=0))


def settings_of(config: Config) -> dict[str, dict[str, str]]:
    """Every setting's text and where it came from; secrets are not shown."""
    from cloud_sync.config.schema import SETTINGS

    shown = {setting.name: config.shown(setting) for setting in SETTINGS}
    return {name: {"value": text, "origin": origin} for name, (text, origin) in shown.items()}


def examine(wiring: LocalWiring, first_wait: float) -> list[Finding]:
    """Every check, each with its own verdict; one that fails does not hide the others.

    The camera cloud is asked again after `first_wait` seconds where an error may pass.
    """
    return [
        _try("credentials", lambda: _credentials(wiring)),
        _try("login", lambda: _login(wiring, first_wait)),
        _try("destination", lambda: _destination(wiring)),
    ]


def _try(check: str, call: Callable[[], str]) -> Finding:
    from cloud_sync.errors import CloudSyncError

    try:
        return Finding(check, True, call(), "", 0)
    except CloudSyncError as error:
        return Finding(check, False, error.message, error.hint, error.exit_code)


def _credentials(wiring: LocalWiring) -> str:
    from cloud_sync.credentials.history import outlook
    from cloud_sync.errors import AuthRequired, AuthTrouble
    from cloud_sync.summary.render import login_text, login_warning

    credential = wiring.credentials().read()
    if credential is None:
        raise AuthRequired(
            "there are no GoPro credentials", trouble=AuthTrouble.MISSING, hint="cloud-sync login"
        )
    history, now = wiring.login_history(), wiring.now()
    found = outlook(credential, history.records())
    told = (login_text(found, now), login_warning(found, now), history.trouble)
    return "; ".join(sentence for sentence in told if sentence)


def _login_json(wiring: LocalWiring) -> dict[str, object] | None:
    """What is known of the login; None without one that can be read, which a check says then."""
    from cloud_sync.credentials.history import outlook
    from cloud_sync.errors import UsageError
    from cloud_sync.summary.render import login_json

    try:
        credential = wiring.credentials().read()
    except UsageError:
        return None
    if credential is None:
        return None
    history = wiring.login_history()
    found = outlook(credential, history.records())
    return login_json(found, wiring.now(), history.trouble)


def _login(wiring: LocalWiring, first_wait: float) -> str:
    from contextlib import closing

    from cloud_sync.cli.terminal import say
    from cloud_sync.errors import UsageError
    from cloud_sync.pipeline.login_check import account_of_login

    with closing(wiring.provider(wiring.credentials())) as provider:
        account = account_of_login(provider, first_wait, "cloud-sync doctor", say)
    told = f"the camera cloud accepts it (account {account.id})"
    if account.server_time is None:
        return told
    skew = (wiring.now() - account.server_time).total_seconds()
    if abs(skew) > CLOCK_TOLERANCE:
        raise UsageError(
            f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the "
            "camera cloud's; S3 refuses to be asked with more than 900 s",
            hint="set the clock, best by NTP",
        )
    return f"{told}; clocks agree within {max(1, round(abs(skew)))} s"


def _destination(wiring: LocalWiring) -> str:
    with wiring.archive() as archive:
        archive.check()
    open_questions = "".join(f"; {sentence}" for sentence in wiring.unproven)
    return f"{wiring.location} can be written{open_questions}"


def _lines(config: Config, findings: list[Finding], *, brief: bool) -> list[str]:
    from cloud_sync.config.schema import HOME_ENV

    lines = []
    if not brief:
        lines.append(f"{HOME_ENV:<17} {config.home}")
        for name, shown in settings_of(config).items():
            lines.append(f"{name:<17} {shown['value'] or '-'}  ({shown['origin']})")
        lines.append("")
    for finding in findings:
        if finding.ok and brief:
            continue
        lines.append(f"{'ok  ' if finding.ok else 'FIX '} {finding.check:<12} {finding.message}")
        if finding.hint:
            lines.append(f"     {'':<12} next: {finding.hint}")
    return lines
