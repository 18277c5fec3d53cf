"""The runbook as data: what each alarm and each code means, from the page that is shipped with us.

`runbook.md` beside this module is docs/how-to/runbook.md, byte for byte; who installed cloud-sync
has no clone to look into. Its form: a heading of the second level for each kind of code, one of the
third for each code, then a paragraph with what it means and a list of four.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cloud_sync.cli.advice import for_environment

_ABOVE = "docs/how-to"
_KIND = re.compile(r"^## (.+)$", re.MULTILINE)
_SECTION = re.compile(
    r"^### `(?P<code>[a-z_-]+)`\n\n"
    r"(?P<means>.+)\n\n"
    r"- \*\*Safe:\*\* (?P<safe>.+)\n"
    r"- \*\*Look:\*\* (?P<look>.+)\n"
    r"- \*\*Do:\*\* (?P<do>.+)\n"
    r"- \*\*Over:\*\* (?P<over>.+)\n",
    re.MULTILINE,
)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]*)(#[^)\s]*)?\)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands in the runbook under one code, without marks of Markdown but for backquotes."""

    code: str
    kind: str
    means: str
    safe: str
    look: str
    do: str
    over: str

    def told_for(self, environment: str | None) -> Explanation:
        """The same with the commands in it about that environment; as it is for None."""
        if environment is None:
            return self
        told = {
            name: _of(for_environment(getattr(self, name), environment), environment)
            for name in ("means", "safe", "look", "do", "over")
        }
        return Explanation(self.code, self.kind, **told)


@cache
def explanations() -> Mapping[str, Explanation]:
    """All of them by code, in the page's order."""
    return parse(files(__package__).joinpath("runbook.md").read_text("utf-8"))


def parse(page: str) -> Mapping[str, Explanation]:
    """Read a page of that form; a section of another form is not among what comes back."""
    pieces = _KIND.split(page)
    return {
        found["code"]: Explanation(
            kind=kind, **{name: _plain(text) for name, text in found.groupdict().items()}
        )
        for kind, text in zip(pieces[1::2], pieces[2::2], strict=True)
        for found in _SECTION.finditer(text)
    }


def _of(text: str, environment: str) -> str:
    """What the page says of `dev`, about that environment: its commands, and where its logs lie."""
    commands = text.replace("--env dev", f"--env {environment}")
    return commands.replace("/cloud-sync/dev/", f"/cloud-sync/{environment}/")


def _plain(text: str) -> str:
    """Links as what a reader at a terminal can follow."""

    def followed(link: re.Match[str]) -> str:
        shown, page, anchor = link.groups()
        if not page:
            return f"`cloud-sync explain {anchor.removeprefix('#')}`"
        return f"{shown} ({posixpath.normpath(posixpath.join(_ABOVE, page))})"

    return _LINK.sub(followed, text)
