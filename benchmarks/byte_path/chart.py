"""The results as a picture: throughput and CPU of every contestant in every workload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from benchmarks.byte_path.results import Result
from benchmarks.byte_path.workloads import Who

WIDTH = 870
LEFT = 160
COLUMN = 270
GAP = 70
BAR = 16
ROW = 21
TITLE = 26
SPACE = 12
HEAD = 84

_SVG = "http://www.w3.org/2000/svg"

_CLASSES = {
    Who.CLOUD_SYNC: "us",
    Who.SYNC: "us",
    Who.RCLONE: "peer",
    Who.FOUNDING: "old",
    Who.FLOOR: "floor",
}

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .head { font-size: 17px; font-weight: 600; }
  .what { font-weight: 600; }
  .faint { fill: #59636e; }
  .us { fill: #0969da; } .peer { fill: #bc4c00; } .old { fill: #818b98; } .floor { fill: #2da44e; }
  .line { stroke: #d1d9e0; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .faint { fill: #9198a1; }
    .us { fill: #4493f8; } .peer { fill: #f0883e; }
    .old { fill: #656c76; } .floor { fill: #3fb950; }
    .line { stroke: #3d444d; }
  }
"""

Value = Callable[[Result, Who], float | None]


def draw(results: Sequence[Result], machine: str) -> str:
    """An SVG, legible on light and on dark ground."""
    body: list[str] = []
    y = HEAD
    for result in results:
        body += _workload(result, y)
        y += TITLE + ROW * len(result.workload.contestants) + SPACE
    height = y + 16
    head = [
        _text(16, 30, "HTTPS source to S3: cloud-sync beside its peers", "head"),
        _text(16, 50, machine, "faint"),
        _text(LEFT, HEAD - 12, "throughput, MB/s (longer is better)", "faint"),
        _text(LEFT + COLUMN + GAP, HEAD - 12, "CPU seconds a GiB (shorter is better)", "faint"),
    ]
    size = f'xmlns="{_SVG}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    told = "; ".join(_told(result) for result in results)
    return "\n".join(
        [
            f'<svg {size} role="img" aria-labelledby="title desc">',
            '<title id="title">Throughput and CPU of cloud-sync, rclone and others</title>',
            f'<desc id="desc">{escape(told)}</desc>',
            f"<style>{_STYLE}</style>",
            *head,
            *body,
            "</svg>",
            "",
        ]
    )


def _workload(result: Result, y: int) -> list[str]:
    lines = [
        f'<line class="line" x1="16" x2="{WIDTH - 16}" y1="{y}" y2="{y}"/>',
        _text(16, y + 19, result.workload.title, "what"),
    ]
    for number, who in enumerate(result.workload.contestants):
        top = y + TITLE + ROW * number
        lines.append(_text(16, top + 13, str(who)))
        lines += _bar(LEFT, top, _throughput, result, who, ".0f")
        lines += _bar(LEFT + COLUMN + GAP, top, _cpu, result, who, ".2f")
    return lines


def _bar(x: int, top: int, value: Value, result: Result, who: Who, form: str) -> list[str]:
    mine = value(result, who)
    if mine is None:
        return [_text(x, top + 13, "no single transfer", "faint")]
    most = max(value(result, each) or 0.0 for each in result.workload.contestants)
    width = max(1.0, COLUMN * mine / most)
    bar = f'<rect class="{_CLASSES[who]}" x="{x}" y="{top}" width="{width:.1f}" height="{BAR}"/>'
    return [bar, _text(x + width + 6, top + 13, format(mine, form))]


def _throughput(result: Result, who: Who) -> float | None:
    return None if who is Who.FLOOR else result.throughput(who)


def _cpu(result: Result, who: Who) -> float | None:
    return result.cpu(who)


def _told(result: Result) -> str:
    each = []
    for who in result.workload.contestants:
        speed = _throughput(result, who)
        told = f"{speed:.0f} MB/s and " if speed is not None else ""
        each.append(f"{who} {told}{result.cpu(who):.2f} CPU seconds a GiB")
    return f"{result.workload.title}: {', '.join(each)}"


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    chosen = f' class="{kind}"' if kind else ""
    return f'<text{chosen} x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'
