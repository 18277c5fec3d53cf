"""The page of what has been seen to hold names tests that exist, and enough of them."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/acceptance.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _rows() -> list[str]:
    lines = PAGE.read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| situation")]


@cache
def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_names_a_test_that_exists() -> None:
    rows = _rows()
    assert rows, "the page is read in a form that it does not have"
    for row in rows:
        named = _TEST.findall(row)
        assert named, f"names no test: {row}"
        for file, name in named:
            assert (ROOT / file).is_file(), f"no such file: {file}"
            assert name in _tests_in(ROOT / file), f"no such test: {file}::{name}"


def test_no_situation_is_listed_twice() -> None:
    situations = [row.split("|")[1].strip() for row in _rows()]
    assert len(situations) == len(set(situations))
