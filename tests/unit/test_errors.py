"""Errors: stable codes, exit codes that scripts rely on, and what each one lets the caller do."""

from __future__ import annotations

import pytest

from cloud_sync import errors
from cloud_sync.errors import CloudSyncError, ExitCode, MissingExtra


def _kinds(kind: type[CloudSyncError]) -> set[type[CloudSyncError]]:
    own = {each for each in kind.__subclasses__() if each.__module__ == errors.__name__}
    return own.union(*(_kinds(each) for each in own))


@pytest.mark.parametrize(
    ("kind", "code", "exit_code"),
    [
        (errors.UsageError, "usage", 2),
        (errors.ArchiveUnusable, "archive_unusable", 2),
        (errors.MissingExtra, "missing_extra", 2),
        (errors.AuthRequired, "auth_required", 4),
        (errors.ArchiveRefused, "archive_refused", 4),
        (errors.LeaseHeld, "lease_held", 5),
        (errors.Interrupted, "interrupted", 130),
        (errors.GoneAtSource, "gone_at_source", 1),
        (errors.NoOriginal, "no_original", 1),
        (errors.NotReady, "not_ready", 1),
        (errors.InternalError, "internal_error", 1),
    ],
)
def test_codes_and_exit_codes(kind: type[CloudSyncError], code: str, exit_code: int) -> None:
    assert (kind.code, kind.exit_code) == (code, ExitCode(exit_code))


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = _kinds(CloudSyncError)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_every_error_says_by_its_kind_whether_trying_again_helps() -> None:
    marks = (
        errors.Transient,
        errors.Permanent,
        errors.InternalError,
        errors.SourceChanged,
        errors.SourceDamaged,
        errors.NotReady,
        errors.Interrupted,
        errors.ServiceDown,
        errors.NeedsPerson,
    )
    for kind in _kinds(CloudSyncError):
        assert sum(issubclass(kind, mark) for mark in marks) == 1


def test_an_internal_error_tells_the_kind_of_fault_and_nothing_of_its_text() -> None:
    error = errors.InternalError(KeyError("https://host/?Signature=SECRET"))
    assert "KeyError" in error.message
    assert "--verbose" in error.hint
    assert "SECRET" not in f"{error!r} {error.message} {error.kept} {error.hint}"


def test_a_missing_part_says_how_to_install_it() -> None:
    error = MissingExtra("aws", "a bucket as destination")
    assert "not installed" in error.message
    assert error.hint == "pip install 'cloud-sync[aws]'"
