"""The tables of repairs: each line, and that nothing else leads to a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOON, tracked
from cloud_sync.archive.base import Noted, StoredObject, UnfinishedUpload
from cloud_sync.archive.verify import Finding, Verdict
from cloud_sync.model.tracking import Status, TrackedFile
from cloud_sync.tracker.repair_plan import (
    ABANDONED_AFTER,
    Action,
    decide_object,
    decide_tracked,
    decide_upload,
    judge_bytes,
)
from cloud_sync.tracker.repairs import KeyHolder

KEY = "gopro-videos/2026/05/GXa.MP4"
OURS = StoredObject(KEY, 10, "AAAAAAAAAAA=", "a", 1)
FILE = TrackedFile(1, KEY, "GXa.MP4")
DONE = replace(FILE, status=Status.COMPLETED, size=10, checksum="AAAAAAAAAAA=")


@pytest.mark.parametrize(
    ("verdict", "action"),
    [
        (Verdict.OK, Action.KEEP),
        (Verdict.COLD, Action.KEEP),
        (Verdict.CHECKSUM_UNKNOWN, Action.KEEP),
        (Verdict.MISSING, Action.REOPEN),
        (Verdict.SIZE_DIFFERS, Action.LOOK),
        (Verdict.CHECKSUM_DIFFERS, Action.LOOK),
        (Verdict.UNREADABLE, Action.LOOK),
    ],
)
def test_only_a_missing_file_is_due_again(verdict: Verdict, action: Action) -> None:
    decision = decide_tracked(Finding(verdict, "k: what is there"))
    assert decision.action is action
    if action is not Action.KEEP:
        assert "k: what is there" in decision.message
        assert decision.hint, "a person must be told what to type or do next"


def test_every_verdict_has_a_decision() -> None:
    for verdict in Verdict:
        assert decide_tracked(Finding(verdict, "")).action in Action


@pytest.mark.parametrize(
    ("stored", "holder", "files", "code"),
    [
        # the key belongs to nobody
        (OURS, None, None, "adopted"),
        (OURS, None, (), "adopted"),
        (replace(OURS, file_number=2), None, (DONE,), "adopted"),
        (OURS, None, (replace(DONE, key="k/other"),), "second_copy"),
        (OURS, None, (replace(FILE, key="k/other"),), "second_copy"),
        (StoredObject(KEY, 10), None, None, ""),
        (replace(OURS, media_id=None), None, None, ""),
        (replace(OURS, file_number=None), None, None, ""),
        # the key belongs to its own file, to another one, or to one that counts as the same
        (OURS, KeyHolder("a", FILE), (FILE,), "adopted"),
        (OURS, KeyHolder("b", FILE), None, "key_taken"),
        (StoredObject(KEY, 10), KeyHolder("a", FILE), (FILE,), "key_taken"),
        (replace(OURS, file_number=2), KeyHolder("a", FILE), (FILE,), "key_taken"),
        (OURS, KeyHolder("a", replace(DONE, key=KEY.lower())), None, "key_taken"),
    ],
)
def test_objects_are_adopted_only_by_their_marks_and_at_a_free_key(
    stored: StoredObject,
    holder: KeyHolder | None,
    files: tuple[TrackedFile, ...] | None,
    code: str,
) -> None:
    medium = None if files is None else tracked("a", files=files)
    decision = decide_object(stored, holder, medium)
    assert decision.code == code
    action = {"adopted": Action.ADOPT, "": Action.FOREIGN}.get(code, Action.LOOK)
    assert decision.action is action


@pytest.mark.parametrize("stored", [OURS, StoredObject(KEY, 1), replace(OURS, media_id="b")])
def test_what_lies_at_a_finished_files_key_is_judged_as_that_file(stored: StoredObject) -> None:
    holder = KeyHolder("a", DONE)
    assert decide_object(stored, holder, tracked("a", files=(DONE,))).action is Action.KEEP


def test_of_two_objects_with_the_same_marks_one_is_adopted() -> None:
    assert decide_object(OURS, None, None, adopted_before=True).code == "second_copy"


@pytest.mark.parametrize(
    ("noted", "altered"),
    [
        (Noted(), False),
        (Noted(10), False),
        (Noted(10, "AAAAAAAAAAA="), False),
        (Noted(None, "AAAAAAAAAAA="), False),
        (Noted(11, "AAAAAAAAAAA="), True),
        (Noted(10, "AAAAAAAAAAE="), True),
    ],
)
def test_what_is_not_as_it_was_stored_is_not_adopted(noted: Noted, altered: bool) -> None:
    decision = judge_bytes(OURS, noted)
    assert (decision is not None) is altered
    assert decision is None or (decision.action, decision.code) == (
        Action.LOOK,
        "altered_in_archive",
    )


def test_bytes_that_nobody_can_read_are_not_adopted() -> None:
    assert judge_bytes(replace(OURS, checksum=None), Noted(10)) is not None


@pytest.mark.parametrize(
    ("key", "age", "recorded", "action"),
    [
        (KEY, ABANDONED_AFTER, False, Action.DISCARD),
        (None, ABANDONED_AFTER, False, Action.DISCARD),
        (KEY, ABANDONED_AFTER - timedelta(seconds=1), False, Action.KEEP),
        (None, timedelta(0), False, Action.KEEP),
        (KEY, timedelta(days=99), True, Action.KEEP),
        ("backups/of-somebody-else", timedelta(days=99), False, Action.KEEP),
        ("gopro-videos-of-others/x", timedelta(days=99), False, Action.KEEP),
    ],
)
def test_only_old_uploads_of_ours_that_nobody_remembers_are_discarded(
    key: str | None, age: timedelta, recorded: bool, action: Action
) -> None:
    upload = UnfinishedUpload("token", key, NOON - age)
    assert decide_upload(upload, recorded=recorded, now=NOON).action is action
