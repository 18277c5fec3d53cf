"""What an answer of S3 means for a copy; no text of the SDK's is ever passed on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cloud_sync.archive import s3_errors
from cloud_sync.archive.s3_errors import Place, code_of
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    CloudSyncError,
    ServiceUnavailable,
    UsageError,
)
from cloud_sync.replicate.failures import (
    AccessDenied,
    Archived,
    ChangedMeanwhile,
    NoSuchBucket,
    NoSuchKey,
    StoreRefused,
    StoreUnavailable,
    TooLarge,
)

NOT_FOUND = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_NO_SUCH_VERSION = frozenset({"400", "405", "InvalidArgument", "MethodNotAllowed"})
_CHANGED = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_DENIED = frozenset({"AccessDenied", "Forbidden", "403", "AllAccessDisabled"})
_TOO_LARGE = frozenset({"EntityTooLarge", "MaxMessageLengthExceeded"})


@contextmanager
def told(doing: str, place: Place) -> Iterator[None]:
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
    known = _by_code(error, f"{doing} in {place.location}: ", place)
    if known is not None:
        return known
    told_of = s3_errors.understood(error, doing, place)
    match told_of:
        case ServiceUnavailable():
            return StoreUnavailable(told_of.message, hint=told_of.hint)
        case ArchiveRefused():
            return AccessDenied(told_of.message, hint=told_of.hint)
        case ArchiveUnusable() | UsageError():
            return StoreRefused(told_of.message, hint=told_of.hint)
        case _:
            return told_of


def _by_code(error: Exception, what: str, place: Place) -> CloudSyncError | None:
    code = code_of(error)
    if code == "NoSuchBucket":
        return no_such_bucket(what, place)
    if code in NOT_FOUND:
        return NoSuchKey(what + "it is not there")
    if code == "NoSuchUpload":
        return ChangedMeanwhile(what + "the upload is over already")
    if code in _CHANGED:
        return ChangedMeanwhile(what + "source or destination has changed meanwhile")
    if code in _DENIED:
        return AccessDenied(
            what + "access is denied",
            hint="the identity needs s3:GetObject, s3:GetObjectVersion, s3:GetObjectTagging, "
            "s3:ListBucket and s3:ListBucketVersions at the source; s3:GetObject, s3:PutObject, "
            "s3:PutObjectTagging, s3:AbortMultipartUpload and s3:ListBucket at the destination; "
            f"see who you are: aws sts get-caller-identity{place.flags}",
        )
    if code == "InvalidObjectState":
        return Archived(what + "it lies in an archive class and must be restored first")
    if code in _TOO_LARGE or _says_too_large(error, code):
        return TooLarge(what + "it is larger than the service takes in one request")
    return None


def no_such_bucket(what: str, place: Place) -> NoSuchBucket:
    """The error of a bucket that is not there, with the command that makes it."""
    return NoSuchBucket(
        what + f"there is no bucket {place.bucket}",
        hint=f"check the name, or create it: aws s3 mb s3://{place.bucket}{place.flags}",
    )


def is_missing(error: Exception, *, of_version: bool) -> bool:
    """Whether the answer to a look says that there is no such object, or no such version."""
    code = code_of(error)
    return code in NOT_FOUND or (of_version and code in _NO_SUCH_VERSION)


def _says_too_large(error: Exception, code: str) -> bool:
    """S3 answers a copy of more than 5 GB with a code that it has for many things."""
    if code != "InvalidRequest":
        return False
    said: object = getattr(error, "response", {}).get("Error", {}).get("Message", "")
    return "maximum allowable size for a copy source" in str(said)
