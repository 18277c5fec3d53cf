"""Least privilege of the file-copy workflow, as `test_least_privilege` holds it for the archive.

The grants are read from the deployed roles. Those of the functions are taken away one by one on an
emulator that enforces them; what the role of the state machine needs follows from its definition.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from enforced_copies import Called, CopySite, copy_site
from enforced_site import DENIED
from privileged_copy_calls import EXERCISES, WITHOUT_PURPOSE, exercises
from privileges import Grant, granted, machine_needs, service_needs, surplus, unmet, withheld

pytestmark = [pytest.mark.xdist_group("ministack-copies-privileges"), pytest.mark.timeout(300)]

MACHINE = "file-copy-workflow"

NOT_HERE = {
    ("OwnLogs", "logs:CreateLogStream"): "Lambda itself writes a function's lines, and the "
    "emulator does so whatever the role may",
    ("OwnLogs", "logs:PutLogEvents"): "as for the stream",
    ("Tracing", "xray:PutTraceSegments"): "the emulator traces nothing",
    ("Tracing", "xray:PutTelemetryRecords"): "the emulator traces nothing",
    ("WriteEncrypted", "kms:Decrypt"): "the emulator stores without keys",
    ("WriteEncrypted", "kms:GenerateDataKey"): "the emulator stores without keys",
    ("ReadEncrypted", "kms:Decrypt"): "the emulator stores without keys; S3 asks for it where a "
    "look at an encrypted object asks for its checksum",
    ("FailedEvents", "sqs:SendMessage"): "Lambda itself puts an event there that failed, and the "
    "emulator does so whatever the role may",
    ("Destinations", "s3:PutObjectTagging"): "the emulator asks for it only where tags are put "
    "alone; S3 asks for it where they come with the object",
}
"""Grants of the functions, by statement and action, that cannot be exercised on the emulator."""

REMEMBERED = {"s3:ListBucket"}
"""A process asks only once whether a bucket is there, so that one made anew sees these missed."""


@pytest.fixture(scope="module")
def site(function_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CopySite]:
    with copy_site(tmp_path_factory.mktemp("copies"), function_package) as site:
        yield site


def of_function(site: CopySite, function: str) -> list[Grant]:
    return granted(site.client("iam"), site.roles()[function])


def test_every_role_of_the_copies_is_somebodys_that_is_looked_at_here(site: CopySite) -> None:
    """A role that a later part of the stack brings along must be proven like the others."""
    roles = site.client("iam").list_roles()["Roles"]
    assert {each["RoleName"] for each in roles} == set(site.roles().values())
    assert set(site.roles()) == {*EXERCISES, *WITHOUT_PURPOSE, MACHINE}


@pytest.mark.parametrize("function", WITHOUT_PURPOSE)
def test_a_copy_function_that_asks_nobody_may_only_write_its_log(
    site: CopySite, function: str
) -> None:
    assert {each.sid for each in of_function(site, function)} == {"OwnLogs", "Tracing"}


def test_nothing_of_the_copies_is_excused_that_nobody_is_granted(site: CopySite) -> None:
    every = {(each.sid, each.action) for name in EXERCISES for each in of_function(site, name)}
    assert every >= NOT_HERE.keys()


@pytest.mark.parametrize("function", EXERCISES)
def test_every_copy_call_succeeds_without_what_cannot_be_exercised_here(
    site: CopySite, function: str
) -> None:
    """What is said to be out of reach here, and is not, belongs into the proof."""
    with ExitStack() as taken:
        for grant in of_function(site, function):
            if (grant.sid, grant.action) in NOT_HERE:
                taken.enter_context(withheld(site.client("iam"), grant))
        for exercise, ending in EXERCISES[function].items():
            called = exercise(site)
            assert not called.refused, (exercise.__name__, called)
            assert called.kind == ending, (exercise.__name__, called)


@pytest.mark.parametrize("function", EXERCISES)
def test_without_any_one_action_a_copy_function_fails_in_our_own_words(
    site: CopySite, function: str
) -> None:
    """Each granted action of each statement in turn; one that nothing fails without is too much."""
    for grant in of_function(site, function):
        if (grant.sid, grant.action) in NOT_HERE:
            continue
        with ExitStack() as taken:
            if grant.action in REMEMBERED:
                taken.enter_context(site.made_anew(function))
            taken.enter_context(withheld(site.client("iam"), grant))
            found = first_refusal(site, function, grant)
        assert found is not None, f"{function} does all its work without {grant.action}"
        for foreign in ("not authorized", "assumed-role", "An error occurred", "botocore"):
            assert foreign not in found.words, found
        # a copy that failed is a result; a function's error is final, but for the worker's: its
        # event is told again, and kept for a person at last
        assert found.kind in ("FAILED", "500", *ERRORS), found


ERRORS = ("Runtime.HandlerError", "PermanentError", "TransientError")
"""How the emulator and the service call an error of a function."""


def first_refusal(site: CopySite, function: str, grant: Grant) -> Called | None:
    """How the first exercise ends that cannot do without the grant; any other error fails."""
    for exercise, ending in exercises(function, grant.action).items():
        called = exercise(site)
        if called.refused:
            return called
        assert called.kind == ending, (exercise.__name__, called)
    return None


def test_a_copy_function_that_may_nothing_is_refused(site: CopySite) -> None:
    """Otherwise the emulator enforced nothing, and nothing here would be proven."""
    iam, role = site.client("iam"), site.roles()["copy-start"]
    whole = iam.get_role_policy(RoleName=role, PolicyName="Written")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="Written")
    try:
        (exercise,) = EXERCISES["copy-start"]
        called = exercise(site)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="Written", PolicyDocument=json.dumps(whole))
    assert DENIED in called.words


def test_the_copy_machine_may_do_what_its_states_need_and_no_more(site: CopySite) -> None:
    told = site.client("stepfunctions").describe_state_machine(stateMachineArn=site.machine)
    needs = machine_needs(
        json.loads(told["definition"]), site.machine, "", site.key(), ""
    ) + service_needs(site.properties("AWS::StepFunctions::StateMachine"))
    grants = of_function(site, MACHINE)
    assert unmet(needs, grants) == []
    assert surplus(needs, grants) == []
    for grant in grants:
        assert unmet(needs, [each for each in grants if each != grant]), grant
