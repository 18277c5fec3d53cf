"""Reading the project's pages: sections, tables, and what they show as code."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under the heading, up to the next one of the same or a higher level."""
    level = len(heading) - len(heading.lstrip("#"))
    parts = text.split(f"\n{heading}\n", 1)
    assert len(parts) == 2, f"no heading {heading!r}"
    return re.split(rf"^#{{1,{level}}} ", parts[1], maxsplit=1, flags=re.MULTILINE)[0]


def tables(text: str) -> Iterator[list[str]]:
    """The cells of each row of each table, heads and rules left out."""
    lines = text.splitlines()
    for before, line in itertools.pairwise(lines):
        rule = re.compile(r"\|[-|: ]+\|")
        if line.startswith("|") and not rule.fullmatch(line) and before.startswith("|"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def code(cell: str) -> list[str]:
    """What a cell shows as code."""
    return re.findall(r"`([^`]+)`", cell)


def rows_by_code(text: str) -> dict[str, list[str]]:
    """Rows of all tables whose first cell is one piece of code, by that piece."""
    rows = [row for row in tables(text) if len(code(row[0])) == 1]
    names = [code(row[0])[0] for row in rows]
    assert len(set(names)) == len(names), f"told twice: {names}"
    return dict(zip(names, rows, strict=True))
