"""The synthesised stacks on an emulator, run with functions that play their parts.

What the engine does otherwise than the service is not looked at here: names of errors (a function's
error always arrives as one name), the result writer, waits, and limits of size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulated_machine import Deployed, deploy, synthesise
from ministack import ACCOUNT, ministack

pytestmark = pytest.mark.xdist_group("ministack")

BUCKET = f"gopro-dev-{ACCOUNT}"

FUNCTIONS = (
    "token-validator",
    "media-lister",
    "video-downloader",
    "run-summary",
    "failure-marker",
)

PLAYED = """
import json, os, boto3

def token_validator(event, context):
    return {"valid": event["account"] != "expired", "statusCode": 200, "cookie_age_days": 1.0,
            "validation_method": "api_call", "duration_seconds": 0.1,
            "trouble": "expired", "message": "log in again"}

def media_lister(event, context):
    media = [each for each in event["account"].split(",") if each.startswith("m")]
    key = "runs/" + event["run_id"] + "/manifest.jsonl"
    body = "".join(json.dumps({"media_id": each}) + "\\n" for each in media)
    bucket = os.environ["CLOUD_SYNC_BUCKET"]
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
    manifest = {"bucket": bucket, "key": key} if media else None
    return {"total_found": len(media), "new_count": len(media), "already_synced": 0,
            "manifest": manifest, "tell": False}

def video_downloader(event, context):
    if event["media_id"].endswith("bad"):
        raise ValueError("this one fails")
    long = event["media_id"].endswith("long") and event["round"] < 3
    return {"media_id": event["media_id"], "status": "CONTINUE" if long else "DONE",
            "s3_key": "k", "bytes_transferred": 10, "transfer_duration_seconds": 1.0,
            "throughput_mbps": 0.1, "reason_code": ""}

def failure_marker(event, context):
    return {"media_id": event["media_id"], "status": "FAILED", "reason_code": "permanent",
            "message": "it failed", "attempts": 1}

def run_summary(event, context):
    if event["told"]:
        return {}
    failed = [each for each in event["account"].split(",") if each.endswith("bad")]
    new = event["new_count"]
    result = event["ended"] or ("completed_with_failures" if failed else "completed")
    return {"run_id": event["run_id"], "result": result, "found": new, "new": new,
            "already_archived": 0, "archived": new - len(failed), "failed": len(failed),
            "pending": 0, "gone": 0, "needs_attention": 0, "filtered": 0, "files_archived": 0,
            "bytes": 10, "duration_seconds": 1.0, "throughput_mbps": 0.1, "failed_ids": failed,
            "failed_ids_omitted": 0, "postponed": 0, "progressed": True, "message": "",
            "tell": result != "completed", "given_up": 0, "given_up_ids": [], "suspects": 0,
            "text": "the run is " + result}
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    code, assembly = played(tmp_path_factory.mktemp("code")), tmp_path_factory.mktemp("assembly")
    synthesise(code, assembly)
    with ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield deploy(emulator, assembly)


def played(code: Path) -> Path:
    """A functions' package whose handlers lie where the real ones do."""
    handlers = code / "cloud_sync" / "handlers"
    handlers.mkdir(parents=True)
    for package in (handlers.parent, handlers):
        (package / "__init__.py").touch()
    (code / "played.py").write_text(PLAYED, encoding="utf-8")
    for name in FUNCTIONS:
        module = name.replace("-", "_")
        text = f"from played import {module} as handler\n"
        (handlers / f"{module}.py").write_text(text, encoding="utf-8")
    return code


def test_a_run_with_good_long_and_bad_media(deployed: Deployed) -> None:
    """Every medium is called for, a long one is called again, a bad one is marked and queued."""
    told = deployed.run({"account": "m1,m2-long,m3-bad"})
    assert told["status"] == "SUCCEEDED", told
    assert deployed.states(told)[-6:] == [
        "CheckForFailures",
        "NotifyPartialFailure",
        "RememberTold",
        "CheckOutcome",
        "CheckForContinuation",
        "SyncComplete",
    ]
    assert json.loads(told["output"])["summary"]["failed_ids"] == ["m3-bad"]
    (queued,) = deployed.messages(deployed.failed)
    assert (queued["media_id"], queued["status"]) == ("m3-bad", "FAILED")
    (alert,) = deployed.messages(deployed.alerts)
    assert alert["Subject"] == "GoPro Sync Partial Failure"
    assert json.loads(alert["Message"])["failed"] == 1


def test_an_expired_login_is_told_and_ends_the_run(deployed: Deployed) -> None:
    told = deployed.run({"account": "expired"})
    assert told["status"] == "FAILED"
    assert deployed.states(told)[-2:] == ["CheckOutcome", "TokensInvalid"]
    (alert,) = deployed.messages(deployed.alerts)
    assert json.loads(alert["Message"])["error_cause"] == "AuthRequired"


def test_an_empty_input_finds_nothing_new(deployed: Deployed) -> None:
    told = deployed.run({})
    assert told["status"] == "SUCCEEDED"
    assert deployed.states(told)[-1] == "NoNewVideos"
    assert deployed.messages(deployed.alerts) == []


def test_a_hundred_media_travel_by_manifest(deployed: Deployed) -> None:
    """The list is in no state: a hundred media leave the same small documents as one."""
    told = deployed.run({"account": "m1"})
    few = size_of_largest_state(deployed, told)
    boto = deployed.emulator.client("s3")
    told = deployed.run({"account": ",".join(f"m{number}" for number in range(100))})
    assert told["status"] == "SUCCEEDED", told
    context = json.loads(told["output"])["context"]
    body = boto.get_object(Bucket=BUCKET, Key=f"runs/{context['run_id']}/manifest.jsonl")[
        "Body"
    ].read()
    assert len(body.splitlines()) == 100
    # the account's name, which carries the script of this test, is the only thing that grew
    assert size_of_largest_state(deployed, told) - few < 3 * len(context["account"])


def size_of_largest_state(deployed: Deployed, told: dict[str, Any]) -> int:
    details = [
        event[f"state{kind}EventDetails"].get("input" if kind == "Entered" else "output", "")
        for event in deployed.history(told)
        for kind in ("Entered", "Exited")
        if f"state{kind}EventDetails" in event
    ]
    largest = max(len(each) for each in details)
    assert largest < 10_000
    return largest
