"""Fixtures that several kinds of tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import seaweedfs
from cloud_sync.deployment.package import HERE, cached_package

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def function_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions' package for this machine, built once for all workers; leave it as it is."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    return cached_package(shared / "function-package", lambda _: None, HERE).folder


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweedfs.S3Server]:
    """A real S3 server, one per worker.

    Mark tests that use it with `pytest.mark.xdist_group("seaweedfs")`: it starts once then.
    """
    with seaweedfs.running(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_client(s3_server: seaweedfs.S3Server) -> Iterator[S3Client]:
    """A plain client of the server, for looking behind the product's back."""
    client = s3_server.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def s3_bucket(s3_client: S3Client) -> str:
    """An existing bucket; tests keep apart by prefix, for every bucket costs the server volumes."""
    s3_client.create_bucket(Bucket="archive-tests")
    return "archive-tests"
