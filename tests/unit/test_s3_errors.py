"""Errors of the SDK become ours by code, status and class, with nothing of their text."""

from __future__ import annotations

import pytest
from botocore import exceptions

from cloud_sync.archive.s3_errors import Place, translated, understood
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    CloudSyncError,
    KeyTaken,
    ServiceUnavailable,
    Throttled,
    UsageError,
)

PLACE = Place("s3://bucket/p", "bucket", "https://minio.example:9000", "generic")
URL = "https://minio.example/?X-Amz-Signature=abc"


def client_error(code: str, status: int) -> exceptions.ClientError:
    return exceptions.ClientError(
        {"Error": {"Code": code, "Message": URL}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "PutObject",
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.NoCredentialsError(), ArchiveRefused),
        (exceptions.PartialCredentialsError(provider="env", cred_var="x"), ArchiveRefused),
        (exceptions.CredentialRetrievalError(provider="x", error_msg=URL), ArchiveRefused),
        (exceptions.UnauthorizedSSOTokenError(), ArchiveRefused),
        (exceptions.TokenRetrievalError(provider="sso", error_msg=URL), ArchiveRefused),
        (exceptions.EndpointConnectionError(endpoint_url=URL), ServiceUnavailable),
        (exceptions.ConnectTimeoutError(endpoint_url=URL), ServiceUnavailable),
        (exceptions.ReadTimeoutError(endpoint_url=URL), ServiceUnavailable),
        (exceptions.ConnectionClosedError(endpoint_url=URL), ServiceUnavailable),
        (exceptions.SSLError(endpoint_url=URL, error=OSError(URL)), ServiceUnavailable),
        (exceptions.ProxyConnectionError(proxy_url=URL), ServiceUnavailable),
        (exceptions.ResponseStreamingError(error=URL), ServiceUnavailable),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), ServiceUnavailable),
        (exceptions.NoRegionError(), UsageError),
        (exceptions.ProfileNotFound(profile="x"), UsageError),
        (client_error("SlowDown", 503), Throttled),
        (client_error("ServiceUnavailable", 503), Throttled),
        (client_error("InvalidAccessKeyId", 403), ArchiveRefused),
        (client_error("SignatureDoesNotMatch", 403), ArchiveRefused),
        (client_error("403", 403), ArchiveRefused),
        (client_error("ConditionalRequestConflict", 409), KeyTaken),
        (client_error("OperationAborted", 409), ServiceUnavailable),
        (client_error("NoSuchUpload", 404), ServiceUnavailable),
        (client_error("504", 504), ServiceUnavailable),
        (client_error("InvalidBucketName", 400), ArchiveUnusable),
        (client_error("AuthorizationHeaderMalformed", 400), ArchiveUnusable),
        (client_error("QuotaExceeded", 403), ArchiveUnusable),
        (client_error("XMinioStorageFull", 507), ArchiveUnusable),
        (client_error("NoSuchBucket", 404), ArchiveUnusable),
        (client_error("InvalidStorageClass", 400), ArchiveUnusable),
        (client_error("InvalidObjectState", 403), ArchiveUnusable),
        (client_error("NotImplemented", 501), ArchiveUnusable),
        (client_error("PreconditionFailed", 412), KeyTaken),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value)[:40],
)
def test_each_error_has_one_meaning(error: Exception, kind: type[CloudSyncError]) -> None:
    found = understood(error, "storing a", PLACE)
    assert type(found) is kind
    assert found.message.startswith("storing a in s3://bucket/p: ")
    assert "Signature" not in found.message + found.hint + found.kept
    assert isinstance(found, KeyTaken | Throttled | ServiceUnavailable) or found.hint


@pytest.mark.parametrize("bug", [ValueError("x"), KeyError("x"), KeyTaken("x")])
def test_what_is_no_sdk_error_passes_as_it_is(bug: Exception) -> None:
    with pytest.raises(type(bug)) as caught, translated("storing a", PLACE):
        raise bug
    assert caught.value is bug


def test_a_call_that_we_built_wrongly_is_a_bug() -> None:
    assert understood(exceptions.ParamValidationError(report="x"), "storing", PLACE) is None


def test_a_missing_bucket_says_how_to_make_it() -> None:
    found = understood(client_error("NoSuchBucket", 404), "storing a", PLACE)
    assert found is not None
    assert found.hint.endswith("aws s3 mb s3://bucket --endpoint-url https://minio.example:9000")


def test_the_cause_is_kept_for_the_traceback() -> None:
    cause = exceptions.NoCredentialsError()
    with pytest.raises(ArchiveRefused) as caught, translated("storing a", PLACE):
        raise cause
    assert caught.value.__cause__ is cause
