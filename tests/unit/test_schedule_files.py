"""What systemd, launchd and cron are given: the very words that the shell had."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from cloud_sync.errors import UsageError
from cloud_sync.schedule import crontab, launchd, systemd
from cloud_sync.schedule.daily import DailyStart
from cloud_sync.schedule.local_zone import local_zone

START = DailyStart("02:05", "Europe/Berlin")
WORDS = [
    "/opt/bin/cloud-sync",
    "sync",
    "--to",
    "/mnt/a b/100%",
    "$HOME",
    'q"q',
    "back\\slash",
    "it's",
]
SETTINGS = {"CLOUD_SYNC_HOME": "/var/lib/cloud sync/%h"}


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze, which judges the units, is not on this machine")
    words = ["/bin/echo", *WORDS[1:]]
    for name, text in systemd.units(START, words, SETTINGS, str(tmp_path)).items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [analyze, "verify", "--user", *map(str, sorted(tmp_path.glob("cloud-sync.*")))],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_gets_every_word_as_it_stands() -> None:
    service = systemd.units(START, WORDS, SETTINGS, "/home/me/my films")["cloud-sync.service"]
    (line,) = (each for each in service.splitlines() if each.startswith("ExecStart="))
    assert line == (
        'ExecStart=/opt/bin/cloud-sync sync --to "/mnt/a b/100%%" "$$HOME" "q\\"q" '
        '"back\\\\slash" "it\'s"'
    )
    assert 'Environment="CLOUD_SYNC_HOME=/var/lib/cloud sync/%%h"' in service
    assert "WorkingDirectory=/home/me/my films\n" in service


def test_the_timer_makes_up_for_a_night_that_the_machine_slept_over() -> None:
    timer = systemd.units(START, WORDS, {}, "/")["cloud-sync.timer"]
    assert "OnCalendar=*-*-* 02:05:00 Europe/Berlin\n" in timer
    assert "Persistent=true\n" in timer


def test_a_shell_reads_crons_line_as_the_words_that_were_given(tmp_path: Path) -> None:
    text = crontab.lines(START, ["printf", r"%s\n", *WORDS], SETTINGS, str(tmp_path))
    zone, line = text.splitlines()
    assert (zone, line[:10]) == ("CRON_TZ=Europe/Berlin", "5 2 * * * ")
    called = line[10:].replace(r"\%", "%")
    done = subprocess.run(["/bin/sh", "-c", called], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == WORDS


def test_launchd_gets_every_word_and_the_machines_own_time() -> None:
    text = launchd.agent(
        START, WORDS, SETTINGS, folder="/Users/me", zone="Europe/Berlin", log="/tmp/log"
    )
    read = plistlib.loads(text.encode())
    assert read["ProgramArguments"] == WORDS
    assert read["EnvironmentVariables"] == SETTINGS
    assert read["StartCalendarInterval"] == {"Hour": 2, "Minute": 5}


def test_launchd_cannot_go_by_another_zone_and_says_so() -> None:
    with pytest.raises(UsageError, match="America/New_York") as refused:
        launchd.agent(START, WORDS, {}, folder="/", zone="America/New_York", log="/tmp/log")
    assert "cloud-sync watch" in refused.value.hint


@pytest.mark.parametrize(
    ("named", "target", "zone"),
    [
        ("Europe/Berlin", None, "Europe/Berlin"),
        (":America/New_York", None, "America/New_York"),
        ("CET-1CEST", "usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ("", "var/db/timezone/zoneinfo/Australia/Lord_Howe", "Australia/Lord_Howe"),
    ],
)
def test_the_machines_zone_is_known_by_its_name(
    named: str, target: str | None, zone: str, tmp_path: Path
) -> None:
    link = tmp_path / "localtime"
    if target:
        file = tmp_path / target
        file.parent.mkdir(parents=True)
        file.touch()
        link.symlink_to(file)
    assert local_zone({"TZ": named}, link) == zone


def test_a_machine_without_a_named_zone_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        local_zone({}, tmp_path / "localtime")
    assert "--tz" in refused.value.hint
