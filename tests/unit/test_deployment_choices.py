"""An environment of the AWS archive: what is refused beforehand, and what it is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.deployment.__main__ import main, parser
from cloud_sync.deployment.environments import Environment
from cloud_sync.errors import UsageError
from cloud_sync.schedule.daily import DailyStart, skipped_sentence


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"name": "test"}, "no environment 'test'"),
        ({"function_code": Path("/nowhere/at/all")}, "is no folder"),
        ({"storage_plan": "7/14"}, "90 days after Instant Retrieval"),
        ({"start_time": "24:00"}, "no time of day"),
        ({"start_time": "2:00"}, "no time of day"),
        ({"time_zone": "Europe/Atlantis"}, "no time zone"),
        ({"time_zone": "../etc/passwd"}, "no time zone"),
        ({"concurrency": 0}, "concurrency cannot be 0"),
        ({"downloader_memory": 128}, "downloader_memory cannot be 128"),
        ({"soft_deadline_hours": 24}, "soft_deadline_hours cannot be 24"),
        ({"monthly_budget_usd": -1}, "monthly_budget_usd cannot be -1"),
        ({"account": "12345", "region": "eu-central-1"}, "no AWS account number"),
        ({"account": "123456789012", "region": "Frankfurt"}, "no AWS region"),
        ({"account": "123456789012"}, "given together"),
        ({"alert_mail": ("nobody",)}, "no mail address"),
        ({"alert_https": ("http://example.org",)}, "not https"),
        ({"gopro_api_url": "http://api.gopro.com"}, "not https"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_by_name(
    tmp_path: Path, choice: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        Environment(**{"name": "dev", "function_code": tmp_path, **choice})


def test_the_simulator_on_this_machine_may_be_plain_http(tmp_path: Path) -> None:
    url = "http://127.0.0.1:8080"
    environment = Environment(name="dev", function_code=tmp_path, gopro_api_url=url)
    assert environment.gopro_api_url == url


def test_only_prod_bears_plain_names(tmp_path: Path) -> None:
    """Two environments in one account must never write into each other's table."""
    names = {
        each.resource("gopro-sync-tracker")
        for each in (
            Environment(name=name, function_code=tmp_path) for name in ("dev", "staging", "prod")
        )
    }
    assert names == {
        "gopro-sync-tracker",
        "gopro-sync-tracker-dev",
        "gopro-sync-tracker-staging",
    }


@pytest.mark.parametrize(
    ("start", "skipped"),
    [
        (DailyStart("02:00", "Europe/Berlin"), [date(2026, 3, 29)]),
        (DailyStart("02:59", "Europe/Berlin"), [date(2026, 3, 29)]),
        (DailyStart("03:00", "Europe/Berlin"), []),
        (DailyStart("01:59", "Europe/Berlin"), []),
        (DailyStart("02:30", "America/New_York"), [date(2026, 3, 8)]),
        (DailyStart("02:30", "UTC"), []),
        (DailyStart("02:15", "Australia/Lord_Howe"), [date(2026, 10, 4)]),
    ],
)
def test_the_night_without_a_start_is_known(start: DailyStart, skipped: list[date]) -> None:
    assert start.skipped_on(2026) == skipped
    sentence = skipped_sentence(start, 2026)
    assert all(day.isoformat() in sentence for day in skipped)
    assert bool(sentence) == bool(skipped)


def test_a_start_is_a_cron_line() -> None:
    assert DailyStart("02:05", "Europe/Berlin").cron == "cron(5 2 * * ? *)"


def test_help_names_the_price_of_what_costs() -> None:
    text = " ".join(parser().format_help().split())
    assert "45 USD for each TB" in text
    assert "0.10 USD for 100,000 calls" in text


def test_a_wrong_choice_is_told_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    choices = {"name": "dev", "function-code": tmp_path, "concurrency": 99, "output": output}
    code = main([f"--{name}={value}" for name, value in choices.items()])
    assert code == 2
    assert "concurrency cannot be 99" in capsys.readouterr().err
    assert not output.exists()
