"""Carries out `cloud-sync explain`: from the runbook that is shipped with us, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from difflib import get_close_matches

from cloud_sync.cli.runbook import Explanation, explanations
from cloud_sync.cli.terminal import result, result_json, set_up_logging
from cloud_sync.errors import UsageError
from cloud_sync.model.environments import known_environment

_WHAT = ("means", "safe", "look", "do", "over")
_SHOWN = 100
"""How much of what a code means the list shows, in characters."""


def run_explain(
    code: str | None, env: str | None, *, json: bool, quiet: bool, verbose: bool
) -> None:
    """Print one explanation, or the list of all; UsageError for a code that there is not."""
    set_up_logging(verbose=verbose)
    known = explanations()
    environment = None if env is None else known_environment(env)
    chosen = known.values() if code is None else [_wanted(code, known)]
    told = [each.told_for(environment) for each in chosen]
    if json:
        for each in told:
            result_json(asdict(each))
    elif code is None:
        result("\n".join(_list_lines(told, brief=quiet)))
    else:
        result("\n".join(_lines(told[0], brief=quiet)))


def _wanted(code: str, known: Mapping[str, Explanation]) -> Explanation:
    found = known.get(code.lower())
    if found is not None:
        return found
    near = get_close_matches(code.lower(), known, n=3)
    hint = "one of: " + ", ".join(near) if near else "`cloud-sync explain` lists all of them"
    raise UsageError(f"explaining {code!r}: there is no such code or alarm", hint=hint)


def _lines(told: Explanation, *, brief: bool) -> list[str]:
    head = [] if brief else [f"{told.code}  ({told.kind})"]
    return [*head, *(f"  {name:<5}  {getattr(told, name)}" for name in _WHAT)]


def _list_lines(told: list[Explanation], *, brief: bool) -> list[str]:
    """The codes under the headings of their kinds; the codes alone for `brief`."""
    if brief:
        return [each.code for each in told]
    lines, kind = [], ""
    for each in told:
        if each.kind != kind:
            kind = each.kind
            lines.append(kind)
        lines.append(f"  {each.code:<22} {_first_sentence(each.means)}")
    return lines


def _first_sentence(text: str) -> str:
    sentence = text.split(". ", 1)[0].removesuffix(".")
    return sentence if len(sentence) <= _SHOWN else sentence[: _SHOWN - 1].rstrip() + "…"
