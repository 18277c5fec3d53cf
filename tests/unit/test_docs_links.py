"""Every link, path and picture of the documentation leads somewhere, on any machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from documentation import FENCE, NAMES, PAGES, ROOT, read


def anchors(text: str) -> set[str]:
    """Headings as they are linked to: lower case, hyphens for blanks, other signs dropped."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        assert plain not in found, f"heading {heading!r} stands twice"
        found.add(plain)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.is_file(), target
        assert found.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(found.read_text("utf-8")), target


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/explanation/architecture.md"])
def test_every_path_that_contributors_are_sent_to_exists(name: str) -> None:
    paths = re.findall(r"`((?:src|tests|docs)/[^`\s]*)`", read(name))
    assert paths
    for path in paths:
        assert (ROOT / path).exists(), path


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        targets = re.findall(r"\]\(([^)#\s]+\.md)", page.read_text("utf-8"))
        paths = {(page.parent / target).resolve() for target in targets if "://" not in target}
        waiting.extend(paths - seen - set(waiting))
    assert set(PAGES) <= seen


def test_no_file_names_a_package_host_or_a_path_of_one_machine() -> None:
    """The locked versions and the texts work with any registry, on any machine."""
    hosts = ("py" + "pi.org", "python" + "hosted", "npm" + "js", "/wo" + "rk/")
    texts = [*PAGES, ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / ".pre-commit-config.yaml"]
    texts += [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    texts += [*(ROOT / "requirements").iterdir(), *(ROOT / ".ci").iterdir()]
    for path in texts:
        content = path.read_text("utf-8").lower()
        assert not [host for host in hosts if host in content], path


def test_the_picture_of_the_flow_tells_its_story_to_those_who_cannot_see_it() -> None:
    picture = read("docs/flow.svg")
    assert "<title" in picture
    assert "<desc" in picture
    within = {"list", "plan", "move", "verify"}
    assert within <= set(re.findall(r">([a-z]+)</t", picture)), "the stages that a reader looks for"
    match = re.search(r"!\[([^\]]+)\]\(docs/flow\.svg\)", read("README.md"))
    assert match
    assert len(match[1]) > 100
