"""What stays of a stack when all that works in it is removed."""

from __future__ import annotations

import copy
import json
from typing import Any

from cloud_sync.deployment.kept import kept

POLICY = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}}}
FUNCTION = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "worker"}}
TEMPLATE: dict[str, Any] = {
    "Description": "a stack",
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "DependsOn": ["May", "Key"],
            "Properties": {
                "BucketName": "builds",
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True},
                    "LambdaConfigurations": [{"Function": {"Fn::GetAtt": ["Worker", "Arn"]}}],
                },
            },
        },
        "Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {}},
        "Policy": {**POLICY, "DependsOn": "May"},
        "Worker": FUNCTION,
        "May": {"Type": "AWS::Lambda::Permission", "Properties": {"F": {"Ref": "Worker"}}},
    },
    "Outputs": {
        "BucketName": {"Value": {"Ref": "Bucket"}, "Export": {"Name": "bucket"}},
        "WorkerArn": {"Value": {"Fn::GetAtt": ["Worker", "Arn"]}},
        "Choices": {"Value": '{"Worker": 1}'},
    },
}


def test_what_outlives_its_stack_stays_with_what_belongs_to_it() -> None:
    assert set(kept(TEMPLATE)["Resources"]) == {"Bucket", "Key", "Policy"}
    assert kept(TEMPLATE)["Description"] == "a stack"


def test_nothing_that_stays_refers_to_what_goes() -> None:
    """CloudFormation refuses a template with a reference into nothing."""
    left = kept(TEMPLATE)
    assert '"Worker"' not in json.dumps(left["Resources"])
    assert '"May"' not in json.dumps(left["Resources"])
    assert left["Resources"]["Bucket"]["DependsOn"] == ["Key"]
    told = left["Resources"]["Bucket"]["Properties"]["NotificationConfiguration"]
    assert told == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_outputs_stay_that_tell_of_what_stays_and_the_choices() -> None:
    """The next deployment takes from them what it is not told."""
    assert kept(TEMPLATE)["Outputs"] == {
        "BucketName": {"Value": {"Ref": "Bucket"}},
        "Choices": {"Value": '{"Worker": 1}'},
    }


def test_a_policy_of_a_bucket_that_goes_goes_too() -> None:
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["Passing"] = {"Type": "AWS::S3::Bucket", "Properties": {}}
    template["Resources"]["Policy"]["Properties"]["Bucket"] = {"Ref": "Passing"}
    assert set(kept(template)["Resources"]) == {"Bucket", "Key"}


def test_the_template_that_was_given_is_not_changed_and_a_second_time_changes_nothing() -> None:
    before = copy.deepcopy(TEMPLATE)
    once = kept(TEMPLATE)
    assert before == TEMPLATE
    assert kept(once) == once
