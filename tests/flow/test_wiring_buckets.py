"""Buckets as one machine sees them: which service an archive is at, and what a person is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud_sync.config.load import load_config
from cloud_sync.errors import MissingExtra, UsageError
from cloud_sync.wiring.home import Home
from cloud_sync.wiring.local import LocalWiring

BUCKET = "s3://my-archive/gopro"
ELSEWHERE = "http://127.0.0.1:9"

Wire = Callable[..., LocalWiring]


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Wirings of one machine; `endpoint` is what its AWS settings point at."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CLOUD_SYNC_"))]:
        monkeypatch.delenv(name)
    for name, text in {
        "HOME": str(tmp_path),
        "CLOUD_SYNC_HOME": str(tmp_path / "home"),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, text)

    def make(
        to: str | None = BUCKET, plan: str | None = None, *, endpoint: str = ""
    ) -> LocalWiring:
        if endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        else:
            monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        return LocalWiring(load_config({"to": to, "storage_plan": plan}, os.environ), os.environ)

    return make


def mark_used(wiring: LocalWiring, home: Path) -> None:
    """Leave the traces of a run into the wiring's archive."""
    Home(home).mark_used(wiring.place)
    wiring.place.tracker_path.touch()


def test_buckets_of_one_name_at_two_services_are_two_archives(wire: Wire) -> None:
    at_aws, elsewhere = wire().place, wire(endpoint=ELSEWHERE).place
    assert (at_aws.endpoint, elsewhere.endpoint) == ("", ELSEWHERE)
    assert at_aws.tracker_path != elsewhere.tracker_path


def test_an_endpoint_in_the_aws_settings_file_counts_as_one_in_the_environment(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "aws.ini"
    settings.write_text(f"[default]\nendpoint_url = {ELSEWHERE}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(settings))
    assert wire().place == wire(endpoint=ELSEWHERE).place


@pytest.mark.parametrize(("then", "now"), [("", ELSEWHERE), (ELSEWHERE, "")])
def test_the_last_used_bucket_is_refused_at_another_service(
    wire: Wire, tmp_path: Path, then: str, now: str
) -> None:
    mark_used(wire(endpoint=then), tmp_path / "home")
    wiring = wire(to=None, endpoint=now)
    with pytest.raises(UsageError) as caught, wiring.archive():
        pass
    assert f"was last used at {then or 'AWS'}" in caught.value.message
    assert f"now point at {now or 'AWS'}" in caught.value.message
    assert "AWS_ENDPOINT_URL_S3" in caught.value.hint


def test_the_last_used_bucket_is_taken_at_its_own_service(wire: Wire, tmp_path: Path) -> None:
    mark_used(wire(endpoint=ELSEWHERE), tmp_path / "home")
    wiring = wire(to=None, endpoint=ELSEWHERE)
    with wiring.archive() as archive:
        assert archive.location == BUCKET


@pytest.mark.parametrize(
    ("plan", "endpoint", "told"),
    [
        (None, "", "went up as STANDARD. With --storage-plan direct"),
        ("standard", "", "went up as STANDARD. With --storage-plan direct"),
        ("direct", "", ""),
        ("grace:30", "", "rule on the bucket: DEEP_ARCHIVE after 30 days."),
        ("founding-97", "", "GLACIER_IR after 7 days, DEEP_ARCHIVE after 97 days."),
        (None, ELSEWHERE, ""),
    ],
)
def test_advice_on_cost_is_given_for_aws_where_there_is_a_choice(
    wire: Wire, plan: str | None, endpoint: str, told: str
) -> None:
    wiring = wire(plan=plan, endpoint=endpoint)
    with wiring.archive():
        pass
    assert told in wiring.advice
    assert bool(wiring.advice) == bool(told)


def test_for_a_folder_there_is_neither_advice_nor_anything_unproven(
    wire: Wire, tmp_path: Path
) -> None:
    wiring = wire(to=str(tmp_path / "archive"))
    with wiring.archive():
        pass
    assert (wiring.advice, wiring.unproven) == ("", ())


def test_what_was_archived_in_a_bucket_can_be_told_without_the_sdk(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_used(wire(endpoint=ELSEWHERE), tmp_path / "home")
    mark_used(wire(to="s3://another"), tmp_path / "home")
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    wiring = wire()
    assert (wiring.place.location, wiring.place.endpoint) == (BUCKET, ELSEWHERE)
    with wiring.existing_tracker() as tracker:
        assert list(tracker.media()) == []
    with pytest.raises(MissingExtra), wiring.archive():
        pass


@pytest.mark.parametrize("services", [(), ("", ELSEWHERE)])
def test_without_the_sdk_no_bucket_is_taken_for_another_service_s(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: tuple[str, ...]
) -> None:
    for endpoint in services:
        mark_used(wire(endpoint=endpoint), tmp_path / "home")
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(MissingExtra), wire().existing_tracker():
        pass
