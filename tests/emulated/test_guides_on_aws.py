"""The guides' commands about buckets and AWS, typed one after the other against an emulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator
from deployed_functions import KEY_ID, SECRET_KEY
from guides import INTO_BUCKETS, ON_AWS, Reader
from ministack import REGION, Ministack, ministack

pytestmark = [pytest.mark.xdist_group("ministack-guides"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture
def cloud() -> Iterator[Simulator]:
    media = (
        pattern_medium(f"m{number}", 20_000, filename=f"GX01000{number}.MP4") for number in range(3)
    )
    with Simulator(Library(media)) as simulator:
        yield simulator


def reader(
    home: Path,
    cloud: Simulator,
    emulator: Ministack,
    more: Mapping[str, str] | None = None,
    places: Mapping[str, str] | None = None,
) -> Reader:
    """A person whose AWS settings lead to the emulator."""
    settings = {
        "CLOUD_SYNC_GOPRO_API_URL": cloud.api_url,
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        # else the CDK unpacks itself anew in the test's home
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(Path.home() / ".cache/aws/jsii/package-cache"),
    }
    return Reader(home, cloud.token, {**settings, **(more or {})}, places or {})


def test_the_commands_about_buckets_do_what_they_say(
    tmp_path: Path, cloud: Simulator, emulator: Ministack
) -> None:
    with closing(emulator.client("s3")) as s3:
        for bucket in ("my-gopro-archive", "my-archive", "builds", "region-a", "region-b"):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        s3.put_object(Bucket="builds", Key="app.zip", Body=b"a build")
        user = reader(tmp_path / "user", cloud, emulator, {"CLOUD_SYNC_GOPRO_TOKEN": cloud.token})
        (user.home / "deploy.sh").write_text('#!/bin/sh\necho "$1" > deployed\n', "utf-8")
        (user.home / "deploy.sh").chmod(0o755)
        user.follow(INTO_BUCKETS)
        assert s3.get_object(Bucket="region-b", Key="app.zip")["Body"].read() == b"a build"
    assert (user.home / "deployed").read_text("utf-8") == "region-a\n"


def test_the_commands_about_aws_do_what_they_say_from_the_deployment_to_its_end(
    tmp_path: Path, cloud: Simulator, emulator: Ministack, function_package: Path
) -> None:
    """One deployment for all. What a page leaves to the defaults is given where those lead to the
    real services: the functions' package is of this machine, and the cloud is the simulator.
    """
    code = f"--function-code {function_package}"
    user = reader(
        tmp_path / "user",
        cloud,
        emulator,
        places={
            "aws deploy --env dev --bootstrap": "aws deploy --env dev --bootstrap "
            f"--gopro-api-url {cloud.api_url} --storage-plan standard",
            "aws deploy": f"aws deploy {code}",
            "aws diff": f"aws diff {code}",
        },
    )
    user.follow(ON_AWS)
