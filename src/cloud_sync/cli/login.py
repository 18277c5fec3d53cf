"""`cloud-sync login`: takes a token, tries it, and only then stores it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples

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


def login(
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from standard input.")] = False,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Read it from a file: a token, a Cookie: header, cookies.txt."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take GoPro credentials, try them, then store them."""
    import os

    from cloud_sync.cli.terminal import result_json, say, set_up_logging
    from cloud_sync.config.load import load_config
    from cloud_sync.errors import UsageError
    from cloud_sync.wiring.local import LocalWiring

    set_up_logging(verbose=verbose)
    if stdin and file:
        raise UsageError("--stdin and --file were both given", hint="give one of them")
    wiring = LocalWiring(load_config({}, os.environ), os.environ)
    account, store, remark = wiring.log_in(_read(stdin, file))
    if json:
        result_json({"event": "logged_in", "account": account.id, "stored_in": store.location})
    elif not quiet:
        if remark:
            say(f"Note: {remark}")
        say(f"The login works (account {account.id}). It is stored in {store.location}.")
        if wiring.credentials().location != store.location:
            say(f"But {wiring.credentials().location} is set and wins over what is stored.")
        say("Next: cloud-sync sync --to DEST --dry-run")


def _read(stdin: bool, file: Path | None) -> str:
    import sys
    from getpass import getpass

    from cloud_sync.errors import UsageError

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
            hint="cloud-sync login --stdin, or cloud-sync login --file cookies.txt",
        )
    return getpass(PROMPT)
