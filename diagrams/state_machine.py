"""A state machine's definition as a graph: a node for each state, an edge for each way on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diagrams.dot import Edge, Graph, Node

State = Mapping[str, Any]

_SHAPES = {
    "Choice": "diamond",
    "Succeed": "oval",
    "Fail": "oval",
}
_COLOURS = {
    "Task": "#dbeafe",
    "Map": "#ede9fe",
    "Pass": "#f1f5f9",
    "Choice": "#fef9c3",
    "Succeed": "#dcfce7",
    "Fail": "#fee2e2",
}


def graph_of(definition: State, title: str) -> Graph:
    """The machine, or the machine of a Map's items, which `items_of` finds."""
    graph = Graph(title)
    graph.nodes.append(Node("start", "", shape="circle", colour="#334155"))
    graph.edges.append(Edge("start", definition["StartAt"]))
    for name, state in definition["States"].items():
        kind = state["Type"]
        graph.nodes.append(Node(name, name, _SHAPES.get(kind, "box"), _COLOURS[kind], rounded=True))
        graph.edges += [Edge(name, to, label, failure) for to, label, failure in _ways(state)]
    return graph


def items_of(definition: State) -> dict[str, State]:
    """The machines that work on the items of Maps, by the Maps' names."""
    return {
        name: state["ItemProcessor"]
        for name, state in definition["States"].items()
        if state["Type"] == "Map"
    }


def _ways(state: State) -> Iterator[tuple[str, str, bool]]:
    """Where a state leads: the next state, what the way is called, and whether it is a failure.

    A failure without a name is any failure.
    """
    if "Next" in state:
        yield state["Next"], "", False
    for choice in state.get("Choices", ()):
        yield choice["Next"], "", False
    if "Default" in state:
        yield state["Default"], "otherwise", False
    for catch in state.get("Catch", ()):
        names = [name for name in catch["ErrorEquals"] if name != "States.ALL"]
        yield catch["Next"], ", ".join(name.rpartition(".")[2] for name in names), True
