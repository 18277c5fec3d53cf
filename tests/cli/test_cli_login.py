"""`cloud-sync login`: a login is tried before it is stored, and only a working one is stored."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cloud_sync.simulator.server import Simulator
from command_line import CommandLine


@pytest.fixture
def without_token(cloud_sync: CommandLine) -> CommandLine:
    return cloud_sync.using(CLOUD_SYNC_GOPRO_TOKEN="")


def stored_file(command: CommandLine) -> Path:
    return command.home / "cloud-sync" / "credentials"


@pytest.mark.parametrize(
    "shape",
    [
        "{token}",
        "  {token}\n",
        "Cookie: gp_user_id=abc; gp_access_token={token}; other=1",
        "Authorization: Bearer {token}",
        "# Netscape HTTP Cookie File\n.gopro.com\tTRUE\t/\tTRUE\t0\tgp_access_token\t{token}\n",
    ],
)
def test_every_shape_a_browser_gives_is_taken_from_standard_input(
    without_token: CommandLine, cloud: Simulator, tmp_path: Path, shape: str
) -> None:
    run = without_token("login", "--stdin", stdin=shape.format(token=cloud.token))
    assert run.code == 0, run.err
    assert cloud.token not in run.out + run.err
    assert stat.S_IMODE(stored_file(without_token).stat().st_mode) == 0o600
    assert without_token("sync", "--to", tmp_path / "a", "--limit", "1").code == 0


def test_a_file_is_taken(without_token: CommandLine, cloud: Simulator, tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text(cloud.token)
    run = without_token("login", "--file", tmp_path / "token.txt", "--json")
    assert run.code == 0, run.err
    assert run.lines[-1]["event"] == "logged_in"


def test_a_login_that_does_not_work_leaves_the_stored_one(
    without_token: CommandLine, cloud: Simulator
) -> None:
    assert without_token("login", "--stdin", stdin=cloud.token).code == 0
    before = stored_file(without_token).read_bytes()
    run = without_token("login", "--stdin", stdin="gp_access_token=not-the-one")
    assert run.code == 4
    assert "not-the-one" not in run.out + run.err
    assert stored_file(without_token).read_bytes() == before


def test_text_without_a_token_is_refused_without_a_call(
    without_token: CommandLine, cloud: Simulator
) -> None:
    run = without_token("login", "--stdin", stdin="")
    assert run.code == 2
    assert " next: " in run.err
    assert cloud.snapshot().api_calls == 0
    assert not stored_file(without_token).exists()


def test_without_a_terminal_the_other_ways_are_named(without_token: CommandLine) -> None:
    run = without_token("login")
    assert run.code == 2
    assert "--stdin" in run.err


def test_credentials_that_others_can_read_are_not_used(
    without_token: CommandLine, cloud: Simulator, tmp_path: Path
) -> None:
    assert without_token("login", "--stdin", stdin=cloud.token).code == 0
    stored_file(without_token).chmod(0o644)
    run = without_token("sync", "--to", tmp_path / "archive")
    assert run.code == 2
    assert "chmod" in run.err
