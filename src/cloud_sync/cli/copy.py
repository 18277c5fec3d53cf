"""`cloud-sync copy`: one object to several buckets."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples

StorageClass = Annotated[
    str | None,
    typer.Option("--storage-class", metavar="CLASS", help="Of the copies, such as STANDARD_IA."),
]
PrefixFrom = Annotated[
    str | None,
    typer.Option("--prefix-from", metavar="OLD", help="What the key begins with at the source."),
]
PrefixTo = Annotated[
    str | None,
    typer.Option("--prefix-to", metavar="NEW", help="What replaces it at the destinations."),
]
ToEndpoint = Annotated[
    str | None,
    typer.Option(
        "--to-endpoint", metavar="URL", help="The service of the destinations, where it is another."
    ),
]
ToProfile = Annotated[
    str | None,
    typer.Option("--to-profile", metavar="NAME", help="The AWS profile of the destinations."),
]
Concurrency = Annotated[
    str,
    typer.Option("--concurrency", metavar="N", help="Destinations at once.", show_default=True),
]
OnComplete = Annotated[
    str | None,
    typer.Option(
        "--on-complete", metavar="COMMAND", help="Run it afterwards; gets the results as JSON."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "copy",
        epilog=examples(
            "cloud-sync copy s3://builds/app.zip s3://region-a s3://region-b",
            "                                       one object to two buckets",
            "cloud-sync copy ./clip.mp4 s3://media  a file of this machine",
            "cloud-sync copy --input request.json --json",
            '                                       {"sourceBucket": "builds", "sourceKey": '
            '"app.zip",',
            '                                        "destinationBuckets": ["region-a"]}',
        ),
    )(copy)


def copy(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SRC DEST…]",
            help="s3://bucket/key or a file, then buckets as s3://bucket.",
            show_default=False,
        ),
    ] = None,
    input_file: Annotated[
        str | None,
        typer.Option("--input", metavar="FILE", help="Read the request as JSON; - for stdin."),
    ] = None,
    version_id: Annotated[
        str | None,
        typer.Option("--version-id", metavar="ID", help="This version instead of the latest."),
    ] = None,
    storage_class: StorageClass = None,
    prefix_from: PrefixFrom = None,
    prefix_to: PrefixTo = None,
    to_endpoint: ToEndpoint = None,
    to_profile: ToProfile = None,
    concurrency: Concurrency = "10",
    on_complete: OnComplete = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Copy one object to several buckets and prove every copy; what is there already stays."""
    from cloud_sync.cli.copy_request import CopyArguments
    from cloud_sync.cli.copy_run import CopyOptions, run_copy

    arguments = CopyArguments(
        tuple(places or ()), input_file, version_id, storage_class, prefix_from, prefix_to
    )
    options = CopyOptions(
        to_endpoint, to_profile, concurrency, on_complete, json=json, quiet=quiet, verbose=verbose
    )
    raise typer.Exit(run_copy(arguments, options))
