"""The pictures in the documentation show what is synthesised, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from diagrams.__main__ import OUTPUT, graphs, svg
from diagrams.dot import Edge, Graph, Node

from assemblies import Assemblies, Template

pytestmark = pytest.mark.xdist_group("cdk")

SHOWN_ON = {
    "explanation/aws.md": {
        "archive-stacks",
        "file-copy-workflow",
        "file-copy-workflow-item",
        "gopro-sync-orchestrator",
        "gopro-sync-orchestrator-item",
    },
    "how-to/copy-workflow-on-aws.md": {"copies-stack"},
}
"""Which picture is shown on which page."""

WIDEST = 1100
"""Points; a wider one cannot be read where the README's width shows it."""


@pytest.fixture(scope="module")
def drawn(assemblies: Assemblies, copies_assemblies: Path) -> dict[str, Graph]:
    return graphs(assemblies.folder / "dev", copies_assemblies / "dev")


def test_every_picture_is_drawn_from_the_code_as_it_is(drawn: dict[str, Graph]) -> None:
    there = {path.stem: path.read_text("utf-8") for path in OUTPUT.glob("*.svg")}
    assert sorted(there) == sorted(drawn)
    old = [name for name, graph in drawn.items() if svg(graph) != there[name]]
    assert not old, "draw them anew: make diagrams"


def test_no_picture_is_too_wide_to_be_read() -> None:
    widths = {
        path.stem: int(re.findall(r'<svg width="(\d+)pt"', path.read_text("utf-8"))[0])
        for path in OUTPUT.glob("*.svg")
    }
    assert widths
    assert not {name: width for name, width in widths.items() if width > WIDEST}


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("gopro-sync-orchestrator", "CloudSync-dev"),
        ("file-copy-workflow", "CloudSync-dev-copies"),
    ],
)
def test_every_state_is_in_the_picture_of_its_machine(
    drawn: dict[str, Graph],
    assemblies: Assemblies,
    copies_assemblies: Path,
    name: str,
    template: str,
) -> None:
    folder = copies_assemblies if template.endswith("copies") else assemblies.folder
    body = json.loads((folder / f"dev/{template}.template.json").read_text("utf-8"))
    states = Template(body).one("AWS::StepFunctions::StateMachine")["Definition"]["States"]
    picture = (OUTPUT / f"{name}.svg").read_text("utf-8")
    shown = set(re.findall(r">([A-Za-z]+)</text>", picture))
    assert set(states) <= shown
    ways = {(edge.start, edge.end) for edge in drawn[name].edges}
    caught = {(name, each["Next"]) for name, one in states.items() for each in one.get("Catch", ())}
    assert caught
    assert caught <= ways


def arrows_in(graph: Graph) -> set[tuple[str, str]]:
    labels = {node.name: node.label.split("\n")[0] for node in graph.nodes}
    return {(labels[edge.start], labels[edge.end]) for edge in graph.edges}


def test_an_arrow_in_the_stack_of_copies_is_a_permission_or_a_call(
    drawn: dict[str, Graph],
) -> None:
    arrows = arrows_in(drawn["copies-stack"])
    assert ("global-builds-dev-…", "replication-worker-dev") in arrows
    assert ("file-copy-dev", "step-function-invoker-dev") in arrows
    assert ("replication-worker-dev", "file-copy-workflow-dev") in arrows
    assert ("object-copier-dev", "region-a-builds-dev-…") in arrows
    assert ("copy-start-dev", "FileCopyTracking-dev") in arrows
    assert not [each for each in arrows if each[0] == "copy-verdict-dev"]


def test_an_arrow_in_the_stacks_is_a_permission(drawn: dict[str, Graph]) -> None:
    arrows = arrows_in(drawn["archive-stacks"])
    assert ("gopro-sync-orchestrator-dev", "video-downloader-dev") in arrows
    assert ("video-downloader-dev", "gopro-dev-…") in arrows
    assert ("failure-marker-dev", "gopro/credentials-dev") not in arrows


@pytest.mark.parametrize("page", SHOWN_ON)
def test_each_picture_is_shown_and_described_on_its_page(page: str) -> None:
    text = (OUTPUT.parent / page).read_text("utf-8")
    shown = dict(re.findall(r"!\[([^\]]+)\]\(\.\./diagrams/([\w-]+)\.svg\)", text))
    assert set(shown.values()) == SHOWN_ON[page]
    assert all(len(description) > 40 for description in shown)


def test_no_picture_is_drawn_for_nobody() -> None:
    shown = {name for names in SHOWN_ON.values() for name in names}
    assert shown == {path.stem for path in OUTPUT.glob("*.svg")}


def test_text_in_a_graph_is_text_whatever_it_holds(tmp_path: Path) -> None:
    graph = Graph('a "title"')
    graph.nodes += [Node("a", 'say "no" \\ <b>'), Node("b", "…")]
    graph.edges.append(Edge("a", "b", "1 & 2"))
    picture = svg(graph)
    assert "say &quot;no&quot; \\ &lt;b&gt;" in picture
    assert "1 &amp; 2" in picture
