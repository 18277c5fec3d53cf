"""The file-copy workflow's stack, held on the template: by the rules, and as the page says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alarms_deployed import deployed_otherwise, functions_of
from assemblies import Template
from cloud_sync.deployment.copy_alarms import copy_alarms
from cloud_sync.deployment.copy_environment import CopiesEnvironment
from cloud_sync.deployment.file_copy import definition
from cloud_sync.deployment.permissions import EVERYWHERE
from cloud_sync.errors import UsageError
from cloud_sync.handlers.environment import CopyEnvironment
from copies_at_work import PARTS
from series_read import dashboard, read_by_alarms, read_by_widgets, trouble
from template_checks import differences, lint, reasons, validate

pytestmark = pytest.mark.xdist_group("cdk")

NAMES = ("dev", "prod")
SIZES = {
    "copy-validator": (256, 30),
    "copy-start": (256, 30),
    "object-copier": (512, 900),
    "copy-results": (256, 30),
    "copy-end": (256, 30),
    "copy-verdict": (256, 30),
    "replication-worker": (256, 60),
    "step-function-invoker": (256, 29),
}
REMEMBERS = {"Copies", "WriteEncrypted"}
PURPOSES = {
    "copy-validator": set(),
    "copy-start": REMEMBERS,
    "object-copier": {
        "Source",
        "SourceBucket",
        "Destinations",
        "DestinationBuckets",
        "WriteEncrypted",
    },
    "copy-results": set(),
    "copy-end": REMEMBERS,
    "copy-verdict": set(),
    "replication-worker": {"Start", "Source", "SourceBucket", "ReadEncrypted", "FailedEvents"},
    "step-function-invoker": {"Start", "Executions"},
    "build-worker": {"Source", "SourceBucket", "Builds", "WriteEncrypted"},
}


@pytest.fixture
def folder(copies_assemblies: Path) -> Path:
    return copies_assemblies


@pytest.fixture
def template(folder: Path, name: str) -> Template:
    return read(folder, name)


def read(folder: Path, name: str) -> Template:
    path = folder / name / f"CloudSync-{name}-copies.template.json"
    return Template(json.loads(path.read_text("utf-8")))


def suffixed(base: str, name: str) -> str:
    return base if name == "prod" else f"{base}-{name}"


def flat(value: object) -> str:
    return json.dumps(value)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_cdk_nag_holds_or_has_its_reason(folder: Path, name: str) -> None:
    report = json.loads((folder / name / "validation-report.json").read_text("utf-8"))
    (plugin,) = report["pluginReports"]
    assert (plugin["conclusion"], plugin["violations"]) == ("success", [])
    assert all(len(reason) > 20 for reason in reasons(plugin["suppressedViolations"]))


def test_the_templates_pass_cfn_lint(folder: Path) -> None:
    done = lint(*sorted(folder.glob("*/*.template.json")))
    assert (done.returncode, done.stdout) == (0, "")


def test_the_definition_passes_asl_validator(tmp_path: Path) -> None:
    path = tmp_path / "machine.asl.json"
    path.write_text(json.dumps(definition(PARTS)), encoding="utf-8")
    done = validate(path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "concurrency"), [("dev", 10), ("prod", 4)])
def test_the_definition_in_the_template_is_the_one_that_the_path_tests_run(
    folder: Path, name: str, concurrency: int
) -> None:
    machine = read(folder, name).one("AWS::StepFunctions::StateMachine")
    assert machine["StateMachineName"] == suffixed("file-copy-workflow", name)
    assert machine["StateMachineType"] == "STANDARD"
    expected = definition(replace(PARTS, max_concurrency=concurrency))
    assert differences("", expected, machine["Definition"]) == []
    assert machine["LoggingConfiguration"]["Level"] == "ERROR"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


@pytest.mark.parametrize("name", NAMES)
def test_functions_have_the_agreed_sizes_names_and_variables(template: Template, name: str) -> None:
    functions = template.all("AWS::Lambda::Function").values()
    found = {each["FunctionName"]: (each["MemorySize"], each["Timeout"]) for each in functions}
    sizes = SIZES | ({"build-worker": (512, 29)} if name == "prod" else {})
    assert found == {suffixed(base, name): size for base, size in sizes.items()}
    for each in functions:
        variables = each["Environment"]["Variables"]
        given = CopyEnvironment.read({key: flat(value) for key, value in variables.items()})
        assert "file-copy-workflow" in given.machine
        base = each["FunctionName"].removesuffix(f"-{name}").replace("-", "_")
        assert each["Handler"] == f"cloud_sync.handlers.{base}.handler"
        assert Path(f"src/cloud_sync/handlers/{base}.py").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_a_function_may_do_its_own_work_and_no_other(template: Template, name: str) -> None:
    roles = template.all("AWS::IAM::Role")
    assert template.all("AWS::IAM::Policy") == {}
    for each in template.all("AWS::Lambda::Function").values():
        role = roles[each["Role"]["Fn::GetAtt"][0]]
        (policy,) = role["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        base = each["FunctionName"].removesuffix(f"-{name}")
        assert {one["Sid"] for one in statements} == {"OwnLogs", "Tracing"} | PURPOSES[base]


@pytest.mark.parametrize("name", NAMES)
def test_no_action_has_a_star_and_no_object_may_be_deleted_by_its_key(
    template: Template, name: str
) -> None:
    for role in template.all("AWS::IAM::Role").values():
        for policy in role["Policies"]:
            for one in policy["PolicyDocument"]["Statement"]:
                actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
                assert not [action for action in actions if "*" in action]
                assert "s3:DeleteObject" not in actions
                if one["Resource"] == "*":
                    assert one["Sid"] in EVERYWHERE


@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_the_guides_and_is_kept(template: Template, name: str) -> None:
    table = template.one("AWS::DynamoDB::Table")
    assert table["TableName"] == suffixed("FileCopyTracking", name)
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("fileKey", "HASH"),
        ("sourceBucket", "RANGE"),
    ]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["DeletionProtectionEnabled"] is (name == "prod")
    assert table["SSESpecification"]["SSEEnabled"] is True
    kept = [
        each["DeletionPolicy"]
        for each in template.body["Resources"].values()
        if each["Type"] in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key")
    ]
    assert set(kept) == {"Retain"}


def test_buckets_bear_the_guides_names_with_environment_and_account(folder: Path) -> None:
    buckets = read(folder, "dev").all("AWS::S3::Bucket").values()
    named = [flat(each["BucketName"]) for each in buckets]
    for base in ("global-builds-dev-", "region-a-builds-dev-", "region-b-builds-dev-"):
        assert [name for name in named if base in name and "AWS::AccountId" in name]
    for each in buckets:
        assert each["VersioningConfiguration"] == {"Status": "Enabled"}
        assert all(each["PublicAccessBlockConfiguration"].values())
        notified = each["NotificationConfiguration"]
        assert notified["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
        rules = each["LifecycleConfiguration"]["Rules"]
        assert [rule["AbortIncompleteMultipartUpload"] for rule in rules] == [
            {"DaysAfterInitiation": 7}
        ]


def test_new_objects_of_the_source_alone_are_told_to_the_worker(folder: Path) -> None:
    template = read(folder, "dev")
    told = {
        name: each["NotificationConfiguration"].get("LambdaConfigurations", [])
        for name, each in template.all("AWS::S3::Bucket").items()
    }
    (source,) = (name for name in told if told[name])
    assert "global-builds" in flat(template.all("AWS::S3::Bucket")[source]["BucketName"])
    (notified,) = told[source]
    assert notified["Event"] == "s3:ObjectCreated:*"
    assert "replicationworker" in flat(notified["Function"])
    (permission,) = (
        name
        for name, each in template.all("AWS::Lambda::Permission").items()
        if each["Principal"] == "s3.amazonaws.com"
    )
    assert permission in flat(template.body["Resources"][source]["DependsOn"])


def test_buckets_that_are_there_are_not_made(folder: Path) -> None:
    template = read(folder, "prod")
    made = {each["BucketName"] for each in template.all("AWS::S3::Bucket").values()}
    assert made == {"one-builds", "two-builds"}
    (permission,) = (
        each
        for each in template.all("AWS::Lambda::Permission").values()
        if each["Principal"] == "s3.amazonaws.com"
    )
    assert "our-builds" in flat(permission["SourceArn"])


@pytest.mark.parametrize("name", NAMES)
def test_an_event_that_fails_three_times_is_kept_for_a_person(
    template: Template, name: str
) -> None:
    (worker,) = (
        each
        for each in template.all("AWS::Lambda::Function").values()
        if each["FunctionName"].startswith("replication-worker")
    )
    queue = template.one("AWS::SQS::Queue")
    assert queue["QueueName"] == suffixed("file-copy-failed-events", name)
    assert queue["MessageRetentionPeriod"] == 14 * 86400
    assert worker["DeadLetterConfig"]["TargetArn"]["Fn::GetAtt"][1] == "Arn"
    assert template.one("AWS::Lambda::EventInvokeConfig")["MaximumRetryAttempts"] == 2


@pytest.mark.parametrize("name", NAMES)
def test_every_route_of_the_api_wants_a_signature(template: Template, name: str) -> None:
    routes = {
        each["RouteKey"]: each["AuthorizationType"]
        for each in template.all("AWS::ApiGatewayV2::Route").values()
    }
    expected = {"POST /step-function", *(["POST /builds"] if name == "prod" else [])}
    assert routes == dict.fromkeys(expected, "AWS_IAM")
    assert template.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"]


@pytest.mark.parametrize("name", NAMES)
def test_the_outputs_are_those_of_the_guide(template: Template, name: str) -> None:
    outputs = template.body["Outputs"]
    assert outputs["StepFunctionArn"]["Export"] == {"Name": suffixed("step-function-arn", name)}
    assert outputs["ApiGatewayUrl"]["Export"] == {"Name": suffixed("api-gateway-url", name)}
    assert "StateMachine" in flat(outputs["StepFunctionArn"]["Value"])
    assert "ApiEndpoint" in flat(outputs["ApiGatewayUrl"]["Value"])


def test_the_topic_is_encrypted_and_told_to_whom_it_should_be(folder: Path) -> None:
    template = read(folder, "prod")
    topic = template.one("AWS::SNS::Topic")
    assert topic["TopicName"] == "file-copy-failures"
    assert "KmsMasterKeyId" in topic
    ends = {each["Endpoint"] for each in template.all("AWS::SNS::Subscription").values()}
    assert ends == {"ops@example.org", "https://hooks.example.org/copies"}


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (
            {"source": "a-bucket", "destinations": ("a-bucket", "b-bucket")},
            "would be copied|copied",
        ),
        ({"destinations": ("b-bucket", "b-bucket")}, "given twice"),
        ({"destinations": ("B_bucket",)}, "is no bucket's name"),
        ({"source": "a-bucket", "existing": ("c-bucket",)}, "c-bucket is no bucket of this"),
        ({"destinations": tuple(f"b-{n}" for n in range(100, 151))}, "51 destinations"),
        ({"concurrency": 41}, "concurrency cannot be 41"),
        ({"name": "test"}, "there is no environment"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_before_anything_is_made(
    tmp_path: Path, choices: dict[str, Any], words: str
) -> None:
    """A destination that is the source would copy its own copies without end."""
    with pytest.raises(UsageError, match=words):
        CopiesEnvironment(**{"name": "dev", "function_code": tmp_path, **choices})


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_of_the_table_is_deployed_as_it_stands_there(
    template: Template, name: str
) -> None:
    suffix = suffixed("", name)
    wanted = copy_alarms(functions_of(template, suffix))
    assert deployed_otherwise(template, name, "file-copy-", wanted) == []
    found = read_by_alarms(template)
    assert [(each, why) for each in found if (why := trouble(each, template, name))] == []


@pytest.mark.parametrize("name", NAMES)
def test_alarms_may_use_the_topic_and_its_key(template: Template, name: str) -> None:
    """A topic's own policy replaces the one that lets the account's alarms in."""
    key = template.one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    topic = template.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    for policy, action in ((key, "kms:GenerateDataKey"), (topic, "sns:Publish")):
        (tells,) = [each for each in policy if each.get("Sid") == "AlarmsTellTheTopic"]
        assert tells["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert action in tells["Action"]


@pytest.mark.parametrize("name", NAMES)
def test_the_dashboard_shows_every_alarm(template: Template, name: str) -> None:
    (states,) = [each for each in dashboard(template)["widgets"] if each["type"] == "alarm"]
    shown = {each.strip("<>") for each in states["properties"]["alarms"]}
    assert shown == set(template.all("AWS::CloudWatch::Alarm"))


@pytest.mark.parametrize("name", NAMES)
def test_the_dashboard_reads_what_the_stacks_own_resources_write(
    template: Template, name: str
) -> None:
    found = read_by_widgets(dashboard(template))
    assert [(each, why) for each in found if (why := trouble(each, template, name))] == []
    functions = {each["FunctionName"] for each in template.all("AWS::Lambda::Function").values()}
    shown = {each.dimensions[0][1] for each in found if each.namespace == "AWS/Lambda"}
    assert shown == functions
    assert {each.namespace for each in found} == {"AWS/Lambda", "AWS/States", "AWS/SQS"}
