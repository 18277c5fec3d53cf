"""What a person is told about a stack that cannot be worked on, or whose deployment failed."""

from __future__ import annotations

from collections.abc import Sequence

from cloud_sync.aws.stack_changes import StackEvent, Standing, standing
from cloud_sync.errors import CloudSyncError, UsageError


def not_ready(stack: str, status: str) -> UsageError | None:
    """Why nothing can be begun with a stack in this status; None where something can."""
    now = standing(status)
    if now is Standing.BUSY:
        return UsageError(
            f"working on the stack {stack}: something else is at work on it ({status})",
            kept="nothing was changed by this command",
            hint="wait until that is done, then the same command again",
        )
    if now is Standing.STUCK:
        return UsageError(
            f"working on the stack {stack}: an earlier operation failed and was not undone "
            f"({status})",
            kept="nothing was changed by this command",
            hint=way_out(status, stack),
        )
    return None


def left_behind(stack: str, left: Sequence[str]) -> UsageError:
    """A first creation failed and left behind what may hold something."""
    return UsageError(
        f"deploying the stack {stack}: its first creation failed and left behind what is never "
        f"removed by itself: {', '.join(left)}",
        kept="all of that",
        hint="look into each; where it holds nothing, delete it, then: aws cloudformation "
        f"delete-stack --stack-name {stack}, then the same command again",
    )


def failed(doing: str, stack: str, status: str, causes: Sequence[StackEvent]) -> CloudSyncError:
    """An operation ended in this status, by these causes."""
    named = "; ".join(
        f"{each.resource} ({each.kind}): {each.reason or each.status}" for each in causes
    )
    rolled_back = status in _ROLLED_BACK
    again = "mend that, then the same command again; AWS has put back what it had begun"
    return CloudSyncError(
        f"{doing} the stack {stack}: {named or status}",
        kept=_ROLLED_BACK.get(status, f"the stack stands in {status}"),
        hint=again if rolled_back else way_out(status, stack),
    )


_ROLLED_BACK = {
    "UPDATE_ROLLBACK_COMPLETE": "the stack is as it was before",
    "ROLLBACK_COMPLETE": "all other stacks; what this one had made is removed again, but for what "
    "is never removed by itself",
}


def way_out(status: str, stack: str) -> str:
    """What a person types about a stack that is stuck in a status."""
    if status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"aws cloudformation continue-update-rollback --stack-name {stack}, then the same again"
        )
    if status == "DELETE_FAILED":
        return (
            f"aws cloudformation describe-stack-events --stack-name {stack} says what it holds on"
            f" to; then aws cloudformation delete-stack --stack-name {stack}"
        )
    if status == "UPDATE_FAILED":
        return f"aws cloudformation rollback-stack --stack-name {stack}, then the same again"
    return f"aws cloudformation delete-stack --stack-name {stack}, then the same again"
