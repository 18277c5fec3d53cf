"""What `cloud-sync sync` says and does when the cloud is down, throttles, or time runs out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.faults import FaultPlan
from cloud_sync.simulator.library import Library, generate, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from library_checks import assert_counts_add_up, assert_everything_archived, wanted
from service_faults import AsksToWait, Faulty, NowAndThen, Outage, RateLimit


def using(bare: CommandLine, cloud: Simulator) -> CommandLine:
    """The command with that cloud, and with short waits for what is down."""
    return bare.using(
        CLOUD_SYNC_GOPRO_API_URL=cloud.api_url,
        CLOUD_SYNC_GOPRO_TOKEN=cloud.token,
        CLOUD_SYNC_RETRY_WAIT="0.05s",
        CLOUD_SYNC_OUTAGE_WAIT="1.5s",
    )


def serving(library: Library, faults: FaultPlan) -> Simulator:
    return Simulator(library, SimulatorOptions(faults=faults))


def assert_all_there(command: CommandLine, library: Library, archive: Path) -> None:
    listed = command("list", "--json").lines
    assert_everything_archived(library, listed, lambda key: (archive / key).read_bytes())


@pytest.mark.parametrize("status", [500, 503])
def test_5xx_now_and_then_ends_with_everything_archived(
    bare: CommandLine, library: Library, tmp_path: Path, status: int
) -> None:
    with serving(library, NowAndThen(status)) as cloud:
        cloud_sync = using(bare, cloud)
        run = cloud_sync("sync", "--to", tmp_path / "archive", "--json")
        assert run.code == 0, run.err
        assert_all_there(cloud_sync, library, tmp_path / "archive")


def test_a_warning_of_another_try_says_once_what_was_being_done(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    """Each kind of call fails once: login, listing, asking for the files, and fetching them."""
    faults = Faulty(lambda call: call.nth == 1)
    with serving(library, faults) as cloud:
        run = using(bare, cloud)("sync", "--to", tmp_path / "archive")
    assert run.code == 0, run.err
    told = [line for line in run.err.splitlines() if "; trying again in " in line]
    assert len(told) >= 2, run.err
    for line in told:
        parts = line.removeprefix("warning: ").partition(";")[0].split(": ")
        begun = [part.split()[0] for part in parts if part.split()[0].endswith("ing")]
        assert len(begun) == 1, f"said twice what was being done: {line}"


def test_a_first_run_whose_first_call_fails_remembers_what_it_stores(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    """A login check that is answered 503 once says nothing against the destination."""
    faults = Faulty(lambda call: call.endpoint is Endpoint.USER and call.nth == 1)
    with serving(library, faults) as cloud:
        cloud_sync = using(bare, cloud)
        assert cloud_sync("sync", "--to", tmp_path / "archive", "--json").code == 0
        assert faults.given == 1
        second = cloud_sync("sync", "--json")
        assert_all_there(cloud_sync, library, tmp_path / "archive")
    assert second.summary["archived"] == 0
    assert second.summary["already_archived"] == len(wanted(library))


def test_an_outage_is_told_waited_out_and_costs_nothing(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    with serving(library, Outage(0.8, after=12)) as cloud:
        cloud_sync = using(bare, cloud)
        run = cloud_sync("sync", "--to", tmp_path / "archive")
        assert run.code == 0, run.err
        assert_all_there(cloud_sync, library, tmp_path / "archive")
    assert "seems to be down" in run.err
    assert "answers again" in run.err


def test_a_cloud_that_stays_down_ends_the_run_with_exit_1_and_all_stays_due(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    with serving(library, Outage(3600, after=12)) as cloud:
        cloud_sync = using(bare, cloud)
        run = cloud_sync("sync", "--to", tmp_path / "archive", "--json")
        listed = cloud_sync("list", "--json").lines
    assert run.code == 1
    assert run.summary["result"] == "failed"
    assert "is down" in run.summary["message"]
    assert run.summary["failed"] == 0
    assert run.summary["reasons"]["run_blocked"] > 0
    assert_counts_add_up(run.summary)
    assert not [row for row in listed if row["status"] == "FAILED"]
    for part in ("error: ", "kept: ", "next: "):
        assert part in run.err
    with Simulator(library, SimulatorOptions()) as cloud:
        assert using(bare, cloud)("sync", "--json").code == 0
        assert_all_there(using(bare, cloud), library, tmp_path / "archive")


def test_a_wait_of_ten_minutes_ends_the_run_at_once_and_says_when_to_come_back(
    bare: CommandLine, library: Library, tmp_path: Path
) -> None:
    with serving(library, AsksToWait(600)) as cloud:
        run = using(bare, cloud)("sync", "--to", tmp_path / "archive", "--concurrency", "1")
    assert run.code == 1
    assert "600 s" in run.err
    assert "again in 10 min" in run.err


def test_a_rate_limit_fails_no_medium(bare: CommandLine, tmp_path: Path) -> None:
    library = generate(10, 9, file_bytes=(200, 2_000))
    limit = RateLimit(20, 5, "0.1")
    with serving(library, limit) as cloud:
        run = using(bare, cloud)("sync", "--to", tmp_path / "archive", "--json")
    assert run.code == 0, run.err
    assert run.summary["archived"] == len(wanted(library))
    assert limit.refused > 0


def test_one_broken_medium_is_named_with_exit_3_and_the_next_run_makes_up_for_it(
    bare: CommandLine, tmp_path: Path
) -> None:
    library = Library(
        [pattern_medium(f"Medium{n}", 900, seed=n, filename=f"GX01000{n}.MP4") for n in range(6)]
    )
    faults = Faulty(
        lambda call: call.endpoint is Endpoint.DOWNLOAD and call.medium_id == "Medium3", 500
    )
    with serving(library, faults) as cloud:
        run = using(bare, cloud)("sync", "--to", tmp_path / "archive")
    assert run.code == 3
    assert "GX010003.MP4" in run.out
    with Simulator(library, SimulatorOptions()) as cloud:
        cloud_sync = using(bare, cloud)
        assert cloud_sync("sync", "--json").summary["archived"] == 1
        assert_all_there(cloud_sync, library, tmp_path / "archive")


def test_max_duration_in_the_middle_of_a_file_keeps_its_bytes_for_the_next_run(
    bare: CommandLine, tmp_path: Path
) -> None:
    # three rounds of parts on all connections, of two seconds each: one is done and one is not
    size = 160_000_000
    library = Library([pattern_medium("LongClip0001", size)])
    archive = tmp_path / "archive"
    with Simulator(library, SimulatorOptions(bytes_per_second=4_000_000)) as cloud:
        run = using(bare, cloud)("sync", "--to", archive, "--max-duration", "4.4s", "--json")
    assert run.code == 0, run.err
    assert run.summary["reasons"] == {"out_of_time": 1}
    assert run.summary["archived"] == 0
    with Simulator(library, SimulatorOptions()) as cloud:
        rest = using(bare, cloud)("sync", "--json")
        assert_all_there(using(bare, cloud), library, archive)
        sent = cloud.snapshot().bytes_sent
    (started,) = (event for event in rest.lines if event["event"] == "file_started")
    assert started["resumed"] > 0, "what the first run had stored was not used"
    assert sent == size - started["resumed"]


def test_max_duration_says_what_is_left(bare: CommandLine, tmp_path: Path) -> None:
    library = generate(12, 11, file_bytes=(2_000_000, 2_500_000))
    with Simulator(library, SimulatorOptions(bytes_per_second=1_000_000)) as cloud:
        run = using(bare, cloud)("sync", "--to", tmp_path / "archive", "--max-duration", "1s")
    assert run.code == 0, run.err
    assert "out of time" in run.out
