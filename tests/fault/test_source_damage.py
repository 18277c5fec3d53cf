"""Wrong bytes under the right ETag and the right length are never taken for an original.

By the real command against the simulated cloud, which damages what it sends of some media.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.faults import Call, Connection, NoFaults
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.medium import SimMedium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine, Ended
from library_checks import assert_counts_add_up, files_under
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ONE_PART = 900_000
MANY_PARTS = 22_000_000
"""In the cloud four parts of 6 MiB, and no other whole number of MiB makes four."""

SOUND = ("SoundSmall0001", "SoundLarge0001")
DAMAGED = ("DamagedSmall01", "DamagedLarge01")


def media(ids: tuple[str, str], seed: int) -> list[SimMedium]:
    """A clip that the cloud took in one part, and one that it took in several."""
    small, large = ids
    return [
        pattern_medium(small, ONE_PART, seed=seed, filename="GX010001.MP4"),
        pattern_medium(large, MANY_PARTS, seed=seed, filename="GX010002.MP4"),
    ]


def _wrong(piece: bytes) -> bytes:
    return bytes(len(piece))


def _two_bytes(piece: bytes) -> bytes:
    spoiled = bytearray(piece)
    spoiled[0] ^= 0x01
    spoiled[-1] ^= 0x80
    return bytes(spoiled)


DAMAGE = {"wrong bytes": _wrong, "two bytes flipped": _two_bytes}


class Damage(NoFaults):
    """Damages the first piece of bodies of the media `DAMAGED`, `times` bodies of each."""

    def __init__(self, how: Callable[[bytes], bytes], times: int) -> None:
        self._how = how
        self._left = dict.fromkeys(DAMAGED, times)

    def piece(
        self, call: Call, position: int, piece: bytes, connection: Connection
    ) -> bytes | None:
        left = self._left.get(call.medium_id, 0)
        if call.endpoint is not Endpoint.OBJECT or position or not left:
            return piece
        self._left[call.medium_id] = left - 1
        return self._how(piece)


class Scene:
    """A cloud with two sound media, and the command that archives it."""

    def __init__(
        self, simulator: Simulator, library: Library, command: CommandLine, to: str
    ) -> None:
        self.library = library
        self.command = command.using(
            CLOUD_SYNC_GOPRO_API_URL=simulator.api_url, CLOUD_SYNC_GOPRO_TOKEN=simulator.token
        )
        self.to = to

    def sync(self) -> Ended:
        return self.command("sync", "--to", self.to, "--json")

    def rows(self) -> dict[str, dict[str, object]]:
        return {row["media_id"]: row for row in self.command("list", "--json").lines}

    def original(self, media_id: str) -> bytes:
        medium = self.library.get(media_id)
        assert medium is not None
        (file,) = medium.originals
        return file.read(0, file.size)


@pytest.fixture
def damage(request: pytest.FixtureRequest) -> Damage:
    how, times = request.param
    return Damage(DAMAGE[how], times)


@pytest.fixture
def library() -> Library:
    return Library(media(SOUND, 1))


@pytest.fixture
def cloud(library: Library, damage: Damage) -> Iterator[Simulator]:
    with Simulator(library, SimulatorOptions(faults=damage)) as simulator:
        yield simulator


@pytest.fixture
def scene(cloud: Simulator, library: Library, tmp_path: Path) -> Scene:
    return Scene(cloud, library, CommandLine(tmp_path / "user"), str(tmp_path / "archive"))


def prove_and_add_damaged(scene: Scene) -> None:
    """A first run archives the sound media; then the cloud gets the others."""
    first = scene.sync()
    assert first.code == 0, first.err
    assert {row["source_check"] for row in scene.rows().values()} == {"matched"}
    for medium in media(DAMAGED, 2):
        scene.library.add(medium)


def assert_healed(scene: Scene, run: Ended, read: Callable[[str], bytes]) -> None:
    assert run.code == 0, run.err
    rows = scene.rows()
    for media_id in DAMAGED:
        assert rows[media_id]["source_check"] == "matched"
        assert read(str(rows[media_id]["key"])) == scene.original(media_id)
    retried = {line["media_id"] for line in run.lines if line["event"] == "file_failed"}
    assert retried == set(DAMAGED), "the damage was not found"


def assert_refused(scene: Scene, run: Ended) -> None:
    assert run.code == 3, run.err
    assert run.summary["failed"] == 2
    assert run.summary["reasons"] == {"source_damaged": 2}
    assert_counts_add_up(run.summary)
    rows = scene.rows()
    for media_id in DAMAGED:
        assert rows[media_id]["status"] == "FAILED"
        error = rows[media_id]["error"]
        assert isinstance(error, dict)
        assert error["code"] == "source_damaged"
        assert "own checksum" in error["message"]


@pytest.mark.parametrize("damage", [(how, 1) for how in DAMAGE], ids=DAMAGE, indirect=True)
def test_damage_that_passes_is_fetched_anew_and_the_right_bytes_are_stored(scene: Scene) -> None:
    prove_and_add_damaged(scene)
    assert_healed(scene, scene.sync(), lambda key: (Path(scene.to) / key).read_bytes())


@pytest.mark.parametrize("damage", [(how, 1000) for how in DAMAGE], ids=DAMAGE, indirect=True)
def test_damage_that_stays_fails_by_name_and_nothing_lies_under_the_key(scene: Scene) -> None:
    prove_and_add_damaged(scene)
    before = files_under(Path(scene.to))
    assert_refused(scene, scene.sync())
    assert files_under(Path(scene.to)) == before, "damaged bytes were stored"
    partial = Path(scene.to) / ".cloud-sync" / "partial"
    assert not [path for path in partial.glob("*.part") if path.is_file()]


@pytest.mark.parametrize("damage", [("two bytes flipped", 1)], indirect=True)
def test_a_first_file_in_doubt_is_stored_with_a_warning_and_named_once_the_rule_is_proven(
    scene: Scene,
) -> None:
    """Before any checksum of this cloud was reproduced, a difference may be the cloud's way."""
    for media_id in SOUND:
        scene.library.remove(media_id)
    for medium in media(DAMAGED, 2):
        scene.library.add(medium)
    first = scene.sync()
    assert first.code == 0
    warnings = [line["message"] for line in first.lines if line["event"] == "warned"]
    assert len([text for text in warnings if "could not be reproduced" in text]) == 1
    assert {row["source_check"] for row in scene.rows().values()} == {"differs"}
    assert "needs you" not in scene.command("status").out
    for medium in media(SOUND, 1):
        scene.library.add(medium)
    second = scene.sync()
    warnings = [line["message"] for line in second.lines if line["event"] == "warned"]
    assert [text for text in warnings if text.startswith("2 stored files do not give")]
    told = [line for line in scene.command("status").out.splitlines() if "needs you" in line]
    rows = scene.rows()
    for media_id in DAMAGED:
        assert [line for line in told if f" {rows[media_id]['key']}:" in line]
    assert len(told) == 2


@pytest.mark.parametrize("damage", [("two bytes flipped", 1)], indirect=True)
def test_with_the_check_off_no_verdict_is_kept(scene: Scene) -> None:
    scene.command = scene.command.using(CLOUD_SYNC_SOURCE_CHECK="off")
    assert scene.sync().code == 0
    assert {row["source_check"] for row in scene.rows().values()} == {None}


@pytest.mark.parametrize("damage", [("two bytes flipped", 1)], indirect=True)
def test_a_nonsense_switch_is_refused(scene: Scene) -> None:
    run = scene.command.using(CLOUD_SYNC_SOURCE_CHECK="maybe")("sync", "--to", scene.to)
    assert run.code == 2
    assert "CLOUD_SYNC_SOURCE_CHECK: 'maybe' is neither on nor off" in run.err


@pytest.mark.xdist_group("seaweedfs")
@pytest.mark.parametrize(
    "damage", [("two bytes flipped", 1), ("two bytes flipped", 1000)], indirect=True
)
def test_a_bucket_gets_the_right_bytes_or_none(
    cloud: Simulator,
    library: Library,
    tmp_path: Path,
    s3_server: S3Server,
    s3_client: S3Client,
    s3_bucket: str,
    request: pytest.FixtureRequest,
) -> None:
    _, times = request.node.callspec.params["damage"]
    prefix = f"source-damage-{times}"
    command = CommandLine(tmp_path / "user", s3_server.environment)
    scene = Scene(cloud, library, command, f"s3://{s3_bucket}/{prefix}")
    prove_and_add_damaged(scene)

    def keys() -> list[str]:
        found = s3_client.list_objects_v2(Bucket=s3_bucket, Prefix=f"{prefix}/")
        return [row["Key"] for row in found.get("Contents", ())]

    def read(key: str) -> bytes:
        return s3_client.get_object(Bucket=s3_bucket, Key=f"{prefix}/{key}")["Body"].read()

    before = keys()
    run = scene.sync()
    if times == 1:
        assert_healed(scene, run, read)
    else:
        assert_refused(scene, run)
        assert keys() == before, "damaged bytes were stored"
    uploads = s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix=prefix).get("Uploads", [])
    assert not uploads, "an incomplete upload was left behind"
