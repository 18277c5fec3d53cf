"""How the client for S3 is made: for which service, and what it leaves as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError

from cloud_sync.archive.s3_client import Connected, open_client
from cloud_sync.archive.s3_errors import Place
from cloud_sync.aws.descriptions import use_folder_loader
from cloud_sync.aws.sessions import new_session
from cloud_sync.errors import UsageError

HERE = "http://127.0.0.1:9"
IN_THE_FILE = f"[default]\nservices = own\n\n[services own]\ns3 =\n  endpoint_url = {HERE}\n"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without settings of its own; the path of the SDK's file of settings."""
    path = tmp_path / "config"
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    return path


@contextmanager
def opened(*, dialect: str | None = None, **options: str) -> Iterator[Connected]:
    connected = open_client(
        Place("S3", "", ""),
        "trying",
        dialect=dialect,
        connections=2,
        attempts=1,
        client_options=options,
    )
    try:
        yield connected
    finally:
        connected.client.close()


def url_of_an_object(connected: Connected) -> str:
    signed = connected.client.generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "key"}
    )
    return signed.partition("?")[0]


ON_AWS = "https://bucket.s3.amazonaws.com/key"
ELSEWHERE = f"{HERE}/bucket/key"


@pytest.mark.parametrize(
    ("environment", "file", "options", "url"),
    [
        ({}, "", {}, ON_AWS),
        ({"AWS_ENDPOINT_URL_S3": HERE}, "", {}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": HERE}, "", {}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL_S3": HERE, "AWS_ENDPOINT_URL": "http://[no"}, "", {}, ELSEWHERE),
        ({}, "", {"endpoint_url": HERE}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://s3.amazonaws.com"}, "", {"endpoint_url": HERE}, ELSEWHERE),
        ({}, IN_THE_FILE, {}, ELSEWHERE),
        (
            {"AWS_ENDPOINT_URL_S3": HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "",
            {},
            ON_AWS,
        ),
    ],
)
def test_wherever_the_endpoint_is_said_buckets_are_asked_as_its_service_wants(
    monkeypatch: pytest.MonkeyPatch,
    settings: Path,
    environment: dict[str, str],
    file: str,
    options: dict[str, str],
    url: str,
) -> None:
    settings.write_text(file, encoding="utf-8")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with opened(**options) as connected:
        assert url_of_an_object(connected).replace(".eu-central-1", "") == url
        assert connected.dialect.name == ("aws" if url == ON_AWS else "generic")


def test_a_dialect_that_is_named_goes_before_the_host() -> None:
    with opened(dialect="plain") as connected:
        assert url_of_an_object(connected).endswith("amazonaws.com/bucket/key")


@pytest.mark.parametrize("endpoint", ["http://[no", "storage", "ftp//nowhere"])
def test_an_endpoint_that_is_no_url_is_an_error_of_usage(
    monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(UsageError, match="the endpoint or region is not valid"), opened():
        raise AssertionError("a client was made")


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_is_collected_afterwards_as_before(collecting: bool) -> None:
    (gc.enable if collecting else gc.disable)()
    try:
        with opened():
            assert gc.isenabled() is collecting
        with pytest.raises(UsageError), opened(dialect="nonsense"):
            raise AssertionError("a client was made")
        assert gc.isenabled() is collecting
    finally:
        gc.enable()


def test_descriptions_of_services_are_found_as_the_sdk_finds_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those that credentials come from, and those in a folder of the user's own."""
    own = tmp_path / "models"
    (own / "lantern" / "2026-01-01").mkdir(parents=True)
    (own / "lantern" / "2026-01-01" / "service-2.json").write_text('{"metadata": {}}')
    monkeypatch.setenv("AWS_DATA_PATH", str(own))
    session = new_session()
    use_folder_loader(session)
    for service in ("s3", "sts", "sso", "sso-oidc"):
        assert session.get_service_model(service).service_name == service
    assert session.get_service_data("lantern") == {"metadata": {}}
    with pytest.raises(UnknownServiceError):
        session.get_service_model("nonsense")
