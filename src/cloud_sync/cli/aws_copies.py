"""`cloud-sync aws copies …`: deploys the file-copy workflow, which stands beside the archive."""

from __future__ import annotations

import typer

from cloud_sync.cli.aws_deployables import COPIES
from cloud_sync.cli.aws_deploying import add_deploy, add_diff
from cloud_sync.cli.aws_options import Account, Env, Region, Yes
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


add_deploy(
    app,
    COPIES,
    "Make the workflow's stack, or bring it up to date.\n\n"
    "A choice that is not given stays as it is deployed.",
    examples(
        "cloud-sync aws copies deploy --env dev --bootstrap      the first time in an account",
        "cloud-sync aws copies deploy --env dev                  again, with the same choices",
        "cloud-sync aws copies deploy --env prod --source builds --destinations eu-builds",
        "cloud-sync aws copies deploy --env dev --source builds --existing builds",
    ),
)
add_diff(
    app,
    COPIES,
    examples(
        "cloud-sync aws copies diff --env dev                    what another version would change",
        "cloud-sync aws copies diff --env prod --concurrency 20",
    ),
)


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
