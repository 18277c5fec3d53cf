"""Logins that are missing, dead, blocked or renewed, as a user of the command meets them."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_sync.clock import to_text
from cloud_sync.credentials.history import fingerprint
from cloud_sync.secret import Secret
from cloud_sync.simulator.answers import Answer, Endpoint, json_answer
from cloud_sync.simulator.faults import FaultPlan
from cloud_sync.simulator.library import Library, generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from dying_logins import (
    BLOCKED,
    DEATHS,
    EXPIRED,
    FAULTY,
    FRESH,
    LOGIN_PAGE,
    REFUSED,
    ChangedFormat,
    Death,
    Dying,
    Refusing,
)
from library_checks import assert_counts_add_up, assert_everything_archived
from service_faults import Faulty

NOT_JSON = Answer(200, (("Content-Type", "application/json"),), b"{")
MOVED = Answer(302, (("Location", "https://gopro.com/login"),))


@pytest.fixture
def library() -> Library:
    return generate(8, 5, file_bytes=(200, 2_000), plain=True)


@contextmanager
def machine(
    bare: CommandLine, library: Library, faults: FaultPlan | None = None
) -> Iterator[tuple[CommandLine, Simulator]]:
    """A machine with a stored login, and the cloud; short waits between tries."""
    options = SimulatorOptions(faults=faults) if faults else SimulatorOptions()
    with Simulator(library, options) as cloud:
        command = bare.using(CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_RETRY_WAIT="0.01s")
        yield command, cloud


def store(command: CommandLine, token: str, *, age: timedelta = timedelta()) -> None:
    """A login as `cloud-sync login` stores it, without asking the cloud."""
    path = command.home / "cloud-sync" / "credentials"
    path.parent.mkdir(exist_ok=True)
    stored_at = to_text(datetime.now(UTC) - age)
    path.write_text(json.dumps({"gp_access_token": token, "stored_at": stored_at}))
    path.chmod(0o600)


SITUATIONS = {
    "no login": (None, "there is no login in", "cloud-sync login"),
    "expired, 401": (Dying(EXPIRED, Endpoint.USER), "status 401", "cloud-sync login"),
    "refused, 403": (Dying(REFUSED, Endpoint.USER), "status 403", "cloud-sync login"),
    "dead, 500 to every call": (
        Dying(FAULTY, Endpoint.USER),
        "status 500 each time",
        "cloud-sync login",
    ),
    "blocked by a bot page": (Dying(BLOCKED, Endpoint.USER), "refusal page", "browser"),
    "a login page": (Dying(LOGIN_PAGE, Endpoint.USER), "as for a log-in", "browser"),
    "sent on to a login": (ChangedFormat(MOVED), "points to another address", "browser"),
    "no account in the answer": (ChangedFormat(NOT_JSON), "this is no account", "newer cloud-sync"),
    "another status": (
        ChangedFormat(json_answer(406, {})),
        "status 406",
        "newer cloud-sync",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_keeps_us_out_is_named_with_what_to_do_and_leaves_nothing_behind(
    bare: CommandLine, library: Library, tmp_path: Path, situation: str
) -> None:
    faults, told, hint = SITUATIONS[situation]
    archive = tmp_path / "archive"
    with machine(bare, library, faults) as (command, cloud):
        if faults is not None:
            store(command, cloud.token)
        run = command("sync", "--to", archive)
        assert cloud.snapshot().calls[Endpoint.SEARCH] == 0, "one check comes before all else"
    assert run.code == 4, run.err
    (error,) = [line for line in run.err.splitlines() if line.startswith("error: ")]
    (following,) = [line for line in run.err.splitlines() if line.startswith(" next: ")]
    assert told in error
    assert hint in following
    assert " kept: " in run.err
    assert not archive.exists()
    left = {path.name for path in (command.home / "cloud-sync").iterdir()} if faults else set()
    if "500" in situation:
        # might have passed, so the run was begun in earnest: it is in the archive's history
        left -= {"archives", "logs"}
        assert command("list", "--to", archive).out == ""
    assert left == ({"credentials"} if faults else set())


@pytest.mark.parametrize("status", [500, 503])
def test_a_cloud_in_trouble_is_told_as_that_by_login_and_doctor(
    bare: CommandLine, library: Library, tmp_path: Path, status: int
) -> None:
    """It says nothing of the login, so neither is it called dead, nor is another one stored."""
    faults = Faulty(lambda call: call.endpoint is Endpoint.USER, status)
    with machine(bare, library, faults) as (command, cloud):
        store(command, cloud.token)
        login = command("login", "--stdin", stdin=cloud.token + "x")
        kept = (command.home / "cloud-sync" / "credentials").read_text()
        asked = faults.given
        doctor = command("doctor", "--to", tmp_path / "archive")
    assert cloud.token + "x" not in kept
    assert asked > 1, "an answer that may pass was believed at once"
    for ended, told in ((login, login.err), (doctor, doctor.out)):
        assert ended.code == 1, told
        assert f"the camera cloud is in trouble, it answers status {status} each time" in told
        assert "next: wait a while" in told
        assert ("cloud-sync login with a fresh token" in told) == (status == 500)
    assert "cloud-sync explain service_down" in login.err
    assert "archive can be written" in doctor.out, "one check hides another"


@pytest.mark.parametrize("words", [("login", "--stdin"), ("doctor",)], ids=["login", "doctor"])
def test_a_fault_of_the_cloud_that_passes_keeps_nobody_from_login_and_doctor(
    bare: CommandLine, library: Library, tmp_path: Path, words: tuple[str, ...]
) -> None:
    faults = Faulty(lambda call: call.endpoint is Endpoint.USER and call.nth == 1)
    with machine(bare, library, faults) as (command, cloud):
        store(command, cloud.token)
        ending = command.using(CLOUD_SYNC_TO=str(tmp_path / "archive"))
        ended = ending(*words, stdin=cloud.token if words[0] == "login" else None)
    assert faults.given == 1
    assert ended.code == 0, ended.err + ended.out
    assert ended.err.count("; trying again in ") == 1, "who waits is not told what for"


@pytest.mark.parametrize("death", ["401", "500", "login page"])
def test_a_login_that_dies_in_mid_run_parks_the_run_and_the_next_one_goes_on(
    bare: CommandLine, library: Library, tmp_path: Path, death: str
) -> None:
    archive = tmp_path / "archive"
    dying = Dying(DEATHS[death], Endpoint.DOWNLOAD, 4)
    with machine(bare, library, dying) as (command, cloud):
        store(command, cloud.token)
        run = command("sync", "--to", archive, "--json", "--concurrency", "1")
        assert run.code == 4, run.err
        assert run.summary["result"] == "auth_required"
        assert (run.summary["archived"], run.summary["pending"]) == (3, 5)
        assert_counts_add_up(run.summary)
        assert "cloud-sync login" in run.err
        rows = command("list", "--json").lines
        assert {row["status"] for row in rows} == {"COMPLETED", "PENDING"}
        assert {row["attempts"] for row in rows if row["status"] == "PENDING"} == {0}
        assert command("login", "--stdin", stdin=FRESH).code == 0
        again = command("sync", "--json")
        assert again.code == 0, again.err
        assert (again.summary["already_archived"], again.summary["archived"]) == (3, 5)
        listed = command("list", "--json").lines
    assert_everything_archived(library, listed, lambda key: (archive / key).read_bytes())


def test_one_refused_medium_is_named_and_the_others_are_archived(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    refused = library.media()[3].id
    with machine(bare, library, Refusing(refused, REFUSED.answer)) as (command, cloud):
        store(command, cloud.token)
        run = command("sync", "--to", tmp_path / "archive", "--json")
    assert run.code == 3, run.err
    assert (run.summary["archived"], run.summary["failed"]) == (7, 1)
    assert run.summary["reasons"] == {"refused_at_source": 1}
    assert [entry["media_id"] for entry in run.summary["named"]] == [refused]


def waiting(process: subprocess.Popen[str]) -> str:
    """The line in which the run says that it waits."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if line.startswith("waiting"):
            return line
        said.append(line)
    raise AssertionError(f"the run ended without a wait: {said}")


@pytest.mark.parametrize(
    ("endpoint", "death"),
    [
        (Endpoint.DOWNLOAD, EXPIRED),
        (Endpoint.USER, REFUSED),
    ],
    ids=["in mid-run", "at the start"],
)
def test_a_run_waits_for_a_login_from_another_process_and_goes_on(
    bare: CommandLine, library: Library, tmp_path: Path, endpoint: Endpoint, death: Death
) -> None:
    """Also on the very first run, whose archive and tracker do not exist yet."""
    archive = tmp_path / "archive"
    with machine(bare, library, Dying(death, endpoint, 1)) as (command, cloud):
        store(command, cloud.token)
        process = command.start("sync", "--to", archive, "--wait-for-login", "--quiet")
        line = waiting(process)
        assert "12 h" in line
        assert "cloud-sync login" in line
        assert command("login", "--stdin", stdin=FRESH).code == 0
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "waiting" not in err, "it said so twice"
        listed = command("list", "--json").lines
    assert_everything_archived(library, listed, lambda key: (archive / key).read_bytes())
    assert {row["attempts"] for row in listed} == {1}


def test_an_interrupt_ends_a_wait_for_a_login(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    with machine(bare, library, Dying(EXPIRED, Endpoint.DOWNLOAD, 1)) as (command, cloud):
        store(command, cloud.token)
        process = command.start("sync", "--to", tmp_path / "archive", "--wait-for-login=1h")
        assert "1 h" in waiting(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err


@pytest.mark.parametrize(
    "limits",
    [("--wait-for-login", "0.3s"), ("--wait-for-login", "--max-duration", "0.5s")],
    ids=["its own", "the run's"],
)
def test_a_wait_for_a_login_ends_with_its_time(
    bare: CommandLine, library: Library, tmp_path: Path, limits: tuple[str, ...]
) -> None:
    with machine(bare, library, Dying(EXPIRED, Endpoint.USER)) as (command, cloud):
        store(command, cloud.token)
        run = command("sync", "--to", tmp_path / "archive", *limits, "--json")
    assert run.code == 4, run.err
    assert run.summary["result"] == "auth_required"
    assert [event["event"] for event in run.lines].count("login_awaited") == 1


def test_a_login_from_the_environment_cannot_be_waited_for(
    cloud_sync: CommandLine, cloud: Simulator, tmp_path: Path
) -> None:
    run = cloud_sync("sync", "--to", tmp_path / "archive", "--wait-for-login")
    assert run.code == 2
    assert "cannot change" in run.err
    assert "CLOUD_SYNC_GOPRO_TOKEN" in run.err
    assert cloud.snapshot().api_calls == 0


def learned(command: CommandLine, hours: float) -> Path:
    """A history of two logins that lasted so long."""
    rows = []
    for day in (10, 20):
        begun = datetime.now(UTC) - timedelta(days=day)
        ended = to_text(begun + timedelta(hours=hours))
        rows.append(
            {
                "fingerprint": f"earlier-{day}",
                "first_seen": to_text(begun),
                "last_worked": ended,
                "refused_at": ended,
            }
        )
    path = command.home / "cloud-sync" / "logins.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"logins": rows}))
    return path


def test_a_login_near_its_end_is_warned_of_by_sync_status_and_doctor(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    warning = "the login is 9 hours old, and earlier ones lasted about 10 hours"
    with machine(bare, library) as (command, cloud):
        store(command, cloud.token, age=timedelta(hours=9))
        learned(command, 10)
        run = command("sync", "--to", archive)
        assert run.code == 0
        assert run.err.count(warning) == 1
        for name in ("status", "doctor"):
            shown = command(name)
            assert shown.code == 0
            assert warning in shown.out, f"{name} does not warn"
            assert "cloud-sync login" in shown.out
            login = command(name, "--json").lines[0]["login"]
            assert login["warning"].startswith(warning)
            assert login["learned_life_seconds"] == pytest.approx(36_000)
            assert login["age_seconds"] > 9 * 3600
            assert login["last_worked_at"] is not None
            assert login["refused_at"] is None
        assert warning in command("status", "--quiet").out

        store(command, cloud.token + "x")
        cloud.accept_token(cloud.token + "x")
        assert warning not in command("sync").err, "a fresh login was warned of"


def test_logins_are_remembered_without_their_tokens(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    with machine(bare, library) as (command, cloud):
        assert command("login", "--stdin", stdin=cloud.token).code == 0
        path = command.home / "cloud-sync" / "logins.json"
        (record,) = json.loads(path.read_text())["logins"]
        assert record["fingerprint"] == fingerprint(Secret(cloud.token))
        assert command("sync", "--to", tmp_path / "archive").code == 0
        cloud.expire_token()
        assert command("sync").code == 4
        assert ", from" in command("status").out
        assert "refused 0 minutes ago: cloud-sync login" in command("status").out
        (record,) = json.loads(path.read_text())["logins"]
        assert record["refused_at"] is not None
        assert cloud.token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_history_is_named_and_begun_anew(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    with machine(bare, library) as (command, cloud):
        store(command, cloud.token)
        path = learned(command, 10)
        path.write_bytes(path.read_bytes()[:40])
        run = command("sync", "--to", tmp_path / "archive")
        assert run.code == 0
        assert "the history of logins in" in run.err
        assert len(json.loads(path.read_text())["logins"]) == 1
        assert "history of logins" not in command("sync").err


def test_settings_that_cannot_be_used_leave_no_tracker_behind(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    with machine(bare, library) as (command, cloud):
        store(command, cloud.token)
        broken = command.using(CLOUD_SYNC_NOTIFY="nonsense")
        run = broken("sync", "--to", tmp_path / "archive")
    assert run.code == 2, run.err
    assert [path.name for path in (command.home / "cloud-sync").rglob("*")] == ["credentials"]
