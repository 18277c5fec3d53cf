"""Each command in a guide is run by a test: none slips in that nobody has tried."""

from __future__ import annotations

import re

import pytest

from documentation import ROOT
from guides import BY_NO_TEST, ELSEWHERE, FOLDER, OTHER_PROGRAMS, SCENARIOS, Step, is_ours, lines_of

PAGES = sorted(FOLDER.glob("*.md"))
SHOWN = {line for page in PAGES for line in lines_of(page)}
SHELL = {"done", "export", "while"}
"""Words of the shell itself."""

RUN = [step.line for steps in SCENARIOS for step in steps]


def test_every_command_of_a_guide_is_run_once_by_some_test() -> None:
    shown = {line for line in SHOWN if is_ours(line)}
    assert len(shown) > 50, "the pages are read in a form that they do not have"
    assert sorted([*RUN, *ELSEWHERE, *BY_NO_TEST]) == sorted(shown)


def test_what_runs_elsewhere_is_named_by_its_test() -> None:
    for file, name in ELSEWHERE.values():
        assert f"def {name}(" in (ROOT / "tests/cli" / file).read_text("utf-8"), name


def test_what_else_the_guides_type_are_programs_of_others() -> None:
    others = {line for line in SHOWN if not is_ours(line)}
    first = {re.sub(r"^(?:[A-Z_]+=\S+ )+", "", line).split()[0] for line in others}
    programs = {word for word in first if re.fullmatch(r"[a-z]\w*", word)}
    assert "cloud-sync" not in first
    assert programs - SHELL <= OTHER_PROGRAMS


@pytest.mark.parametrize(
    "step", [step for steps in SCENARIOS for step in steps], ids=lambda step: step.line
)
def test_every_command_must_say_something_or_end_in_a_way_of_its_own(step: Step) -> None:
    """A step that nothing is asked of would pass whatever the command did."""
    quiet = {"cloud-sync list --env dev --status FAILED"}
    assert step.says or step.until or step.code or step.line in quiet
