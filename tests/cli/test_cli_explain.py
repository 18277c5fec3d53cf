"""`cloud-sync explain` on a machine without login, archive or network; and what leads there."""

from __future__ import annotations

from pathlib import Path

from cloud_sync.cli.runbook import explanations
from cloud_sync.simulator.server import Simulator
from command_line import CommandLine


def test_a_code_is_explained_with_what_is_safe_and_what_to_type(bare: CommandLine) -> None:
    told = bare("explain", "auth_required")
    assert (told.code, told.err) == (0, "")
    for part in ("auth_required", "means", "safe", "look", "do", "over", "`cloud-sync login`"):
        assert part in told.out
    at_aws = bare("explain", "AUTH_REQUIRED", "--env", "prod")
    assert "`cloud-sync aws login --env prod`" in at_aws.out
    assert "`cloud-sync login`" not in at_aws.out
    assert not list(bare.home.iterdir()), "something was written"


def test_without_a_code_all_of_them_are_listed(bare: CommandLine) -> None:
    assert bare("explain", "--quiet").out.splitlines() == list(explanations())
    listed = bare("explain").out
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ")] == list(
        explanations()
    )
    objects = bare("explain", "--json").lines
    assert [each["code"] for each in objects] == list(explanations())
    (alarm,) = bare("explain", "no-good-run", "--env", "staging", "--json").lines
    assert list(alarm) == ["code", "kind", "means", "safe", "look", "do", "over"]
    assert "--env staging" in alarm["look"]


def test_what_is_no_code_is_refused_with_the_nearest_ones(bare: CommandLine) -> None:
    near = bare("explain", "url-expierd")
    assert (near.code, near.out) == (2, "")
    assert "next: one of: url_expired" in near.err
    far = bare("explain", "zzzz")
    assert far.code == 2
    assert "`cloud-sync explain` lists all of them" in far.err
    nowhere = bare("explain", "budget", "--env", "production")
    assert nowhere.code == 2
    assert "one of: dev, staging, prod" in nowhere.err


def test_each_message_of_a_stopped_run_leads_to_its_explanation(
    cloud_sync: CommandLine, cloud: Simulator, tmp_path: Path
) -> None:
    cloud.expire_token()
    parked = cloud_sync("sync", "--to", tmp_path / "archive")
    assert parked.code == 4
    wrong = cloud_sync("sync", "--storage-plan", "7/14")
    assert wrong.code == 2
    for ended, code in ((parked, "auth_required"), (wrong, "usage")):
        last = ended.err.splitlines()[-1]
        assert last == f" more: cloud-sync explain {code}"
        assert cloud_sync(*last.split()[2:]).code == 0
