"""The AWS SDK's client for S3 and its like, and which service it has in front of it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from cloud_sync.archive.s3_dialects import DIALECTS, SETTING, Dialect, dialect_of
from cloud_sync.archive.s3_errors import Place, translated
from cloud_sync.aws.sessions import new_session
from cloud_sync.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session
    from mypy_boto3_s3 import S3Client

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""In the order in which the SDK looks; its file of settings comes after them."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A client, the dialect of its service, and a file of certificates to trust instead."""

    client: S3Client
    dialect: Dialect
    ca_bundle: str | None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the garbage collector what the SDK loads: it stays, and half the time goes into it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@_uncollected()
def open_client(
    place: Place,
    purpose: str,
    *,
    dialect: str | None,
    connections: int,
    attempts: int,
    client_options: Mapping[str, Any] | None,
    profile: str | None = None,
) -> Connected:
    """A client with the AWS SDK's own settings; it opens no connection yet.

    Endpoint, region, profile and credentials come from `AWS_*` and `~/.aws`, or from
    `client_options` (as boto3's `client` takes them) and `profile`. `dialect` names a row of
    `s3_dialects`, which is found by the endpoint's host otherwise. `connections` is how many
    threads may call at once. Raises MissingExtra without the SDK, and UsageError where the
    settings do not fit together.
    """
    try:
        # boto3 itself would only add to the start and the memory: its clients are botocore's
        from botocore.config import Config

        from cloud_sync.aws.descriptions import use_folder_loader

        with translated("connecting", place):
            session = new_session()
            use_folder_loader(session)
    except ModuleNotFoundError:
        raise MissingExtra("aws", purpose) from None
    config = Config(
        connect_timeout=10,
        # completing a large upload may keep a service silent for a while
        read_timeout=120,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=connections,
        tcp_keepalive=True,
        # ours go along explicitly; the SDK's own would cost time, and some services refuse them
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"payload_signing_enabled": False},
    )
    path_style = Config(s3={"payload_signing_enabled": False, "addressing_style": "path"})
    styles = {False: config, True: config.merge(path_style)}
    options = dict(client_options or {})
    with translated("connecting", place):
        if profile is not None:
            session.set_config_variable("profile", profile)
        try:
            likely = _likely_path_style(dialect, options)
            client = _client(session, styles[likely], options)
        except ValueError:
            raise UsageError(
                f"connecting to {place.location}: the endpoint or region is not valid",
                hint="AWS_ENDPOINT_URL_S3 is a URL with http or https; see AWS_REGION",
            ) from None
        chosen = _choose(dialect, client.meta.endpoint_url)
        if chosen.path_style is not likely:
            client.close()
            client = _client(session, styles[chosen.path_style], options)
        return Connected(client, chosen, session.get_config_variable("ca_bundle"))


def _likely_path_style(dialect: str | None, options: Mapping[str, Any]) -> bool:
    """What the client's own endpoint will say, as far as it can be known without a client.

    ValueError where the endpoint is no URL.
    """
    if dialect in DIALECTS:
        return DIALECTS[dialect].path_style
    named = options.get("endpoint_url") or next(filter(None, map(os.environ.get, _ENDPOINTS)), None)
    return named is not None and _choose(None, named).path_style


def _client(session: Session, config: Config, options: Mapping[str, Any]) -> S3Client:
    return cast("S3Client", session.create_client("s3", config=config, **options))


def _choose(name: str | None, endpoint_url: str) -> Dialect:
    if name is None:
        return dialect_of(urlsplit(endpoint_url).hostname or "")
    if name not in DIALECTS:
        raise UsageError(
            f"{SETTING} is {name!r}, which is no known dialect",
            hint="one of: " + ", ".join(DIALECTS),
        )
    return DIALECTS[name]


def require_storage_class(storage_class: str, dialect: Dialect, place: Place) -> None:
    """UsageError where the service has no such storage class."""
    offered = dialect.storage_classes
    if offered is not None and storage_class not in offered:
        raise UsageError(
            f"storing to {place.location}: the service ({dialect.name}) has no storage class "
            f"{storage_class}",
            hint="it has " + ", ".join(sorted(offered)) + "; choose another --storage-plan",
        )


def endpoint_of(client: S3Client, dialect: Dialect) -> str:
    """Scheme and host of a service that is not AWS, else empty; never user, password or query."""
    if dialect.name == "aws":
        return ""
    parts = urlsplit(client.meta.endpoint_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"
