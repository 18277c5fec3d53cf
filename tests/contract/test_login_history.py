"""One suite over every history of logins, and what the file adds for safety."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import LoginHistory, LoginRecord, fingerprint
from cloud_sync.credentials.history_dynamodb import DynamoLoginHistory
from cloud_sync.credentials.history_file import FileLoginHistory
from cloud_sync.credentials.history_memory import MemoryLoginHistory
from cloud_sync.secret import Secret
from dynamodb_tables import new_table
from ministack import shared

NOW = datetime(2024, 5, 2, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOGIN = StoredCredential(Secret("eyJsecret.a.b.c.d"), NOW - HOUR, "a test")
OTHER = StoredCredential(Secret("eyJother.a.b.c.d"), None, "a test")


@pytest.fixture(
    params=["file", "memory", pytest.param("dynamodb", marks=pytest.mark.xdist_group("ministack"))]
)
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoginHistory]:
    if request.param == "file":
        yield FileLoginHistory(tmp_path / "home" / "logins.json")
    elif request.param == "memory":
        yield MemoryLoginHistory()
    else:
        server = shared()
        made = DynamoLoginHistory(new_table(server), client_options=server.options)
        with closing(made):
            yield made


def test_a_new_history_is_empty(history: LoginHistory) -> None:
    assert list(history.records()) == []
    assert history.trouble == ""


def test_a_login_is_remembered_from_its_storing_to_its_refusal(history: LoginHistory) -> None:
    history.worked(LOGIN, NOW)
    history.worked(LOGIN, NOW + HOUR)
    history.refused(LOGIN, NOW + 2 * HOUR)
    history.refused(LOGIN, NOW + 3 * HOUR)
    mark = fingerprint(LOGIN.token)
    assert list(history.records()) == [LoginRecord(mark, NOW - HOUR, NOW + HOUR, NOW + 2 * HOUR)]


def test_logins_come_in_the_order_in_which_they_were_first_seen(history: LoginHistory) -> None:
    history.worked(OTHER, NOW)
    history.worked(LOGIN, NOW + HOUR)
    assert [record.fingerprint for record in history.records()] == [
        fingerprint(LOGIN.token),
        fingerprint(OTHER.token),
    ]


def test_one_that_never_worked_is_not_remembered(history: LoginHistory) -> None:
    history.refused(LOGIN, NOW)
    assert list(history.records()) == []


def test_a_login_that_works_again_was_not_dead(history: LoginHistory) -> None:
    history.worked(LOGIN, NOW)
    history.refused(LOGIN, NOW + HOUR)
    history.worked(LOGIN, NOW + 2 * HOUR)
    assert [record.refused_at for record in history.records()] == [None]


def test_threads_lose_no_note_of_each_other(history: LoginHistory) -> None:
    logins = [StoredCredential(Secret(f"token-{n}"), None, "a test") for n in range(8)]
    threads = [threading.Thread(target=history.worked, args=(login, NOW)) for login in logins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(history.records()) == 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "logins.json"


@pytest.fixture
def filled(path: Path) -> FileLoginHistory:
    made = FileLoginHistory(path)
    made.worked(LOGIN, NOW)
    return made


def test_the_file_is_its_owner_s_alone_and_holds_no_token(
    filled: FileLoginHistory, path: Path
) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"secret" not in path.read_bytes()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_another_process_reads_what_was_noted(filled: FileLoginHistory, path: Path) -> None:
    assert FileLoginHistory(path).records() == filled.records() != ()


def test_a_refusal_alone_makes_no_file(path: Path) -> None:
    FileLoginHistory(path).refused(LOGIN, NOW)
    assert not path.parent.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"logins": 5}',
        b'{"logins": [{}]}',
        b'{"logins": [{"fingerprint": 1, "first_seen": 5, "last_worked": 5, "refused_at": null}]}',
        b'{"logins": [{"fingerprint": 1, "first_seen": "x", "last_worked": "x", "refused_at": 1}]}',
        b"\xff\xfe",
        b"[" * 60_000,
        b"x" * 70_000,
    ],
)
def test_a_damaged_file_is_named_and_begins_anew(
    filled: FileLoginHistory, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    history = FileLoginHistory(path)
    assert list(history.records()) == []
    assert str(path) in history.trouble
    assert "damaged" in history.trouble
    history.worked(OTHER, NOW)
    again = FileLoginHistory(path)
    assert [record.fingerprint for record in again.records()] == [fingerprint(OTHER.token)]
    assert again.trouble == ""


def test_a_torn_file_is_damaged_at_every_length(filled: FileLoginHistory, path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole.rstrip())):
        path.write_bytes(whole[:length])
        history = FileLoginHistory(path)
        assert list(history.records()) == []
        assert "damaged" in history.trouble


@pytest.mark.parametrize("note", [FileLoginHistory.worked, FileLoginHistory.refused])
def test_a_file_that_cannot_be_read_is_told_and_never_written_over(
    path: Path, note: Callable[[FileLoginHistory, StoredCredential, datetime], None]
) -> None:
    path.mkdir(parents=True)
    history = FileLoginHistory(path)
    note(history, LOGIN, NOW)
    assert "cannot be read" in history.trouble
    assert path.is_dir()


def test_a_file_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "proc").symlink_to("/proc")
    history = FileLoginHistory(tmp_path / "proc" / "logins.json")
    history.worked(LOGIN, NOW)
    assert "cannot be written" in history.trouble


def test_what_else_stands_in_the_file_does_no_harm(filled: FileLoginHistory, path: Path) -> None:
    content = json.loads(path.read_bytes())
    content["logins"][0]["later"] = content["more"] = True
    path.write_text(json.dumps(content))
    assert len(FileLoginHistory(path).records()) == 1
