"""What a user sees of a listing that is not whole, and of media that change: the real command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from broken_cloud import Asked, Body, Spoil, Spoiled
from cloud_sync.simulator.answers import Answer
from cloud_sync.simulator.library import Library, generate, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from library_checks import assert_counts_add_up, assert_everything_archived, files_under


@pytest.fixture
def library() -> Library:
    names = ("GX010001.MP4", "GX010002.MP4", "GX010003.MP4")
    return Library(
        pattern_medium(f"m{number}", 400 + number, filename=name)
        for number, name in enumerate(names)
    )


@pytest.fixture
def faults() -> Spoiled:
    return Spoiled()


@pytest.fixture
def cloud(library: Library, faults: Spoiled) -> Iterator[Simulator]:
    with Simulator(library, SimulatorOptions(faults=faults)) as simulator:
        yield simulator


def _claims(total: int) -> Spoil:
    def spoil(_: Asked, healthy: Body) -> Body:
        healthy["_pages"]["total_items"] = total
        return healthy

    return spoil


def _without_embedded(_: Asked, __: Body) -> Body:
    return {"_pages": {"total_items": 3}}


LOGIN_PAGE = Answer(
    200,
    (("Content-Type", "text/html"),),
    b"<!DOCTYPE html><html><body>Log in. <span>0 items</span></body></html>",
)


def test_a_short_listing_is_said_on_both_outputs_and_is_not_exit_0(
    cloud_sync: CommandLine, faults: Spoiled, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    faults.listing = _claims(5)
    run = cloud_sync("sync", "--to", archive)
    assert run.code == 3
    assert "the cloud counts 5 media, 3 were listed; run again to find the rest" in run.err
    assert run.out.startswith("Done, but the listing was incomplete.")
    assert "2 media short; run again to find the rest" in run.out
    assert cloud_sync("sync", "--quiet").code == 3, "quiet does not make it good"
    faults.heal()
    healthy = cloud_sync("sync", "--json")
    assert (healthy.code, healthy.summary["listing_complete"]) == (0, True)
    rows = cloud_sync("list", "--json").lines
    assert_everything_archived(library, rows, lambda key: (archive / key).read_bytes())


@pytest.mark.parametrize("total", [0, 2])
def test_a_total_that_lies_is_said_and_is_not_exit_0(
    cloud_sync: CommandLine, faults: Spoiled, tmp_path: Path, total: int
) -> None:
    faults.listing = _claims(total)
    run = cloud_sync("sync", "--to", tmp_path / "archive")
    assert run.code == 3
    sentence = f"the cloud counts {total} media, but 3 were listed"
    assert sentence in run.err
    assert sentence in run.out
    summary = cloud_sync("sync", "--json").summary
    assert (summary["result"], summary["listing_complete"]) == ("completed_with_failures", False)
    assert sentence in summary["message"]
    assert_counts_add_up(summary)


def test_an_incomplete_dry_run_is_not_exit_0(
    cloud_sync: CommandLine, faults: Spoiled, tmp_path: Path
) -> None:
    faults.listing = _claims(5)
    plan = cloud_sync("sync", "--to", tmp_path / "archive", "--dry-run")
    assert plan.code == 3
    assert "the listing is incomplete" in plan.err


def test_a_web_page_in_the_middle_of_the_listing_leaves_out_that_page_and_says_so(
    bare: CommandLine, tmp_path: Path
) -> None:
    """Text and exit code agree: what was listed is archived, and what is missing is named."""
    archive = tmp_path / "archive"
    media = generate(250, 5, file_bytes=(10, 100))
    faults = Spoiled()
    faults.listing = lambda asked, healthy: LOGIN_PAGE if asked.page == 2 else healthy
    with Simulator(media, SimulatorOptions(faults=faults)) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        plan = cloud_sync("sync", "--to", archive, "--dry-run")
        run = cloud_sync("sync", "--to", archive)
    for ended in (plan, run):
        assert ended.code == 3, ended.err
        assert "the cloud counts 250 media, 150 were listed; run again to find the rest" in (
            ended.err
        )
        assert "its page 2 could not be read (" in ended.err
        assert "the login as such works" in ended.err
    assert run.out.startswith("Done, but the listing was incomplete.")
    assert len(files_under(archive)) > 100


def test_a_listing_that_is_no_listing_is_a_failed_run_and_never_an_empty_library(
    cloud_sync: CommandLine, faults: Spoiled, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    faults.listing = _without_embedded
    run = cloud_sync("sync", "--to", archive)
    assert run.code == 1
    assert "`_embedded` is missing where an object was expected" in run.err
    assert not archive.exists() or files_under(archive) == set()
    faults.heal()
    assert cloud_sync("sync", "--to", archive).code == 0
    rows = cloud_sync("list", "--json").lines
    assert_everything_archived(library, rows, lambda key: (archive / key).read_bytes())


def test_a_login_page_with_0_items_asks_for_a_login(
    cloud_sync: CommandLine, faults: Spoiled, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    faults.api = LOGIN_PAGE
    run = cloud_sync("sync", "--to", archive)
    assert run.code == 4
    assert "a web page, as for a log-in, came instead of data" in run.err
    faults.heal()
    assert cloud_sync("sync", "--to", archive).code == 0
    rows = cloud_sync("list", "--json").lines
    assert_everything_archived(library, rows, lambda key: (archive / key).read_bytes())


def test_a_medium_that_grew_after_it_was_archived_is_named_by_every_run(
    cloud_sync: CommandLine, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    assert cloud_sync("sync", "--to", archive).code == 0
    before = {name: (archive / name).read_bytes() for name in files_under(archive)}
    library.add(pattern_medium("m1", 401, 900, filename="GX010002.MP4"))
    for _ in range(2):
        run = cloud_sync("sync")
        assert run.code == 0
        assert "look at   1 medium: 1 grown at source (GX010002.MP4)" in run.out
    assert {name: (archive / name).read_bytes() for name in files_under(archive)} == before
    plan = cloud_sync("sync", "--dry-run")
    assert "2 files (1301 bytes) are listed, 1 (401 bytes) are archived" in plan.out


def test_the_zone_of_the_machine_moves_no_key(cloud_sync: CommandLine, tmp_path: Path) -> None:
    keys = []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        archive = tmp_path / zone.replace("/", "-")
        assert cloud_sync.using(TZ=zone)("sync", "--to", archive).code == 0
        keys.append(files_under(archive))
    assert keys[0] == keys[1] == {f"gopro-videos/2024/05/GX01000{n}.MP4" for n in (1, 2, 3)}
