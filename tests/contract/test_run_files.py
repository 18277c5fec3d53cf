"""What is promised of the files that the steps of a run hand to each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from cloud_sync.archive.run_files import MANIFEST, RunFiles, file_key
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.archive.s3_run_files import connect_run_files
from cloud_sync.errors import ArchiveUnusable, SourceNotUnderstood
from seaweedfs import S3Server


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.xdist_group("seaweedfs"))])
def files(request: pytest.FixtureRequest) -> Iterator[RunFiles]:
    if request.param == "memory":
        yield MemoryRunFiles()
        return
    server: S3Server = request.getfixturevalue("s3_server")
    bucket: str = request.getfixturevalue("s3_bucket")
    with closing(connect_run_files(bucket, server.client_options)) as connected:
        yield connected


def test_lines_come_back_in_order_whatever_their_number(files: RunFiles) -> None:
    lines = [f'{{"media_id":"m{number}"}}' for number in range(20_000)]
    files.write("run-1", MANIFEST, iter(lines))
    assert list(files.read("run-1", MANIFEST)) == lines


def test_a_file_may_be_written_again_and_runs_keep_apart(files: RunFiles) -> None:
    files.write("run-2", MANIFEST, ["old", "older"])
    files.write("run-3", MANIFEST, ["other"])
    files.write("run-2", MANIFEST, ["new"])
    assert list(files.read("run-2", MANIFEST)) == ["new"]
    assert list(files.read("run-3", MANIFEST)) == ["other"]


def test_a_file_that_is_not_there_is_named(files: RunFiles) -> None:
    with pytest.raises(SourceNotUnderstood, match=file_key("run-4", MANIFEST)):
        list(files.read("run-4", MANIFEST))


@pytest.mark.xdist_group("seaweedfs")
def test_a_bucket_that_is_not_there_is_told_as_such(s3_server: S3Server) -> None:
    with (
        closing(connect_run_files("no-such-bucket", s3_server.client_options)) as connected,
        pytest.raises(ArchiveUnusable, match="no-such-bucket"),
    ):
        connected.write("run-1", MANIFEST, ["a"])
