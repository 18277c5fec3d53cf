"""The CDK app as a whole: quiet, by the rules, the same in every environment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assemblies import ENVIRONMENTS, Assemblies
from cloud_sync.deployment.orchestrator import definition
from orchestrator_functions import PARTS
from template_checks import differences, lint, reasons, validate

pytestmark = pytest.mark.xdist_group("cdk")

ALL = (*ENVIRONMENTS, "everything")


def messages(assemblies: Assemblies, name: str, kind: str) -> list[str]:
    """The messages of a kind (`info`, `warning`, `error`) that the app has for whoever deploys."""
    found = []
    for path in (assemblies.folder / name).glob("*.metadata.json"):
        for entries in json.loads(path.read_text(encoding="utf-8")).values():
            found += [each["data"] for each in entries if each["type"] == f"aws:cdk:{kind}"]
    return found


def test_synthesis_says_nothing(assemblies: Assemblies) -> None:
    """No deprecation, no complaint of node, no finding: standard error stays empty."""
    assert assemblies.errors == ""


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_environment_has_a_warning(assemblies: Assemblies, name: str) -> None:
    assert messages(assemblies, name, "warning") == []
    assert messages(assemblies, name, "error") == []


def test_the_default_start_says_on_which_night_it_is_left_out(assemblies: Assemblies) -> None:
    (message,) = messages(assemblies, "dev", "info")
    assert message.startswith("02:00 Europe/Berlin does not exist on ")


def test_a_chosen_start_in_a_skipped_hour_is_warned_of(assemblies: Assemblies) -> None:
    (message,) = messages(assemblies, "everything", "warning")
    assert message.startswith("02:30 Europe/Berlin does not exist on ")


@pytest.mark.parametrize("name", ALL)
def test_every_rule_of_cdk_nag_holds_or_has_its_reason(assemblies: Assemblies, name: str) -> None:
    report = assemblies.file(name, "validation-report.json")
    (plugin,) = report["pluginReports"]
    assert plugin["conclusion"] == "success"
    assert not plugin["violations"]
    accepted = plugin["suppressedViolations"]
    assert accepted
    assert all(len(reason) > 20 for reason in reasons(accepted))


def test_the_templates_and_the_definition_in_them_pass_cfn_lint(assemblies: Assemblies) -> None:
    done = lint(*assemblies.templates())
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("state", "change"),
    [
        ("CheckForFailures", {"Choices": [{"Variable": "$.x", "Next": "SyncComplete"}]}),
        ("ListMedia", {"ResultPath": "$.media"}),
    ],
)
def test_the_linter_really_reads_the_definition(
    tmp_path: Path, state: str, change: dict[str, Any]
) -> None:
    """A linter that overlooks a broken machine would prove nothing above."""
    machine = definition(PARTS)
    machine["States"][state] |= change
    template = {
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": "arn:aws:iam::123456789012:role/machine",
                    "Definition": machine,
                },
            }
        }
    }
    path = tmp_path / "broken.template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    assert "E3601" in lint(path).stdout


def test_the_definition_passes_asl_validator(tmp_path: Path) -> None:
    path = tmp_path / "machine.asl.json"
    path.write_text(json.dumps(definition(PARTS)), encoding="utf-8")
    done = validate(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_asl_validator_finds_a_transition_to_nowhere(tmp_path: Path) -> None:
    machine = definition(PARTS)
    machine["States"]["ValidateTokens"]["Next"] = "Nowhere"
    path = tmp_path / "broken.asl.json"
    path.write_text(json.dumps(machine), encoding="utf-8")
    done = validate(path)
    assert done.returncode != 0
    assert "Nowhere" in done.stdout + done.stderr


def test_the_definition_in_the_template_is_the_one_that_the_path_tests_run(
    assemblies: Assemblies,
) -> None:
    """The CDK hands a document on by a way of its own, and drops what is null on it."""
    machine = assemblies.workflow("prod").one("AWS::StepFunctions::StateMachine")
    expected = definition(replace(PARTS, login_hint="cloud-sync aws login --env prod"))
    assert differences("", expected, machine["Definition"]) == []
