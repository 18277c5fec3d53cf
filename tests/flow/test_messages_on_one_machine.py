"""Messages of runs on one machine, over real HTTP: webhooks, pings, and what is kept secret."""

from __future__ import annotations

import pytest

from builders import Bench, item
from cloud_sync.errors import AuthRequired, AuthTrouble, ExitCode, ServiceUnavailable, UsageError
from cloud_sync.model.media import MediaFile
from cloud_sync.model.report import Result
from cloud_sync.notify.apprise import AppriseNotifier
from cloud_sync.notify.base import Severity
from cloud_sync.notify.healthcheck import HealthcheckPulse, end_url, start_url
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.notify.routed import RoutedNotifier
from cloud_sync.provider.memory import MemoryProvider, MemoryStream, Original
from cloud_sync.secret import Secret
from webhooks import receiving

# a library that Apprise loads with a service of its own warns of a module of Python
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")


def test_a_webhook_gets_subject_body_and_kind() -> None:
    with receiving() as webhook:
        notifier = AppriseNotifier(Secret(webhook.url("json")))
        notifier.send("read it in the morning", "a body")
        notifier.send("act", "a body", Severity.WAKE)
    seen = [(each["title"], each["message"], each["type"]) for each in webhook.messages]
    assert seen == [("read it in the morning", "a body", "info"), ("act", "a body", "failure")]


def test_a_webhook_that_refuses_has_not_taken_the_message() -> None:
    with receiving() as webhook:
        webhook.status = 500
        with pytest.raises(ServiceUnavailable) as caught:
            AppriseNotifier(Secret(webhook.url("json", "/s3cr3t"))).send("a", "b")
    assert "s3cr3t" not in str(caught.value.message)
    assert len(webhook.messages) == 1


def test_a_url_that_nobody_knows_is_named_by_its_place_only() -> None:
    with pytest.raises(UsageError, match="notify_wake: URL number 2") as caught:
        AppriseNotifier(Secret("json://localhost nothing://s3cr3t"), "notify_wake")
    assert "s3cr3t" not in caught.value.message


@pytest.mark.parametrize(("level", "told", "woken"), [(Severity.TELL, 1, 1), (Severity.WAKE, 0, 1)])
def test_each_severity_goes_to_those_who_want_it(level: Severity, told: int, woken: int) -> None:
    tell, wake = MemoryNotifier(), MemoryNotifier()
    notifier = RoutedNotifier(tell, wake, level)
    for severity in Severity:
        notifier.send("subject", "body", severity)
    assert (len(tell.sent), len(wake.sent)) == (told, woken)
    assert wake.severities == [Severity.WAKE]


@pytest.mark.parametrize(
    ("code", "asked"),
    [(ExitCode.DONE, "/uuid"), (ExitCode.SOME_FAILED, "/uuid/3"), (ExitCode.FAILED, "/uuid/1")],
)
def test_a_healthcheck_hears_of_start_and_end(code: ExitCode, asked: str) -> None:
    with receiving() as watchdog:
        pulse = HealthcheckPulse(Secret(watchdog.url("http", "/uuid")))
        pulse.started()
        pulse.ended(code)
    assert watchdog.asked == ["/uuid/start", asked]


def test_uptime_kuma_is_told_in_the_query() -> None:
    url = "http://host/api/push/key?status=up&msg=OK&ping="
    assert start_url(url) == ""
    assert end_url(url, ExitCode.DONE) == "http://host/api/push/key?status=up&msg=OK&ping="
    assert end_url(url, ExitCode.FAILED) == (
        "http://host/api/push/key?status=down&msg=exit+code+1&ping="
    )


@pytest.mark.parametrize("status", [404, 302, 503, None])
def test_a_ping_that_is_not_taken_is_told_without_the_url(status: int | None) -> None:
    with receiving() as watchdog:
        watchdog.status = status or 200
        port = watchdog.port if status else 1
        pulse = HealthcheckPulse(Secret(f"http://127.0.0.1:{port}/s3cr3t"))
        with pytest.raises(ServiceUnavailable) as caught:
            pulse.ended(ExitCode.DONE)
    assert "s3cr3t" not in caught.value.message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    # what may pass is tried again
    assert len(watchdog.asked) == {503: 3, None: 0}.get(status, 1)


def test_a_run_pings_and_its_trouble_wakes() -> None:
    provider, notifier = MemoryProvider(), MemoryNotifier()
    bench = Bench(provider, notifier=notifier)
    with receiving() as watchdog:
        bench.pulse = HealthcheckPulse(Secret(watchdog.url("http", "/uuid")))
        bench.run()
        dead = AuthRequired("the login is dead", trouble=AuthTrouble.EXPIRED)
        provider.faults.on("check_login", dead)
        ended = bench.run().summary.result
        watchdog.status = 404
        bench.run()
    assert ended is Result.AUTH_REQUIRED
    assert watchdog.asked[:4] == ["/uuid/start", "/uuid", "/uuid/start", "/uuid/4"]
    warned = [str(each) for each in bench.events if "pinging" in str(each)]
    assert len(warned) == 2, "a watchdog that is away does not touch the run"
    assert notifier.severities == [Severity.WAKE, Severity.TELL]


class Unreachable(MemoryProvider):
    """No original ever arrives."""

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        raise ServiceUnavailable("opening an original: the connection was refused")


class Deaf(MemoryNotifier):
    """Takes no message while it is deaf."""

    deaf = False

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        if self.deaf:
            raise ServiceUnavailable("sending a notification: no answer")
        super().send(subject, body, severity)


def test_the_digest_counts_every_run_since_the_last_one_and_is_sent_again_if_lost() -> None:
    """The first run of a week tells; where that was not taken, the next run does."""
    provider, notifier = MemoryProvider(), Deaf()
    bench = Bench(provider, notifier=notifier, digest=True)
    for _ in range(3):
        bench.run()
    assert notifier.sent == [], "the week is not over"
    bench.clock.advance(7 * 86_400)
    notifier.deaf = True
    bench.run()
    notifier.deaf = False
    bench.run()
    bench.run()
    ((subject, body),) = notifier.sent
    assert subject.startswith("cloud-sync: 0 media archived (0 B) since ")
    assert body.splitlines()[0] == "5 runs: 5 good."
    bench.clock.advance(7 * 86_400)
    bench.run()
    assert notifier.sent[1][1].splitlines()[0] == "2 runs: 2 good."


def test_media_that_are_given_up_while_nobody_could_be_told_are_told_by_the_next_run() -> None:
    notifier = Deaf()
    medium = item("b", size=3, file_count=1)
    bench = Bench(Unreachable({medium: [Original(b"abc")]}), notifier=notifier)
    for number in range(1, 8):
        notifier.deaf = number == 5
        bench.run()
    told = [subject for subject, _ in notifier.sent if "no longer tried" in subject]
    assert told == ["cloud-sync: 1 medium is no longer tried: 5 runs in a row have failed"]
