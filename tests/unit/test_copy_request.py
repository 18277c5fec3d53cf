"""A copy request is taken as it was meant, or refused with everything that is wrong named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.cli.copy_request import CopyArguments, as_document
from cloud_sync.errors import UsageError
from cloud_sync.replicate.request import (
    CopyRequest,
    PrefixMapping,
    RequestRefused,
    destination_key,
)

GOOD: dict[str, Any] = {
    "sourceBucket": "global-builds",
    "sourceKey": "build-123.zip",
    "destinationBuckets": ["region-a-builds", "region-b-builds"],
}


def problems(**changes: Any) -> list[tuple[str, str]]:
    """What is wrong with the good request after these changes; None takes a field away."""
    document = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(RequestRefused) as caught:
        CopyRequest.from_json(document)
    told = [(each.field, each.reason) for each in caught.value.problems]
    assert all(field in caught.value.message for field, _ in told)
    assert caught.value.exit_code == 2
    return told


def fields(**changes: Any) -> list[str]:
    return [field for field, _ in problems(**changes)]


def test_the_guides_request_is_taken() -> None:
    request = CopyRequest.from_json(GOOD)
    assert request == CopyRequest(
        "global-builds", "build-123.zip", ("region-a-builds", "region-b-builds")
    )
    assert request.to_json() == GOOD


def test_optional_fields_come_back_as_they_were() -> None:
    document = GOOD | {
        "versionId": "v1",
        "storageClass": "STANDARD_IA",
        "prefixMapping": {"from": "build-", "to": "copies/"},
    }
    request = CopyRequest.from_json(document)
    assert request.version_id == "v1"
    assert destination_key(request) == "copies/123.zip"
    assert CopyRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_every_bad_field_is_named_at_once() -> None:
    assert fields(
        sourceBucket="UPPER",
        sourceKey="",
        destinationBuckets=["ok-bucket", 7, "x", "ok-bucket"],
        versionId=3,
        storageClass="cheap",
        prefixMapping={"from": 1, "by": "x"},
        bucket="unknown",
    ) == [
        "bucket",
        "sourceBucket",
        "sourceKey",
        "destinationBuckets[1]",
        "destinationBuckets[2]",
        "destinationBuckets[3]",
        "versionId",
        "storageClass",
        "prefixMapping.by",
        "prefixMapping.from",
        "prefixMapping.to",
    ]


@pytest.mark.parametrize("document", [None, [], "text", 7])
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(RequestRefused) as caught:
        CopyRequest.from_json(document)
    assert caught.value.problems[0].field == "request"


@pytest.mark.parametrize("field", list(GOOD))
def test_a_missing_field_is_named(field: str) -> None:
    assert problems(**{field: None}) == [(field, "is missing")]


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "UPPER",
        "under_score",
        "-a-b",
        "a-b-",
        "a..b",
        "1.2.3.4",
        "a/b",
        "a b",
        "ü-b",
    ],
)
def test_what_cannot_be_a_buckets_name_is_refused(name: str) -> None:
    assert fields(sourceBucket=name) == ["sourceBucket"]
    assert fields(destinationBuckets=[name]) == ["destinationBuckets[0]"]


@pytest.mark.parametrize("name", ["abc", "a" * 63, "a.b-c", "1bucket1"])
def test_what_can_be_a_buckets_name_is_taken(name: str) -> None:
    assert CopyRequest.from_json(GOOD | {"sourceBucket": name}).source_bucket == name


@pytest.mark.parametrize("key", ["a b", "a+b%20", "/lead//x/", "🎥" * 256, "é" * 512, "..", "\n"])
def test_any_key_up_to_1024_bytes_is_taken(key: str) -> None:
    assert CopyRequest.from_json(GOOD | {"sourceKey": key}).source_key == key


@pytest.mark.parametrize("key", ["k" * 1025, "🎥" * 256 + "k", "\ud800"])
def test_longer_keys_and_what_utf8_has_no_form_for_are_refused(key: str) -> None:
    assert fields(sourceKey=key) == ["sourceKey"]


@pytest.mark.parametrize("count", [0, 101])
def test_destinations_are_1_to_100(count: int) -> None:
    told = problems(destinationBuckets=[f"region-{n}" for n in range(count)])
    assert told == [("destinationBuckets", f"has {count} entries, and takes 1 to 100")]
    most = [f"region-{n}" for n in range(100)]
    assert CopyRequest.from_json(GOOD | {"destinationBuckets": most}).destinations == tuple(most)


def test_a_copy_onto_itself_is_refused() -> None:
    (told,) = problems(destinationBuckets=["region-a", "global-builds"])
    assert told[0] == "destinationBuckets[1]"
    assert "onto itself" in told[1]


def test_the_same_bucket_under_another_key_or_at_another_service_is_no_loop() -> None:
    same = GOOD | {"destinationBuckets": ["global-builds"]}
    CopyRequest.from_json(same, elsewhere=True)
    CopyRequest.from_json(same | {"prefixMapping": {"from": "", "to": "copies/"}})
    with pytest.raises(RequestRefused):
        CopyRequest.from_json(same | {"prefixMapping": {"from": "build", "to": "build"}})


def test_a_mapping_must_fit_the_key_and_give_a_good_one() -> None:
    assert fields(prefixMapping={"from": "other", "to": ""}) == ["prefixMapping.from"]
    assert fields(prefixMapping={"from": "", "to": "x" * 1020}) == ["prefixMapping.to"]
    assert fields(prefixMapping={"from": "build-123.zip", "to": ""}) == ["prefixMapping.to"]
    assert fields(prefixMapping="a:b") == ["prefixMapping"]


def test_a_message_is_bounded_and_obeys_no_terminal() -> None:
    (told,) = problems(sourceBucket="\x1b[2J" + "x" * 5000)
    assert "\x1b" not in told[1]
    assert len(told[1]) < 400


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from([*GOOD, "versionId", "storageClass", "prefixMapping", "x"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_document_does_anything_but_give_a_request_or_a_refusal(document: object) -> None:
    try:
        request = CopyRequest.from_json(document)
    except RequestRefused as error:
        named = [problem.field for problem in error.problems]
    else:
        named = ["none"]
        assert CopyRequest.from_json(request.to_json()) == request
    assert named


@given(st.text(min_size=1, max_size=60), st.text(max_size=60), st.integers(0, 60))
def test_a_mapped_key_keeps_what_follows_the_prefix(key: str, new: str, cut: int) -> None:
    old = key[:cut]
    request = CopyRequest("source", key, ("copies",), prefix=PrefixMapping(old, new))
    assert destination_key(request) == new + key[len(old) :]


def arguments(*places: str, **named: str) -> CopyArguments:
    names = ("input_file", "version_id", "storage_class", "prefix_from", "prefix_to")
    return CopyArguments(places, *(named.get(name) for name in names))


def test_the_command_line_is_the_same_document() -> None:
    given = as_document(
        arguments("s3://builds//a b+c%20/ü", "s3://region-a", "s3://region-b/", prefix_from="/a")
    )
    assert given.document == {
        "sourceBucket": "builds",
        "sourceKey": "/a b+c%20/ü",
        "destinationBuckets": ["region-a", "region-b"],
        "prefixMapping": {"from": "/a", "to": ""},
    }
    assert not given.from_folder


@pytest.mark.parametrize(
    ("places", "named"),
    [
        ((), "SRC and at least one DEST"),
        (("s3://builds/key",), "SRC and at least one DEST"),
        (("s3://builds/key", "s3://region-a/with/key"), "DEST[0]"),
        (("s3://builds/key", "region-a"), "DEST[0]"),
        (("ftp://host/key", "s3://region-a"), "SRC"),
        (("/no/such/file", "s3://region-a", "x"), "SRC"),
    ],
)
def test_a_command_line_that_is_no_request_says_why(places: tuple[str, ...], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        as_document(arguments(*places))
    assert named in caught.value.message


def test_a_request_comes_from_a_file_or_from_the_command_line_and_not_from_both(
    tmp_path: Path,
) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(GOOD))
    assert as_document(arguments(input_file=str(path))).document == GOOD
    refused = (
        arguments("s3://a/b", "s3://c", input_file=str(path)),
        arguments(input_file=str(path), version_id="v"),
        arguments(input_file=str(tmp_path / "nothing")),
    )
    for each in refused:
        with pytest.raises(UsageError):
            as_document(each)
    for damaged in (b"{", b"\xff"):
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match="it is no"):
            as_document(arguments(input_file=str(path)))
