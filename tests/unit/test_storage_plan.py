"""Storage plans: what S3 allows, and the reason where it does not."""

from __future__ import annotations

import pytest

from cloud_sync.errors import UsageError
from cloud_sync.model.storage_plan import Transition, parse_storage_plan


@pytest.mark.parametrize(
    ("text", "upload_class", "transitions"),
    [
        ("standard", "STANDARD", ()),
        ("direct", "DEEP_ARCHIVE", ()),
        (" Direct ", "DEEP_ARCHIVE", ()),
        ("grace:7", "STANDARD", (Transition(7, "DEEP_ARCHIVE"),)),
        (
            "founding-97",
            "STANDARD",
            (Transition(7, "GLACIER_IR"), Transition(97, "DEEP_ARCHIVE")),
        ),
    ],
)
def test_plans(text: str, upload_class: str, transitions: tuple[Transition, ...]) -> None:
    plan = parse_storage_plan(text)
    assert (plan.upload_class, plan.transitions) == (upload_class, transitions)
    assert plan.name == text.strip().lower()


def test_deep_archive_comes_no_sooner_than_90_days_after_instant_retrieval() -> None:
    instant, deep = parse_storage_plan("founding-97").transitions
    assert deep.days - instant.days >= 90


@pytest.mark.parametrize("text", ["", "grace", "grace:0", "grace:-1", "grace:x", "glacier"])
def test_unknown_plans_name_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match="there is no storage plan") as caught:
        parse_storage_plan(text)
    assert "grace:N" in caught.value.hint


def test_the_plan_that_s3_refuses_says_why() -> None:
    with pytest.raises(UsageError, match="90 days after Instant Retrieval"):
        parse_storage_plan("7/14")
