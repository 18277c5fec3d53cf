"""What works on the archive, held on the template: sizes, logs, schedule, alerts, outputs."""

from __future__ import annotations

import json

import pytest

from assemblies import ENVIRONMENTS, Assemblies
from cloud_sync.handlers.environment import FunctionEnvironment

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.fixture(params=ENVIRONMENTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


SIZES = {
    "token-validator": (256, 30),
    "media-lister": (512, 300),
    "video-downloader": (512, 900),
    "run-summary": (512, 300),
    "failure-marker": (256, 30),
}


def test_functions_have_the_agreed_sizes(assemblies: Assemblies, name: str) -> None:
    functions = assemblies.workflow(name).all("AWS::Lambda::Function").values()
    suffix = "" if name == "prod" else f"-{name}"
    found = {each["FunctionName"]: (each["MemorySize"], each["Timeout"]) for each in functions}
    assert found == {base + suffix: size for base, size in SIZES.items()}
    for each in functions:
        assert each["Architectures"] == ["arm64"]
        assert each["Runtime"] == "python3.14"
        assert each["TracingConfig"] == {"Mode": "Active"}
        module = each["FunctionName"].removesuffix(suffix).replace("-", "_")
        assert each["Handler"] == f"cloud_sync.handlers.{module}.handler"
        assert "ReservedConcurrentExecutions" not in each


def test_functions_get_every_variable_that_they_read(assemblies: Assemblies, name: str) -> None:
    for each in assemblies.workflow(name).all("AWS::Lambda::Function").values():
        variables = each["Environment"]["Variables"]
        read = FunctionEnvironment.read({key: str(value) for key, value in variables.items()})
        assert read.environment == name
        assert read.log_level == ("DEBUG" if name == "dev" else "INFO")
        assert len(variables) == 8


def test_every_function_writes_to_a_log_of_its_own_for_a_month(
    assemblies: Assemblies, name: str
) -> None:
    workflow = assemblies.workflow(name)
    groups = workflow.all("AWS::Logs::LogGroup")
    used = [
        each["LoggingConfig"]["LogGroup"]["Ref"]
        for each in workflow.all("AWS::Lambda::Function").values()
    ]
    assert len(set(used)) == len(SIZES)
    assert set(used) < set(groups)
    assert {group["RetentionInDays"] for group in groups.values()} == {30}


def test_the_machine_logs_failures_without_data_and_is_traced(
    assemblies: Assemblies, name: str
) -> None:
    machine = assemblies.workflow(name).one("AWS::StepFunctions::StateMachine")
    suffix = "" if name == "prod" else f"-{name}"
    assert machine["StateMachineName"] == f"gopro-sync-orchestrator{suffix}"
    assert machine["StateMachineType"] == "STANDARD"
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
    (destination,) = logging["Destinations"]
    group = destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]
    group_name = assemblies.workflow(name).all("AWS::Logs::LogGroup")[group]["LogGroupName"]
    assert group_name == f"/aws/vendedlogs/states/gopro-sync-orchestrator{suffix}"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["Definition"]["TimeoutSeconds"] == 24 * 3600


@pytest.mark.parametrize(("name", "concurrency"), [("dev", 5), ("everything", 8)])
def test_as_many_media_at_a_time_as_configured(
    assemblies: Assemblies, name: str, concurrency: int
) -> None:
    workflow = assemblies.workflow(name)
    machine = workflow.one("AWS::StepFunctions::StateMachine")
    assert machine["Definition"]["States"]["DownloadVideos"]["MaxConcurrency"] == concurrency
    function = next(iter(workflow.all("AWS::Lambda::Function").values()))
    assert function["Environment"]["Variables"]["CLOUD_SYNC_CONCURRENCY"] == str(concurrency)


@pytest.mark.parametrize(
    ("name", "cron"), [("dev", "cron(0 2 * * ? *)"), ("everything", "cron(30 2 * * ? *)")]
)
def test_the_run_starts_daily_by_the_clock_on_the_wall(
    assemblies: Assemblies, name: str, cron: str
) -> None:
    """02:00 in Berlin is 02:00 in winter and in summer; a rule in UTC would drift."""
    schedule = assemblies.workflow(name).one("AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == cron
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert json.loads(schedule["Target"]["Input"]) == {
        "scheduled_time": "<aws.scheduler.scheduled-time>"
    }
    assert schedule["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}


def test_a_start_that_failed_is_kept(assemblies: Assemblies, name: str) -> None:
    workflow = assemblies.workflow(name)
    target = workflow.one("AWS::Scheduler::Schedule")["Target"]
    queue = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    queues = workflow.all("AWS::SQS::Queue")
    assert queues[queue]["MessageRetentionPeriod"] == 14 * 86400
    assert len(queues) == 2
    assert all(each["SqsManagedSseEnabled"] for each in queues.values())


def test_alerts_go_to_mail_and_https_and_are_encrypted(assemblies: Assemblies) -> None:
    workflow = assemblies.workflow("prod")
    topic = workflow.one("AWS::SNS::Topic")
    assert topic["TopicName"] == "gopro-sync-alerts"
    assert "KmsMasterKeyId" in topic
    policy = workflow.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    let_in = [each["Principal"] for each in policy if each["Effect"] == "Allow"]
    assert let_in == [{"Service": "cloudwatch.amazonaws.com"}]
    assert any(each["Effect"] == "Deny" for each in policy)
    ends = {
        each["Protocol"]: each["Endpoint"]
        for each in workflow.all("AWS::SNS::Subscription").values()
    }
    assert ends == {
        "email": "ops@example.org",
        "https": "https://hooks.example.org/cloud-sync",
    }


def test_the_outputs_name_what_a_person_needs_next(assemblies: Assemblies, name: str) -> None:
    outputs = assemblies.workflow(name).body["Outputs"]
    assert {
        "StateMachineArn",
        "StateMachineConsoleUrl",
        "EventBridgeRuleName",
        "DynamoDBTableName",
        "S3BucketName",
        # what the command line finds a deployed environment by
        "FailedItemsQueueUrl",
        "MissedStartsQueueUrl",
        "GoProApiUrl",
    } <= set(outputs)
    kept = assemblies.storage(name).body["Outputs"]
    assert {"S3BucketName", "DynamoDBTableName", "SecretName", "StoragePlan"} <= set(kept)
    schedule = assemblies.workflow(name).one("AWS::Scheduler::Schedule")
    assert outputs["EventBridgeRuleName"]["Value"] == schedule["Name"]
    table = assemblies.storage(name).one("AWS::DynamoDB::Table")
    assert outputs["DynamoDBTableName"]["Value"] == table["TableName"]
    bucket = assemblies.storage(name).one("AWS::S3::Bucket")
    assert outputs["S3BucketName"]["Value"] == bucket["BucketName"]


def test_every_taggable_resource_says_whose_cost_it_is(assemblies: Assemblies, name: str) -> None:
    for template, component in (
        (assemblies.storage(name), "storage"),
        (assemblies.workflow(name), "workflow"),
    ):
        tagged = [
            {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
            for resource in template.body["Resources"].values()
            if isinstance(resource.get("Properties", {}).get("Tags"), list)
        ]
        assert tagged
        expected = {"Project": "cloud-sync", "Environment": name, "Component": component}
        assert all(expected.items() <= tags.items() for tags in tagged)


def test_no_vpc_and_no_data_events_unless_asked_for(assemblies: Assemblies, name: str) -> None:
    """Both cost money by the byte or call, so a plain deployment has neither."""
    workflow = assemblies.workflow(name)
    assert workflow.all("AWS::EC2::NatGateway") == {}
    assert workflow.all("AWS::CloudTrail::Trail") == {}
    assert all("VpcConfig" not in each for each in workflow.all("AWS::Lambda::Function").values())


def test_the_optional_parts_are_there_when_asked_for(assemblies: Assemblies) -> None:
    workflow = assemblies.workflow("everything")
    assert len(workflow.all("AWS::EC2::NatGateway")) == 1
    assert len(workflow.all("AWS::EC2::VPCEndpoint")) == 2
    assert all("VpcConfig" in each for each in workflow.all("AWS::Lambda::Function").values())
    trail = workflow.one("AWS::CloudTrail::Trail")
    (selector,) = trail["EventSelectors"]
    assert selector["DataResources"][0]["Type"] == "AWS::S3::Object"
    assert trail["IsMultiRegionTrail"] is False
