"""The package of the functions: small, the same each time, and whole by itself."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_sync.deployment import package
from cloud_sync.deployment.locking import locked_part
from cloud_sync.deployment.package import HERE, LAMBDA, MOST_BYTES, Package, build_package
from cloud_sync.errors import UsageError
from ministack import PYTHON as EMULATOR

pytestmark = pytest.mark.xdist_group("package")

HANDLERS = (
    "token_validator",
    "media_lister",
    "video_downloader",
    "run_summary",
    "failure_marker",
)
FOREIGN = {"typer", "rich", "click", "pygments", "platformdirs", "apprise", "pip", "botocore"}

IMPORTS = """
import importlib, json, sys
sys.path[:0] = [sys.argv[1]]
sys.path.append(sys.argv[2])
loaded = importlib.import_module("cloud_sync.handlers." + sys.argv[3])
importlib.import_module("cloud_sync.wiring.aws")
assert callable(loaded.handler)
files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
print(json.dumps([file for file in files if file]))
"""


@pytest.fixture(scope="module")
def for_lambda(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build_package(tmp_path_factory.mktemp("lambda") / "package", LAMBDA)


@pytest.fixture(scope="module")
def for_here(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build_package(tmp_path_factory.mktemp("here") / "package", HERE)


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK and what it needs, and nothing else of this environment, as in Lambda's runtime."""
    folder = tmp_path_factory.mktemp("sdk")
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return folder


def test_it_is_below_thirty_megabytes_without_the_sdk(for_lambda: Package) -> None:
    assert for_lambda.bytes < MOST_BYTES == 30_000_000


def test_it_holds_nothing_that_no_function_needs(for_lambda: Package) -> None:
    names = {path.name.lower() for path in for_lambda.folder.iterdir()}
    assert not names & FOREIGN
    rooms = {path.name for path in (for_lambda.folder / "cloud_sync").iterdir()}
    assert not rooms & {"cli", "simulator", "deployment", "emulator", "__main__.py"}
    assert {"handlers", "pipeline", "wiring"} <= rooms
    assert not list(for_lambda.folder.rglob("__pycache__"))


def test_its_machine_code_is_for_arm64_whatever_machine_built_it(for_lambda: Package) -> None:
    libraries = list(for_lambda.folder.rglob("*.so"))
    assert libraries
    for library in libraries:
        head = library.read_bytes()[:20]
        # an ELF file says at byte 18 what machine it is for: 183 is AArch64
        assert (head[:4], head[18]) == (b"\x7fELF", 183), library.name


def test_the_same_inputs_give_the_same_bytes(for_lambda: Package, tmp_path: Path) -> None:
    again = build_package(tmp_path / "again", LAMBDA)
    assert again.digest == for_lambda.digest
    times = {path.stat().st_mtime for path in again.folder.rglob("*")}
    assert len(times) == 1, "the time of the build shows in the package"


def test_a_further_build_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    first = build_package(tmp_path / "package", HERE)
    (first.folder / "cloud_sync/left_over.py").write_text("answer = 42\n", encoding="utf-8")
    assert build_package(tmp_path / "package", HERE).digest == first.digest


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(UsageError, match="no build has put there"):
        build_package(tmp_path, HERE)
    assert (tmp_path / "photo.jpg").read_bytes() == b"mine"


def test_trouble_with_pip_is_told_and_leaves_no_half_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "locked.txt"
    wrong.write_text("tenacity==9.2.1 --hash=sha256:" + "0" * 64 + "\n", encoding="ascii")
    monkeypatch.setattr(package, "LOCKED", wrong)
    with pytest.raises(UsageError, match="pip ended with status"):
        build_package(tmp_path / "package", HERE)
    assert not (tmp_path / "package").exists()


def test_its_lock_is_the_projects_own() -> None:
    lock = Path("requirements/run.txt").read_text("ascii")
    for path, names in (
        (package.LOCKED, package.LIBRARIES),
        (package.SDK_LOCKED, package.SDK),
    ):
        assert path.read_text("ascii") == locked_part(lock, names), "run: make lock"


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_imports_with_the_package_and_the_sdk_alone(
    for_here: Package, sdk: Path, name: str
) -> None:
    """What a function needs and the package lacks would only be found out in the cloud."""
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORTS]
    command += [str(for_here.folder), str(sdk), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ours = [path for path in json.loads(done.stdout) if "/cloud_sync/" in path]
    assert ours
    assert all(path.startswith(str(for_here.folder)) for path in ours)


def test_the_emulator_can_import_it_too(for_here: Package) -> None:
    """Its functions run by its own environment, whose SDK is an older one."""
    script = IMPORTS.replace("sys.path.append(sys.argv[2])", "")
    command = [str(EMULATOR), "-B", "-c", script, str(for_here.folder), "-", HANDLERS[0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
