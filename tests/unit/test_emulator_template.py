"""What the emulator refuses is left out of a template, with its reason, and nothing else is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cloud_sync.emulator.template import METRIC_MATH, REFUSED, LeftOut, accepted, named

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}


def of(**resources: dict[str, Any]) -> dict[str, Any]:
    return {"Description": "d", "Resources": resources}


def test_a_template_that_holds_nothing_refused_stays_as_it_is() -> None:
    template = of(Queue={**QUEUE, "DependsOn": ["Topic"]}, Topic={"Type": "AWS::SNS::Topic"})
    template["Outputs"] = {"Url": {"Value": {"Ref": "Queue"}}}
    taken = accepted(template)
    assert taken.template == template
    assert taken.left_out == ()


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refused_type_is_left_out_and_told_with_its_reason(kind: str) -> None:
    taken = accepted(of(Queue=QUEUE, Gone={"Type": kind}))
    assert taken.template == of(Queue=QUEUE)
    assert taken.left_out == (LeftOut("Gone", kind, REFUSED[kind]),)


def test_only_alarms_that_compute_are_left_out() -> None:
    plain = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}
    computed = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{"Id": "e1"}]}}
    taken = accepted(of(Plain=plain, Computed=computed))
    assert list(taken.template["Resources"]) == ["Plain"]
    assert [each.reason for each in taken.left_out] == [METRIC_MATH]


def test_the_template_that_was_given_is_not_changed() -> None:
    template = of(Trail={"Type": "AWS::CloudTrail::Trail"}, Queue={**QUEUE, "DependsOn": ["Trail"]})
    before = copy.deepcopy(template)
    accepted(template)
    assert template == before


@pytest.mark.parametrize(
    ("waits", "left"), [("Trail", None), (["Trail"], None), (["Trail", "Topic"], ["Topic"])]
)
def test_nothing_waits_for_what_is_left_out(waits: Any, left: Any) -> None:
    taken = accepted(
        of(
            Trail={"Type": "AWS::CloudTrail::Trail"},
            Topic={"Type": "AWS::SNS::Topic"},
            Queue={**QUEUE, "DependsOn": waits},
        )
    )
    assert taken.template["Resources"]["Queue"].get("DependsOn") == left


def test_outputs_of_what_is_left_out_go_with_it() -> None:
    template = of(Trail={"Type": "AWS::CloudTrail::Trail"}, Queue=QUEUE)
    template["Outputs"] = {
        "Trail": {"Value": {"Fn::GetAtt": ["Trail", "Arn"]}},
        "Url": {"Value": {"Ref": "Queue"}},
    }
    assert list(accepted(template).template["Outputs"]) == ["Url"]
    del template["Outputs"]["Url"]
    assert "Outputs" not in accepted(template).template


def test_a_resource_that_needs_what_is_refused_is_no_silent_loss() -> None:
    needy = {"Type": "AWS::SNS::Topic", "Properties": {"Name": {"Ref": "Trail"}}}
    with pytest.raises(ValueError, match=r"Needy refers to Trail"):
        accepted(of(Trail={"Type": "AWS::CloudTrail::Trail"}, Needy=needy))


@pytest.mark.parametrize(
    "part",
    [
        {"Ref": "A"},
        {"Fn::GetAtt": ["A", "Arn"]},
        {"Fn::GetAtt": "A.Arn"},
        {"Fn::Sub": "x-${A.Arn}-y"},
        {"Fn::Sub": ["${A}", {}]},
        [{"deep": [{"Fn::Join": ["", [{"Ref": "A"}]]}]}],
    ],
)
def test_every_way_to_refer_to_a_resource_is_seen(part: object) -> None:
    assert list(named(part)) == ["A"]
