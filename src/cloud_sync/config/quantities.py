"""Durations, rates, dates and the like as people type them, read strictly."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from cloud_sync.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
}


def parse_duration(text: str) -> timedelta:
    """`90s`, `45m`, `2h`, `1h30m`, `1d`; UsageError for anything else and for zero."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise UsageError(f"{text!r} is no duration", hint="write it like 90s, 45m, 2h or 1h30m")
    try:
        duration = timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    except OverflowError:
        raise UsageError(f"the duration {text!r} is too long", hint="write it like 2h") from None
    if duration <= timedelta(0):
        raise UsageError(f"the duration {text!r} is zero", hint="write it like 45m or 2h")
    return duration


def parse_rate(text: str) -> int:
    """`20MB/s`, `500k`, `8MiB/s` as bytes a second; UsageError for anything else."""
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([kKmMgG]i?)?B?(?:/s)?\s*", text)
    rate = int(float(match[1]) * _BYTES[(match[2] or "").lower()]) if match else 0
    if rate < 1:
        raise UsageError(
            f"{text!r} is no rate in bytes a second", hint="write it like 20MB/s, 500kB/s or 8MiB/s"
        )
    return rate


def parse_date(text: str) -> date:
    """A calendar day, `2026-05-31`; UsageError for anything else."""
    try:
        # not fromisoformat: it takes week dates and digits without hyphens, too
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise UsageError(f"{text!r} is no date", hint="write it like 2026-05-31") from None


def parse_count(text: str) -> int:
    """A whole number from 1 up; UsageError for anything else."""
    if not re.fullmatch(r"\s*\d{1,9}\s*", text) or int(text) < 1:
        raise UsageError(f"{text!r} is no whole number from 1 up", hint="write it like 5")
    return int(text)


def parse_switch(text: str) -> bool:
    """`on` or `off`, in any case; UsageError for anything else."""
    switch = {"on": True, "off": False}.get(text.strip().lower())
    if switch is None:
        raise UsageError(f"{text!r} is neither on nor off", hint="write on or off")
    return switch


def parse_notify_level(text: str) -> str:
    """`tell` or `wake`, in lower case; UsageError for anything else."""
    level = text.strip().lower()
    if level not in ("tell", "wake"):
        raise UsageError(f"{text!r} is no level of messages", hint="write tell or wake")
    return level


def parse_digest(text: str) -> bool:
    """True for `weekly`, False for `off`; UsageError for anything else."""
    wanted = {"weekly": True, "off": False}.get(text.strip().lower())
    if wanted is None:
        raise UsageError(f"{text!r} is neither weekly nor off", hint="write weekly or off")
    return wanted


def parse_ping_url(text: str) -> str:
    """An http or https URL; UsageError, which does not show it, for anything else."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii()
    except ValueError:
        good = False
    if not good or any(each.isspace() for each in url):
        raise UsageError("this is no URL to ping", hint="it starts with https:// or http://")
    return url


LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")


def parse_level(text: str) -> str:
    """A level of the log, in any case; UsageError for anything else."""
    level = text.strip().upper()
    if level not in LEVELS:
        raise UsageError(f"{text!r} is no level of the log", hint="debug, info, warn or error")
    return level


def parse_listen(text: str) -> tuple[str, int]:
    """`9464` or `127.0.0.1:9464` as address and port; UsageError for what others could reach."""
    host, _, port = text.strip().rpartition(":")
    host = {"": "127.0.0.1", "localhost": "127.0.0.1"}.get(host, host)
    if not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) <= 65_535:
        raise UsageError(f"{text!r} names no port", hint="write it like 9464 or 127.0.0.1:9464")
    if not re.fullmatch(r"127(\.\d{1,3}){3}", host):
        raise UsageError(
            f"{text!r} is no address of this machine alone; metrics are told without a login",
            hint="write it like 127.0.0.1:9464; for others, put a reverse proxy before it",
        )
    return host, int(port)


def parse_textfile(text: str) -> str:
    """A path that node_exporter reads; UsageError for any other."""
    if not text.strip().endswith(".prom"):
        raise UsageError(
            f"{text!r} does not end in .prom, and node_exporter reads no other files",
            hint="write it like /var/lib/node_exporter/cloud-sync.prom",
        )
    return text.strip()
