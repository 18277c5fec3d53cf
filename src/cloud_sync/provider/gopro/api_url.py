"""Which addresses a token, or a signed URL, may be sent to. Purely."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from cloud_sync.errors import UsageError

DEFAULT_API_URL = "https://api.gopro.com"
_SETTING = "CLOUD_SYNC_GOPRO_API_URL"


def checked_api_url(text: str) -> str:
    """The base URL without a final slash; UsageError, without showing it, when it is unfit.

    Unfit are: anything but https (plain http is for loopback only), a missing host, user info,
    a query or a fragment.
    """
    address = text.strip()
    parts = split_url(address)
    if parts is None or any(char.isspace() or not char.isprintable() for char in address):
        raise _unfit("it is not a web address")
    if parts.username is not None or parts.password is not None:
        raise _unfit("it holds a user name or password")
    if "?" in address or "#" in address:
        raise _unfit("it has a query or a fragment")
    if not encrypted_or_loopback(parts):
        raise _unfit("plain http would send the token readable over the network")
    return address.rstrip("/")


def split_url(address: str) -> SplitResult | None:
    """The parts of an http or https URL with a host and a sound port, None for anything else."""
    try:
        parts = urlsplit(address)
        sound_port = parts.port is None or parts.port > 0
    except ValueError:
        return None
    sound = parts.scheme in ("http", "https") and parts.hostname and sound_port
    return parts if sound else None


def encrypted_or_loopback(parts: SplitResult) -> bool:
    """Whether nobody on the network can read along."""
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _unfit(reason: str) -> UsageError:
    return UsageError(
        f"reading the address of the GoPro API ({_SETTING}, gopro_api_url): {reason}",
        hint=f"unset it to use {DEFAULT_API_URL}, or give an address like that",
    )
