"""The executions of `cloud-sync demo --aws`, one after the other, and what they left behind."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass

from cloud_sync.archive.base import Archive
from cloud_sync.aws.executions import Executions
from cloud_sync.aws.histories import Event, Histories
from cloud_sync.cli.demo_aws import checks
from cloud_sync.cli.demo_aws.cloud import DemoCloud, late_media
from cloud_sync.cli.demo_aws.events import NoticeReceived, StepBegun
from cloud_sync.cli.demo_aws.execution import Ended, Follower
from cloud_sync.cli.demo_aws.notices import Notice, Notices
from cloud_sync.cli.demo_aws.report import Facts
from cloud_sync.cli.demo_aws.stage import Stage, reading
from cloud_sync.emulator.server import Emulator
from cloud_sync.simulator.server import Simulator
from cloud_sync.tracker.base import Tracker
from cloud_sync.wiring.deployed import Deployed, deploy_command


@dataclass(frozen=True, slots=True)
class Theatre:
    """What is open while the executions run."""

    deployed: Deployed
    tracker: Tracker
    archive: Archive
    histories: Histories
    notices: Notices
    follower: Follower


def play(stage: Stage, emulator: Emulator, camera: Simulator, cloud: DemoCloud) -> Facts:
    """Deploy, log in, run three executions, and hold what they left against what should be."""
    with ExitStack() as open_things:
        theatre = _opened(stage, emulator, camera, open_things)
        ended, idle_bytes = _three_executions(theatre.follower, camera)
        stage.observe(StepBegun("comparing every byte"))
        notices = theatre.notices.received()
        for notice in notices:
            stage.observe(NoticeReceived(notice.subject, alert_told(notice)))
        rows = checks.rows_by_id(theatre.tracker.media())
        failed_items = theatre.notices.taken(theatre.deployed.running.failed_items)
        secrets = (camera.token, camera.api_url, camera.cdn_url)
        held = (
            checks.check_executions(ended),
            checks.check_idle(idle_bytes),
            checks.check_objects(camera.library, rows, theatre.archive),
            checks.check_rows(camera.library, rows.values()),
            checks.check_notices(notices, failed_items),
            checks.check_histories(_all_events(theatre.histories, ended), secrets),
        )
    return Facts(held, stage.work, emulator.log, cloud.left_out, tuple(stage.left_out))


def _opened(stage: Stage, emulator: Emulator, camera: Simulator, open_things: ExitStack) -> Theatre:
    deployed = stage.deploy()
    wiring = reading(deployed)
    stage.log_in(wiring, camera.token)
    tracker = open_things.enter_context(closing(wiring.tracker))
    archive = open_things.enter_context(closing(wiring.archive))
    hint = deploy_command(deployed.name)
    machine = deployed.running.machine
    executions = open_things.enter_context(closing(Executions(machine, hint)))
    histories = open_things.enter_context(closing(Histories(machine, hint)))
    notices = open_things.enter_context(closing(Notices(stage.alerts_topic)))
    follower = Follower(executions, histories, tracker, emulator.check, stage.observe)
    return Theatre(deployed, tracker, archive, histories, notices, follower)


def _three_executions(follower: Follower, camera: Simulator) -> tuple[list[Ended], int]:
    """All that is there; nothing; and two more, of which one is not what the listing says."""
    first = follower.run("demo-1", "everything that the camera cloud has")
    before = camera.snapshot().bytes_sent
    second = follower.run("demo-2", "again, and nothing should be left to do")
    idle_bytes = camera.snapshot().bytes_sent - before
    for medium in late_media():
        camera.library.add(medium)
    third = follower.run(
        "demo-3", "two more have come, and one has not the size that the cloud lists: it must fail"
    )
    return [first, second, third], idle_bytes


def _all_events(histories: Histories, ended: list[Ended]) -> list[Event]:
    """All events of the executions and of their children."""
    arns = [arn for each in ended for arn in (each.arn, *histories.children(each.arn))]
    return [event for arn in arns for event in histories.events(arn)]


def alert_told(notice: Notice) -> str:
    """What the alert counts, in a line."""
    told = notice.document
    ids = ", ".join(told.get("failed_ids", []))
    return f"{told.get('archived')} archived, {told.get('failed')} failed ({ids})"
