"""What an error of the AWS SDK means, in our own words; no text of the SDK's is ever passed on.

For the services beside S3, whose errors `archive.s3_errors` knows. Exception classes are known by
name, so that reading this needs no SDK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cloud_sync.aws.refusals import LOGIN, REFUSED, RENEW
from cloud_sync.errors import (
    ArchiveRefused,
    CloudSyncError,
    ServiceUnavailable,
    Throttled,
    UsageError,
)


@dataclass(frozen=True, slots=True)
class Resource:
    """What a call goes to: how a person would say it, and how it comes to be there.

    `service` is the prefix of its actions. `refused` is what access that is denied means;
    `encrypted` says that a key of the user's may stand before it.
    """

    name: str
    service: str
    missing_hint: str
    refused: type[ArchiveRefused | UsageError] = ArchiveRefused
    encrypted: bool = True


_REFUSED = {
    **REFUSED,
    "InvalidSignatureException": ("the secret key does not fit the access key", LOGIN),
    "IncompleteSignature": ("the request bears no usable credentials", LOGIN),
    "MissingAuthenticationTokenException": ("the request bears no credentials", LOGIN),
}
_DENIED = frozenset(
    {"AccessDeniedException", "AccessDenied", "KMSAccessDeniedException", "NotAuthorized"}
)
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "Throttling",
        "ThrottledException",
        "LimitExceededException",
        "TooManyRequestsException",
    }
)
_PASSING = frozenset(
    {
        "TransactionConflictException",
        "TransactionConflict",
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
        "InternalServerError",
        "InternalServiceError",
        "InternalServiceErrorException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "RequestTimeout",
        "RequestTimeoutException",
    }
)
_ACTIONS = {
    "TransactWriteItems": ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
}
"""Operations that are allowed by other names than their own."""

_NO_CREDENTIALS = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "NoAuthTokenError",
        "MetadataRetrievalError",
        "LoginError",
    }
)
_SESSION_ENDED = frozenset({"SSOError", "TokenRetrievalError", "LoginRefreshRequired"})
_NO_CONNECTION = frozenset({"ConnectionError", "HTTPClientError", "IncompleteReadError"})
_KEPT = "everything recorded before"


@contextmanager
def translated(doing: str, resource: Resource) -> Iterator[None]:
    """Raise our own error instead of the SDK's; what is no SDK error passes through."""
    try:
        yield
    except Exception as error:
        answer = understood(error, doing, resource)
        if answer is None:
            raise
        raise answer from error


def understood(error: Exception, doing: str, resource: Resource) -> CloudSyncError | None:
    """What `error` means, None where it is not an answer of the service or its SDK."""
    names = {kind.__name__ for kind in type(error).__mro__}
    what = f"{doing} {resource.name}: "
    if "ClientError" in names and isinstance(getattr(error, "response", None), Mapping):
        operation = str(getattr(error, "operation_name", ""))
        return answered(code_of(error), _status(error), operation, what, resource)
    if "BotoCoreError" in names:
        return _unanswered(names, what, resource)
    return None


def code_of(error: Exception) -> str:
    """The service's error code, empty where the error is none of the service's."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, Mapping) else ""


def answered(
    code: str, status: int, operation: str, what: str, resource: Resource
) -> CloudSyncError:
    """The meaning of a service's error code."""
    if code in _THROTTLED or status == 429:
        return Throttled(what + "the service asks for fewer calls")
    if code in _PASSING or status >= 500:
        return ServiceUnavailable(what + f"the service answered {_plain(code, status)}", kept=_KEPT)
    if code in _REFUSED:
        reason, hint = _REFUSED[code]
        return resource.refused(what + reason, kept=_KEPT, hint=hint)
    if code in _DENIED or status in (401, 403):
        return resource.refused(
            what + f"access is denied to {operation or 'the call'}",
            kept=_KEPT,
            hint=f"allow {_actions(operation, resource)} on it"
            + (", and kms:Decrypt and kms:GenerateDataKey on its key" if resource.encrypted else "")
            + "; see who you are: aws sts get-caller-identity",
        )
    if code == "ResourceNotFoundException":
        return UsageError(what + "it is not there", kept=_KEPT, hint=resource.missing_hint)
    return CloudSyncError(what + f"the service answered {_plain(code, status)}", kept=_KEPT)


def _actions(operation: str, resource: Resource) -> str:
    names = _ACTIONS.get(operation, (operation or "*",))
    return ", ".join(f"{resource.service}:{name}" for name in names)


def _unanswered(names: set[str], what: str, resource: Resource) -> CloudSyncError:
    if names & _NO_CREDENTIALS:
        return resource.refused(what + "no usable credentials were found", hint=LOGIN)
    if names & _SESSION_ENDED:
        return resource.refused(what + "the session has expired", hint=RENEW)
    if names & _NO_CONNECTION:
        return ServiceUnavailable(
            what + "no answer from AWS", kept=_KEPT, hint="is it reachable? See AWS_ENDPOINT_URL"
        )
    if "NoRegionError" in names:
        return UsageError(what + "no region is set", hint="export AWS_REGION=eu-west-1")
    return UsageError(
        what + "the AWS settings cannot be used",
        hint="look at AWS_PROFILE and ~/.aws/config: aws configure list",
    )


def _status(error: Exception) -> int:
    metadata = getattr(error, "response", {}).get("ResponseMetadata", {})
    return int(metadata.get("HTTPStatusCode", 0))


def _plain(code: str, status: int) -> str:
    """Code and status for a message; a code of an odd shape is left out."""
    shown = re.fullmatch(r"[A-Za-z][A-Za-z0-9.]{1,60}", code)
    return f"{code} ({status})" if shown else str(status)
