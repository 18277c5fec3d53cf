"""A deployed environment driven from the command line, and its archive used from a laptop.

The real command in processes of its own, the real package in the synthesised stacks on an emulator.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.aws.executions import Executions
from cloud_sync.cli.aws_execution_end import end_of
from cloud_sync.errors import ExitCode
from cloud_sync.simulator.fault_plan import plan_from
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.dynamodb import DynamoTracker
from cloudformation import deploy_assembly
from command_line import CommandLine
from deployed_functions import (
    BUCKET,
    KEY_ID,
    SECRET_KEY,
    TABLE,
    Built,
    build,
    with_deadline,
    with_function,
)
from emulated_machine import Deployed, deploy
from ministack import REGION, Ministack, ministack
from seaweedfs import running

pytestmark = [pytest.mark.xdist_group("ministack-driving"), pytest.mark.timeout(300)]

SIZE = 20_000


@pytest.fixture(scope="module")
def built(function_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """By the plan that is the default: objects lie in Deep Archive."""
    return build(tmp_path_factory.mktemp("built"), function_package, storage_plan="direct")


@pytest.fixture
def deployed(built: Built, tmp_path: Path) -> Iterator[Deployed]:
    """Stacks of their own for each test."""
    with ministack(tmp_path) as emulator:
        yield deploy(emulator, built.assembly)


def media(count: int, size: int = SIZE) -> Library:
    return Library(
        pattern_medium(f"m{number:02}", size, filename=f"GX01{number:04}.MP4")
        for number in range(count)
    )


def at_aws(home: Path, emulator: Ministack, **settings: str) -> CommandLine:
    """The command on a laptop whose AWS settings lead to the emulator."""
    home.mkdir(exist_ok=True)
    to_the_emulator = {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return CommandLine(home, {**to_the_emulator, **settings})


@dataclass(frozen=True)
class Laptop:
    """A command that has logged the environment in, the camera cloud, and the emulator."""

    command: CommandLine
    cloud: Simulator
    deployed: Deployed

    def __call__(self, *arguments: str, code: int = 0) -> Any:
        """Run `cloud-sync ARGUMENTS --json` to its end, which has that exit code; its lines."""
        ended = self.command(*arguments, "--json")
        assert ended.code == code, ended.out + ended.err
        assert self.cloud.token not in ended.out + ended.err
        return ended.lines

    @property
    def sent(self) -> int:
        """Bytes that the camera cloud's delivery network has sent."""
        return self.cloud.snapshot().bytes_sent

    @property
    def executions(self) -> list[dict[str, Any]]:
        """What Step Functions knows of, the newest first."""
        states = self.deployed.emulator.client("stepfunctions")
        found = states.list_executions(stateMachineArn=self.deployed.machine)["executions"]
        return list(found)


def log_in(command: CommandLine, cloud: Simulator) -> None:
    ended = command("aws", "login", "--env", "dev", "--stdin", stdin=cloud.token)
    assert ended.code == 0, ended.err
    assert "gopro/credentials-dev" in ended.err
    assert cloud.token not in ended.err + ended.out


@contextmanager
def in_front_of(
    deployed: Deployed, cloud: Simulator, home: Path, **settings: str
) -> Iterator[Laptop]:
    """A laptop that has just given the environment its login."""
    command = at_aws(home, deployed.emulator, **settings)
    log_in(command, cloud)
    yield Laptop(command, cloud, deployed)


@pytest.fixture
def laptop(built: Built, deployed: Deployed, tmp_path: Path) -> Iterator[Laptop]:
    options = SimulatorOptions(api_port=built.port)
    with (
        Simulator(media(3), options) as cloud,
        in_front_of(deployed, cloud, tmp_path / "user") as laptop,
    ):
        yield laptop


def until(what: str, happens: Callable[[], Any]) -> Any:
    """Wait for it."""
    for _ in range(600):
        if found := happens():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} does not happen")


def test_the_cloud_and_a_laptop_share_one_archive_and_fetch_nothing_twice(laptop: Laptop) -> None:
    counted = laptop("aws", "run", "--env", "dev", "--dry-run", "--wait")
    assert counted[-1] == {"event": "counted", "found": 3, "due": 3, "already_archived": 0}

    told = laptop("aws", "run", "--env", "dev", "--wait")
    assert [told[0]["event"], told[-2]["event"]] == ["execution_started", "execution_ended"]
    assert told[-1]["event"] == "run_summary"
    assert (told[-1]["result"], told[-1]["archived"]) == ("completed", 3)
    assert told[-1]["run_id"] == told[0]["execution"] == told[0]["correlation_id"]
    assert told[0]["execution_arn"] in told[0]["console_url"]
    assert laptop.sent == 3 * SIZE

    (standing,) = laptop("aws", "status", "--env", "dev")
    assert standing["storage_plan"] == "direct"
    assert standing["executions"][0]["execution"] == told[0]["execution"]
    assert standing["executions"][0]["result"] == "completed"
    assert (standing["failed_items"], standing["at_work"]) == (0, None)
    assert standing["schedule"]["expression"] == "cron(0 2 * * ? *)"
    assert standing["schedule"]["next_start"] > standing["executions"][0]["started_at"]
    assert standing["status"]["login"]["last_worked_at"]
    (archive,) = laptop("status", "--env", "dev")
    assert archive["statuses"]["COMPLETED"] == {"media": 3, "files": 3, "bytes": 3 * SIZE}

    listed = laptop("list", "--env", "dev")
    assert [row["status"] for row in listed] == ["COMPLETED"] * 3
    assert laptop("verify", "--env", "dev")[-1]["ok"] == 3
    # what lies in Deep Archive is named, and neither read nor taken for damaged
    deep = laptop("verify", "--env", "dev", "--deep")
    assert [line["verdict"] for line in deep[:-1]] == ["cold"] * 3
    assert (deep[-1]["cold"], deep[-1]["read"], deep[-1]["differences"]) == (3, 0, 0)
    assert laptop("reconcile", "--env", "dev")[-1]["foreign"] >= 0

    laptop.cloud.library.add(pattern_medium("later", 4_000, filename="GX019999.MP4"))
    planned = laptop("sync", "--env", "dev", "--dry-run")
    assert [line["media_id"] for line in planned if line["event"] == "planned"] == ["later"]
    from_here = laptop("sync", "--env", "dev")[-1]
    assert (from_here["archived"], from_here["already_archived"]) == (1, 3)
    assert laptop.sent == 3 * SIZE + 4_000

    again = laptop("aws", "run", "--env", "dev", "--wait")[-1]
    assert (again["archived"], again["already_archived"]) == (0, 4)
    assert laptop.sent == 3 * SIZE + 4_000
    assert not list((laptop.command.home / "cloud-sync").glob("archives/*"))


def test_what_failed_in_the_cloud_is_named_and_tried_again_from_a_laptop(
    built: Built, deployed: Deployed, tmp_path: Path
) -> None:
    """Then the login dies: nobody fails for it, and both sides say how to log in again."""
    wrong_size = {"kind": "row", "medium": "m01", "set": {"file_size": 900_000_000}, "until": 1}
    size = 400_000
    options = SimulatorOptions(api_port=built.port, faults=plan_from({"faults": [wrong_size]}))
    with (
        Simulator(media(3, size), options) as cloud,
        in_front_of(deployed, cloud, tmp_path / "user") as laptop,
    ):
        told = laptop("aws", "run", "--env", "dev", "--wait", code=3)[-1]
        assert (told["result"], told["archived"], told["failed"]) == (
            "completed_with_failures",
            2,
            1,
        )
        assert [(each["media_id"], each["code"]) for each in told["named"]] == [
            ("m01", next(iter(told["reasons"])))
        ]
        (standing,) = laptop("aws", "status", "--env", "dev")
        assert standing["failed_items"] == 1
        assert [each["media_id"] for each in standing["status"]["needs_attention"]] == ["m01"]

        before = laptop.sent
        again = laptop("retry", "--env", "dev")[-1]
        assert (again["archived"], again["failed"]) == (1, 0)
        assert laptop.sent - before == size

        cloud.library.add(pattern_medium("later", 4_000, filename="GX019999.MP4"))
        cloud.expire_token()
        *_, ended, kept = laptop("aws", "run", "--env", "dev", "--wait", code=4)
        assert (ended["event"], ended["exit_code"]) == ("execution_ended", 4)
        assert (kept["event"], kept["result"]) == ("run_summary", "auth_required")
        assert "log" in ended["message"]
        assert ended["hint"] == "cloud-sync aws login --env dev"
        for command in (("aws", "run", "--wait"), ("sync",)):
            told = laptop.command(*command, "--env", "dev")
            assert told.code == 4
            assert "next: cloud-sync aws login --env dev" in told.err
        assert {row["status"] for row in laptop("list", "--env", "dev")} == {"COMPLETED"}

        # a login of the laptop's own goes before the environment's
        cloud.accept_token("another-token")
        own = laptop.command.using(CLOUD_SYNC_GOPRO_TOKEN="another-token")
        assert own("sync", "--env", "dev", "--json").summary["archived"] == 1


def test_whoever_comes_second_is_told_who_is_at_work(
    built: Built, deployed: Deployed, tmp_path: Path
) -> None:
    """From a laptop and from the cloud; who only watches may go, and the run goes on."""
    crawling = {"kind": "slow", "endpoint": "cdn", "bytes_per_second": 50_000, "first": 2}
    options = SimulatorOptions(api_port=built.port, faults=plan_from({"faults": [crawling]}))
    with (
        Simulator(media(1, 4_000_000), options) as cloud,
        in_front_of(deployed, cloud, tmp_path / "user") as laptop,
    ):
        here = laptop.command.start("sync", "--env", "dev", "--json")
        assert here.stdout is not None
        run_id = json.loads(here.stdout.readline())["run_id"]
        refused = laptop.command("aws", "run", "--env", "dev", "--wait")
        assert refused.code == 5
        assert run_id in refused.err
        assert "next: wait" in refused.err
        assert laptop.executions == []
        (standing,) = laptop("aws", "status", "--env", "dev")
        assert standing["at_work"]["run_id"] == run_id
        # the schedule asks nobody first
        assert ended_beside(laptop) == (ExitCode.LEASE_HELD, True)
        stopped(here)

        watching = laptop.command.start("aws", "run", "--env", "dev", "--wait")
        assert watching.stderr is not None
        until("the run in the cloud", lambda: "1 in work" in told_by(watching))
        second = laptop.command("sync", "--env", "dev")
        assert second.code == 5
        name = laptop.executions[0]["name"]
        assert f"run {name}" in second.err
        (standing,) = laptop("aws", "status", "--env", "dev")
        assert standing["executions"][0]["status"] == "RUNNING"
        assert (standing["executions"][0]["media"], standing["executions"][0]["in_work"]) == (1, 1)
        assert "cloud-sync aws status --env dev" in stopped(watching)
        assert laptop.executions[0]["status"] == "RUNNING"
        cloud.refuse_connections(0.1, api=False)
        until("its end", lambda: laptop.executions[0]["status"] == "SUCCEEDED")
        assert [row["status"] for row in laptop("list", "--env", "dev")] == ["COMPLETED"]


def stopped(command: subprocess.Popen[str]) -> str:
    """What a command says to Ctrl-C, of which it ends with exit code 130."""
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=60)
    assert command.returncode == 130, said
    return said


def told_by(command: subprocess.Popen[str]) -> str:
    """The next line that a command says."""
    assert command.stderr is not None
    return command.stderr.readline()


def ended_beside(laptop: Laptop) -> tuple[ExitCode, bool]:
    """What an execution beside another run means; whether its words say who is at work."""
    arn = laptop.deployed.run({})["executionArn"]
    machine = laptop.deployed.machine
    options = laptop.deployed.emulator.options
    with closing(Executions(machine, "", client_options=options)) as executions:
        execution = executions.describe(arn)
        assert execution is not None
        end = end_of(execution, executions.document(arn), None, "dev")
    return end.exit_code, "another run is at work" in end.message


def test_a_part_that_one_has_moved_is_not_moved_again_by_the_other(
    built: Built, tmp_path: Path
) -> None:
    """A large original that the laptop has begun, and one that the cloud has begun."""
    size = 40 * 2**20 + 5
    for folder in ("weed", "emulator"):
        (tmp_path / folder).mkdir()
    options = SimulatorOptions(
        api_port=built.port, bytes_per_second=3_000_000, etag_limit=1_000_000, url_life=2.0
    )
    with (
        running(tmp_path / "weed", KEY_ID, SECRET_KEY, to_anybody=True) as bucket,
        ministack(tmp_path / "emulator") as emulator,
        Simulator(media(1, size), options) as cloud,
    ):
        with closing(bucket.client()) as client:
            client.create_bucket(Bucket=BUCKET)
        assembly = with_function(
            built.assembly,
            tmp_path / "assembly",
            "video-downloader",
            seconds=900,
            variables={"AWS_ENDPOINT_URL_S3": bucket.endpoint},
        )
        settings = {"AWS_ENDPOINT_URL_S3": bucket.endpoint}
        deployed = deploy(emulator, assembly)
        with in_front_of(deployed, cloud, tmp_path / "user", **settings) as laptop:
            here = laptop.command.start("sync", "--env", "dev")
            until("a part", lambda: moved(laptop, "m00"))
            stopped(here)
            done, before = moved(laptop, "m00"), laptop.sent
            assert 0 < done < size
            assert laptop("aws", "run", "--env", "dev", "--wait")[-1]["archived"] == 1
            assert laptop.sent - before == size - done

            # more parts than the cloud asks for before their addresses run out
            size, before = 80 * 2**20 + 5, laptop.sent
            cloud.library.add(pattern_medium("m01", size, filename="GX019999.MP4"))
            watching = laptop.command.start("aws", "run", "--env", "dev", "--wait")
            until("a byte", lambda: laptop.sent > before)
            cloud.expire_token()
            watching.communicate(timeout=60)
            assert watching.returncode == 4
            cloud.accept_token("another-token")
            log_in(laptop.command, cloud)
            done, before = moved(laptop, "m01"), laptop.sent
            assert 0 < done < size
            assert laptop("sync", "--env", "dev")[-1]["archived"] == 1
            assert laptop.sent - before == size - done
            assert laptop("verify", "--env", "dev")[-1]["ok"] == 2


def moved(laptop: Laptop, media_id: str) -> int:
    """Bytes of the medium's first file whose parts are recorded."""
    options = laptop.deployed.emulator.options
    with closing(DynamoTracker(TABLE, client_options=options)) as tracker:
        checkpoint = tracker.checkpoint(media_id, 1)
    return sum(part.length for part in checkpoint.parts) if checkpoint else 0


def test_what_the_deadline_left_is_followed_to_its_end(built: Built, tmp_path: Path) -> None:
    """One medium comes at once, the other crawls until the run's time is up."""
    crawling = {
        "kind": "slow",
        "endpoint": "cdn",
        "medium": "m01",
        "bytes_per_second": 50_000,
        "first": 1,
    }
    options = SimulatorOptions(api_port=built.port, faults=plan_from({"faults": [crawling]}))
    assembly = with_deadline(built.assembly, tmp_path / "assembly", 30)
    with ministack(tmp_path) as emulator, Simulator(media(2, 4_000_000), options) as cloud:
        deployed = deploy(emulator, assembly)
        with in_front_of(deployed, cloud, tmp_path / "user") as laptop:
            told = laptop("aws", "run", "--env", "dev", "--wait")
    ended = [line for line in told if line["event"] == "execution_ended"]
    name = told[0]["execution"]
    assert [line["execution"] for line in ended] == [name, f"{name}-1"]
    summaries = [line for line in told if line["event"] == "run_summary"]
    assert [(each["archived"], each["pending"]) for each in summaries] == [(1, 1), (1, 0)]
    assert told[-1] == summaries[-1]


def test_what_is_not_deployed_is_told_with_what_to_type(built: Built, tmp_path: Path) -> None:
    """Exit 2 with the command; an archive without its workflow can still be looked at."""
    with ministack(tmp_path) as emulator:
        command = at_aws(tmp_path / "user", emulator)
        for arguments in (
            ("aws", "run"),
            ("aws", "status"),
            ("sync",),
            ("list",),
            ("verify",),
        ):
            ended = command(*arguments, "--env", "dev")
            assert ended.code == 2, ended.err
            assert "next: cloud-sync aws deploy --env dev" in ended.err
        login = command("aws", "login", "--env", "dev", "--stdin", stdin="eyJ-a-token")
        assert login.code == 2
        assert "not deployed" in login.err

        deploy_assembly(emulator, built.assembly, ["CloudSync-dev-storage"])
        assert command("list", "--env", "dev").code == 0
        (standing,) = command("aws", "status", "--env", "dev", "--json").lines
        assert (standing["machine"], standing["executions"]) == (None, [])
        for arguments in (("aws", "run"), ("sync",)):
            ended = command(*arguments, "--env", "dev")
            assert ended.code == 2
            assert "CloudSync-dev" in ended.err
            assert "next: cloud-sync aws deploy --env dev" in ended.err
        assert command("list", "--env", "dev", "--to", "/archive").code == 2
        assert command("sync", "--env", "dev", "--storage-plan", "standard").code == 2
        assert command("list", "--env", "production").code == 2
        nobody = command.using(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
        for arguments in (("aws", "status"), ("list",)):
            refused = nobody(*arguments, "--env", "dev")
            assert refused.code == 4, refused.err
            assert "no usable credentials" in refused.err
