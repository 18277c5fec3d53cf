"""While a process works with the emulator, nothing of the user's AWS is within its reach."""

from __future__ import annotations

import os

import pytest

from cloud_sync.emulator.apart import aws_is, settings_apart

URL = "http://127.0.0.1:4566"


def test_no_account_profile_or_endpoint_of_the_users_is_left() -> None:
    users = {
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "t",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.org",
        "AWS_CONFIG_FILE": "/home/ana/.aws/config",
        "PATH": "/bin",
    }
    apart = settings_apart(users, URL)
    assert apart["PATH"] == "/bin"
    assert apart["AWS_ENDPOINT_URL"] == URL
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & set(apart)
    assert {apart["AWS_CONFIG_FILE"], apart["AWS_SHARED_CREDENTIALS_FILE"]} == {os.devnull}
    assert apart["AWS_EC2_METADATA_DISABLED"] == "true"
    assert not {"AKIA", "work"} & set(apart.values())


@pytest.mark.parametrize(
    ("before", "after"), [({}, "127.0.0.1"), ({"NO_PROXY": "intra"}, "intra,127.0.0.1")]
)
def test_calls_to_this_machine_pass_no_proxy(before: dict[str, str], after: str) -> None:
    assert settings_apart(before, URL)["NO_PROXY"] == after


def test_the_users_settings_are_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    before = dict(os.environ)
    with aws_is(URL):
        assert os.environ["AWS_ENDPOINT_URL"] == URL
        assert "AWS_PROFILE" not in os.environ
    assert dict(os.environ) == before
    with pytest.raises(KeyError), aws_is(URL):
        raise KeyError
    assert dict(os.environ) == before
