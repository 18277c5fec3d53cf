"""Clients of AWS services, made when they are first needed so that nothing else waits for the SDK.

Region, profile, credentials and endpoint come from `AWS_*` and `~/.aws`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cloud_sync.aws.errors import Resource, translated
from cloud_sync.aws.sessions import new_session
from cloud_sync.errors import MissingExtra, UsageError


def client_of(
    service: str,
    resource: Resource,
    *,
    options: Mapping[str, Any] | None = None,
    connections: int = 16,
    attempts: int = 8,
) -> Any:
    """A client of one service, for any number of threads.

    `options` go before the SDK's own settings (as its `create_client` takes them); `attempts` is
    how often it sends a request, with back-off, before an error is ours. Raises MissingExtra
    without the SDK, and UsageError where its settings do not fit together.
    """
    try:
        from botocore.config import Config
    except ModuleNotFoundError:
        raise MissingExtra("aws", f"using {resource.name}") from None
    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=connections,
        tcp_keepalive=True,
    )
    with translated("connecting to", resource):
        session = new_session()
        session.register_component("data_loader", _descriptions())
        try:
            return session.create_client(service, config=config, **(options or {}))
        except ValueError:
            raise UsageError(
                f"connecting to {resource.name}: the endpoint or region is not valid",
                hint="see AWS_REGION, and AWS_ENDPOINT_URL where it is set",
            ) from None


@cache
def _descriptions() -> Any:
    """The services' descriptions, which take longer to read than all else: once is enough."""
    from botocore.loaders import create_loader

    return create_loader()
