"""Keeps a process apart from AWS itself: for a while it knows no other AWS than the emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cloud_sync.emulator.server import HOST, REGION

_PREFIX = "AWS_"
_PROXY_EXCEPTIONS = ("NO_PROXY", "no_proxy")


def settings_apart(environment: Mapping[str, str], url: str) -> dict[str, str]:
    """`environment` with the emulator at `url` in place of all that it says of AWS.

    No account, profile, configuration file or machine's role is left that a call could go to by
    mistake; calls to this machine pass no proxy.
    """
    kept = {name: value for name, value in environment.items() if not name.startswith(_PREFIX)}
    exceptions = {
        name: ",".join(filter(None, (kept.get(name), HOST))) for name in _PROXY_EXCEPTIONS
    }
    return {
        **kept,
        **exceptions,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def aws_is(url: str) -> Iterator[None]:
    """For the length of the block, AWS is the emulator at `url` for all of this process."""
    before = dict(os.environ)
    _become(settings_apart(before, url))
    try:
        yield
    finally:
        _become(before)


def _become(environment: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)
