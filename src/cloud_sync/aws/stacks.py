"""Stacks of CloudFormation, deployed from a cloud assembly without any command line of the CDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cloud_sync.aws import stack_troubles as troubles
from cloud_sync.aws import staging_bucket
from cloud_sync.aws.change_sets import (
    ChangeSet,
    change_set,
    events_since,
    followed,
    invalid,
    reason_of,
    resource_of,
)
from cloud_sync.aws.clients import client_of
from cloud_sync.aws.cloud_assembly import SynthesisedStack, read_stack
from cloud_sync.aws.errors import Resource, code_of, translated
from cloud_sync.aws.stack_assets import StagingBucket
from cloud_sync.aws.stack_changes import (
    ResourceChange,
    StackEvent,
    Standing,
    all_added,
    first_failures,
    standing,
)
from cloud_sync.clock import Clock, SystemClock
from cloud_sync.errors import CloudSyncError, UsageError

INLINE_BYTES = 51_200
"""The largest template that CloudFormation takes within a request."""

DONE_WITHIN = 3600.0
"""Seconds that AWS is given for a stack."""

_AWS = Resource("AWS", "sts", "aws configure list", encrypted=False)

Observe = Callable[[StackEvent], None]
Prepare = Callable[[dict[str, Any]], dict[str, Any]]
Approve = Callable[[Sequence[ResourceChange]], None]


def _as_synthesised(template: dict[str, Any]) -> dict[str, Any]:
    return template


def _whatever_changes(_changes: Sequence[ResourceChange]) -> None:
    """Nothing is asked."""


def _prepared(found: SynthesisedStack, prepare: Prepare) -> SynthesisedStack:
    return replace(found, template=prepare(found.template))


class Stacks:
    """The stacks of one account and region.

    Raises ArchiveRefused where AWS lets nobody in, UsageError where a person has to act first, and
    CloudSyncError where AWS fails. `client_options` go before the SDK's own settings.
    """

    def __init__(
        self, *, client_options: Mapping[str, Any] | None = None, clock: Clock | None = None
    ) -> None:
        self._options = dict(client_options or {})
        self._clock = clock or SystemClock()
        self._client = client_of("cloudformation", _AWS, options=self._options)
        self._place: tuple[str, str] | None = None
        self._assets: StagingBucket | None = None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        if self._assets is not None:
            self._assets.close()

    def account_and_region(self) -> tuple[str, str]:
        """Where the stacks lie: an account's number, by the credentials, and a region."""
        if self._place is None:
            client = client_of("sts", _AWS, options=self._options)
            try:
                with translated("asking who you are at", _AWS):
                    account = str(client.get_caller_identity()["Account"])
            finally:
                client.close()
            self._place = account, str(self._client.meta.region_name)
        return self._place

    @property
    def emulated(self) -> bool:
        """Whether the calls go to an emulator on this machine, by `AWS_ENDPOINT_URL`."""
        host = urlsplit(self._client.meta.endpoint_url).hostname
        return host in ("127.0.0.1", "::1", "localhost")

    def bootstrapped(self) -> bool:
        """Whether the bucket is there that packages and large templates go through."""
        return self._staging.exists()

    def require_bootstrap(self) -> None:
        """UsageError that says what to type, where that bucket is missing."""
        if self.bootstrapped():
            return
        account, region = self.account_and_region()
        raise UsageError(
            f"deploying into account {account}, region {region}: there is no bucket "
            f"{self._staging.name} yet, which packages go through on their way",
            hint="the same command with --bootstrap makes it, once for the account and region",
        )

    def bootstrap(self, observe: Observe) -> None:
        """Make that bucket, in a stack of its own. Nothing happens where it is as it should be."""
        made = SynthesisedStack(
            staging_bucket.STACK, staging_bucket.template(), {}, protected=False, assets=()
        )
        self._deploy(made, observe, _whatever_changes)

    def outputs(self, stack: str) -> dict[str, str] | None:
        """The outputs of a stack, None where there is no such stack, or nothing in it yet."""
        told = self._described(stack)
        empty = (Standing.ABSENT, Standing.UNBORN, Standing.STILLBORN)
        if told is None or standing(told["StackStatus"]) in empty:
            return None
        return {each["OutputKey"]: each["OutputValue"] for each in told.get("Outputs", [])}

    def deployed(self, prefix: str) -> dict[str, bool]:
        """The stacks whose name is `prefix` or goes on with a hyphen; whether each is protected."""
        with translated("listing", resource_of(f"{prefix}*")):
            pages = self._client.get_paginator("describe_stacks").paginate()
            return {
                told["StackName"]: bool(told.get("EnableTerminationProtection", False))
                for page in pages
                for told in page["Stacks"]
                if f"{told['StackName']}-".startswith(f"{prefix}-")
            }

    def deploy(
        self,
        assembly: Path,
        stack: str,
        observe: Observe,
        *,
        prepare: Prepare = _as_synthesised,
        approve: Approve = _whatever_changes,
    ) -> dict[str, str]:
        """Create or update a stack; its outputs. Where nothing changes, nothing is observed.

        `approve` gets the changes before they are made, and raises to stop. `prepare` edits the
        template, for an emulator that knows less than AWS. What fails is rolled back by AWS;
        CloudSyncError names the resources that failed, and why.
        """
        return self._deploy(_prepared(read_stack(assembly, stack), prepare), observe, approve)

    def changes(
        self, assembly: Path, stack: str, *, prepare: Prepare = _as_synthesised
    ) -> list[ResourceChange]:
        """What a deployment would do, by a change set that is removed again.

        Of a stack that is not there yet this is its whole template; no call changes anything.
        """
        found = _prepared(read_stack(assembly, stack), prepare)
        told = self._described(stack)
        if standing(_status(told)) in (
            Standing.ABSENT,
            Standing.UNBORN,
            Standing.STILLBORN,
        ):
            return all_added(stack, found.template)
        self._require_ready(stack, told)
        with change_set(self._client, stack, self._request(found, "UPDATE"), self._clock) as made:
            return list(made.changes) if made else []

    def template(self, stack: str) -> dict[str, Any] | None:
        """The template that a stack was deployed from, None where there is no stack."""
        if self.outputs(stack) is None:
            return None
        with translated("looking at", resource_of(stack)):
            told = self._client.get_template(StackName=stack, TemplateStage="Original")
        # the SDK has read the JSON already
        return dict(told["TemplateBody"])

    def reduce(self, stack: str, keep: Prepare, observe: Observe) -> None:
        """Update a stack to what `keep` leaves of the template that it was deployed from.

        Nothing happens where there is no stack. UsageError and CloudSyncError as of `deploy`.
        """
        template, told = self.template(stack), self._described(stack)
        if template is None or told is None:
            return
        tags = {each["Key"]: each["Value"] for each in told.get("Tags", [])}
        left = SynthesisedStack(stack, keep(template), tags, protected=False, assets=())
        self._deploy(left, observe, _whatever_changes)

    def destroy(self, stack: str, observe: Observe) -> None:
        """Delete a stack and wait; nothing happens where there is none.

        UsageError for one that is protected or busy; CloudSyncError names what could not go.
        """
        told = self._described(stack)
        if told is None:
            return
        if told.get("EnableTerminationProtection"):
            raise UsageError(
                f"deleting the stack {stack}: it is protected against deletion",
                kept="everything in it",
                hint="see what a person must do first: cloud-sync aws destroy --storage --help",
            )
        if standing(told["StackStatus"]) is Standing.BUSY:
            self._require_ready(stack, told)
        status, events = self._watched(
            stack, told["StackId"], observe, lambda: self._start_deletion(stack)
        )
        if status != "DELETE_COMPLETE":
            raise self._failure("deleting", stack, told["StackId"], status, events)

    def _start_deletion(self, stack: str) -> None:
        with translated("deleting", resource_of(stack)):
            try:
                self._client.delete_stack(StackName=stack)
            except Exception as error:
                if code_of(error) != "ValidationError":
                    raise
                raise UsageError(
                    f"deleting the stack {stack}: AWS refuses it: {reason_of(error)}",
                    kept="everything in it",
                ) from error

    def _deploy(
        self, found: SynthesisedStack, observe: Observe, approve: Approve
    ) -> dict[str, str]:
        kind = self._kind_of_change(found.name, observe)
        self._upload(found)
        request = self._request(found, kind)
        with change_set(self._client, found.name, request, self._clock) as made:
            if made is not None:
                approve(made.changes)
                self._carry_out(found.name, made, observe)
        self._protect(found)
        return self.outputs(found.name) or {}

    def _carry_out(self, stack: str, made: ChangeSet, observe: Observe) -> None:
        def start() -> None:
            with translated("deploying", resource_of(stack)):
                self._client.execute_change_set(StackName=stack, ChangeSetName=made.name)

        status, events = self._watched(stack, made.stack_id, observe, start)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise self._failure("deploying", stack, made.stack_id, status, events)

    def _watched(
        self, stack: str, stack_id: str, observe: Observe, start: Callable[[], None]
    ) -> tuple[str, list[StackEvent]]:
        """Start an operation and follow it: its last status and its events."""
        before = events_since(self._client, stack, stack_id, set())
        start()
        seen = {each["EventId"] for each in before}
        return followed(self._client, stack, stack_id, seen, observe, self._clock, DONE_WITHIN)

    def _kind_of_change(self, stack: str, observe: Observe) -> str:
        """CREATE or UPDATE; a stack that was never born is put out of the way first."""
        told = self._described(stack)
        now = standing(_status(told))
        if told is not None and now is Standing.STILLBORN:
            self._require_empty(stack, told["StackId"])
            self.destroy(stack, observe)
        elif now is Standing.UNBORN:
            self.destroy(stack, observe)
        elif now is not Standing.ABSENT:
            self._require_ready(stack, told)
            return "UPDATE"
        return "CREATE"

    def _require_ready(self, stack: str, told: Mapping[str, Any] | None) -> None:
        trouble = troubles.not_ready(stack, _status(told) or "")
        if trouble is not None:
            raise trouble

    def _require_empty(self, stack: str, stack_id: str) -> None:
        """UsageError where a creation that failed left something behind: it may hold something."""
        last = {
            each["LogicalResourceId"]: each
            for each in events_since(self._client, stack, stack_id, set())
        }
        left = [
            f"{each.get('PhysicalResourceId') or name} ({each['ResourceType']})"
            for name, each in last.items()
            if each["ResourceStatus"] == "DELETE_SKIPPED"
        ]
        if left:
            raise troubles.left_behind(stack, left)

    def _failure(
        self, doing: str, stack: str, stack_id: str, status: str, events: Sequence[StackEvent]
    ) -> CloudSyncError:
        found = first_failures(events)
        if all(each.resource == stack for each in found):
            found = invalid(self._client, stack, StackName=stack_id) or found
        return troubles.failed(doing, stack, status, found)

    def _protect(self, found: SynthesisedStack) -> None:
        if found.protected:
            with translated("protecting", resource_of(found.name)):
                self._client.update_termination_protection(
                    StackName=found.name, EnableTerminationProtection=True
                )

    def _upload(self, found: SynthesisedStack) -> None:
        if found.assets:
            self.require_bootstrap()
        account, region = self.account_and_region()
        for asset in found.assets:
            bucket = staging_bucket.filled(asset.bucket, account, region)
            self._staging.put(bucket, staging_bucket.filled(asset.key, account, region), asset)

    def _request(self, found: SynthesisedStack, kind: str) -> dict[str, Any]:
        """What a change set is made from; a large template goes through the bucket."""
        body = found.body
        if len(body.encode()) > INLINE_BYTES:
            self.require_bootstrap()
            template = {"TemplateURL": self._staging.put_template(body)}
        else:
            template = {"TemplateBody": body}
        return {
            **template,
            "ChangeSetType": kind,
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(found.tags.items())],
        }

    @property
    def _staging(self) -> StagingBucket:
        if self._assets is None:
            account, region = self.account_and_region()
            self._assets = StagingBucket(account, region, self._options)
        return self._assets

    def _described(self, stack: str) -> dict[str, Any] | None:
        with translated("looking at", resource_of(stack)):
            try:
                (told,) = self._client.describe_stacks(StackName=stack)["Stacks"]
            except Exception as error:
                # the only way in which CloudFormation says that there is none
                if code_of(error) == "ValidationError" and "does not exist" in reason_of(error):
                    return None
                raise
        return dict(told)


def _status(told: Mapping[str, Any] | None) -> str | None:
    return None if told is None else str(told["StackStatus"])
