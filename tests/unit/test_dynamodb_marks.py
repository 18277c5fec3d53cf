"""What files tell of the source's rules is counted right, whatever becomes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.model.tracking import SourceCheck, Status, TrackedFile, TrackedMedium
from cloud_sync.tracker.dynamodb_keys import Keyring
from cloud_sync.tracker.dynamodb_marks import doubted_files, mark_actions, proven_rules

FILES = st.builds(
    TrackedFile,
    number=st.integers(1, 2),
    key=st.just("k"),
    filename=st.just("f"),
    status=st.sampled_from([Status.PENDING, Status.COMPLETED]),
    source_check=st.none() | st.sampled_from(SourceCheck),
    source_rule=st.none() | st.sampled_from(["x", "y#1"]),
)
STATES = st.tuples(
    st.sampled_from(["a", "b", "a#2"]), st.lists(FILES, max_size=2, unique_by=lambda f: f.number)
)


def applied(items: dict[str, dict[str, Any]], action: dict[str, Any]) -> None:
    """One update, as DynamoDB does it."""
    request = action["Update"]
    names = request["ExpressionAttributeNames"]
    values = request.get("ExpressionAttributeValues", {})
    item = items.setdefault(request["Key"]["media_id"]["S"], {})
    verb = ""
    for word in request["UpdateExpression"].replace(",", "").replace(" =", "").split():
        if word in ("SET", "ADD", "REMOVE"):
            verb = word
        elif word.startswith("#"):
            name = names[word]
            value = values.get(f":v{word[2:]}")
            if verb == "REMOVE":
                item.pop(name, None)
            elif verb == "SET":
                item[name] = value
            else:
                before = int(item.get(name, {"N": "0"})["N"])
                item[name] = {"N": str(before + int(value["N"]))}


@given(st.lists(STATES, max_size=12))
def test_counts_follow_the_files_through_any_changes(
    states: list[tuple[str, list[TrackedFile]]],
) -> None:
    media: dict[str, TrackedMedium] = {}
    items: dict[str, dict[str, Any]] = {}
    for media_id, files in states:
        before = media.get(media_id)
        kept = {file.number: file for file in before.files} if before else {}
        kept |= {file.number: file for file in files}
        after = TrackedMedium(media_id, "", Status.PENDING, files=tuple(kept.values()))
        for action in mark_actions([(before, after)]):
            applied(items, action)
        media[media_id] = after
    matched = {
        file.source_rule
        for medium in media.values()
        for file in medium.files
        if file.source_check is SourceCheck.MATCHED and file.source_rule
    }
    assert proven_rules(items.values()) == matched
    assert doubted_files(items.values(), frozenset(matched)) == sorted(
        (medium.media_id, file.number)
        for medium in media.values()
        for file in medium.files
        if file.source_check is SourceCheck.DIFFERS
        and file.status is Status.COMPLETED
        and file.source_rule in matched
    )


def test_media_of_one_item_are_counted_in_one_write() -> None:
    """A transaction may touch an item once only."""
    file = TrackedFile(
        1, "k", "f", Status.COMPLETED, source_check=SourceCheck.MATCHED, source_rule="x"
    )
    media = [TrackedMedium(f"m{n}", "", Status.PENDING, files=(file,)) for n in range(500)]
    actions = mark_actions((None, medium) for medium in media)
    touched = [action["Update"]["Key"]["media_id"]["S"] for action in actions]
    assert len(touched) == len(set(touched)) <= 64


def test_files_that_say_nothing_cost_nothing() -> None:
    file = TrackedFile(1, "k", "f", Status.COMPLETED)
    before = TrackedMedium("a", "", Status.PENDING, files=(file,))
    after = replace(before, files=(replace(file, size=5),))
    assert mark_actions([(before, after), (None, before)]) == []


def test_a_key_is_free_for_the_file_that_holds_it_and_for_no_other() -> None:
    keyring = Keyring({})
    assert keyring.taker("a", 1)("K")
    assert not keyring.taker("b", 1)("k")
    assert not keyring.taker("a", 2)("k")
    assert keyring.taker("b", 1)("other")
    assert [grant.key for grant in keyring.given("a")] == ["K"]
    assert [grant.key for grant in keyring.given("b")] == ["other"]
    assert keyring.given("c") == ()
