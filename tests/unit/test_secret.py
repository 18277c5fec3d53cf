"""Secrets are never printed by accident, and the last net catches what texts from outside hold."""

from __future__ import annotations

import json
import logging
import traceback

import pytest

from cloud_sync.cli.terminal import ScrubbedFormatter
from cloud_sync.secret import REDACTED, Secret, scrub

JWE = "eyJhbGciOiJSU0EtT0FFUCJ9.c2VjcmV0a2V5.aXZpdg.Y2lwaGVydGV4dA.dGFn"
JWE_DIRECT = "eyJhbGciOiJkaXIifQ..aXZpdg.Y2lwaGVydGV4dA.dGFn"


def test_a_secret_shows_nothing_of_itself() -> None:
    secret = Secret("hunter2")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", repr([secret])):
        assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"
    assert (secret == Secret("hunter2"), secret == "hunter2") == (True, False)
    assert hash(secret) == hash(Secret("hunter2"))
    with pytest.raises(TypeError):
        json.dumps(secret)


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("GET https://cdn.example/a.mp4?Policy=abc&Signature=s3cr3t HTTP/1.1", ["abc", "s3cr3t"]),
        ('GET "/a.mp4?X-Amz-Signature=s3cr3t"', ["s3cr3t"]),
        ("X-Amz-Security-Token=s3cr3t", ["s3cr3t"]),
        ("Authorization: Bearer s3cr3t.token", ["s3cr3t"]),
        ("{'authorization': 'Basic dXNlcjpwdw=='}", ["dXNlcjpwdw"]),
        ("Cookie: gp_access_token=s3cr3t; other=hidden", ["s3cr3t", "hidden"]),
        ("{'Cookie': 'session=s3cr3t; other=hidden', 'Accept': 'x'}", ["s3cr3t", "hidden"]),
        ('{"Set-Cookie": "session=s3cr3t; Path=/"}', ["s3cr3t"]),
        ("gp_access_token=s3cr3t", ["s3cr3t"]),
        ('{"gp_access_token": "s3cr3t", "gp_user_id": "u5er"}', ["s3cr3t", "u5er"]),
        (f"token {JWE} was refused", JWE.split(".")),
        (f"token {JWE_DIRECT} was refused", ["Y2lwaGVydGV4dA"]),
    ],
)
def test_scrub_removes_what_opens_doors(text: str, secrets: list[str]) -> None:
    scrubbed = scrub(text)
    assert REDACTED in scrubbed
    for secret in secrets:
        assert secret not in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "archived gopro-videos/2026/05/GX010001.MP4 (1.5 GB)",
        "what now? nothing",
        "https://api.gopro.com/media/search",
    ],
)
def test_scrub_leaves_plain_texts_alone(text: str) -> None:
    assert scrub(text) == text


def test_a_traceback_is_printed_without_its_secrets() -> None:
    try:
        raise ValueError(f"https://cdn.example/x?sig=s3cr3t with Bearer {JWE}")
    except ValueError as error:
        shown = scrub("".join(traceback.format_exception(error)))
        record = logging.LogRecord("x", 10, "x.py", 1, "while %s", (JWE,), None)
        record.exc_info = (type(error), error, error.__traceback__)
    logged = ScrubbedFormatter("%(message)s").format(record)
    for text in (shown, logged):
        assert "ValueError" in text
        assert "s3cr3t" not in text
        assert JWE[:20] not in text
