"""Connections to the delivery network: used again where that is safe, patient, and encrypted."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
import trustme

from cloud_sync.errors import ServiceUnavailable, StreamBroken
from cloud_sync.provider.gopro.client import GoProProvider
from raw_cdn import BODY, assert_no_secret, fetched, file_at, kept, part, provider
from raw_server import Keep, Reset, Stall, Step, Trickle, http, serving

FIRST, SECOND = BODY[:1000], BODY[1000:2000]


def two_ranges(made: GoProProvider, url: str) -> tuple[bytes, bytes]:
    return fetched(made, url, 0, 1000), fetched(made, url, 1000, 1000)


def test_range_after_range_comes_over_one_connection() -> None:
    steps = [Keep(kept(start, 1000)) for start in range(0, len(BODY), 1000)]
    with serving(*steps) as cdn, provider(cdn.url) as made:
        got = b"".join(fetched(made, cdn.url, at, 1000) for at in range(0, len(BODY), 1000))
        assert got == BODY
        assert (cdn.connections, len(cdn.requests)) == (1, 11)


def test_a_connection_is_free_again_as_soon_as_the_last_byte_is_read() -> None:
    with serving(Keep(kept(0, 1000)), Keep(kept(1000, 1000))) as cdn, provider(cdn.url) as made:
        first = made.open(file_at(cdn.url), 0, 1000)
        assert first.readinto(memoryview(bytearray(1000))) == 1000
        second = made.open(file_at(cdn.url), 1000, 1000)
        first.close()
        buffer = bytearray(1000)
        assert second.readinto(memoryview(buffer)) == 1000
        second.close()
        assert bytes(buffer) == SECOND
        assert cdn.connections == 1


def test_a_connection_with_a_rest_of_a_body_is_never_used_again() -> None:
    with serving(Keep(kept(0, 1000)), Keep(kept(1000, 1000))) as cdn, provider(cdn.url) as made:
        stream = made.open(file_at(cdn.url), 0, 1000)
        assert stream.readinto(memoryview(bytearray(999))) == 999
        stream.close()
        assert fetched(made, cdn.url, 1000, 1000) == SECOND
        assert cdn.connections == 2


def test_a_connection_that_the_server_announces_to_close_is_not_used_again() -> None:
    with serving(Keep(part(0, 1000)), Keep(kept(1000, 1000))) as cdn, provider(cdn.url) as made:
        assert two_ranges(made, cdn.url) == (FIRST, SECOND)
        assert cdn.connections == 2


@pytest.mark.parametrize(
    "ending", [[kept(0, 1000)], [Keep(kept(0, 1000)), b""], [Keep(kept(0, 1000)), Reset()]]
)
def test_a_connection_that_the_server_closes_between_two_ranges_is_replaced(
    ending: list[Step],
) -> None:
    """Whether that shows before the second request is sent, or only after it."""
    with serving(*ending, Keep(kept(1000, 1000))) as cdn, provider(cdn.url) as made:
        assert two_ranges(made, cdn.url) == (FIRST, SECOND)
        assert cdn.connections == 2


def test_a_replaced_connection_is_replaced_once() -> None:
    with serving(Keep(kept(0, 1000)), b"", b"", Keep(kept(1000, 1000))) as cdn:
        with provider(cdn.url) as made, pytest.raises(ServiceUnavailable, match="broke"):
            two_ranges(made, cdn.url)
        assert len(cdn.requests) == 3


@pytest.mark.parametrize(
    "second",
    [b"HTTP/1.1 206 Par", Reset(b"HTTP/1.1 206 Par"), Stall(), Stall(b"HTTP/1.1 206 Par")],
)
def test_nothing_is_asked_for_again_once_a_byte_has_come_or_time_has_run_out(second: Step) -> None:
    with serving(Keep(kept(0, 1000)), second, Keep(kept(1000, 1000))) as cdn:
        with provider(cdn.url) as made, pytest.raises(ServiceUnavailable) as raised:
            two_ranges(made, cdn.url)
        assert len(cdn.requests) == 2
    assert_no_secret(raised.value)


def test_what_a_server_sends_unasked_is_never_taken_for_the_next_answer() -> None:
    """An answer too many would be that of another range, or of another original."""
    twice = kept(0, 1000) + kept(1000, 1000, body=bytes(1000))
    with serving(Keep(twice), Keep(kept(1000, 1000))) as cdn, provider(cdn.url) as made:
        stream = made.open(file_at(cdn.url), 0, 1000)
        with pytest.raises(StreamBroken, match="goes on after 1000 bytes"):
            stream.readinto(memoryview(bytearray(1000)))
        assert fetched(made, cdn.url, 1000, 1000) == SECOND
        assert cdn.connections == 2


def test_what_a_server_says_on_an_idle_connection_is_never_taken_for_the_next_answer() -> None:
    with serving(Keep(kept(0, 1000)), Keep(kept(1000, 1000))) as cdn, provider(cdn.url) as made:
        assert fetched(made, cdn.url, 0, 1000) == FIRST
        cdn.say(kept(1000, 1000, body=bytes(1000)))
        assert fetched(made, cdn.url, 1000, 1000) == SECOND
        assert cdn.connections == 2


def test_a_stream_in_use_survives_the_provider_and_its_connection_ends_with_it() -> None:
    with serving(Keep(kept(0, 1000)), Keep(kept(1000, 1000))) as cdn, provider(cdn.url) as made:
        stream = made.open(file_at(cdn.url), 0, 1000)
        made.close()
        made.close()
        buffer = bytearray(1000)
        assert stream.readinto(memoryview(buffer)) == 1000
        stream.close()
        assert bytes(buffer) == FIRST
        assert fetched(made, cdn.url, 1000, 1000) == SECOND
        assert cdn.connections == 2, "a closed provider has kept a connection"


def test_a_slow_body_that_moves_is_never_given_up() -> None:
    """The time-out is for each silence, not for a whole body, head or range."""
    answer = part(0, 1000)
    cuts = [*range(0, len(answer), -(-len(answer) // 8)), len(answer)]
    pieces = [answer[start:end] for start, end in pairwise(cuts)]
    slow = Trickle(pieces, 0.2)
    with serving(slow) as cdn, provider(cdn.url, read_timeout=1) as made:
        assert fetched(made, cdn.url, 0, 1000) == FIRST


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    """A server's side, whose authority is named by SSL_CERT_FILE."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return server_side(authority, "127.0.0.1")


def server_side(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_ranges_come_encrypted_from_a_server_that_ssl_cert_file_vouches_for(
    trusted: ssl.SSLContext,
) -> None:
    steps: list[Step] = [Keep(kept(0, 1000)), Keep(kept(1000, 1000)), b"", kept(0, 1000)]
    with serving(*steps, trust=trusted) as cdn, provider("https://api.example") as made:
        assert two_ranges(made, cdn.url) == (FIRST, SECOND)
        assert cdn.connections == 1
        assert fetched(made, cdn.url, 0, 1000) == FIRST
        assert cdn.connections == 2


def test_an_encrypted_body_that_is_cut_or_runs_on_is_no_clean_end(
    trusted: ssl.SSLContext,
) -> None:
    told = {"Content-Length": "1000", "Connection": "keep-alive"}
    for body, problem in ((BODY[:900], "ended after 900"), (BODY[:1001], "goes on after 1000")):
        answer = part(0, 1000, headers=told, body=body)
        with (
            serving(answer, trust=trusted) as cdn,
            provider("https://api.example") as made,
            pytest.raises(StreamBroken, match=problem),
        ):
            fetched(made, cdn.url, 0, 1000)


@pytest.mark.parametrize("name", ["127.0.0.1", "other.example"])
def test_a_server_that_nobody_vouches_for_gets_not_even_the_address(
    name: str, authority: trustme.CA, trusted: ssl.SSLContext
) -> None:
    """Neither one of an unknown authority, nor one that is another than it should be."""
    issuer = trustme.CA() if name == "127.0.0.1" else authority
    with serving(http(200, BODY), trust=server_side(issuer, name)) as cdn:
        with (
            provider("https://api.example") as made,
            pytest.raises(ServiceUnavailable, match="is its certificate trusted") as raised,
        ):
            made.open(file_at(cdn.url))
        assert cdn.requests == []
    assert_no_secret(raised.value)


def test_several_threads_have_connections_of_their_own_and_each_its_bytes(
    trusted: ssl.SSLContext,
) -> None:
    """The server answers by turns, so that a mixed-up answer would be another range's."""
    with serving(Keep(kept(0, 1000)), trust=trusted) as cdn:
        with (
            provider("https://api.example", read_timeout=20) as made,
            ThreadPoolExecutor(4) as pool,
        ):
            got = list(pool.map(lambda _: fetched(made, cdn.url, 0, 1000), range(40)))
        assert got == [FIRST] * 40
        assert cdn.connections <= 4
