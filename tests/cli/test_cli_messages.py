"""`cloud-sync notify test`, and messages of real runs, as whoever set them up sees them."""

from __future__ import annotations

from pathlib import Path

from cloud_sync.simulator.server import Simulator
from command_line import CommandLine
from webhooks import receiving


def test_a_test_message_goes_to_each_target_and_no_url_is_shown(bare: CommandLine) -> None:
    """Each target is told by its place and scheme: URLs hold passwords."""
    with receiving() as told, receiving() as woken:
        command = bare.using(
            CLOUD_SYNC_NOTIFY=told.url("json", "/s3cr3t") + " " + told.url("json", "/0ther"),
            CLOUD_SYNC_NOTIFY_WAKE=woken.url("json", "/s3cr3t"),
            CLOUD_SYNC_HEALTHCHECK=woken.url("http", "/s3cr3t"),
        )
        ended = command("notify", "test", "--verbose")
        as_json = command("notify", "test", "--json")
        assert ended.code == 0, ended.err
        assert ended.out.splitlines() == [
            "notify 1 (json), tell: taken",
            "notify 2 (json), tell: taken",
            "notify_wake 1 (json), wake: taken",
            "healthcheck 1 (http), ping: taken",
        ]
        assert (len(told.messages), len(woken.messages)) == (4, 2)
        assert woken.asked == ["/s3cr3t/start", "/s3cr3t"] * 2
    assert [(each["setting"], each["taken"]) for each in as_json.lines] == [
        ("notify", True),
        ("notify", True),
        ("notify_wake", True),
        ("healthcheck", True),
    ]
    shown = ended.out + ended.err + as_json.out + as_json.err
    assert "s3cr3t" not in shown
    assert "0ther" not in shown


def test_a_target_that_takes_nothing_is_named_by_its_place(bare: CommandLine) -> None:
    with receiving() as told, receiving() as away:
        away.status = 500
        urls = f"{told.url('json', '/s3cr3t')} {away.url('json', '/s3cr3t')}"
        ended = bare.using(CLOUD_SYNC_NOTIFY=urls)("notify", "test")
    assert ended.code == 1
    taken = [line.partition(": ")[2].startswith("taken") for line in ended.out.splitlines()]
    assert taken == [True, False, True, False]
    assert "s3cr3t" not in ended.out + ended.err


def test_without_a_target_there_is_nothing_to_test(bare: CommandLine) -> None:
    ended = bare("notify", "test")
    assert ended.code == 2
    assert "none of notify, notify_wake and healthcheck is set" in ended.err


def test_a_ping_url_that_is_none_is_refused_without_showing_it(bare: CommandLine) -> None:
    ended = bare.using(CLOUD_SYNC_HEALTHCHECK="ftp://s3cr3t")("notify", "test")
    assert ended.code == 2
    assert "CLOUD_SYNC_HEALTHCHECK" in ended.err
    assert "s3cr3t" not in ended.err


def test_a_dead_login_wakes_once_and_the_next_good_run_tells_so(
    cloud_sync: CommandLine, cloud: Simulator, tmp_path: Path
) -> None:
    """Three nights without a login are one message, and its end is another."""
    with receiving() as told, receiving() as woken:
        command = cloud_sync.using(
            CLOUD_SYNC_NOTIFY=told.url("json"),
            CLOUD_SYNC_NOTIFY_WAKE=woken.url("json"),
            CLOUD_SYNC_HEALTHCHECK=told.url("http", "/uuid"),
        )
        sync = ("sync", "--to", tmp_path / "archive", "--limit", "1")
        assert command(*sync).code == 0
        token = cloud.token
        cloud.expire_token()
        assert [command(*sync).code for _ in range(3)] == [4, 4, 4]
        cloud.accept_token(token)
        assert command(*sync).code == 0
    assert [each["title"] for each in woken.messages] == [
        "cloud-sync: the camera cloud wants a login: 0 media archived (0 B)"
    ]
    assert [each["title"][:18] for each in told.messages] == ["cloud-sync: done: "]
    ends = [path for path in told.asked if path != "/uuid/start"]
    assert ends == ["/uuid", "/uuid/4", "/uuid/4", "/uuid/4", "/uuid"]
