"""Least privilege: with the emulator enforcing the functions' roles everything works, and without
any one action that a role is granted something does not, and says so.

The grants are read from the deployed roles. Those of the functions are taken away one by one. The
emulator does not ask what the roles of the state machine and of the schedule may do: for them the
definition and the schedule say what is needed, and both must be the same. What can be held by
neither stands in `NOT_HERE` with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from cloud_sync.model.tracking import Status
from deployed_functions import BUCKET, build
from enforced_site import DENIED, Called, Site, site_of
from ministack import ministack
from privileged_calls import EXERCISES, exercises, list_something
from privileges import (
    Grant,
    granted,
    machine_needs,
    schedule_needs,
    service_needs,
    surplus,
    unmet,
    withheld,
)

pytestmark = [pytest.mark.xdist_group("ministack-privileges"), pytest.mark.timeout(300)]

MACHINE, SCHEDULE = "gopro-sync-orchestrator", "gopro-sync-daily-schedule"

NOT_HERE = {
    ("OwnLogs", "logs:CreateLogStream"): "Lambda itself writes a function's lines, and the "
    "emulator does so whatever the role may",
    ("OwnLogs", "logs:PutLogEvents"): "as for the stream",
    ("Tracing", "xray:PutTraceSegments"): "the emulator traces nothing",
    ("Tracing", "xray:PutTelemetryRecords"): "the emulator traces nothing",
    ("WriteEncrypted", "kms:Decrypt"): "the emulator stores without keys",
    ("WriteEncrypted", "kms:GenerateDataKey"): "the emulator stores without keys",
    ("Originals", "s3:PutObjectTagging"): "the emulator asks for it only where tags are put alone; "
    "S3 asks for it where they come with the object",
    ("Bucket", "s3:ListBucket"): "it makes S3 answer 404 and not 403 for what is not there; the "
    "emulator always answers 404",
}
"""Grants of the functions, by statement and action, that cannot be exercised on the emulator."""

WARNED = {
    ("LoginHistory", "dynamodb:GetItem"),
    ("LoginHistory", "dynamodb:PutItem"),
}
"""Without these a login is checked all the same; what cannot be remembered of it is warned of."""

REMEMBERED = {"secretsmanager:GetSecretValue"}
"""A process asks only once, so that it takes one that is made anew to see these missed."""


@pytest.fixture(scope="module")
def site(function_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    built = build(tmp_path_factory.mktemp("built"), function_package)
    with (
        ministack(tmp_path_factory.mktemp("ministack")) as emulator,
        site_of(emulator, built) as site,
    ):
        yield site


def of_functions(site: Site) -> dict[str, list[Grant]]:
    """The grants of each function's role."""
    iam = site.client("iam")
    return {name: granted(iam, role) for name, role in site.roles().items() if name in EXERCISES}


def test_every_role_is_somebodys_that_is_looked_at_here(site: Site) -> None:
    """A role that a later part of the stack brings along must be proven like the others."""
    roles = site.client("iam").list_roles()["Roles"]
    assert {each["RoleName"] for each in roles} == set(site.roles().values())
    assert set(site.roles()) == {*EXERCISES, MACHINE, SCHEDULE}


def test_nothing_is_excused_that_nobody_is_granted(site: Site) -> None:
    every = {(each.sid, each.action) for found in of_functions(site).values() for each in found}
    assert every >= NOT_HERE.keys() | WARNED


def test_a_role_that_may_nothing_is_refused(site: Site) -> None:
    """Otherwise the emulator enforced nothing, and nothing here would be proven."""
    iam = site.client("iam")
    role = site.roles()["failure-marker"]
    whole = iam.get_role_policy(RoleName=role, PolicyName="Written")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="Written")
    try:
        called = EXERCISES["failure-marker"][0](site)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="Written", PolicyDocument=json.dumps(whole))
    assert "access is denied" in called.words


def test_runs_succeed_with_what_is_granted(site: Site) -> None:
    """Small files, chapters, a medium that fails, and a second run with one more."""
    site.add("flow-1", 3_000)
    site.add("flow-2", 1_000, 2_000, 3_000)
    site.add("flow-bad", 400_000)
    first = site.deployed.run({}, "flow-one")
    assert site.deployed.states(first)[-5:] == [
        "NotifyPartialFailure",
        "RememberTold",
        "CheckOutcome",
        "CheckForContinuation",
        "SyncComplete",
    ], first
    (queued,) = site.deployed.messages(site.deployed.failed)
    assert queued["media_id"] == "flow-bad"
    assert queued["reason_code"] != "row_not_written"
    site.add("flow-3", 4_000)
    site.library_without("flow-bad")
    second = site.deployed.run({}, "flow-two")
    assert site.deployed.states(second)[-2:] == ["CheckForContinuation", "SyncComplete"], second
    rows = {each: site.row(each).status for each in ("flow-1", "flow-2", "flow-3", "flow-bad")}
    assert rows == {
        "flow-1": Status.COMPLETED,
        "flow-2": Status.COMPLETED,
        "flow-3": Status.COMPLETED,
        "flow-bad": Status.SKIPPED,
    }


@pytest.mark.parametrize("function", EXERCISES)
def test_every_call_succeeds_without_what_cannot_be_exercised_here(
    site: Site, function: str
) -> None:
    """What is said to be out of reach here, and is not, belongs into the proof."""
    with ExitStack() as taken:
        for grant in of_functions(site)[function]:
            if (grant.sid, grant.action) in NOT_HERE:
                taken.enter_context(withheld(site.client("iam"), grant))
        for exercise in EXERCISES[function]:
            called = exercise(site)
            assert called.answer, (exercise.__name__, called)
            assert not called.refused, (exercise.__name__, called)
            assert not called.warned, (exercise.__name__, called)


@pytest.mark.parametrize("function", EXERCISES)
def test_without_any_one_action_a_function_fails_in_our_own_words(
    site: Site, function: str
) -> None:
    """Each granted action of each statement in turn; one that nothing fails without is too much."""
    proven = 0
    for grant in of_functions(site)[function]:
        if (grant.sid, grant.action) in NOT_HERE:
            continue
        proven += 1
        with ExitStack() as taken:
            if grant.action in REMEMBERED:
                taken.enter_context(site.made_anew(function))
            taken.enter_context(withheld(site.client("iam"), grant))
            found = first_refusal(site, function, grant)
        assert found is not None, f"{function} does all its work without {grant.action}"
        assert_final_and_ours(site, grant, found)
        if function == "media-lister":
            # what it could not discard is still there, and the next listing discards it
            assert list_something(site).answer
    assert proven


def first_refusal(site: Site, function: str, grant: Grant) -> Called | None:
    """How the first exercise ends that cannot do without the grant; any other error fails."""
    for exercise in exercises(function, grant.action):
        called = exercise(site)
        if called.refused or (called.warned and (grant.sid, grant.action) in WARNED):
            return called
        assert called.answer, called
        assert not called.warned, called
    return None


def assert_final_and_ours(site: Site, grant: Grant, called: Called) -> None:
    """Our own words, an error that nobody tries again, and no medium counted or lost."""
    for foreign in ("not authorized", "assumed-role", "An error occurred", "botocore"):
        assert foreign not in called.words, called
    assert called.kind in ("PermanentError", "BLOCKED", "WARN"), called
    service, _, operation = grant.action.partition(":")
    if service != "s3":
        asked = (operation, "TransactWriteItems") if service == "dynamodb" else (operation,)
        assert any(f"{DENIED} to {each}" in called.words for each in asked), called
    if grant.action == "s3:DeleteObjectVersion":
        assert "what lies there is not proven to be what was sent" in called.words, called
    if called.media_id:
        assert site.row(called.media_id).status is not Status.COMPLETED, called


def test_a_run_without_a_permission_fails_and_tells_why(site: Site) -> None:
    """Through all states: the run has FAILED, a person is told, and the medium stays due."""
    (grant,) = (
        each
        for each in of_functions(site)["video-downloader"]
        if (each.sid, each.action) == ("Originals", "s3:PutObject")
    )
    site.deployed.messages(site.deployed.alerts)
    site.add("refused-1", 2_000)
    with withheld(site.client("iam"), grant):
        told = site.deployed.run({}, "refused")
    assert told["status"] == "FAILED"
    alerts = [json.loads(each["Message"]) for each in site.deployed.messages(site.deployed.alerts)]
    assert "access is denied" in alerts[-1]["error_details"], alerts
    assert site.row("refused-1").status is Status.PENDING
    again = site.deployed.run({}, "allowed-again")
    assert site.deployed.states(again)[-1] == "SyncComplete"
    assert site.row("refused-1").status is Status.COMPLETED


def test_the_machine_may_do_what_its_states_need_and_no_more(site: Site) -> None:
    machine = site.client("stepfunctions").describe_state_machine(
        stateMachineArn=site.deployed.machine
    )
    needs = machine_needs(
        json.loads(machine["definition"]), site.deployed.machine, BUCKET, site.key(), "runs/"
    ) + service_needs(site.template("AWS::StepFunctions::StateMachine"))
    grants = granted(site.client("iam"), site.roles()[MACHINE])
    assert unmet(needs, grants) == []
    assert surplus(needs, grants) == []


def test_the_schedule_may_start_the_machine_and_no_more(site: Site) -> None:
    target = site.client("scheduler").get_schedule(Name=f"{SCHEDULE}-dev")["Target"]
    grants = granted(site.client("iam"), site.roles()[SCHEDULE])
    assert unmet(schedule_needs(target), grants) == []
    assert surplus(schedule_needs(target), grants) == []


def test_the_proof_of_the_machine_sees_what_is_missing_and_what_is_too_much(site: Site) -> None:
    """Each grant taken away is missed, and one more is noticed."""
    target = site.client("scheduler").get_schedule(Name=f"{SCHEDULE}-dev")["Target"]
    needs = schedule_needs(target)
    grants = granted(site.client("iam"), site.roles()[SCHEDULE])
    for grant in grants:
        assert unmet(needs, [each for each in grants if each != grant])
        assert surplus(needs, [*grants, replace(grant, action="sqs:DeleteQueue")])
        wider = replace(grant, resources=(*grant.resources, grant.resources[0] + "-other"))
        assert surplus(needs, [wider])
