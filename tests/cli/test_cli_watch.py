"""`cloud-sync watch` and `cloud-sync schedule` as a user runs them."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from cloud_sync.simulator.library import Library
from cloud_sync.simulator.server import Simulator
from command_line import CommandLine
from library_checks import files_under, wanted


def lines_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """What it says up to the line with this text."""
    assert process.stderr
    told = []
    for line in process.stderr:
        told.append(line)
        if text in line:
            return told
    raise AssertionError(f"it ended without saying {text!r}: {told}")


def test_the_first_run_starts_at_once_and_the_next_is_announced(
    cloud_sync: CommandLine, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    zone = ("--at", "02:00", "--tz", "Europe/Berlin")
    process = cloud_sync.start("watch", *zone, "--", "--to", archive)
    told = lines_until(process, "The next run starts at")
    assert "No run took place yet; the first starts now." in told[0]
    assert "02:00 Europe/Berlin" in told[-1]
    assert len(files_under(archive)) >= len(wanted(library))
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, "nothing was interrupted: the watch only waited"
    assert "Ending the watch" in err
    assert "archived" in out, "the run's summary is a result"
    again = cloud_sync.start("watch", *zone, "--", "--to", archive)
    told = lines_until(again, "The next run starts at")
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=30)
    assert len(told) == 1, "a run took place since the last start: there is none to make up for"
    assert again.returncode == 0


def test_an_interrupted_run_ends_the_watch_resumable(
    cloud_sync: CommandLine, cloud: Simulator, tmp_path: Path
) -> None:
    slow = ("--bandwidth-limit", "20KB/s")
    process = cloud_sync.start("watch", "--tz", "UTC", "--", "--to", tmp_path / "a", *slow)
    lines_until(process, "the first starts now")
    while not files_under(tmp_path / "a"):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--at", "25:00"), "25:00"),
        (("--tz", "Mars/Olympus"), "Mars/Olympus"),
        (("--tz", "UTC", "--", "--no-such-option"), "--no-such-option"),
        (("--tz", "UTC", "--", "--bandwidth-limit", "quick"), "quick"),
        (("--tz", "UTC", "--", "--limit", "some"), "some"),
        (("--tz", "UTC", "--", "--since", "yesterday-ish"), "yesterday-ish"),
    ],
)
@pytest.mark.parametrize("command", [("watch",), ("schedule", "install"), ("schedule", "show")])
def test_bad_input_is_named_at_once_and_not_in_the_first_night(
    command: tuple[str, ...], arguments: tuple[str, ...], named: str, cloud_sync: CommandLine
) -> None:
    ended = cloud_sync(*command, *arguments)
    assert ended.code == 2, ended.err
    assert named in ended.err
    assert files_under(cloud_sync.home) == set()


@pytest.fixture
def machine(bare: CommandLine, tmp_path: Path) -> CommandLine:
    """A machine whose `systemctl` notes what it was asked."""
    tools = tmp_path / "tools"
    tools.mkdir()
    systemctl = tools / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    systemctl.chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    return bare.using(PATH=path, XDG_CONFIG_HOME=str(tmp_path / "config"))


def test_install_writes_the_units_and_switches_the_timer_on(
    machine: CommandLine, tmp_path: Path
) -> None:
    options = ("--at", "03:30", "--tz", "Europe/Berlin")
    ended = machine("schedule", "install", "--by", "systemd", *options, "--", "--to", "archive")
    assert ended.code == 0, ended.err
    units = tmp_path / "config/systemd/user"
    service = (units / "cloud-sync.service").read_text()
    assert "sync --to archive\n" in service
    assert f"WorkingDirectory={Path.cwd()}\n" in service, "a relative --to means this folder"
    assert f"CLOUD_SYNC_HOME={machine.home}/cloud-sync" in service
    assert "03:30:00 Europe/Berlin" in (units / "cloud-sync.timer").read_text()
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["--user daemon-reload", "--user enable --now cloud-sync.timer"]
    assert machine("schedule", "remove", "--by", "systemd").code == 0
    assert files_under(units) == set()


def test_no_secret_is_written_into_a_unit(machine: CommandLine, tmp_path: Path) -> None:
    token = "eyJhbGciOiJSU0EtT0FFUCJ9.hush.hush.hush.hush"
    within = machine.using(CLOUD_SYNC_GOPRO_TOKEN=token, AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI")
    ended = within("schedule", "install", "--by", "systemd", "--tz", "UTC")
    assert ended.code == 0
    assert "cloud-sync login" in ended.err, "the scheduled run will have no token: it must be said"
    written = "".join(
        path.read_text() for path in (tmp_path / "config/systemd/user").iterdir() if path.is_file()
    )
    assert "hush" not in written
    assert "wJalr" not in written


def test_a_unit_of_somebody_else_stays(machine: CommandLine, tmp_path: Path) -> None:
    units = tmp_path / "config/systemd/user"
    units.mkdir(parents=True)
    (units / "cloud-sync.timer").write_text("mine")
    for verb in ("install", "remove"):
        ended = machine("schedule", verb, "--by", "systemd")
        assert ended.code == 2, ended.err
        assert "was not written by cloud-sync" in ended.err
    assert (units / "cloud-sync.timer").read_text() == "mine"
    assert [path.name for path in units.iterdir()] == ["cloud-sync.timer"]


def test_a_machine_whose_systemd_does_not_answer_is_told_what_to_type(
    machine: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "tools/systemctl").write_text("#!/bin/sh\nexit 1\n")
    ended = machine("schedule", "install", "--by", "systemd", "--tz", "UTC")
    assert ended.code == 1
    assert "systemctl --user enable --now cloud-sync.timer" in ended.err
    assert (tmp_path / "config/systemd/user/cloud-sync.timer").exists()


def test_a_night_that_systemd_leaves_out_is_named(machine: CommandLine) -> None:
    ended = machine(
        "schedule", "install", "--by", "systemd", "--at", "02:00", "--tz", "Europe/Berlin"
    )
    assert "does not exist on" in ended.err


def test_cron_and_launchd_are_shown_and_nothing_is_written(machine: CommandLine) -> None:
    cron = machine("schedule", "install", "--by", "cron", "--tz", "Europe/Berlin")
    assert (cron.code, cron.out.splitlines()[0]) == (0, "CRON_TZ=Europe/Berlin")
    agent = machine.using(TZ="Europe/Berlin")("schedule", "show", "--by", "launchd")
    assert "<key>StartCalendarInterval</key>" in agent.out
    assert files_under(machine.home) == set()
