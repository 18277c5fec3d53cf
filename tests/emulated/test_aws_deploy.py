"""Stacks are made, changed, compared and deleted; what fails is named, and nothing is lost.

The assemblies are small ones of this test's own. The product's whole templates go the same way in
the other tests on the emulator, and through the command in `tests/cli/test_cli_aws_deploy.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cloud_sync.aws.stack_changes import Action, ResourceChange, StackEvent
from cloud_sync.aws.stacks import INLINE_BYTES, Stacks
from cloud_sync.aws.staging_bucket import NAME, STACK, bucket_name
from cloud_sync.errors import CloudSyncError, UsageError
from ministack import ACCOUNT, REGION, Ministack, ministack

pytestmark = pytest.mark.xdist_group("ministack-stacks")

STAGING = bucket_name(ACCOUNT, REGION)
Template = dict[str, Any]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture(scope="module")
def stacks(emulator: Ministack) -> Iterator[Stacks]:
    """The deployer in an account that has the bucket."""
    with closing(Stacks(client_options=emulator.options)) as made:
        made.bootstrap(unseen)
        yield made


@pytest.fixture
def name() -> str:
    """A stack's name of this test's own."""
    return f"Test-{uuid4().hex[:8]}"


def unseen(_event: StackEvent) -> None:
    """Nothing is looked at."""


def queue(name: str, **properties: Any) -> Template:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": name, "VisibilityTimeout": 30, **properties},
    }


def bucket(name: str, **beside: Any) -> Template:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}, **beside}


def waiting(seconds: str) -> dict[str, Template]:
    """Resources that wait so long for something that never comes, and fail then."""
    return {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": seconds},
        },
    }


def template(**resources: Template) -> Template:
    return {"Resources": resources, "Outputs": {"Stage": {"Value": "all"}}}


def assembly(
    folder: Path,
    name: str,
    content: Template,
    *,
    protected: bool = False,
    package: Path | None = None,
) -> Path:
    """A cloud assembly of one stack, as the CDK would write it."""
    folder.mkdir(exist_ok=True)
    artifact = {
        "type": "aws:cloudformation:stack",
        "properties": {
            "templateFile": f"{name}.template.json",
            "terminationProtection": protected,
            "tags": {"Project": "cloud-sync"},
        },
    }
    manifest = {"artifacts": {name: artifact}}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / f"{name}.template.json").write_text(json.dumps(content), "utf-8")
    if package is not None:
        files = {
            "package": {
                "source": {"path": str(package), "packaging": "zip"},
                "destinations": {"here": {"bucketName": NAME, "objectKey": f"{name}.zip"}},
            }
        }
        (folder / f"{name}.assets.json").write_text(json.dumps({"files": files}), "utf-8")
    return folder


def test_a_stack_is_made_with_its_outputs_and_every_event_is_told(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    events: list[StackEvent] = []
    made = assembly(tmp_path, name, template(Jobs=queue(name)))
    assert stacks.outputs(name) is None
    assert stacks.deploy(made, name, events.append) == {"Stage": "all"}
    assert stacks.outputs(name) == {"Stage": "all"}
    told = [(each.resource, each.status) for each in events]
    assert ("Jobs", "CREATE_COMPLETE") in told
    assert told[-1] == (name, "CREATE_COMPLETE")
    assert {each.stack for each in events} == {name}


def test_the_same_again_changes_nothing_and_tells_nothing(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    events: list[StackEvent] = []
    made = assembly(tmp_path, name, template(Jobs=queue(name)))
    first = stacks.deploy(made, name, unseen)
    assert stacks.deploy(made, name, events.append) == first
    assert events == []


def test_an_update_tells_its_own_events_only(stacks: Stacks, name: str, tmp_path: Path) -> None:
    events: list[StackEvent] = []
    stacks.deploy(assembly(tmp_path, name, template(Jobs=queue(name))), name, unseen)
    changed = assembly(tmp_path, name, template(Jobs=queue(name, VisibilityTimeout=60)))
    stacks.deploy(changed, name, events.append)
    assert events[-1].status == "UPDATE_COMPLETE"
    assert not [each for each in events if each.status.startswith("CREATE")]


def test_a_comparison_names_every_change_and_makes_none(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    before = template(Jobs=queue(name), Old=queue(f"{name}-old"), Kept=bucket(f"{name}-a".lower()))
    after = template(
        Jobs=queue(name, VisibilityTimeout=60),
        New=queue(f"{name}-new"),
        Kept=bucket(f"{name}-b".lower()),
    )
    stacks.deploy(assembly(tmp_path, name, before), name, unseen)
    changes = stacks.changes(assembly(tmp_path, name, after), name)
    actions = {each.resource: each.action for each in changes}
    # the emulator is less certain than AWS of what another name means for a bucket
    assert actions.pop("Kept") in (Action.REPLACE, Action.MAY_REPLACE)
    assert actions == {"Jobs": Action.MODIFY, "Old": Action.REMOVE, "New": Action.ADD}
    assert [each.resource for each in changes if each.endangers] == ["Kept"]
    client = emulator.client("cloudformation")
    assert client.list_change_sets(StackName=name)["Summaries"] == []
    assert stacks.changes(assembly(tmp_path, name, before), name) == []


def test_a_comparison_before_the_first_deployment_leaves_no_stack_behind(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    made = assembly(tmp_path, name, template(Jobs=queue(name)))
    assert stacks.changes(made, name) == [
        ResourceChange(name, Action.ADD, "Jobs", "AWS::SQS::Queue")
    ]
    told = emulator.client("cloudformation").describe_stacks()["Stacks"]
    assert name not in [each["StackName"] for each in told]


def test_changes_that_are_not_approved_are_not_made(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    """Neither at the first deployment nor later, and no half of a change set stays."""

    def refuse(changes: Sequence[ResourceChange]) -> None:
        raise UsageError(f"{len(changes)} changes")

    made = assembly(tmp_path, name, template(Jobs=queue(name)))
    with pytest.raises(UsageError, match="1 changes"):
        stacks.deploy(made, name, unseen, approve=refuse)
    assert stacks.outputs(name) is None
    assert stacks.deployed(name) == {}
    stacks.deploy(made, name, unseen)
    emptied = assembly(tmp_path, name, template(Other=queue(f"{name}-other")))
    with pytest.raises(UsageError, match="2 changes"):
        stacks.deploy(emptied, name, unseen, approve=refuse)
    client = emulator.client("cloudformation")
    assert client.list_change_sets(StackName=name)["Summaries"] == []
    (left,) = client.describe_stack_resources(StackName=name)["StackResources"]
    assert left["LogicalResourceId"] == "Jobs"


def test_a_failed_creation_names_the_resource_and_the_next_one_starts_anew(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    taken = f"{name}-taken".lower()
    owner = f"{name}-owner"
    stacks.deploy(assembly(tmp_path, owner, template(Mine=bucket(taken))), owner, unseen)
    broken = template(Jobs=queue(name), Archive=bucket(taken))
    with pytest.raises(CloudSyncError) as caught:
        stacks.deploy(assembly(tmp_path, name, broken), name, unseen)
    assert f"deploying the stack {name}: Archive (AWS::S3::Bucket): " in caught.value.message
    assert "Jobs" not in caught.value.message
    assert caught.value.exit_code == 1
    assert "removed again" in caught.value.kept
    assert "the same command again" in caught.value.hint
    mended = template(Jobs=queue(name), Archive=bucket(f"{name}-free".lower()))
    assert stacks.deploy(assembly(tmp_path, name, mended), name, unseen) == {"Stage": "all"}
    assert taken in [each["Name"] for each in emulator.client("s3").list_buckets()["Buckets"]]


def test_a_failed_creation_that_left_data_is_never_cleared_away(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    """A bucket that is to outlive its stack outlives its failed creation as well."""
    own = f"{name}-own".lower()
    broken = template(Archive=bucket(own, DeletionPolicy="Retain"), **waiting("1"))
    made = assembly(tmp_path, name, broken)
    with pytest.raises(CloudSyncError, match=r"Wait \(AWS::CloudFormation::WaitCondition\)"):
        stacks.deploy(made, name, unseen)
    with pytest.raises(UsageError) as caught:
        stacks.deploy(made, name, unseen)
    assert own in caught.value.message
    assert own in [each["Name"] for each in emulator.client("s3").list_buckets()["Buckets"]]


def test_a_failed_update_leaves_the_stack_as_it_was(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    taken, owner = f"{name}-taken".lower(), f"{name}-owner"
    stacks.deploy(assembly(tmp_path, owner, template(Mine=bucket(taken))), owner, unseen)
    good = assembly(tmp_path / "good", name, template(Jobs=queue(name)))
    stacks.deploy(good, name, unseen)
    broken = template(Jobs=queue(name), Archive=bucket(taken))
    with pytest.raises(CloudSyncError) as caught:
        stacks.deploy(assembly(tmp_path, name, broken), name, unseen)
    assert "Archive (AWS::S3::Bucket)" in caught.value.message
    assert caught.value.kept == "the stack is as it was before"
    assert stacks.changes(good, name) == []


def test_a_template_that_aws_refuses_is_told_with_its_reason(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    broken = template(Jobs=queue(name), Odd={"Type": "AWS::Nothing::LikeThis"})
    with pytest.raises(CloudSyncError, match=r"AWS refused the template: .*AWS::Nothing"):
        stacks.deploy(assembly(tmp_path, name, broken), name, unseen)
    assert stacks.deployed(name) == {}


def test_what_an_interrupted_comparison_left_is_no_hindrance(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    content = template(Jobs=queue(name))
    emulator.client("cloudformation").create_change_set(
        StackName=name,
        ChangeSetName="left",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(content),
    )
    assert stacks.outputs(name) is None, "a stack that was never made has no outputs"
    assert stacks.deploy(assembly(tmp_path, name, content), name, unseen) == {"Stage": "all"}


def test_a_stack_that_somebody_works_on_is_left_alone(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    busy = json.dumps({"Resources": waiting("8")})
    emulator.client("cloudformation").create_stack(StackName=name, TemplateBody=busy)
    made = assembly(tmp_path, name, template(Jobs=queue(name)))
    for act in (
        lambda: stacks.deploy(made, name, unseen),
        lambda: stacks.changes(made, name),
        lambda: stacks.destroy(name, unseen),
    ):
        with pytest.raises(UsageError, match="something else is at work on it"):
            act()


def test_a_protected_stack_is_not_deleted_and_an_absent_one_is_no_error(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    made = assembly(tmp_path, name, template(Jobs=queue(name)), protected=True)
    stacks.deploy(made, name, unseen)
    assert stacks.deployed(name) == {name: True}
    with pytest.raises(UsageError, match="protected against deletion"):
        stacks.destroy(name, unseen)
    assert stacks.outputs(name) == {"Stage": "all"}
    stacks.destroy(f"{name}-none", unseen)


def test_a_deletion_tells_its_events_and_leaves_stacks_of_longer_names(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    events: list[StackEvent] = []
    for each in (name, f"{name}-storage", f"{name}x"):
        stacks.deploy(assembly(tmp_path, each, template(Jobs=queue(each))), each, unseen)
    assert set(stacks.deployed(name)) == {name, f"{name}-storage"}
    stacks.destroy(name, events.append)
    assert events[-1].status == "DELETE_COMPLETE"
    assert set(stacks.deployed(name)) == {f"{name}-storage"}


def test_a_stack_that_others_build_upon_is_not_deleted(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    below = template(Jobs=queue(name))
    below["Outputs"]["Shared"] = {"Value": name, "Export": {"Name": f"{name}-shared"}}
    above = template(More=queue(f"{name}-more", Tags=[]))
    above["Outputs"]["Stage"] = {"Value": {"Fn::ImportValue": f"{name}-shared"}}
    stacks.deploy(assembly(tmp_path, name, below), name, unseen)
    stacks.deploy(assembly(tmp_path, f"{name}-above", above), f"{name}-above", unseen)
    with pytest.raises(UsageError, match=f"imported by stack {name}-above"):
        stacks.destroy(name, unseen)


def test_a_package_is_uploaded_once(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "package.py").write_text("answer = 42\n", "utf-8")
    made = assembly(tmp_path / "made", name, template(Jobs=queue(name)), package=code)
    for _ in range(2):
        stacks.deploy(made, name, unseen)
    versions = emulator.client("s3").list_object_versions(Bucket=STAGING, Prefix=f"{name}.zip")
    assert len(versions["Versions"]) == 1


def test_a_large_template_goes_through_the_bucket(
    stacks: Stacks, emulator: Ministack, name: str, tmp_path: Path
) -> None:
    large = template(Jobs=queue(name)) | {"Metadata": {"Padding": "x" * INLINE_BYTES}}
    made = assembly(tmp_path, name, large)
    assert stacks.deploy(made, name, unseen) == {"Stage": "all"}
    assert stacks.changes(made, name) == []
    listed = emulator.client("s3").list_objects_v2(Bucket=STAGING)["Contents"]
    assert [each for each in listed if each["Key"].endswith(".template.json")]


def test_the_template_can_be_prepared_for_an_emulator(
    stacks: Stacks, name: str, tmp_path: Path
) -> None:
    def without_trail(content: Template) -> Template:
        return content | {"Resources": {"Jobs": content["Resources"]["Jobs"]}}

    trail = {"Type": "AWS::CloudTrail::Trail", "Properties": {"IsLogging": True}}
    made = assembly(tmp_path, name, template(Jobs=queue(name), Trail=trail))
    with pytest.raises(CloudSyncError):
        stacks.deploy(made, name, unseen)
    assert stacks.deploy(made, name, unseen, prepare=without_trail) == {"Stage": "all"}


def test_an_account_without_the_bucket_says_what_to_type(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "package.py").write_text("answer = 42\n", "utf-8")
    events: list[StackEvent] = []
    with ministack(tmp_path) as fresh, closing(Stacks(client_options=fresh.options)) as stacks:
        made = assembly(tmp_path / "made", "First", template(Jobs=queue("jobs")), package=code)
        assert not stacks.bootstrapped()
        with pytest.raises(UsageError, match=f"no bucket {STAGING}") as caught:
            stacks.deploy(made, "First", unseen)
        assert "--bootstrap" in caught.value.hint
        assert stacks.outputs("First") is None
        stacks.bootstrap(events.append)
        assert events[-1].resource == STACK
        assert stacks.bootstrapped()
        again: list[StackEvent] = []
        stacks.bootstrap(again.append)
        assert again == [], "a second time something was made anew"
        assert stacks.deploy(made, "First", unseen) == {"Stage": "all"}
