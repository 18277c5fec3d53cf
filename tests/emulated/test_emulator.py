"""The emulator as the product starts it: on loopback, ended with all its children, never silent."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from cloud_sync.emulator import server
from cloud_sync.emulator.server import running
from cloud_sync.emulator.template import REFUSED
from cloud_sync.errors import CloudSyncError
from ministack import PYTHON, REGION, ministack, shared

pytestmark = pytest.mark.xdist_group("ministack")

STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
child.wait()
"""

CALLER = """
import sys, time
from pathlib import Path
from typing import Any
from uuid import uuid4
from cloud_sync.emulator.server import running
with running(Path(sys.argv[1]), Path(sys.argv[2])) as emulator:
    print(emulator.process.pid, flush=True)
    time.sleep(60)
"""

WHERE = """
from pathlib import Path
def handler(event, context):
    return {"folder": str(Path(__file__).resolve().parent), "word": WORD}
"""


def answers(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as asked:
        asked.settimeout(2)
        return asked.connect_ex((host, int(port))) == 0


def is_gone(pid: int) -> bool:
    """Whether no process of that number runs; one that nobody has collected does not run."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()[:1] in ("", "Z")


def test_it_is_there_for_the_block_and_gone_afterwards(tmp_path: Path) -> None:
    with running(PYTHON, tmp_path) as emulator:
        assert emulator.url.startswith("http://127.0.0.1:")
        assert answers(emulator.url)
        assert emulator.log.parent == tmp_path
    assert not answers(emulator.url)
    assert emulator.process.returncode is not None


def test_a_ctrl_c_on_the_terminal_does_not_reach_it_before_its_caller(tmp_path: Path) -> None:
    with running(PYTHON, tmp_path) as emulator:
        assert os.getsid(emulator.process.pid) != os.getsid(0)


def test_a_death_in_mid_work_is_told_with_the_place_of_its_log(tmp_path: Path) -> None:
    def die() -> None:
        with running(PYTHON, tmp_path) as emulator:
            emulator.process.kill()
            emulator.process.wait(10)
            raise ConnectionError("what a call says")

    with pytest.raises(CloudSyncError, match="ended by itself") as told:
        die()
    assert str(tmp_path / "ministack.log") in told.value.hint


def test_an_error_of_the_block_itself_passes_through(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError), running(PYTHON, tmp_path):
        raise ConnectionError


def test_one_that_does_not_come_up_is_told_with_the_place_of_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(CloudSyncError, match="ended by itself") as told,
        running(Path(sys.executable), tmp_path),
    ):
        pytest.fail("this interpreter has no emulator")
    assert str(tmp_path / "ministack.log") in told.value.hint
    assert "No module named 'ministack'" in (tmp_path / "ministack.log").read_text()


def test_one_that_refuses_to_end_is_ended_with_its_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "ENDING_SECONDS", 0.3)
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    with process.stdout as told:
        child = int(told.readline())
    server._end(process)
    assert process.returncode == -signal.SIGKILL
    for _ in range(100):
        if is_gone(child):
            break
        time.sleep(0.05)
    assert is_gone(child)


def test_it_does_not_outlive_a_caller_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CALLER, str(PYTHON), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={"TMPDIR": str(tmp_path)}) as caller:
        assert caller.stdout is not None
        pid = int(caller.stdout.readline())
        assert not is_gone(pid)
        caller.kill()
    for _ in range(100):
        if is_gone(pid):
            break
        time.sleep(0.1)
    assert is_gone(pid)


def test_further_settings_reach_it(tmp_path: Path) -> None:
    with ministack(tmp_path, LOG_LEVEL="DEBUG") as emulator:
        emulator.client("sts").get_caller_identity()
    assert "DEBUG" in (tmp_path / "ministack.log").read_text()


def somebody_who_may(*actions: str) -> Callable[[str], Any]:
    """Clients of a user who may do these everywhere, and nothing else."""
    iam, name = shared().client("iam"), f"somebody-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=name, PolicyName="Written", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }
    return lambda service: boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        **shared().options | keys,
    )


@pytest.mark.parametrize(("service", "act"), [("s3", "list_buckets"), ("dynamodb", "list_tables")])
def test_it_enforces_what_a_user_may(service: str, act: str) -> None:
    """Else no test on it would say anything of permissions."""
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(somebody_who_may("iam:ListUsers")(service), act)()


def test_it_takes_requests_for_ones_that_came_by_tls() -> None:
    """Else the stacks' policies, which refuse all others, would have to be left out."""
    owner, bucket = shared().client("s3"), f"refuses-{uuid4().hex[:8]}"
    owner.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    somebody = somebody_who_may("s3:*")("s3")

    def refuse(tls: str) -> None:
        refusal = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": tls}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
        owner.put_bucket_policy(Bucket=bucket, Policy=policy)

    refuse("false")
    somebody.put_object(Bucket=bucket, Key="a", Body=b"1")
    refuse("true")
    with pytest.raises(ClientError, match="AccessDenied"):
        somebody.put_object(Bucket=bucket, Key="a", Body=b"2")


def test_functions_of_the_same_code_share_it_and_others_have_their_own() -> None:
    """Each call at a time has a process of its own, and unpacking the code took most of its start.

    A version of the emulator that unpacks it in another way is found here.
    """
    client = shared().client("lambda")
    lambdas = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [{**lambdas, "Action": "sts:AssumeRole"}]}
    role = (
        shared()
        .client("iam")
        .create_role(
            RoleName=f"functions-{uuid4().hex[:8]}", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
    )

    def unpacked(word: str) -> tuple[str, str]:
        """Where a function says that its code lies, and what stands there."""
        zipped, name = io.BytesIO(), f"where-{uuid4().hex[:8]}"
        with zipfile.ZipFile(zipped, "w") as package:
            package.writestr("where.py", f"{WHERE}\nWORD = {word!r}\n")
        client.create_function(
            FunctionName=name,
            Runtime="python3.14",
            Role=role,
            Handler="where.handler",
            Code={"ZipFile": zipped.getvalue()},
        )
        answer = json.loads(client.invoke(FunctionName=name)["Payload"].read())
        return answer["folder"], answer["word"]

    first, again, other = unpacked("one"), unpacked("one"), unpacked("two")
    assert first == again
    assert (first[1], other[1]) == ("one", "two")
    assert first[0] != other[0]


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_left_out_of_templates_is_really_refused(kind: str) -> None:
    resources = {"R": {"Type": kind, "Properties": {}}}
    client = shared().client("cloudformation")
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        client.create_stack(StackName="refused", TemplateBody=json.dumps({"Resources": resources}))


def test_alarms_that_compute_are_really_refused() -> None:
    alarm = {"Metrics": [{"Id": "e1", "Expression": "1 + 1"}]}
    resources = {"R": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}}
    client, name = shared().client("cloudformation"), "computing-alarm"
    client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    for _ in range(100):
        (told,) = client.describe_stacks(StackName=name)["Stacks"]
        if not told["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.05)
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    assert "metric math" in " ".join(str(each.get("ResourceStatusReason")) for each in events)
