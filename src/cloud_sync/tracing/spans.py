"""The contract of telling how long each part of a run took."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Spans(Protocol):
    """Spans of a run. Never raises and never holds the run up: traces are not the archive."""

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        """Measure the block, under the span that is open in this thread, else under the run's.

        A block that raises is marked as failed, by the error's kind and without its text.
        """
        ...

    def close(self) -> str:
        """Hand over what is left; what could not be, in a sentence for a person, or nothing."""
        ...


class NoSpans:
    """Measures nothing. `remark` is what a person should know of that, if anything."""

    def __init__(self, remark: str = "") -> None:
        self._remark = remark

    def span(
        self,
        name: str,  # noqa: ARG002 as the contract has it
        **attributes: str,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Do nothing for as long as the block lasts."""
        return nullcontext()

    def close(self) -> str:
        """There is nothing to hand over."""
        return self._remark
