"""Graphs in the language of Graphviz."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Node:
    """A box; those of one `frame` stand in a frame of that name."""

    name: str
    label: str
    shape: str = "box"
    colour: str = "#ffffff"
    frame: str = ""
    rounded: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow; one that leads `back` does not decide what stands before what."""

    start: str
    end: str
    label: str = ""
    failure: bool = False
    dotted: bool = False
    back: bool = False


@dataclass(slots=True)
class Graph:
    """What is drawn, from left to right or from the top down."""

    title: str
    direction: str = "TB"
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def dot(self) -> str:
        """The graph's text; the same graph has the same text."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "digraph {"
        yield f"  rankdir={self.direction} bgcolor=white pad=0.2 nodesep=0.3 ranksep=0.45"
        yield f"  label={_text(self.title)} labelloc=t fontname=Helvetica fontsize=18"
        yield '  node [fontname=Helvetica fontsize=13 style=filled color="#64748b" height=0.4]'
        yield '  edge [fontname=Helvetica fontsize=11 color="#475569" fontcolor="#475569"]'
        for number, frame in enumerate(dict.fromkeys(node.frame for node in self.nodes)):
            inner = [_node(node) for node in self.nodes if node.frame == frame]
            if not frame:
                yield from (f"  {line}" for line in inner)
                continue
            yield f"  subgraph cluster_{number} {{"
            yield f'    label={_text(frame)} style=rounded color="#94a3b8" fontsize=13'
            yield from (f"    {line}" for line in inner)
            yield "  }"
        yield from (f"  {_edge(edge)}" for edge in dict.fromkeys(self.edges))
        yield "}"


def _node(node: Node) -> str:
    style = "filled,rounded" if node.rounded and node.shape == "box" else "filled"
    size = " width=0.2 height=0.2" if not node.label else ""
    return (
        f"{_text(node.name)} [label={_text(node.label)} shape={node.shape} "
        f'style="{style}" fillcolor="{node.colour}"{size}]'
    )


def _edge(edge: Edge) -> str:
    look = ' color="#dc2626" fontcolor="#dc2626" style=dashed' if edge.failure else ""
    look += " style=dotted" if edge.dotted else ""
    look += " constraint=false" if edge.back else ""
    label = f" label={_text(edge.label)}" if edge.label else ""
    return f"{_text(edge.start)} -> {_text(edge.end)} [{(label + look).strip()}]"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
