"""CLOUD_SYNC_HOME: each DEST is an archive of its own, and the last used one is found again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloud_sync.errors import UsageError
from cloud_sync.model.location import BucketDestination, FolderDestination
from cloud_sync.wiring.home import ArchivePlace, Home, destination_of

BUCKET = BucketDestination("my-bucket", "prefix")


def use(home: Home, place: ArchivePlace, at: int) -> None:
    """Use the archive at a second of the past, with a tracker in place."""
    home.mark_used(place)
    place.tracker_path.touch()
    os.utime(place.card_path, (at, at))


def test_every_destination_has_a_tracker_of_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    places = [
        home.place_of(FolderDestination("/mnt/a b"), ""),
        home.place_of(FolderDestination("/mnt/a-b"), ""),
        home.place_of(FolderDestination("/mnt/A b"), ""),
        home.place_of(BUCKET, ""),
        home.place_of(BUCKET, "http://127.0.0.1:9000"),
        home.place_of(BucketDestination("my-bucket", ""), ""),
    ]
    assert len({place.tracker_path for place in places}) == len(places)
    assert list(tmp_path.iterdir()) == [], "asking writes nothing"


def test_a_folder_is_the_same_archive_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    whole = home.place_of(FolderDestination(str(tmp_path / "archive")), "")
    assert home.place_of(FolderDestination("archive"), "") == whole
    assert home.place_of(FolderDestination("./x/../archive"), "http://ignored") == whole
    (tmp_path / "link").symlink_to(tmp_path / "archive")
    assert home.place_of(FolderDestination("link"), "") == whole
    assert destination_of(whole) == FolderDestination(str(tmp_path / "archive"))


def test_the_last_used_archive_is_chosen(tmp_path: Path) -> None:
    home = Home(tmp_path)
    folder = home.place_of(FolderDestination("/mnt/a"), "")
    bucket = home.place_of(BUCKET, "http://127.0.0.1:9000")
    use(home, folder, at=1000)
    use(home, bucket, at=2000)
    assert home.known() == [bucket, folder]
    assert home.choose(None, "") == bucket
    use(home, folder, at=3000)
    assert home.choose(None, "") == folder
    assert home.choose(BUCKET, "") == home.place_of(BUCKET, "")


def test_an_archive_without_its_tracker_is_not_known(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.mark_used(home.place_of(BUCKET, ""))
    assert home.known() == []
    with pytest.raises(UsageError, match="no archive is configured") as caught:
        home.choose(None, "")
    assert "--to DEST" in caught.value.hint


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"to": "/x"'])
def test_a_damaged_card_is_named(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path)
    place = home.place_of(BUCKET, "")
    use(home, place, at=1000)
    place.card_path.write_text(content)
    with pytest.raises(UsageError, match="it is damaged") as caught:
        home.known()
    assert str(place.card_path) in caught.value.message
