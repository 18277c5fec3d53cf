"""What a person pastes becomes the one login in it, or a refusal that shows nothing of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloud_sync.credentials.parse import parse_credentials
from cloud_sync.errors import UsageError

TOKEN = "eyJhbGciOiJSU0EtT0FFUCJ9.a2V5-_x.aXY.dGV4dA.dGFn"
OTHER = "eyJhbGciOiJSU0EtT0FFUCJ9.b.c.d.e"
USER = "5d1f0b9e-6a3c-4c58-9d5e-0c1a7e2b4f60"

NETSCAPE = (
    "# Netscape HTTP Cookie File\n"
    "# a comment\n\n"
    f"#HttpOnly_.gopro.com\tTRUE\t/\tTRUE\t1799999999\tgp_access_token\t{TOKEN}\n"
    f".gopro.com\tTRUE\t/\tTRUE\t1799999999\tgp_user_id\t{USER}\n"
    ".gopro.com\tTRUE\t/\tFALSE\t0\tsession\tabc def\n"
)
EXPORT: list[dict[str, Any]] = [
    {"domain": ".gopro.com", "name": "gp_user_id", "value": USER, "expirationDate": 1.5},
    {"domain": ".gopro.com", "name": "gp_access_token", "value": TOKEN},
    {"domain": ".gopro.com", "name": "other", "value": 5},
]


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"  {TOKEN}\r\n\n",
        f'"{TOKEN}"\n',
        f"' {TOKEN} '",
        "\ufeff" + TOKEN,
        f"gp_access_token={TOKEN}",
        f"gp_access_token={TOKEN};",
        f'gp_access_token="{TOKEN}"; x=y',
        f"gp_access_token: {TOKEN}",
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f"-H 'Authorization: Bearer {TOKEN}' --compressed",
        f"{{'gp_access_token'\n: '{TOKEN}'}}".replace("{", "").replace("}", "").replace("'\n", ""),
        json.dumps({"gp_access_token": TOKEN}),
        json.dumps({"data": {"cookies": [{"name": "gp_access_token", "value": TOKEN}]}}),
    ],
)
def test_a_token_is_found_in_every_form_it_is_copied_in(text: str) -> None:
    found = parse_credentials(text)
    assert found.token.reveal() == TOKEN
    assert (found.user_id, found.remark) == (None, "")


@pytest.mark.parametrize(
    "text",
    [
        f"Cookie: a=1; gp_user_id={USER}; gp_access_token={TOKEN}; b=2",
        f"cookie: gp_access_token={TOKEN}; gp_user_id={USER}",
        f"gp_access_token={TOKEN}; gp_user_id={USER}",
        f"curl 'https://api.gopro.com/x' -H 'cookie: gp_user_id={USER}; gp_access_token={TOKEN}'",
        NETSCAPE,
        NETSCAPE.replace("\n", "\r\n"),
        NETSCAPE.replace("\t", "   "),
        json.dumps(EXPORT),
        json.dumps({"cookies": EXPORT}, indent=2),
    ],
)
def test_the_user_id_is_kept_where_it_stands_beside_the_token(text: str) -> None:
    found = parse_credentials(text)
    assert found.token.reveal() == TOKEN
    assert found.user_id is not None
    assert found.user_id.reveal() == USER


@pytest.mark.parametrize("token", ["opaque-token", "a.b.c", "x" * 3000, "abc+/def==", "v2%7Cxyz"])
def test_a_token_of_a_form_not_known_is_taken(token: str) -> None:
    assert parse_credentials(token).token.reveal() == token
    assert parse_credentials(f"gp_access_token={token}; a=b").token.reveal() == token


def test_the_same_token_twice_is_one() -> None:
    text = f"gp_access_token={TOKEN}; x=y; gp_access_token={TOKEN}"
    assert parse_credentials(text).token.reveal() == TOKEN


def test_a_cookie_whose_name_only_ends_like_the_token_is_not_it() -> None:
    text = f"old-gp_access_token={OTHER}; gp_access_token={TOKEN}"
    assert parse_credentials(text).token.reveal() == TOKEN


@pytest.mark.parametrize("token", ["eyJhbGciOi.abc", "eyJhbGciOi.a.b.c", "eyJhb...dGFn"])
def test_a_token_that_looks_cut_off_is_taken_with_a_remark(token: str) -> None:
    found = parse_credentials(token)
    assert "cut off" in found.remark
    assert token not in found.remark


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing was given"),
        (" \r\n\t", "nothing was given"),
        ('""', "nothing was given"),
        ("please let me in SECRET", "holds no token"),
        ("me@SECRET.org", "holds no token"),
        ("me@example.org:SECRET", "holds no token"),
        ("https://SECRET.gopro.com/x?y=z", "holds no token"),
        ("Cookie: SECRET=1; b=2", "holds no token"),
        ("session=SECRET", "holds no token"),
        (f"{TOKEN[:20]}\n{TOKEN[20:]}SECRET", "holds no token"),
        (f"gp_access_token={TOKEN}; gp_access_token={OTHER}SECRET", "2 different tokens"),
        (f"Bearer {TOKEN} Bearer {OTHER}SECRET", "2 different tokens"),
        (json.dumps([*EXPORT, EXPORT[1] | {"value": "SECRET"}]), "2 different tokens"),
        (f"{TOKEN}\x00SECRET", "control characters"),
        (f"gp_access_token={TOKEN[:9]}\x1fSECRET", "control characters"),
        (f"gp_access_token={TOKEN[:9]}\x7fSECRET", "control characters"),
        (f"{TOKEN[:9]}…SECRET", "characters that no token has"),
        (f"gp_access_token={TOKEN[:9]}\u00a0SECRET", "characters that no cookie has"),
        (f"gp_access_token={TOKEN[:9]}…SECRET", "characters that no cookie has"),
        ("gp_access_token=", "holds no token"),
        ('[{"name": "SECRET"', "cannot be read as JSON"),
        ('[{"name": "SECRET", "value": "x"}]', "holds no token"),
        ('{"gp_access_token": ["SECRET"]}', "holds no token"),
        pytest.param("[" * 50_000, "cannot be read as JSON", id="deep"),
        (NETSCAPE.replace("gp_access_token", "SECRET"), "holds no token"),
        pytest.param("SECRET" * 1_000_000, "longer than", id="huge"),
    ],
)
def test_what_holds_no_single_token_is_refused_with_what_to_paste_and_shows_nothing(
    text: str, reason: str
) -> None:
    with pytest.raises(UsageError) as raised:
        parse_credentials(text)
    error = raised.value
    assert reason in error.message
    assert "gp_access_token" in error.hint
    shown = f"{error.message} {error.hint} {error!r}"
    for secret in ("SECRET", TOKEN, OTHER, TOKEN[:9]):
        assert secret not in shown


def test_a_user_id_that_cannot_be_one_is_left_out() -> None:
    found = parse_credentials(f"gp_access_token={TOKEN}; gp_user_id=ä")
    assert found.user_id is None


def test_what_was_found_shows_nothing_of_itself() -> None:
    found = parse_credentials(f"gp_access_token={TOKEN}; gp_user_id={USER}")
    assert TOKEN not in repr(found)
    assert USER not in repr(found)
