"""An environment's parts out of its stacks' outputs, which archive is meant, and what to type."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.aws.schedules import Schedule
from cloud_sync.cli.advice import advising, for_environment
from cloud_sync.cli.aws_standing import next_start
from cloud_sync.config.load import load_config
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.credentials.remembered import RememberedCredentials
from cloud_sync.errors import AuthRequired, AuthTrouble, UsageError
from cloud_sync.secret import Secret
from cloud_sync.wiring.chosen import chosen_wiring
from cloud_sync.wiring.deployed import find_deployed
from cloud_sync.wiring.environment import EnvironmentWiring
from cloud_sync.wiring.local import LocalWiring

STORAGE = {
    "S3BucketName": "gopro-dev-1",
    "DynamoDBTableName": "table",
    "SecretName": "secret",
    "StoragePlan": "direct",
}
WORKFLOW = {
    "StateMachineArn": "arn:machine",
    "StateMachineConsoleUrl": "https://console",
    "EventBridgeRuleName": "daily",
    "FailedItemsQueueUrl": "https://failed",
    "MissedStartsQueueUrl": "https://missed",
    "GoProApiUrl": "https://api.gopro.com",
}


@dataclass
class Told:
    """Stacks as somebody tells of them."""

    stacks: dict[str, dict[str, str]] = field(default_factory=dict)

    def outputs(self, stack: str) -> dict[str, str] | None:
        return self.stacks.get(stack)

    def account_and_region(self) -> tuple[str, str]:
        return "123456789012", "eu-central-1"


def both(**changes: dict[str, str]) -> Told:
    return Told({"CloudSync-dev-storage": STORAGE, "CloudSync-dev": WORKFLOW, **changes})


def test_the_parts_are_those_that_the_outputs_name() -> None:
    found = find_deployed("dev", both())
    assert (found.storage.bucket, found.storage.storage_plan) == ("gopro-dev-1", "direct")
    assert found.running.machine == "arn:machine"


def test_an_environment_that_is_not_there_is_told_with_where_and_what_to_type() -> None:
    with pytest.raises(UsageError) as caught:
        find_deployed("staging", both())
    assert "account 123456789012, region eu-central-1" in caught.value.message
    assert "cloud-sync aws deploy --env staging" in caught.value.hint
    with pytest.raises(UsageError, match="no environment 'live'"):
        find_deployed("live", both())


def test_an_archive_is_found_without_its_workflow_which_is_missed_only_where_needed() -> None:
    found = find_deployed("dev", Told({"CloudSync-dev-storage": STORAGE}))
    assert found.storage.table == "table"
    with pytest.raises(UsageError) as caught:
        _ = found.running
    assert caught.value.hint == "cloud-sync aws deploy --env dev"


@pytest.mark.parametrize(
    ("stack", "outputs", "missing"),
    [
        ("CloudSync-dev-storage", STORAGE, "StoragePlan"),
        ("CloudSync-dev", WORKFLOW, "GoProApiUrl"),
    ],
)
def test_outputs_of_another_version_are_named_and_nothing_is_guessed(
    stack: str, outputs: dict[str, str], missing: str
) -> None:
    less = {name: value for name, value in outputs.items() if name != missing}
    with pytest.raises(UsageError, match=missing):
        find_deployed("dev", both(**{stack: less}))


def choose(home: Path, env: str | None, **flags: str) -> Any:
    environment = {"CLOUD_SYNC_HOME": str(home), "CLOUD_SYNC_TO": "/archive"}
    return chosen_wiring(load_config(flags, environment), environment, env)


def test_one_place_decides_between_a_deployed_archive_and_this_machines(tmp_path: Path) -> None:
    """What is configured gives way to `--env`; what is typed beside it does not."""
    assert isinstance(choose(tmp_path, None), LocalWiring)
    assert isinstance(choose(tmp_path, "dev"), EnvironmentWiring)
    with pytest.raises(UsageError, match="--to and --env"):
        choose(tmp_path, "dev", to="/archive")
    with pytest.raises(UsageError, match="--storage-plan and --env"):
        choose(tmp_path, "dev", storage_plan="direct")


def test_nothing_of_aws_is_loaded_where_no_environment_is_meant() -> None:
    """The command starts as fast as it did."""
    code = (
        "import sys\n"
        "from cloud_sync.cli import application, reconcile_run, retry_run, sync_run, verify_run\n"
        "from cloud_sync.config.load import load_config\n"
        "from cloud_sync.wiring.chosen import chosen_wiring\n"
        "chosen_wiring(load_config({}, {'CLOUD_SYNC_HOME': '/nowhere'}), {}, None)\n"
        "print([name for name in sys.modules if name.startswith(('boto', 'cloud_sync.aws', "
        "'aws_cdk'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cloud-sync login", "cloud-sync aws login --env dev"),
        ("cloud-sync status", "cloud-sync status --env dev"),
        (
            "cloud-sync reconcile --apply, then cloud-sync sync: go on",
            "cloud-sync reconcile --env dev --apply, then cloud-sync sync --env dev: go on",
        ),
        (
            "cloud-sync reconcile --to s3://gopro-dev-1 --apply",
            "cloud-sync reconcile --env dev --apply",
        ),
        ("cloud-sync aws deploy --env dev", "cloud-sync aws deploy --env dev"),
    ],
)
def test_what_to_type_is_about_the_same_environment(text: str, told: str) -> None:
    assert for_environment(text, "dev") == told
    assert for_environment(told, "dev") == told
    assert for_environment(text, None) == text


def test_an_error_says_what_to_type_about_the_environment() -> None:
    with pytest.raises(AuthRequired) as caught, advising("dev"):
        raise AuthRequired("no", trouble=AuthTrouble.MISSING, hint="cloud-sync login")
    assert caught.value.hint == "cloud-sync aws login --env dev"


@pytest.mark.parametrize(
    ("now", "starts"),
    [
        ("2026-11-21T00:59:00Z", "2026-11-21T01:00:00Z"),
        ("2026-11-21T01:00:00Z", "2026-11-22T01:00:00Z"),
        # on the night when the clocks go forward there is no 02:00, and the service leaves it out
        ("2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z"),
    ],
)
def test_the_next_start_is_the_schedules(now: str, starts: str) -> None:
    daily = Schedule("cron(0 2 * * ? *)", "Europe/Berlin", enabled=True)
    found = next_start(daily, datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(starts)


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule("cron(0 2 * * ? *)", "Europe/Berlin", enabled=False),
        Schedule("rate(1 hour)", "UTC", enabled=True),
        Schedule("cron(0 2 * * ? *)", "Mars/Olympus", enabled=True),
        Schedule("cron(77 2 * * ? *)", "UTC", enabled=True),
    ],
)
def test_no_next_start_is_made_up(schedule: Schedule) -> None:
    assert next_start(schedule, datetime(2026, 11, 21, tzinfo=UTC)) is None


@dataclass
class Tick:
    """Time that a test turns."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


def test_a_login_stored_elsewhere_is_seen_after_a_while() -> None:
    """A laptop's run that waits for a login must notice it, without a call for each look."""
    store, clock = MemoryCredentials(Secret("old")), Tick()
    remembered = RememberedCredentials(store, 10.0, clock)
    first = remembered.read()
    store.replace(Secret("new"), clock.now())
    clock.seconds = 9.9
    assert remembered.read() == first
    clock.seconds = 10.0
    second = remembered.read()
    assert second is not None
    assert second.token == Secret("new")
