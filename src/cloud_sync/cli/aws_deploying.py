"""The commands `deploy` and `diff`, which are the same for whatever can be deployed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cloud_sync.cli.aws_deployables import Deployable
from cloud_sync.cli.aws_options import Account, Env, FunctionCode, Region, Yes, with_choices
from cloud_sync.cli.options import Json, Quiet, Verbose

Bootstrap = Annotated[
    bool,
    typer.Option(
        "--bootstrap", help="Make the bucket first that packages go through, if it is missing."
    ),
]


def add_deploy(app: typer.Typer, what: Deployable, meaning: str, epilog: str) -> None:
    """Give `app` the command `deploy`, with an option for each choice of what is deployed."""

    @app.command(help=meaning, epilog=epilog)
    @with_choices(what.known)
    def deploy(
        env: Env,
        bootstrap: Bootstrap = False,
        account: Account = None,
        region: Region = None,
        function_code: FunctionCode = None,
        yes: Yes = False,
        json: Json = False,
        quiet: Quiet = False,
        verbose: Verbose = False,
        **chosen: Any,
    ) -> None:
        from cloud_sync.cli.aws_deploy_run import run_deploy
        from cloud_sync.cli.aws_plan import Wanted

        wanted = Wanted(env, chosen, account, region, function_code, what)
        code = run_deploy(
            wanted, bootstrap=bootstrap, yes=yes, json=json, quiet=quiet, verbose=verbose
        )
        raise typer.Exit(code)


def add_diff(app: typer.Typer, what: Deployable, epilog: str) -> None:
    """Give `app` the command `diff`, with the same options for choices."""

    @app.command(epilog=epilog)
    @with_choices(what.known)
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

        wanted = Wanted(env, chosen, account, region, function_code, what)
        raise typer.Exit(run_diff(wanted, json=json, quiet=quiet, verbose=verbose))
