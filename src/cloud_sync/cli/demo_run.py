"""Carries out `cloud-sync demo`: simulator, two runs, and a comparison of every byte."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cloud_sync.cli.sync_run import SyncRequest, perform_sync
from cloud_sync.cli.terminal import result, result_json, say, set_up_logging
from cloud_sync.config.load import load_config
from cloud_sync.errors import ExitCode
from cloud_sync.model.tracking import Status
from cloud_sync.simulator.library import FolderLibrary, Library, SimFile
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.summary.render import count, size_text
from cloud_sync.wiring.local import LocalWiring

TOKEN = "demo-token"  # noqa: S105 the simulator's own, worth nothing elsewhere
BYTES_PER_SECOND = 8_000_000
"""Per connection, like a good line: slow enough to see the bars move."""

COMPARE_SIZE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the archive holds against what the simulated cloud holds."""

    equal: int
    bytes: int
    differences: tuple[str, ...]


def run_demo(
    folder: Path, library_folder: Path | None, *, json: bool, quiet: bool, verbose: bool
) -> int:
    """Archive, archive again, compare; the exit code is 0 only when everything held."""
    set_up_logging(verbose=verbose)
    folder = folder.absolute()
    archive = folder / "archive"
    if not quiet:
        say("Making the demo's library …" if library_folder is None else "Reading the library …")
    library = _library(folder, library_folder)
    request = SyncRequest(flags={"to": str(archive)}, json=json, quiet=quiet, verbose=verbose)
    options = SimulatorOptions(token=TOKEN, bytes_per_second=BYTES_PER_SECOND)
    with Simulator(library, options) as cloud:
        environment = demo_environment(os.environ, folder, cloud.api_url)
        if not quiet:
            say(f"A GoPro cloud is simulated at {cloud.api_url}.\n\nFirst run:")
        first = perform_sync(request, environment)
        if first.exit_code != ExitCode.DONE:
            return int(first.exit_code)
        if not quiet:
            say("\nSecond run, nothing should be left to do:")
        second = perform_sync(request, environment)
    comparison = compare(library, archive, environment)
    idle = second.exit_code == ExitCode.DONE and second.files_archived == 0 and second.bytes == 0
    _tell(comparison, folder, idle=idle, json=json)
    if not idle:
        return int(second.exit_code) or int(ExitCode.FAILED)
    return int(ExitCode.DIFFERENCE_FOUND if comparison.differences else ExitCode.DONE)


def _library(folder: Path, library_folder: Path | None) -> Library:
    if library_folder is not None:
        return FolderLibrary(library_folder)
    from cloud_sync.simulator.demo_media import demo_library

    return demo_library(folder / "cloud")


def demo_environment(environment: Mapping[str, str], folder: Path, api_url: str) -> dict[str, str]:
    """The process environment with the demo's own settings in place of the user's."""
    kept = {
        name: value for name, value in environment.items() if not name.startswith("CLOUD_SYNC_")
    }
    return kept | {
        "CLOUD_SYNC_HOME": str(folder / "home"),
        "CLOUD_SYNC_GOPRO_API_URL": api_url,
        "CLOUD_SYNC_GOPRO_TOKEN": TOKEN,
    }


def compare(library: Library, archive: Path, environment: Mapping[str, str]) -> Comparison:
    """Hold every original of every ready medium against the archive, byte for byte."""
    wiring = LocalWiring(load_config({"to": str(archive)}, environment), environment)
    equal, size, differences = 0, 0, []
    with wiring.existing_tracker() as tracker:
        keys = {
            (medium.media_id, file.number): file.key
            for medium in tracker.media(status=Status.COMPLETED)
            for file in medium.files
        }
    for medium in library.media():
        if not (medium.ready and medium.offers_original):
            continue
        for original in medium.originals:
            key = keys.get((medium.id, original.number))
            if key is None:
                differences.append(f"{original.filename or medium.id} is not in the archive")
            elif not same_bytes(original, archive / key):
                differences.append(f"{key} differs from the cloud's original")
            else:
                equal += 1
                size += original.size
    return Comparison(equal, size, tuple(differences))


def same_bytes(original: SimFile, path: Path) -> bool:
    """Whether the file holds just the original's bytes."""
    if not path.is_file() or path.stat().st_size != original.size:
        return False
    with path.open("rb") as stream:
        offset = 0
        while block := stream.read(COMPARE_SIZE):
            if block != original.read(offset, len(block)):
                return False
            offset += len(block)
    return offset == original.size


def _tell(comparison: Comparison, folder: Path, *, idle: bool, json: bool) -> None:
    if json:
        result_json(
            {
                "event": "demo_verified",
                "files_equal": comparison.equal,
                "bytes_equal": comparison.bytes,
                "differences": list(comparison.differences),
                "second_run_idle": idle,
            }
        )
        return
    result("")
    for difference in comparison.differences:
        result(f"DIFFERENT  {difference}")
    if not idle:
        result("NOT IDLE   the second run found something to do")
    result(
        f"Verified: {count(comparison.equal, 'original', 'originals')} "
        f"({size_text(comparison.bytes)}) in the archive, byte for byte as in the cloud."
    )
    result(f"Archive:  {folder / 'archive'}")
    result(f"Cloud:    {folder / 'cloud'} (what the simulator served)")
    result("")
    result("Next, with your own account:")
    result("  cloud-sync login")
    result("  cloud-sync sync --to /path/to/archive --dry-run")
