"""What an error of the AWS SDK means, in our own words; no text of the SDK's is ever passed on.

Error codes are S3's documented ones, and those that S3-compatible services were seen to answer.
Exception classes are known by name, so that reading this needs no SDK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cloud_sync.archive.s3_dialects import SETTING
from cloud_sync.aws.refusals import LOGIN, REFUSED, RENEW
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    ChecksumMismatch,
    CloudSyncError,
    KeyTaken,
    ServiceUnavailable,
    Throttled,
    UsageError,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call went: the destination as a person writes it, bucket, service and dialect.

    `endpoint` is empty for AWS itself, otherwise scheme and host, without anything secret.
    """

    location: str
    bucket: str
    endpoint: str = ""
    dialect: str = "aws"

    @property
    def flags(self) -> str:
        return f" --endpoint-url {self.endpoint}" if self.endpoint else ""


_REFUSED = {
    **REFUSED,
    "InvalidAccessKeyId": ("the service does not know the access key", LOGIN),
    "TokenRefreshRequired": ("the session has expired", RENEW),
    "InvalidToken": ("the session token is not valid", RENEW),
    "AccountProblem": ("there is a problem with the account", "look into the account's console"),
    "NotSignedUp": ("the account is not signed up for S3", "look into the account's console"),
    "AllAccessDisabled": ("access is disabled", "look into the account's console"),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock: timedatectl"),
}

_DENIED = frozenset({"AccessDenied", "Forbidden", "403", "Unauthorized", "401", "InvalidSecurity"})
_THROTTLED = frozenset(
    {
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "ServiceUnavailable",
        "429",
        "503",
    }
)
CORRUPT = frozenset(
    {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
)
"""Codes by which a service says that checksum and bytes do not belong together."""
_TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict"})
_PASSING = frozenset(
    {"OperationAborted", "RequestTimeout", "IncompleteBody", "NoSuchUpload", "InvalidPart"}
)
_WRONG_REGION = frozenset(
    {
        "PermanentRedirect",
        "TemporaryRedirect",
        "Redirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
        "307",
    }
)
_NOT_OFFERED = frozenset({"NotImplemented", "501", "InvalidArgument", "InvalidRequest"})
_FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})

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
_WRONG_SETTING = frozenset(
    {
        "ProfileNotFound",
        "ConfigNotFound",
        "ConfigParseError",
        "InvalidConfigError",
        "InvalidEndpointConfigurationError",
        "InvalidRegionError",
        "NoRegionError",
    }
)


@contextmanager
def translated(doing: str, place: Place) -> Iterator[None]:
    """Raise our own error instead of the SDK's; what is no SDK error passes through."""
    try:
        yield
    except Exception as error:
        answer = understood(error, doing, place)
        if answer is None:
            raise
        raise answer from error


def understood(error: Exception, doing: str, place: Place) -> CloudSyncError | None:
    """What `error` means, None where it is not an answer of the service or its SDK."""
    response = getattr(error, "response", None)
    names = {kind.__name__ for kind in type(error).__mro__}
    if "ClientError" in names and isinstance(response, Mapping):
        return _answered(response, f"{doing} in {place.location}: ", place)
    if "BotoCoreError" in names:
        return _unanswered(names, f"{doing} in {place.location}: ", place)
    return None


def code_of(error: Exception) -> str:
    """The service's error code, empty where the error is none of the service's."""
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return ""
    return str(response.get("Error", {}).get("Code", ""))


def retries_of(error: Exception) -> int:
    """How often the SDK had sent the request again before it gave up."""
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return 0
    return int(response.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _answered(response: Mapping[str, Any], what: str, place: Place) -> CloudSyncError:
    code = str(response.get("Error", {}).get("Code", ""))
    metadata = response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    if code in _TAKEN or status == 412:
        return KeyTaken(what + "something else already lies at the key", kept="it is untouched")
    if code in CORRUPT:
        return ChecksumMismatch(what + "the service received other bytes than were sent")
    if code in _THROTTLED or status in (429, 503):
        return Throttled(what + "the service asks for fewer calls", retry_after=_wait(metadata))
    if code in _FULL:
        return ArchiveUnusable(
            what + "the service has no more room for it",
            kept="everything archived so far",
            hint="raise the quota, or free some space",
        )
    if code in _PASSING or (status >= 500 and code not in _NOT_OFFERED):
        return ServiceUnavailable(what + f"the service answered {_plain(code, status)}")
    return _refused(code, status, what, place) or _unusable(response, code, status, what, place)


def _refused(code: str, status: int, what: str, place: Place) -> CloudSyncError | None:
    if code in _REFUSED:
        reason, hint = _REFUSED[code]
        return ArchiveRefused(what + reason, kept="everything archived so far", hint=hint)
    if code in _DENIED or (status in (401, 403) and code != "InvalidObjectState"):
        return ArchiveRefused(
            what + "access is denied",
            kept="everything archived so far",
            hint=f"see who you are: aws sts get-caller-identity{place.flags}; the identity needs "
            "s3:ListBucket on the bucket, and s3:PutObject, s3:PutObjectTagging, s3:GetObject, "
            "s3:GetObjectVersion, s3:ListMultipartUploadParts and s3:AbortMultipartUpload on its "
            "objects",
        )
    return None


def _unusable(
    response: Mapping[str, Any], code: str, status: int, what: str, place: Place
) -> CloudSyncError:
    reason, hint = f"the service answered {_plain(code, status)}", "cloud-sync doctor"
    if code in ("NoSuchBucket", "404"):
        reason = f"there is no bucket {place.bucket}"
        hint = f"check the name, or create it: aws s3 mb s3://{place.bucket}{place.flags}"
    elif code == "InvalidBucketName":
        reason = f"{place.bucket} cannot be a bucket's name"
        hint = "3 to 63 characters: a-z, 0-9, dots and hyphens"
    elif code in _WRONG_REGION or status in (301, 307):
        region = _region(response)
        reason = f"the bucket lies in {f'region {region}' if region else 'another region'}"
        hint = f"export AWS_REGION={region or 'the-bucket-region'}"
    elif code == "InvalidStorageClass":
        reason, hint = (
            "the service does not know the storage class",
            "choose another --storage-plan",
        )
    elif code == "InvalidObjectState":
        reason = "the object lies in an archive class and must be restored before it can be read"
        hint = (
            f"aws s3api restore-object --bucket {place.bucket} --key KEY --restore-request Days=7"
        )
    elif code in _NOT_OFFERED:
        reason = f"the service does not offer what was asked ({_plain(code, status)})"
        hint = f"it was taken for {place.dialect}; set {SETTING} to the service's own, or to plain"
    return ArchiveUnusable(what + reason, kept="everything archived so far", hint=hint)


def _unanswered(names: set[str], what: str, place: Place) -> CloudSyncError | None:
    if names & _NO_CREDENTIALS:
        return ArchiveRefused(what + "no usable credentials were found", hint=LOGIN)
    if names & _SESSION_ENDED:
        return ArchiveRefused(what + "the session has expired", hint=RENEW)
    if "SSLError" in names:
        return ServiceUnavailable(
            what + "no trusted connection could be made",
            hint="is the endpoint's certificate valid? A private one goes into AWS_CA_BUNDLE",
        )
    if names & _NO_CONNECTION:
        where = place.endpoint or "AWS"
        return ServiceUnavailable(
            what + f"no answer from {where}", hint="is it reachable? See AWS_ENDPOINT_URL_S3"
        )
    if "NoRegionError" in names:
        return UsageError(what + "no region is set", hint="export AWS_REGION=eu-west-1")
    if names & _WRONG_SETTING:
        return UsageError(
            what + "the AWS settings cannot be used",
            hint="look at AWS_PROFILE and ~/.aws/config: aws configure list",
        )
    return None


def _plain(code: str, status: int) -> str:
    """Code and status for a message; a code of an odd shape is left out."""
    return (
        f"{code} ({status})" if re.fullmatch(r"[A-Za-z][A-Za-z0-9.]{1,60}", code) else str(status)
    )


def _region(response: Mapping[str, Any]) -> str:
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region") or response.get("Error", {}).get("Region") or ""
    return region if re.fullmatch(r"[a-z0-9-]{1,40}", region) else ""


def _wait(metadata: Mapping[str, Any]) -> float | None:
    value = str(metadata.get("HTTPHeaders", {}).get("retry-after", ""))
    return float(value) if value.isdecimal() else None
