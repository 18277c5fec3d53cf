"""Bad input: a clear message with what to type, the right exit code, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud_sync.simulator.server import Simulator
from command_line import CommandLine, Ended


def assert_refused(run: Ended, code: int, *words: str) -> None:
    """The exit code, an error with these words, a next step, and no traceback."""
    assert run.code == code, f"{run.code}: {run.err}"
    assert "error: " in run.err
    assert " next: " in run.err, f"no next step: {run.err}"
    assert "Traceback" not in run.err
    for word in words:
        assert word in run.err, f"{word!r} is not in: {run.err}"


def assert_nothing_written(command: CommandLine, archive: Path | None = None) -> None:
    assert not (command.home / "cloud-sync").exists(), "CLOUD_SYNC_HOME was written to"
    if archive is not None:
        assert not archive.exists(), "the destination was written to"


def test_no_destination_names_the_option(cloud_sync: CommandLine) -> None:
    assert_refused(cloud_sync("sync"), 2, "no archive is configured", "--to")
    assert_nothing_written(cloud_sync)


def test_no_credentials_names_login(cloud_sync: CommandLine, tmp_path: Path) -> None:
    run = cloud_sync.using(CLOUD_SYNC_GOPRO_TOKEN="")("sync", "--to", tmp_path / "archive")
    assert_refused(run, 4, "cloud-sync login")
    assert_nothing_written(cloud_sync, tmp_path / "archive")


@pytest.mark.parametrize("destination", ["gs://bucket/x", "s3://", "s3://UPPER", "s3://b/../x", ""])
def test_a_wrong_destination_is_refused_with_examples(
    cloud_sync: CommandLine, destination: str
) -> None:
    assert_refused(cloud_sync("sync", "--to", destination), 2, "destination")
    assert_nothing_written(cloud_sync)


def test_a_folder_that_cannot_be_made_is_refused(cloud_sync: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    assert_refused(cloud_sync("sync", "--to", tmp_path / "file" / "archive"), 2, "file")
    assert_nothing_written(cloud_sync)
    # no user, not even root, may write below /proc
    assert_refused(cloud_sync("sync", "--to", "/proc/archive"), 2, "/proc/archive")
    assert_nothing_written(cloud_sync)


def test_a_wrong_token_is_refused_and_nothing_is_marked(
    cloud_sync: CommandLine, tmp_path: Path
) -> None:
    wrong = cloud_sync.using(CLOUD_SYNC_GOPRO_TOKEN="wrong.token.of.five.parts")
    run = wrong("sync", "--to", tmp_path / "archive")
    assert_refused(run, 4, "cloud-sync login")
    assert "wrong.token" not in run.out + run.err
    assert_nothing_written(cloud_sync, tmp_path / "archive")


def test_a_wrong_token_still_ends_in_a_summary_for_scripts(
    cloud_sync: CommandLine, tmp_path: Path
) -> None:
    wrong = cloud_sync.using(CLOUD_SYNC_GOPRO_TOKEN="wrong")
    run = wrong("sync", "--to", tmp_path / "archive", "--json")
    assert run.code == 4
    assert run.summary["result"] == "auth_required"
    assert run.summary["failed"] == 0


def test_plain_http_beyond_loopback_is_refused(cloud_sync: CommandLine, tmp_path: Path) -> None:
    plain = cloud_sync.using(CLOUD_SYNC_GOPRO_API_URL="http://api.gopro.com")
    run = plain("sync", "--to", tmp_path / "archive")
    assert_refused(run, 2, "https")
    assert_nothing_written(cloud_sync, tmp_path / "archive")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--since", "yesterday-ish"), "yesterday-ish"),
        (("--until", "2026-02-30"), "2026-02-30"),
        (("--since", "2026-05-02", "--until", "2026-05-01"), "after"),
        (("--limit", "none"), "none"),
        (("--limit", "0"), "0"),
        (("--concurrency", "-3"), "-3"),
        (("--max-duration", "2 fortnights"), "fortnights"),
        (("--bandwidth-limit", "fast"), "fast"),
        (("--storage-plan", "7/14"), "90 days"),
        (("--storage-plan", "direct"), "folder"),
    ],
)
def test_nonsense_options_are_refused(
    cloud_sync: CommandLine, tmp_path: Path, arguments: tuple[str, ...], word: str
) -> None:
    run = cloud_sync("sync", "--to", tmp_path / "archive", *arguments)
    assert_refused(run, 2, word)
    assert_nothing_written(cloud_sync, tmp_path / "archive")


def test_an_unknown_option_is_a_usage_error(cloud_sync: CommandLine) -> None:
    run = cloud_sync("sync", "--no-such-option")
    assert run.code == 2
    assert "--no-such-option" in run.err


def test_a_setting_that_does_not_exist_is_refused(cloud_sync: CommandLine) -> None:
    folder = cloud_sync.home / "cloud-sync"
    folder.mkdir()
    (folder / "config.toml").write_text('destination = "/archive"\n')
    assert_refused(cloud_sync("sync"), 2, "destination", "known settings")


def test_a_service_that_is_not_there_is_named(bare: CommandLine, tmp_path: Path) -> None:
    command = bare.using(
        CLOUD_SYNC_GOPRO_API_URL="http://127.0.0.1:9",
        CLOUD_SYNC_GOPRO_TOKEN="token",
        CLOUD_SYNC_RETRY_WAIT="0.01s",
    )
    run = command("sync", "--to", tmp_path / "archive")
    assert run.code == 1, run.err
    assert "127.0.0.1:9" in run.err or "camera cloud" in run.err
    assert_nothing_written(command, tmp_path / "archive")


def test_commands_that_read_say_that_nothing_was_archived_yet(
    cloud_sync: CommandLine, tmp_path: Path
) -> None:
    for command in ("status", "list"):
        assert_refused(cloud_sync(command, "--to", tmp_path / "archive"), 2, "cloud-sync sync")
    assert_nothing_written(cloud_sync, tmp_path / "archive")


def test_a_second_run_at_the_same_time_is_refused(
    cloud_sync: CommandLine, cloud: Simulator, tmp_path: Path
) -> None:
    from cloud_sync.clock import SystemClock
    from cloud_sync.config.load import load_config
    from cloud_sync.wiring.local import LocalWiring

    archive = tmp_path / "archive"
    assert cloud_sync("sync", "--to", archive, "--limit", "1", "--quiet").code == 0
    environment = cloud_sync.environment
    wiring = LocalWiring(load_config({"to": str(archive)}, environment), environment)
    now = SystemClock().now()
    with wiring.existing_tracker() as tracker:
        tracker.begin_run("other", "elsewhere:1", now=now, until=now.replace(year=now.year + 1))
        run = cloud_sync("sync", "--to", archive)
    assert_refused(run, 5, "elsewhere:1")
