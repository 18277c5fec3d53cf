"""Deploys a cloud assembly into the emulator, without node: assets into the bucket, then stacks."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

from ministack import ACCOUNT, REGION, Ministack

ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
"""The bucket that `cdk bootstrap` would have made."""


def deploy_assembly(emulator: Ministack, assembly: Path, stacks: list[str]) -> dict[str, str]:
    """Create the stacks in the order given; the outputs of the last.

    The templates go in as they were synthesised, less the look at the bootstrap's version.
    """
    emulator.client("s3").create_bucket(
        Bucket=ASSETS, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    outputs: dict[str, str] = {}
    for stack in stacks:
        _upload(emulator, assembly, stack)
        outputs = _create(emulator, assembly, stack)
    return outputs


def _upload(emulator: Ministack, assembly: Path, stack: str) -> None:
    assets = json.loads((assembly / f"{stack}.assets.json").read_text("utf-8"))
    for asset in assets["files"].values():
        (destination,) = asset["destinations"].values()
        source = assembly / asset["source"]["path"]
        zipped = asset["source"]["packaging"] == "zip"
        emulator.client("s3").put_object(
            Bucket=ASSETS,
            Key=destination["objectKey"],
            Body=_zip(source) if zipped else source.read_bytes(),
        )


def _zip(folder: Path) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                package.write(path, path.relative_to(folder))
    return made.getvalue()


def _create(emulator: Ministack, assembly: Path, stack: str) -> dict[str, str]:
    template = json.loads((assembly / f"{stack}.template.json").read_text("utf-8"))
    del template["Parameters"]["BootstrapVersion"], template["Rules"]
    client = emulator.client("cloudformation")
    client.create_stack(
        StackName=stack,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    for _ in range(300):
        (told,) = client.describe_stacks(StackName=stack)["Stacks"]
        if not told["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.1)
    assert told["StackStatus"] == "CREATE_COMPLETE", _trouble(client, stack)
    return {each["OutputKey"]: each["OutputValue"] for each in told.get("Outputs", [])}


def _trouble(client: Any, stack: str) -> list[str]:
    events = client.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
        for event in events
        if "FAILED" in event["ResourceStatus"]
    ]
