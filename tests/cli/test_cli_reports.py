"""`status`, `list` and `doctor` as users and scripts read them."""

from __future__ import annotations

from pathlib import Path

from cloud_sync.simulator.library import Library
from cloud_sync.simulator.server import Simulator
from command_line import CommandLine
from library_checks import wanted

LISTED = {
    "media_id",
    "file_number",
    "filename",
    "status",
    "key",
    "size",
    "checksum_crc64nvme",
    "captured_at",
    "attempts",
    "source_check",
    "error",
}


def test_list_has_one_object_per_file_with_every_field(
    cloud_sync: CommandLine, library: Library, tmp_path: Path
) -> None:
    assert cloud_sync("sync", "--to", tmp_path / "archive", "--quiet").code == 0
    rows = cloud_sync("list", "--json").lines
    assert all(set(row) == LISTED for row in rows)
    media = {medium.id: medium for medium in library.media()}
    assert {row["media_id"] for row in rows} == set(media)
    for row in rows:
        if not media[row["media_id"]].ready:
            assert (row["status"], row["error"]["code"]) == ("PENDING", "not_ready")
        elif not media[row["media_id"]].offers_original:
            assert (row["status"], row["error"]["code"]) == ("SKIPPED", "no_original")
        else:
            assert (row["status"], row["error"]) == ("COMPLETED", None)
            assert row["attempts"] == 1
            assert len(row["checksum_crc64nvme"]) == 12


def test_list_can_be_narrowed(cloud_sync: CommandLine, library: Library, tmp_path: Path) -> None:
    assert cloud_sync("sync", "--to", tmp_path / "archive", "--quiet").code == 0
    done = cloud_sync("list", "--status", "completed", "--json").lines
    assert {row["status"] for row in done} == {"COMPLETED"}
    medium = wanted(library)[0]
    one = cloud_sync("list", "--media-id", medium.id, "--json").lines
    assert [row["file_number"] for row in one] == [file.number for file in medium.originals]
    assert str(tmp_path / "archive") in cloud_sync("list").err, "which archive must be said"


def test_status_tells_counts_the_last_run_and_the_login(
    cloud_sync: CommandLine, library: Library, tmp_path: Path
) -> None:
    assert cloud_sync("sync", "--to", tmp_path / "archive", "--quiet").code == 0
    status = cloud_sync("status", "--json").lines[0]
    assert status["statuses"]["COMPLETED"]["media"] == len(wanted(library))
    assert status["statuses"]["COMPLETED"]["bytes"] == sum(
        original.size for medium in wanted(library) for original in medium.originals
    )
    assert status["last_run"]["result"] == "completed"
    assert "CLOUD_SYNC_GOPRO_TOKEN" in status["login"]["origin"]
    text = cloud_sync("status").out
    assert "COMPLETED" in text
    assert "last run" in text


def test_each_destination_is_an_archive_of_its_own(cloud_sync: CommandLine, tmp_path: Path) -> None:
    first = cloud_sync("sync", "--to", tmp_path / "one", "--json").summary
    second = cloud_sync("sync", "--to", tmp_path / "two", "--json").summary
    assert first["archived"] == second["archived"] > 0
    assert cloud_sync("status", "--json").lines[0]["archive"] == str(tmp_path / "two")
    again = cloud_sync("sync", "--to", tmp_path / "one", "--json").summary
    assert again["archived"] == 0


def test_doctor_is_content_with_a_machine_that_is_set_up(
    cloud_sync: CommandLine, tmp_path: Path
) -> None:
    run = cloud_sync("doctor", "--to", tmp_path / "archive", "--json")
    assert run.code == 0, run.out
    report = run.lines[0]
    assert all(check["ok"] for check in report["checks"])
    assert report["settings"]["to"]["origin"] == "--to"
    assert report["settings"]["concurrency"]["origin"] == "default"
    assert report["settings"]["gopro_api_url"]["origin"] == "CLOUD_SYNC_GOPRO_API_URL"


def test_doctor_names_each_thing_to_fix_with_what_to_type(
    cloud_sync: CommandLine, cloud: Simulator
) -> None:
    broken = cloud_sync.using(CLOUD_SYNC_GOPRO_TOKEN="")
    run = broken("doctor", "--to", "/proc/nowhere")
    assert run.code == 4
    fixes = [line for line in run.out.splitlines() if line.startswith("FIX")]
    assert len(fixes) == 3, run.out
    assert "cloud-sync login" in run.out
    assert cloud.snapshot().api_calls == 0, "there was no token to call with"


def test_help_of_every_command_has_worked_examples(bare: CommandLine) -> None:
    assert "Exit codes" in bare("--help").out
    for command in ("login", "sync", "status", "list", "doctor", "demo", "simulator"):
        text = bare(command, "--help").out
        assert "Examples:" in text, f"{command} --help has no example"
        for option in ("--json", "--quiet", "--verbose"):
            assert option in text, f"{command} has no {option}"
