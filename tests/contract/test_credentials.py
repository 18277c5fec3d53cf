"""One suite over every credential store, and what each adds for safety."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.env import TOKEN_VARIABLE, EnvironmentCredentials
from cloud_sync.credentials.file import FileCredentials
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.credentials.secrets_manager import SecretsManagerCredentials
from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret
from ministack import shared

OLD = Secret("eyJold.a.b.c.d")
NEW = Secret("eyJnew.a.b.c.d")
USER = Secret("user-1")
NOW = datetime(2024, 5, 2, 10, 30, tzinfo=UTC)


@dataclass
class Kind:
    """How to make a store of one kind: empty, and with `OLD` in it."""

    empty: Callable[[], CredentialStore]
    filled: Callable[[], CredentialStore]
    writable: bool = True


def file_kind(folder: Path) -> Kind:
    path = folder / "home" / "credentials"

    def filled() -> FileCredentials:
        store = FileCredentials(path)
        store.replace(OLD, NOW)
        return store

    return Kind(lambda: FileCredentials(path), filled)


def secret_kind(resources: ExitStack) -> Kind:
    """A secret as the deployment makes it: without a value."""
    server = shared()
    name = f"gopro/credentials-{uuid.uuid4().hex}"
    with closing(server.client("secretsmanager")) as client:
        client.create_secret(Name=name)

    def empty() -> SecretsManagerCredentials:
        store = SecretsManagerCredentials(name, client_options=server.options)
        return resources.enter_context(closing(store))

    def filled() -> SecretsManagerCredentials:
        store = empty()
        store.replace(OLD, NOW)
        return store

    return Kind(empty, filled)


@pytest.fixture
def resources() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


AWS = pytest.param("secret", marks=pytest.mark.xdist_group("ministack"))


@pytest.fixture(params=["env", "file", "memory", AWS])
def kind(request: pytest.FixtureRequest, tmp_path: Path, resources: ExitStack) -> Kind:
    if request.param == "secret":
        return secret_kind(resources)
    if request.param == "file":
        return file_kind(tmp_path)
    if request.param == "memory":
        return Kind(MemoryCredentials, lambda: MemoryCredentials(OLD))
    filled = {TOKEN_VARIABLE: OLD.reveal()}
    return Kind(
        lambda: EnvironmentCredentials({}), lambda: EnvironmentCredentials(filled), writable=False
    )


def test_an_empty_store_has_no_login(kind: Kind) -> None:
    assert kind.empty().read() is None


def test_a_login_is_read_with_where_it_came_from(kind: Kind) -> None:
    store = kind.filled()
    stored = store.read()
    assert stored is not None
    assert stored.token == OLD
    assert stored.origin == store.location
    assert store.location


def test_nothing_printed_shows_the_token(kind: Kind) -> None:
    store = kind.filled()
    shown = f"{store!r} {store.read()!r} {store.location}"
    assert OLD.reveal() not in shown


def test_a_new_login_takes_the_place_of_the_old_or_the_refusal_leaves_it(kind: Kind) -> None:
    store = kind.filled()
    if not kind.writable:
        with pytest.raises(UsageError) as raised:
            store.replace(NEW, NOW, USER)
        assert raised.value.hint
        stored = store.read()
        assert stored is not None
        assert stored.token == OLD
        return
    store.replace(NEW, NOW, USER)
    stored = store.read()
    assert stored is not None
    assert (stored.token, stored.user_id, stored.stored_at) == (NEW, USER, NOW)


@pytest.mark.parametrize("bad", ["", "a b", "a\nb", "a;b", "ä", "a\x00"])
def test_a_token_that_could_break_a_header_line_is_refused_and_the_old_one_stays(
    kind: Kind, bad: str
) -> None:
    store = kind.filled()
    with pytest.raises(UsageError) as raised:
        store.replace(Secret(bad), NOW)
    assert not bad or bad not in raised.value.message
    stored = store.read()
    assert stored is not None
    assert stored.token == OLD


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_blank_variable_counts_as_not_set(text: str) -> None:
    assert EnvironmentCredentials({TOKEN_VARIABLE: text}).read() is None


def test_a_variable_may_hold_a_whole_cookie_line() -> None:
    text = f"Cookie: gp_access_token={OLD.reveal()}; gp_user_id={USER.reveal()}"
    stored = EnvironmentCredentials({TOKEN_VARIABLE: text}).read()
    assert stored is not None
    assert (stored.token, stored.user_id, stored.stored_at) == (OLD, USER, None)


def test_nonsense_in_the_variable_is_refused_by_its_name_and_not_shown() -> None:
    with pytest.raises(UsageError) as raised:
        EnvironmentCredentials({TOKEN_VARIABLE: "not a SECRET token"}).read()
    assert TOKEN_VARIABLE in raised.value.message
    assert "SECRET" not in raised.value.message


def test_the_file_and_its_folder_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        file_kind(tmp_path).filled()
    finally:
        os.umask(before)
    path = tmp_path / "home" / "credentials"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == [path.name], (
        "something was left beside the file"
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_way_out(tmp_path: Path, mode: int) -> None:
    store = file_kind(tmp_path).filled()
    path = tmp_path / "home" / "credentials"
    path.chmod(mode)
    with pytest.raises(UsageError) as raised:
        store.read()
    assert raised.value.hint == f"chmod 600 {path}"
    assert f"{mode:04o}" in raised.value.message


def test_a_new_login_makes_a_readable_file_private_again(tmp_path: Path) -> None:
    store = file_kind(tmp_path).filled()
    path = tmp_path / "home" / "credentials"
    path.chmod(0o644)
    store.replace(NEW, NOW)
    stored = store.read()
    assert stored is not None
    assert stored.token == NEW


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"SECRET",
        b"[]",
        b"{}",
        b'{"gp_access_token": 5}',
        b"\xff",
        b"[" * 60_000,
        b"x" * 70_000,
    ],
)
def test_a_damaged_file_is_named_and_a_new_login_mends_it(tmp_path: Path, content: bytes) -> None:
    store = file_kind(tmp_path).filled()
    path = tmp_path / "home" / "credentials"
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        store.read()
    assert str(path) in raised.value.message
    assert raised.value.hint == "cloud-sync login"
    assert "SECRET" not in raised.value.message
    store.replace(NEW, NOW)
    assert store.read() is not None


@pytest.mark.parametrize("stored_at", [None, 5, "yesterday"])
def test_a_login_of_unknown_age_still_works(tmp_path: Path, stored_at: object) -> None:
    store = file_kind(tmp_path).filled()
    path = tmp_path / "home" / "credentials"
    path.write_text(json.dumps({"gp_access_token": OLD.reveal(), "stored_at": stored_at}))
    stored = store.read()
    assert stored is not None
    assert (stored.token, stored.stored_at) == (OLD, None)


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    store = FileCredentials(tmp_path / "credentials")
    with pytest.raises(UsageError, match="directory"):
        store.read()
    with pytest.raises(UsageError, match="storing the login"):
        store.replace(NEW, NOW)
    left = [entry.name for entry in tmp_path.iterdir()]
    assert left == ["credentials"], "a temporary file with the token was left"


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    with pytest.raises(UsageError) as raised:
        FileCredentials(tmp_path / "home" / "credentials").replace(NEW, NOW)
    assert str(tmp_path) in raised.value.message
    assert raised.value.kept
