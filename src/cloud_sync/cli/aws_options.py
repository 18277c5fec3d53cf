"""Options of the commands that deploy: one for each choice, made from the choices themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any

import typer

from cloud_sync.deployment.choices import Known, shown
from cloud_sync.model.environments import ENVIRONMENTS, known_environment

Env = Annotated[
    str,
    typer.Option(
        "--env",
        metavar="|".join(ENVIRONMENTS),
        callback=known_environment,
        autocompletion=lambda: list(ENVIRONMENTS),
        help="The environment.",
        show_default=False,
    ),
]
Account = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="Refuse to work on any other account.", show_default=False),
]
Region = Annotated[
    str | None,
    typer.Option(help="The AWS region. Default: AWS_REGION, or the profile's.", show_default=False),
]
FunctionCode = Annotated[
    Path | None,
    typer.Option(
        help="A folder with the functions' built package. Default: it is built.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]


def with_choices(known: Known) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command an option for each choice instead of its `**` parameter.

    An option that is not given is None: what is deployed decides then.
    """

    def give(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
        options = [_parameter(choice) for choice in known.values()]
        command.__signature__ = signature.replace(parameters=named + options)  # type: ignore[attr-defined]
        return command

    return give


def _parameter(choice: Field[Any]) -> inspect.Parameter:
    kind: Any = list[str] if isinstance(choice.default, tuple) else type(choice.default)
    meaning = _capital(choice.metadata["help"])
    if isinstance(choice.default, tuple):
        meaning += "; may be given again, and '' stands for none"
    elif choice.default and not isinstance(choice.default, bool):
        meaning += f" (at first: {shown(choice.default)})"
    option = typer.Option(help=meaning, show_default=False)
    return inspect.Parameter(
        choice.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
