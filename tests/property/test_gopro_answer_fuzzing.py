"""Damaged answers by the thousand: read rightly, or refused by name; never a crash or a silence.

`make fuzz` runs the same promises over a hundred thousand answers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from cloud_sync.errors import CloudSyncError, SourceNotUnderstood
from cloud_sync.model.media import Account, MediaFile, MediaItem, Page
from cloud_sync.provider.gopro.answers import Answer, problem_with
from cloud_sync.provider.gopro.wire import parse_download, parse_page, parse_user
from cloud_sync.secret import Secret
from fuzzing.__main__ import main
from fuzzing.mutations import mutated
from fuzzing.promises import PRODUCT, Broken, Readers, judge
from fuzzing.seeds import Answered, Kind, sound_answers

ANSWERS = 3_000
SEED = 31


def test_a_damaged_answer_is_read_rightly_or_refused_by_name() -> None:
    taken: Counter[str] = Counter()
    for number in range(ANSWERS):
        answered = mutated(SEED, number)
        try:
            taken[judge(answered)] += 1
        except Broken as broken:
            raise AssertionError(f"answer {number} of seed {SEED}: {broken}") from broken
    every_way = {"page", "page with rows named unreadable", "originals", "account"}
    assert every_way <= taken.keys(), "the damage is too great to reach what reads"
    assert taken["SourceNotUnderstood"] > ANSWERS / 10, "the damage is too small"


def test_sound_answers_are_read_so_the_damage_alone_is_on_trial() -> None:
    taken: dict[Kind, Counter[str]] = {kind: Counter() for kind in Kind}
    for seed in sound_answers():
        taken[seed.kind][judge(Answered(seed, 200, json.dumps(seed.content).encode()))] += 1
    assert taken[Kind.SEARCH].keys() == {"page"}
    assert taken[Kind.DOWNLOAD].keys() <= {"originals", "NoOriginal", "NotReady"}
    assert taken[Kind.DOWNLOAD]["originals"] > 60
    assert taken[Kind.USER].keys() == {"account"}


def test_an_answer_is_made_again_from_its_number() -> None:
    for number in range(50):
        assert mutated(SEED, number) == mutated(SEED, number)
    assert len({mutated(SEED, number).body for number in range(50)}) > 30


def dropping_what_cannot_be_read(body: bytes, number: int) -> Page:
    return replace(parse_page(body, number), unreadable=())


def last_of_two_lists(body: bytes, number: int) -> Page:
    """As a decoder reads it that lets the second of two equal names win."""
    try:
        return parse_page(body, number)
    except SourceNotUnderstood as error:
        try:
            decoded = json.loads(body)
        except (ValueError, RecursionError):
            raise error from None
        return parse_page(decoded, number)


def trusting_a_row(body: bytes, number: int) -> Page:
    page = parse_page(body, number)
    rows = json.loads(body)["_embedded"]["media"]
    assert all(len(row["filename"] or "") >= 0 for row in rows)
    return page


def telling_what_stood_there(body: bytes, number: int) -> Page:
    try:
        return parse_page(body, number)
    except SourceNotUnderstood as error:
        raise SourceNotUnderstood(f"{error.message}: {body[:4000]!r}") from error


def half_of_the_originals(body: bytes, item: MediaItem) -> Sequence[MediaFile]:
    files = parse_download(body, item)
    return files[: -(-len(files) // 2)]


def a_proxy(body: bytes, item: MediaItem) -> Sequence[MediaFile]:
    files = parse_download(body, item)
    for entry in json.loads(body)["_embedded"]["variations"]:
        if isinstance(entry, dict) and entry.get("label") == "edit_proxy":
            return (replace(files[0], url=Secret(str(entry.get("url")))), *files[1:])
    return files


def any_account(body: bytes) -> Account:
    try:
        return parse_user(body)
    except SourceNotUnderstood:
        return Account("")


def every_status(answer: Answer, doing: str, now: datetime) -> CloudSyncError | None:
    return None if answer.status == 206 else problem_with(answer, doing, now)


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        (replace(PRODUCT, page=dropping_what_cannot_be_read), "rows came"),
        (replace(PRODUCT, page=last_of_two_lists), "rows came"),
        (replace(PRODUCT, page=trusting_a_row), "came through"),
        (replace(PRODUCT, page=telling_what_stood_there), "secret"),
        (replace(PRODUCT, download=half_of_the_originals), "originals"),
        (replace(PRODUCT, download=a_proxy), "nobody calls an original"),
        (replace(PRODUCT, user=any_account), "no JSON"),
        (replace(PRODUCT, problem=every_status), "status 206"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_planted_defect_is_found(
    planted: Readers, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--findings", "1", "--seed", str(SEED)], planted) == 1
    printed = capsys.readouterr().out
    assert told in printed
    assert f"--seed {SEED} --only " in printed, "no way is told to make the answer again"


def test_a_run_without_findings_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--answers", "60", "--seed", str(SEED)]) == 0
    assert f"60 answers, 0 findings, seed {SEED}" in capsys.readouterr().out


def test_a_run_that_was_cut_short_does_not_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--answers", "60", "--seconds", "-1"]) == 1
    assert "stopped after" in capsys.readouterr().out
