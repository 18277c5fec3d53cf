"""`AWS_REGION` decides where clients of AWS go, as AWS's other tools have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud_sync.aws.sessions import new_session


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that names another region."""
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n", "utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ({"AWS_REGION": "ap-south-1"}, "ap-south-1"),
        ({"AWS_REGION": "ap-south-1", "AWS_DEFAULT_REGION": "us-east-2"}, "ap-south-1"),
        ({"AWS_REGION": ""}, "eu-west-1"),
    ],
)
def test_the_region_of_the_environment_goes_before_the_profile(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert new_session().get_config_variable("region") == expected
