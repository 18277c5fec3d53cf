"""`cloud-sync aws …`: the archive on AWS, deployed and worked with by one command line."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli import aws_copies
from cloud_sync.cli.aws_deployables import ARCHIVE
from cloud_sync.cli.aws_deploying import add_deploy, add_diff
from cloud_sync.cli.aws_options import Account, Env, Region, Yes
from cloud_sync.cli.login import File, Stdin
from cloud_sync.cli.options import Json, Quiet, Verbose, examples

app = typer.Typer(
    name="aws",
    help="The archive on AWS: deploy it, and work with it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=examples(
        "cloud-sync aws deploy --env dev      make it, or bring it up to date",
        "cloud-sync aws login --env dev       give it the token of your account",
        "cloud-sync aws run --env dev --wait  archive what is new, now",
        "cloud-sync aws status --env dev      what is deployed, what ran, what needs you",
        "cloud-sync aws diff --env dev        what a deployment would change",
        "cloud-sync aws destroy --env dev     remove what works on the archive, not the archive",
    ),
)


def register(parent: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(aws_copies.app)
    parent.add_typer(app)


add_deploy(
    app,
    ARCHIVE,
    "Make an environment's stacks, or bring them up to date.\n\n"
    "A choice that is not given stays as it is deployed.",
    examples(
        "cloud-sync aws deploy --env dev --bootstrap          the first time in an account",
        "cloud-sync aws deploy --env dev                      again, with the same choices",
        "cloud-sync aws deploy --env prod --concurrency 8     with another choice",
        "cloud-sync aws deploy --env dev --alert-mail me@example.org",
    ),
)
add_diff(
    app,
    ARCHIVE,
    examples(
        "cloud-sync aws diff --env dev                        what another version would change",
        "cloud-sync aws diff --env prod --storage-plan grace:30",
    ),
)


@app.command(
    epilog=examples(
        "cloud-sync aws destroy --env dev          the archive, its table and its login stay",
        "cloud-sync aws destroy --env dev --yes    without a question",
    )
)
def destroy(
    env: Env,
    storage: Annotated[
        bool,
        typer.Option("--storage", help="Say how the archive itself would be removed, by a person."),
    ] = False,
    account: Account = None,
    region: Region = None,
    yes: Yes = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Remove the functions, the state machine and the schedule. The archive stays as it is."""
    from cloud_sync.cli.aws_destroy_run import run_destroy

    code = run_destroy(
        env, account, region, storage=storage, yes=yes, json=json, quiet=quiet, verbose=verbose
    )
    raise typer.Exit(code)


@app.command(
    epilog=examples(
        "cloud-sync aws login --env dev                          paste the token at the prompt",
        "cloud-sync aws login --env dev --file cookies.txt       from a browser's cookie export",
        "pbpaste | cloud-sync aws login --env dev --stdin        from the clipboard",
    )
)
def login(
    env: Env,
    stdin: Stdin = False,
    file: File = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take GoPro credentials, try them, then put them into the environment's secret."""
    import os
    from contextlib import closing

    from cloud_sync.cli.advice import advising
    from cloud_sync.cli.login import log_in, login_text
    from cloud_sync.cli.terminal import set_up_logging
    from cloud_sync.config.load import load_config
    from cloud_sync.wiring.environment import EnvironmentWiring

    set_up_logging(verbose=verbose)
    text = login_text(stdin, file, f"cloud-sync aws login --env {env}")
    wiring = EnvironmentWiring(load_config({}, os.environ), os.environ, env)
    with advising(env), closing(wiring):
        log_in(wiring, text, f"cloud-sync aws run --env {env} --wait", json=json, quiet=quiet)


@app.command(
    epilog=examples(
        "cloud-sync aws run --env dev                  start a run and go away",
        "cloud-sync aws run --env dev --wait           and see how it ends",
        "cloud-sync aws run --env dev --dry-run --wait only count what is due",
        "cloud-sync aws run --env dev --wait --limit 1 the first run of a new deployment",
    )
)
def run(
    env: Env,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow it to its end; Ctrl-C leaves it running.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Plan and count; move and write nothing.")
    ] = False,
    limit: Annotated[str | None, typer.Option(metavar="N", help="Archive at most N media.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only media captured on DATE or later.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Start a run in the cloud now, beside those of the schedule."""
    from cloud_sync.cli.advice import advising
    from cloud_sync.cli.aws_execution import RunRequest, run_execution

    request = RunRequest(env, wait, dry_run, limit, since, json, quiet, verbose)
    with advising(env):
        raise typer.Exit(run_execution(request))


@app.command(
    epilog=examples(
        "cloud-sync aws status --env dev           for a person",
        "cloud-sync aws status --env dev --json    for a script",
    )
)
def status(env: Env, json: Json = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Show what is deployed, what ran and runs, and what needs a person."""
    from cloud_sync.cli.advice import advising
    from cloud_sync.cli.aws_standing import run_status

    with advising(env):
        raise typer.Exit(run_status(env, json=json, quiet=quiet, verbose=verbose))
