"""How long a fresh process takes to import each function with all its adapters: a cold start's
part that is ours, against an empty Python process in the same run.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.measured import clean_environment, measure
from cloud_sync.deployment.package import HERE, build_package

ROUNDS = 5
HANDLERS = (
    "token_validator",
    "media_lister",
    "video_downloader",
    "run_summary",
    "failure_marker",
)
SDK = ("botocore", "jmespath", "dateutil", "six")
LOAD = """
import sys
sys.path[:0] = [sys.argv[1]]
sys.path.append(sys.argv[2])
import cloud_sync.handlers.{name}, cloud_sync.wiring.aws
import cloud_sync.tracker.dynamodb, cloud_sync.credentials.secrets_manager, cloud_sync.archive.s3
import cloud_sync.provider.gopro.client, botocore.session
"""


def run() -> bool:
    """Print size and medians. There is no bound: the figure is this machine's, not Lambda's.

    Nothing is compiled ahead, as in Lambda, whose folder cannot be written to.
    """
    with tempfile.TemporaryDirectory() as folder:
        package = build_package(Path(folder) / "package", HERE)
        sdk = _sdk(Path(folder) / "sdk")
        environment = clean_environment(Path(folder))
        plain = [sys.executable, "-I", "-S", "-B", "-c"]
        contestants = {"python -c pass": [*plain, "pass"]} | {
            name: [*plain, LOAD.format(name=name), str(package.folder), str(sdk)]
            for name in HANDLERS
        }
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(ROUNDS):
            for name, command in contestants.items():
                done = measure(command, environment)
                if done.code:
                    print(f"  {name} cannot be imported")
                    return False
                times[name].append(done.wall)
    empty = median(times["python -c pass"])
    print(
        f"cold import of the functions, medians of {ROUNDS}; package {package.bytes / 1e6:.1f} MB"
    )
    for name, taken in times.items():
        print(
            f"  {name:<24} {median(taken) * 1000:6.0f} ms   +{(median(taken) - empty) * 1000:.0f}"
        )
    return True


def _sdk(folder: Path) -> Path:
    """The SDK as a runtime brings it, and nothing else of this environment."""
    folder.mkdir()
    for name in SDK:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise RuntimeError(f"{name} is not installed")
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return folder
