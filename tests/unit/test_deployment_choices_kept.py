"""Choices of an environment travel through the stack that they made, and none changes by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.config.load import environment_table, load_config
from cloud_sync.deployment.choices import (
    CHOICES,
    DEFAULT,
    DEPLOYED,
    differences,
    settled,
    understood,
    written,
)
from cloud_sync.deployment.environments import Environment
from cloud_sync.errors import UsageError

OTHERWISE: dict[str, Any] = {
    "storage_plan": "grace:30",
    "start_time": "03:30",
    "time_zone": "Europe/Lisbon",
    "concurrency": 8,
    "downloader_memory": 1024,
    "soft_deadline_hours": 6,
    "alert_mail": ("a@example.org", "b@example.org"),
    "alert_https": ("https://example.org/hook",),
    "gopro_api_url": "https://gopro.example.org",
    "vpc": True,
    "data_events": True,
    "monthly_budget_usd": 25,
}


def test_every_choice_comes_back_as_it_was_deployed(tmp_path: Path) -> None:
    assert set(OTHERWISE) >= set(CHOICES), "a choice that this test knows nothing of"
    environment = Environment(name="dev", function_code=tmp_path, **OTHERWISE)
    back = understood(written(environment), "CloudSync-dev")
    assert back == OTHERWISE
    again = settled({}, {}, "file", back)
    assert Environment(name="dev", function_code=tmp_path, **again.values) == environment


def test_options_go_before_the_file_the_file_before_the_stack_and_that_before_defaults() -> None:
    chosen = settled(
        {"concurrency": 9, "start_time": None},
        {"concurrency": 8, "start_time": "04:00"},
        "the file",
        {"concurrency": 7, "start_time": "05:00", "storage_plan": "standard"},
    )
    assert chosen.values["concurrency"] == 9
    assert chosen.values["start_time"] == "04:00"
    assert chosen.values["storage_plan"] == "standard"
    assert chosen.values["time_zone"] == "Europe/Berlin"
    picked = ("concurrency", "start_time", "storage_plan", "time_zone")
    origins = [chosen.origins[name] for name in picked]
    assert origins == ["--concurrency", "the file", DEPLOYED, DEFAULT]
    assert chosen.lines() == [
        "storage_plan = standard (as deployed)",
        "start_time = 04:00 (the file)",
        "concurrency = 9 (--concurrency)",
    ]


def test_an_empty_text_takes_every_address_away() -> None:
    chosen = settled({"alert_mail": [""]}, {}, "file", {"alert_mail": ("a@example.org",)})
    assert chosen.values["alert_mail"] == ()


def test_a_switch_that_is_on_can_be_switched_off() -> None:
    assert settled({"vpc": False}, {}, "file", {"vpc": True}).values["vpc"] is False


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"concurency": 8}, "a choice 'concurency' that does not exist"),
        ({"concurrency": "8"}, "concurrency cannot be '8'"),
        ({"concurrency": True}, "concurrency cannot be True"),
        ({"vpc": 1}, "vpc cannot be 1"),
        ({"alert_mail": [1]}, "alert_mail cannot be"),
    ],
)
def test_a_choice_in_the_file_that_cannot_be_is_named(table: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settled({}, table, "[aws.dev] of config.toml", {})


@pytest.mark.parametrize("text", ["", "[]", "no json", '{"of_the_future": 1}'])
def test_choices_of_another_version_are_never_guessed_at(text: str) -> None:
    with pytest.raises(UsageError, match="CloudSync-dev"):
        understood(text, "CloudSync-dev")


def test_differences_name_both_values() -> None:
    before = understood(json.dumps({"concurrency": 5, "vpc": False}), "s")
    after = settled({"concurrency": 8, "vpc": True}, {}, "file", before).values
    assert differences(before, after) == ["concurrency: 5 → 8", "vpc: no → yes"]


def test_the_tables_of_environments_stand_beside_the_settings(tmp_path: Path) -> None:
    environment = {"CLOUD_SYNC_HOME": str(tmp_path)}
    text = 'to = "/archive"\n[aws.dev]\nconcurrency = 8\nalert_mail = ["a@example.org"]\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    table, origin = environment_table(environment, "dev")
    assert table == {"concurrency": 8, "alert_mail": ["a@example.org"]}
    assert origin == f"[aws.dev] of {tmp_path / 'config.toml'}"
    assert environment_table(environment, "prod")[0] == {}
    assert load_config({}, environment).text("to") == "/archive"


@pytest.mark.parametrize("text", ["[aws.qa]\nconcurrency = 8\n", "aws = 1\n", "[aws]\ndev = 1\n"])
def test_a_table_for_an_environment_that_does_not_exist_is_refused(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="tables of environments only"):
        environment_table({"CLOUD_SYNC_HOME": str(tmp_path)}, "dev")
