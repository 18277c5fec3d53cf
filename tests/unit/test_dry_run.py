"""`--dry-run` shows the plan with a reason for every skip, and writes nothing anywhere."""

from __future__ import annotations

import json

import pytest

from builders import QUICK, Bench, item
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.cli.display import QuietDisplay
from cloud_sync.cli.dry_run import likely_key, show_plan
from cloud_sync.errors import ExitCode
from cloud_sync.model.media import Page
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.transfer.stopping import Stop


class WithUnreadableRow(MemoryProvider):
    def list_page(self, number: int) -> Page:
        page = super().list_page(number)
        return Page(page.items, ("row 7 has\nno id",), (page.total_items or 0) + 1, page.last)


def show(provider: MemoryProvider, *, json: bool) -> ExitCode:
    bench = Bench(provider)
    rooms = Rooms(bench.provider, bench.tracker, bench.archive, bench.notifier, bench.clock)
    options = RunOptions("me", lambda: "run-1", retries=QUICK)
    code = show_plan(rooms, options, Stop(bench.clock), QuietDisplay(), json=json)
    assert list(bench.tracker.media()) == []
    assert list(bench.tracker.runs()) == []
    assert isinstance(bench.archive, MemoryArchive)
    assert bench.archive.objects == {}
    assert provider.calls["resolve"] == provider.calls["open"] == 0
    return code


def _library(kind: type[MemoryProvider] = MemoryProvider) -> MemoryProvider:
    return kind(
        {
            item("a", size=1500): [Original(b"x" * 1500)],
            item("b", ready=False, state="transcoding", filename="b\n\x1b.MP4"): [],
            item("c", size=None, captured_at=None, uploaded_at=None): [],
        }
    )


def test_the_plan_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(_library(), json=False) is ExitCode.DONE
    assert capsys.readouterr().out.splitlines() == [
        "archive  2026-05-01        1.5 kB  gopro-videos/2026/05/GXa.MP4",
        "archive  undated     size unknown  gopro-videos/undated/GXc.MP4",
        "skip     pending     b??.MP4: the cloud is not done with it (state 'transcoding')",
        (
            "2 media to archive (1.5 kB, 1 of unknown size), 1 to skip, 0 already archived in "
            "memory:. Nothing was moved."
        ),
    ]


def test_the_plan_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    show(_library(), json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["event"] for row in rows] == ["planned", "planned", "skipped", "plan_summary"]
    assert rows[0]["key"] == "gopro-videos/2026/05/GXa.MP4"
    assert rows[2]["code"] == "not_ready"
    total = rows[3]
    assert (total["found"], total["due"], total["due_bytes"], total["pending"]) == (3, 2, 1500, 1)


def test_an_unreadable_row_is_shown_and_the_plan_is_not_called_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert show(_library(WithUnreadableRow), json=False) is ExitCode.SOME_FAILED
    assert "skip     unreadable  row 7 has?no id" in capsys.readouterr().out.splitlines()


def test_a_key_that_the_listing_does_not_tell_is_shown_by_id() -> None:
    assert likely_key(item("a", filename="", extension="")) == "gopro-videos/2026/05/a"
