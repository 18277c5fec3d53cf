"""Which files of a download answer are originals: all of them, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cloud_sync.errors import NoOriginal, NotReady, SourceNotUnderstood
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.provider.gopro.originals import NUMBER_STRIDE
from cloud_sync.provider.gopro.wire import parse_download

CDN = "https://cdn.example"


def item(**fields: Any) -> MediaItem:
    facts: dict[str, Any] = {
        "id": "M1",
        "type": "Video",
        "filename": "GX010777.MP4",
        "extension": "mp4",
        "state": "ready",
        "ready": True,
        "size": None,
        "file_count": 1,
        "captured_at": None,
        "uploaded_at": None,
        "updated_at": None,
        "duration_seconds": None,
    }
    return MediaItem(**facts | fields)


def offer(name: str, label: str | None = "source", **fields: Any) -> dict[str, Any]:
    """One entry; its address tells the entries apart."""
    entry: dict[str, Any] = {"url": f"{CDN}/{name}?Signature=SECRET", "available": True}
    if label is not None:
        entry |= {"label": label, "type": name.rpartition(".")[2]}
    return entry | fields


def answer(
    *variations: Any, files: Sequence[Any] = (), sidecars: Sequence[Any] = ()
) -> dict[str, Any]:
    embedded = {"files": [*files], "variations": [*variations], "sidecar_files": [*sidecars]}
    return {"filename": "", "_embedded": embedded}


PROXIES = (offer("edit.mp4", "edit_proxy"), offer("high.mp4", "high_res_proxy_mp4"))


def names(files: Sequence[MediaFile]) -> dict[int, str]:
    return {
        file.number: file.url.reveal().removeprefix(CDN + "/").partition("?")[0] for file in files
    }


def test_a_single_clip_is_its_source_whatever_stands_before_it() -> None:
    body = answer(*PROXIES, offer("clip.mp4"), files=[offer("proxy.mp4", None, item_number=1)])
    files = parse_download(json.dumps(body).encode(), item())
    assert names(files) == {1: "clip.mp4"}
    assert (files[0].filename, files[0].extension) == ("GX010777.MP4", "mp4")


def test_all_chapters_come_in_order_of_their_numbers() -> None:
    body = answer(
        offer("c3.mp4", item_number=3),
        offer("all.mp4", "concat", item_number=1),
        offer("c1.mp4", item_number="1"),
        offer("c2.mp4", item_number=2),
        files=[offer(f"proxy{n}.mp4", None, item_number=n) for n in (1, 2, 3)],
    )
    assert names(parse_download(body, item(file_count=3))) == {
        1: "c1.mp4",
        2: "c2.mp4",
        3: "c3.mp4",
    }


def test_numbered_proxies_of_a_clip_are_not_taken_for_its_parts() -> None:
    proxies = [offer(f"proxy{n}.mp4", None, item_number=n) for n in (1, 2)]
    body = answer(offer("clip.mp4"), files=proxies)
    assert names(parse_download(body, item())) == {1: "clip.mp4"}
    with pytest.raises(SourceNotUnderstood, match="promises 2"):
        parse_download(body, item(file_count=2))


def test_chapters_without_numbers_are_told_apart_by_their_paths() -> None:
    body = answer(*(offer(f"x/source/default/{n}.mp4") for n in (2, 1)))
    assert names(parse_download(body, item(file_count=2))) == {
        1: "x/source/default/1.mp4",
        2: "x/source/default/2.mp4",
    }


def test_a_missing_chapter_is_named_with_both_numbers_and_nothing_is_given() -> None:
    body = answer(offer("c1.mp4", item_number=1), offer("c2.mp4", item_number=2))
    with pytest.raises(SourceNotUnderstood, match=r"2 originals are offered, but .* promises 3"):
        parse_download(body, item(file_count=3))


@pytest.mark.parametrize("numbers", [(1, 2, 4), (2, 3)])
def test_a_gap_in_the_numbers_is_a_missing_part(numbers: tuple[int, ...]) -> None:
    body = answer(*(offer(f"c{n}.mp4", item_number=n) for n in numbers))
    with pytest.raises(SourceNotUnderstood, match="some are missing"):
        parse_download(body, item())


def test_two_that_claim_one_number_are_not_guessed_between() -> None:
    body = answer(offer("a.mp4", item_number=1), offer("b.mp4", item_number=1))
    with pytest.raises(SourceNotUnderstood, match=r"variations\[0\].*variations\[1\].*original 1"):
        parse_download(body, item())


def test_the_same_entry_twice_is_one_original() -> None:
    assert names(parse_download(answer(offer("a.mp4"), offer("a.mp4")), item())) == {1: "a.mp4"}


def test_one_address_for_two_chapters_would_lose_one_and_is_refused() -> None:
    body = answer(offer("a.mp4", item_number=1), offer("a.mp4", item_number=2))
    with pytest.raises(SourceNotUnderstood, match="another file's too"):
        parse_download(body, item(file_count=2))


def test_both_lenses_of_a_fusion_get_numbers_of_their_own() -> None:
    body = answer(
        offer("back.mp4", camera_position="back", item_number=1),
        offer("front.mp4", camera_position="front", item_number=1),
    )
    for promised in (1, 2):
        files = parse_download(body, item(file_count=promised))
        assert names(files) == {1: "front.mp4", 2: "back.mp4"}


@pytest.mark.parametrize("promised", [2, 4])
def test_chapters_of_both_lenses_keep_numbers_that_further_chapters_do_not_shift(
    promised: int,
) -> None:
    body = answer(
        *(
            offer(f"{lens}{n}.mp4", camera_position=lens, item_number=n)
            for n in (2, 1)
            for lens in ("back", "front")
        )
    )
    assert names(parse_download(body, item(file_count=promised))) == {
        1: "front1.mp4",
        2: "front2.mp4",
        NUMBER_STRIDE + 1: "back1.mp4",
        NUMBER_STRIDE + 2: "back2.mp4",
    }


def test_a_chapter_that_only_one_lens_has_is_a_missing_part() -> None:
    body = answer(
        offer("f1.mp4", camera_position="front", item_number=1),
        offer("f2.mp4", camera_position="front", item_number=2),
        offer("b1.mp4", camera_position="back", item_number=1),
    )
    with pytest.raises(SourceNotUnderstood, match=r"positions differ in their parts \(2, 1\)"):
        parse_download(body, item(file_count=2))


SET = {"type": "Burst", "filename": "G0011530.JPG", "extension": "jpg", "file_count": 3}


def test_a_photo_set_with_one_cover_is_all_its_frames() -> None:
    body = answer(
        offer("f1.jpg"), files=[offer(f"f{n}.jpg", None, item_number=n) for n in (3, 1, 2)]
    )
    files = parse_download(body, item(**SET))
    assert names(files) == {1: "f1.jpg", 2: "f2.jpg", 3: "f3.jpg"}
    assert {file.extension for file in files} == {"jpg"}


def test_a_photo_set_of_numbered_sources_is_those() -> None:
    body = answer(
        *(offer(f"s{n}.jpg", item_number=n) for n in (2, 3, 1)), files=[offer("p.jpg", None)]
    )
    assert names(parse_download(body, item(**SET))) == {1: "s1.jpg", 2: "s2.jpg", 3: "s3.jpg"}


def test_a_photo_set_of_an_unknown_type_is_all_its_frames() -> None:
    body = answer(
        offer("f1.jpg"), files=[offer(f"f{n}.jpg", None, item_number=n) for n in (1, 2, 3)]
    )
    assert len(parse_download(body, item(**SET | {"type": "HoloBurst"}))) == 3


def test_the_cover_stands_in_for_a_first_frame_that_is_not_among_the_files() -> None:
    body = answer(offer("f1.jpg"), files=[offer(f"f{n}.jpg", None, item_number=n) for n in (2, 3)])
    assert names(parse_download(body, item(**SET))) == {1: "f1.jpg", 2: "f2.jpg", 3: "f3.jpg"}


@pytest.mark.parametrize("numbers", [(1, 2), (1,), ()])
def test_a_photo_set_with_fewer_frames_than_promised_is_never_given_in_part(
    numbers: tuple[int, ...],
) -> None:
    body = answer(offer("f1.jpg"), files=[offer(f"f{n}.jpg", None, item_number=n) for n in numbers])
    with pytest.raises(SourceNotUnderstood, match="promises 3"):
        parse_download(body, item(**SET))


def test_frames_without_numbers_are_not_put_in_an_order_that_nobody_promised() -> None:
    body = answer(offer("f1.jpg"), files=[offer(f"f{n}.jpg", None) for n in (1, 2, 3)])
    with pytest.raises(SourceNotUnderstood, match="promises 3"):
        parse_download(body, item(**SET))


def test_frames_of_an_unavailable_set_wait() -> None:
    frames = [offer(f"f{n}.jpg", None, item_number=n, available=n < 3) for n in (1, 2, 3)]
    with pytest.raises(NotReady, match="original 3 is announced but not available yet"):
        parse_download(answer(offer("f1.jpg"), files=frames), item(**SET))


PHOTO = {"type": "Photo", "filename": "GOPR0001.JPG", "extension": "jpg"}


@pytest.mark.parametrize("promised", [1, 2])
@pytest.mark.parametrize("label", ["raw_photo", "source"])
def test_a_raw_photo_is_a_second_original(promised: int, label: str) -> None:
    body = answer(offer("a.gpr", label), offer("a.jpg"), files=[offer("a.jpg", None)])
    files = parse_download(body, item(**PHOTO, file_count=promised))
    assert names(files) == {1: "a.jpg", 2: "a.gpr"}
    assert [file.extension for file in files] == ["jpg", "gpr"]


def test_a_raw_photo_among_the_sidecars_is_a_second_original() -> None:
    body = answer(
        offer("a.jpg"),
        sidecars=[offer("t.mp4", "gpmf"), offer("a.gpr", "raw_photo", type=None), offer("z.zip")],
    )
    assert names(parse_download(body, item(**PHOTO))) == {1: "a.jpg", 2: "a.gpr"}


def test_a_photo_that_is_nothing_but_raw_is_its_own_original() -> None:
    assert names(parse_download(answer(offer("a.gpr")), item(**PHOTO))) == {1: "a.gpr"}


def test_raw_photos_of_a_set_follow_its_frames() -> None:
    body = answer(
        *(offer(f"s{n}.jpg", item_number=n) for n in (1, 2)),
        sidecars=[offer(f"s{n}.gpr", "raw_photo", item_number=n) for n in (1, 2)],
    )
    numbers = list(names(parse_download(body, item(**PHOTO, file_count=2))))
    assert numbers == [1, 2, 10 * NUMBER_STRIDE + 1, 10 * NUMBER_STRIDE + 2]


def test_raw_photos_do_not_make_up_for_missing_frames() -> None:
    body = answer(
        *(offer(f"s{n}.jpg", item_number=n) for n in (1, 2)),
        sidecars=[offer(f"s{n}.gpr", "raw_photo", item_number=n) for n in (1, 2)],
    )
    with pytest.raises(SourceNotUnderstood, match="2 originals are offered"):
        parse_download(body, item(**SET))


@pytest.mark.parametrize("kind", ["MultiClipEdit", "Edit"])
def test_an_edit_is_what_was_baked_of_it(kind: str) -> None:
    body = answer(*PROXIES, offer("edit.mp4", "baked_source"))
    edit = item(type=kind, filename="edit.json", extension="json", file_count=7)
    files = parse_download(body, edit)
    assert names(files) == {1: "edit.mp4"}
    assert files[0].extension == "mp4"


def test_an_edit_with_a_source_too_loses_neither() -> None:
    body = answer(offer("project.json"), offer("edit.mp4", "baked_source"))
    files = parse_download(body, item(type="Edit", filename="e.json", extension="json"))
    assert names(files) == {1: "edit.mp4", 2: "project.json"}


def test_a_baked_version_of_a_clip_is_not_its_original() -> None:
    body = answer(offer("baked.mp4", "baked_source"), offer("clip.mp4"))
    assert names(parse_download(body, item())) == {1: "clip.mp4"}


def test_a_360_clip_is_its_source_of_type_360() -> None:
    body = answer(*PROXIES, offer("a.360"), files=[offer("p.mp4", None)])
    files = parse_download(body, item(filename="GS010001.360", extension="360"))
    assert (names(files), files[0].extension) == ({1: "a.360"}, "360")


@pytest.mark.parametrize("kind", ["Audio", "Session", "Livestream", "ExternalVideo", "", "Dream"])
def test_every_type_is_resolved_whether_known_or_not(kind: str) -> None:
    assert len(parse_download(answer(offer("a.wav")), item(type=kind))) == 1


def test_without_an_original_all_that_is_offered_is_named_and_no_proxy_is_given() -> None:
    body = answer(
        *PROXIES, files=[offer("p.mp4", None)] * 2, sidecars=[offer("raw.gpr", "raw_photo")]
    )
    with pytest.raises(NoOriginal) as raised:
        parse_download(body, item(filename=""))
    message = raised.value.message
    for told in ("edit_proxy mp4", "high_res_proxy_mp4 mp4", "2 × unlabelled files", "raw_photo"):
        assert told in message
    assert "M1 (no file name)" in message
    assert "SECRET" not in message


def test_an_empty_offer_is_no_original() -> None:
    with pytest.raises(NoOriginal, match=r"no original is offered \(nothing at all\)"):
        parse_download(answer(), item())


@pytest.mark.parametrize("fields", [{"available": False}, {"url": None}])
def test_a_source_that_is_announced_only_waits(fields: dict[str, Any]) -> None:
    with pytest.raises(NotReady, match="not available yet"):
        parse_download(answer(*PROXIES, offer("a.mp4", **fields)), item())


@pytest.mark.parametrize("fields", [{"available": None}, {"camera_position": None}])
def test_absent_facts_of_a_source_do_no_harm(fields: dict[str, Any]) -> None:
    assert len(parse_download(answer(offer("a.mp4", **fields)), item())) == 1


def test_an_address_may_stand_alone_in_a_list() -> None:
    body = answer(offer("a.mp4", url=None, urls=[f"{CDN}/b.mp4"]))
    assert names(parse_download(body, item())) == {1: "b.mp4"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"<html>", "an HTML page"),
        (b"[]", "the answer is a list"),
        (b"{}", "`_embedded` is missing"),
        (b'{"_embedded": {"files": []}}', "`_embedded.variations` is missing"),
        (b'{"_embedded": {"variations": {}}}', "`_embedded.variations` is an object"),
        (b'{"_embedded": {"variations": ["SECRET"]}}', "`_embedded.variations[0]` is text"),
        (b'{"_embedded": {"variations": [], "files": 5}}', "`_embedded.files` is a number"),
    ],
)
def test_an_offer_that_cannot_be_read_is_named_by_place_and_kind(body: bytes, named: str) -> None:
    with pytest.raises(SourceNotUnderstood) as raised:
        parse_download(body, item())
    assert named in raised.value.message
    assert "M1 (GX010777.MP4)" in raised.value.message
    assert "SECRET" not in raised.value.message


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (5, "is a number where text"),
        ({}, "is an object where text"),
        ("ftp://host/SECRET", "is no web address"),
        ("http://[SECRET", "is no web address"),
        ("", "is no web address"),
    ],
)
def test_an_address_that_is_none_is_named_without_showing_it(url: Any, named: str) -> None:
    with pytest.raises(SourceNotUnderstood) as raised:
        parse_download(answer(offer("a.mp4", url=url)), item())
    assert f"`_embedded.variations[0].url` {named}" in raised.value.message
    assert "SECRET" not in raised.value.message


def test_a_resolved_file_shows_nothing_of_its_signed_address() -> None:
    assert "SECRET" not in repr(parse_download(answer(offer("a.mp4")), item()))


def test_a_medium_without_a_listed_name_takes_the_offers() -> None:
    body = answer(offer("a.mp4")) | {"filename": "GX010001.MP4"}
    assert parse_download(body, item(filename=""))[0].filename == "GX010001.MP4"


@pytest.mark.parametrize(
    ("label", "type_", "listed", "extension"),
    [
        ("source", "Video", "mp4", "mp4"),
        ("source", "Photo", "jpg", "jpg"),
        ("baked_source", "MultiClipEdit", "json", ""),
    ],
)
def test_a_file_that_does_not_tell_its_kind_has_the_listings_but_an_edit_is_no_json(
    label: str, type_: str, listed: str, extension: str
) -> None:
    bare = {"url": f"{CDN}/nameless?Signature=SECRET", "label": label, "available": True}
    (file,) = parse_download(answer(bare), item(type=type_, extension=listed))
    assert file.extension == extension


def test_a_raw_photo_that_does_not_tell_its_kind_is_a_gpr() -> None:
    raw = {"url": f"{CDN}/raw?Signature=SECRET", "label": "raw_photo", "available": True}
    body = answer(offer("p.jpg"), raw)
    files = parse_download(body, item(type="Photo", extension="jpg"))
    assert [file.extension for file in files] == ["jpg", "gpr"]
