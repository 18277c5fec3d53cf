"""`cloud-sync login`: takes a token, tries it, and only then stores it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples

if TYPE_CHECKING:
    from cloud_sync.wiring.base import ArchiveWiring

PROMPT = (
    "Paste the gp_access_token cookie of gopro.com (or the whole Cookie: header); it is not shown: "
)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "login",
        epilog=examples(
            "cloud-sync login                           paste the token at the prompt",
            "cloud-sync login --file cookies.txt        from a browser's cookie export",
            "pbpaste | cloud-sync login --stdin         from the clipboard",
        ),
    )(login)


Stdin = Annotated[bool, typer.Option("--stdin", help="Read it from standard input.")]
File = Annotated[
    Path | None,
    typer.Option("--file", help="Read it from a file: a token, a Cookie: header, cookies.txt."),
]


def login(
    stdin: Stdin = False,
    file: File = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take GoPro credentials, try them, then store them."""
    import os

    from cloud_sync.cli.terminal import set_up_logging
    from cloud_sync.config.load import load_config
    from cloud_sync.wiring.local import LocalWiring

    set_up_logging(verbose=verbose)
    text = login_text(stdin, file, "cloud-sync login")
    wiring = LocalWiring(load_config({}, os.environ), os.environ)
    log_in(wiring, text, "cloud-sync sync --to DEST --dry-run", json=json, quiet=quiet)


def log_in(wiring: ArchiveWiring, text: str, next_step: str, *, json: bool, quiet: bool) -> None:
    """Try what was given, store it, and say where; `next_step` is what a person types then."""
    from cloud_sync.cli.terminal import result_json, say

    account, store, remark = wiring.log_in(text, say)
    if json:
        result_json({"event": "logged_in", "account": account.id, "stored_in": store.location})
    elif not quiet:
        if remark:
            say(f"Note: {remark}")
        say(f"The login works (account {account.id}). It is stored in {store.location}.")
        if wiring.credentials().location != store.location:
            say(f"But {wiring.credentials().location} is set and wins over what is stored.")
        say(f"Next: {next_step}")


def login_text(stdin: bool, file: Path | None, command: str) -> str:
    """What a person gives as a login, not yet looked at; UsageError where there is none.

    `command` is what the person has typed.
    """
    import sys
    from getpass import getpass

    from cloud_sync.errors import UsageError

    if stdin and file:
        raise UsageError("--stdin and --file were both given", hint="give one of them")
    if file:
        try:
            return file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise UsageError(f"reading {file}: {why}", hint="give a readable text file") from None
    if stdin:
        return sys.stdin.read(1_000_000)
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for the token",
            hint=f"{command} --stdin, or {command} --file cookies.txt",
        )
    return getpass(PROMPT)
