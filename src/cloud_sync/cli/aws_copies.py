"""`cloud-sync aws copies …`: deploys the file-copy workflow, which stands beside the archive."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cloud_sync.cli.aws_deployables import COPIES
from cloud_sync.cli.aws_options import Account, Env, FunctionCode, Region, Yes, with_choices
from cloud_sync.cli.options import Json, Quiet, Verbose, examples

app = typer.Typer(
    name="copies",
    help="The workflow on AWS that copies new objects of a bucket into many: deploy it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=examples(
        "cloud-sync aws copies deploy --env dev    make it, or bring it up to date",
        "cloud-sync aws copies diff --env dev      what a deployment would change",
        "cloud-sync aws copies destroy --env dev   remove what works, not buckets and table",
    ),
)


@app.command(
    epilog=examples(
        "cloud-sync aws copies deploy --env dev --bootstrap      the first time in an account",
        "cloud-sync aws copies deploy --env dev                  again, with the same choices",
        "cloud-sync aws copies deploy --env prod --source builds --destinations eu-builds",
        "cloud-sync aws copies deploy --env dev --source builds --existing builds",
    )
)
@with_choices(COPIES.known)
def deploy(
    env: Env,
    bootstrap: Annotated[
        bool,
        typer.Option(
            "--bootstrap", help="Make the bucket first that packages go through, if it is missing."
        ),
    ] = False,
    account: Account = None,
    region: Region = None,
    function_code: FunctionCode = None,
    yes: Yes = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    **chosen: Any,
) -> None:
    """Make the workflow's stack, or bring it up to date.

    A choice that is not given stays as it is deployed.
    """
    from cloud_sync.cli.aws_deploy_run import run_deploy
    from cloud_sync.cli.aws_plan import Wanted

    wanted = Wanted(env, chosen, account, region, function_code, COPIES)
    code = run_deploy(wanted, bootstrap=bootstrap, yes=yes, json=json, quiet=quiet, verbose=verbose)
    raise typer.Exit(code)


@app.command(
    epilog=examples(
        "cloud-sync aws copies diff --env dev                    what another version would change",
        "cloud-sync aws copies diff --env prod --concurrency 20",
    )
)
@with_choices(COPIES.known)
def diff(
    env: Env,
    account: Account = None,
    region: Region = None,
    function_code: FunctionCode = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    **chosen: Any,
) -> None:
    """Show what a deployment would change, and change nothing."""
    from cloud_sync.cli.aws_diff_run import run_diff
    from cloud_sync.cli.aws_plan import Wanted

    wanted = Wanted(env, chosen, account, region, function_code, COPIES)
    raise typer.Exit(run_diff(wanted, json=json, quiet=quiet, verbose=verbose))


@app.command(
    epilog=examples(
        "cloud-sync aws copies destroy --env dev          buckets, table and key stay",
        "cloud-sync aws copies destroy --env dev --yes    without a question",
    )
)
def destroy(
    env: Env,
    account: Account = None,
    region: Region = None,
    yes: Yes = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Remove functions, state machine, API and topic. Buckets, table and key stay."""
    from cloud_sync.cli.aws_copies_destroy_run import run_copies_destroy

    code = run_copies_destroy(
        env, account, region, yes=yes, json=json, quiet=quiet, verbose=verbose
    )
    raise typer.Exit(code)
