"""Builds the folder that becomes the functions' package: `python -m cloud_sync.deployment.package`.

It holds this installation's own code without the rooms that no function needs, and the few
libraries that it imports, as wheels for the functions' platform: nothing is compiled, so any
machine with Python, pip and a package registry can build it. Versions and hashes are locked in
`functions.txt` beside this file. The AWS SDK is in Lambda's runtime, and 1.40 is enough: it is
left out unless asked for. The same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cloud_sync
from cloud_sync.errors import CloudSyncError, UsageError

LEFT_OUT = frozenset({"__main__.py", "cli", "deployment", "emulator", "simulator"})
"""What no function needs: the command line, and the rooms that only it opens."""

RUNTIME = "3.14"
"""The Python of the functions' runtime."""

MOST_BYTES = 30_000_000
"""The largest package, unzipped and without the SDK: what is loaded must be fetched at each cold
start."""

LIBRARIES = ("awscrt", "tenacity", "urllib3")
SDK = ("botocore", "jmespath", "python-dateutil", "six")
LOCKED = Path(__file__).with_name("functions.txt")
SDK_LOCKED = Path(__file__).with_name("functions-sdk.txt")
_LONG_AGO = 315_532_800
"""1980-01-01, the first date that a zip file can hold."""

_TRACES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
"""What pip notes of an installation; of no use where nothing is ever uninstalled."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What wheels are chosen for; empty tags mean this very machine and its Python."""

    name: str
    tags: tuple[str, ...] = ()

    @property
    def choice(self) -> list[str]:
        """How pip is told."""
        if not self.tags:
            return []
        chosen = [part for tag in self.tags for part in ("--platform", tag)]
        return [*chosen, "--python-version", RUNTIME, "--implementation", "cp"]


LAMBDA = Platform("Lambda on arm64", ("manylinux2014_aarch64", "manylinux_2_28_aarch64"))
HERE = Platform("this machine")


@dataclass(frozen=True, slots=True)
class Package:
    """A built folder: `bytes` are of all files, `digest` is a SHA-256 over names and bytes."""

    folder: Path
    bytes: int
    digest: str


def build_package(folder: Path, platform: Platform = LAMBDA, *, with_sdk: bool = False) -> Package:
    """Write the package into `folder`, in place of whatever a build has put there before.

    UsageError when the folder holds something else, when pip is missing, or when it cannot get the
    wheels.
    """
    _clear(folder)
    try:
        _copy_own_code(folder)
        _install(folder, platform, LOCKED)
        if with_sdk:
            _install(folder, platform, SDK_LOCKED)
        _tidy(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _measured(folder)


def cached_package(cache: Path, say: Callable[[str], None], platform: Platform = LAMBDA) -> Package:
    """The package, built only where `cache` lacks one from the same code and locks."""
    python = f"-{sys.implementation.cache_tag}" if platform is HERE else ""
    folder = cache / (inputs_digest() + python)
    if not folder.is_dir():
        say("Building the functions' package (once for each version) …")
        making = cache / f".{folder.name}.{os.getpid()}"
        build_package(making, platform)
        try:
            making.replace(folder)
        except OSError:
            # another process was faster with the same bytes
            shutil.rmtree(making, ignore_errors=True)
            if not folder.is_dir():
                raise
    return _measured(folder)


def inputs_digest() -> str:
    """What a package for Lambda is made from: this installation's own code, and the lock."""
    source = Path(cloud_sync.__file__).parent
    digest = hashlib.sha256(LOCKED.read_bytes())
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        if path.is_file() and inside.parts[0] not in LEFT_OUT and "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{inside.as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _clear(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "cloud_sync").is_dir():
        raise UsageError(
            f"building into {folder}: it holds something that no build has put there",
            hint="name another folder, or one that is not there yet",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _copy_own_code(folder: Path) -> None:
    source = Path(cloud_sync.__file__).parent

    def unwanted(parent: str, names: list[str]) -> set[str]:
        top = Path(parent) == source
        return {name for name in names if name == "__pycache__" or (top and name in LEFT_OUT)}

    shutil.copytree(source, folder / "cloud_sync", ignore=unwanted)


def _install(folder: Path, platform: Platform, locked: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"),
        *("--target", str(folder), "--upgrade", "--no-deps", "--no-compile", "--only-binary=:all:"),
        *("--require-hashes", "-r", str(locked)),
        *platform.choice,
    ]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 our own words
    if done.returncode:
        raise UsageError(
            f"fetching the functions' libraries for {platform.name}: pip ended with status "
            f"{done.returncode}",
            hint=f"python -m pip must work here and reach a package registry; to see what it says: "
            f"{' '.join(['python', *command[1:]]).replace(' --quiet', '')}",
        )


def _tidy(folder: Path) -> None:
    """Nothing that differs between two builds, and nothing that is never read."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.name in _TRACES and path.parent.suffix == ".dist-info":
            path.unlink()
        elif path.name == "__pycache__":
            shutil.rmtree(path)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_LONG_AGO, _LONG_AGO))


def _measured(folder: Path) -> Package:
    digest, size = hashlib.sha256(), 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
        size += len(content)
    return Package(folder, size, digest.hexdigest())


def main(arguments: Sequence[str]) -> int:
    """Build it; the exit code of the command line."""
    parser = ArgumentParser(prog="python -m cloud_sync.deployment.package", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; removed first if built before")
    parser.add_argument("--here", action="store_true", help="for this machine and its Python")
    parser.add_argument("--with-sdk", action="store_true", help="bring the AWS SDK as well")
    given = parser.parse_args(arguments)
    try:
        built = build_package(given.folder, HERE if given.here else LAMBDA, with_sdk=given.with_sdk)
    except CloudSyncError as error:
        sys.stderr.write(f"{error.message}\nnext: {error.hint}\n")
        return error.exit_code
    sys.stdout.write(f"{built.folder}: {built.bytes / 1e6:.1f} MB, sha256 {built.digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
