"""The wheel is the product: it works in an empty environment, far from the clone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions

CLONE = Path(__file__).parents[2]


def run(*command: str | Path, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", **settings}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.timeout(400)
def test_the_wheel_runs_the_demo_in_an_empty_environment_and_names_missing_extras(
    tmp_path: Path,
) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, CLONE],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=100)

    # the registry is reached with the machine's own settings, everything else without them
    def install(what: str) -> None:
        done = subprocess.run(
            [environment / "bin" / "python", "-m", "pip", "install", "-q", "--no-compile", what],
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    command = environment / "bin" / "cloud-sync"
    install(str(wheel))
    assert run(command, "--version", folder=tmp_path).stdout.startswith("cloud-sync ")
    explained = run(command, "explain", "auth_required", folder=tmp_path)
    assert (explained.returncode, "cloud-sync login" in explained.stdout) == (0, True)
    demo = run(command, "demo", folder=tmp_path)
    assert demo.returncode == 2, demo.stderr
    assert "cloud-sync[demo]" in demo.stderr
    with Simulator(generate(3, 1, file_bytes=(10, 100)), SimulatorOptions()) as cloud:
        settings = {
            "CLOUD_SYNC_GOPRO_API_URL": cloud.api_url,
            "CLOUD_SYNC_GOPRO_TOKEN": cloud.token,
        }
        bucket = run(command, "sync", "--to", "s3://some-bucket", folder=tmp_path, **settings)
        assert (bucket.returncode, "cloud-sync[aws]" in bucket.stderr) == (2, True), bucket.stderr
        told = run(
            command,
            "sync",
            "--to",
            tmp_path / "archive",
            folder=tmp_path,
            CLOUD_SYNC_NOTIFY="json://localhost",
            **settings,
        )
        assert (told.returncode, "cloud-sync[notifications]" in told.stderr) == (2, True)
    deploy = run(command, "aws", "deploy", "--env", "dev", folder=tmp_path)
    assert (deploy.returncode, "cloud-sync[deploy]" in deploy.stderr) == (2, True), deploy.stderr
    package_functions(environment, tmp_path / "functions")

    install(f"{wheel}[demo]")
    demo = run(command, "demo", folder=tmp_path)
    assert demo.returncode == 0, demo.stderr + demo.stdout
    assert "byte for byte" in demo.stdout
    assert list((tmp_path / "demo" / "archive").rglob("*.MP4"))


def package_functions(environment: Path, folder: Path) -> None:
    """The wheel, too, has all that the functions' package is built from, far from any clone."""
    done = subprocess.run(
        [environment / "bin" / "python", "-m", "cloud_sync.deployment.package", folder],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "cloud_sync" / "handlers" / "media_lister.py").is_file()
    assert (folder / "awscrt").is_dir()
    assert not (folder / "cloud_sync" / "cli").exists()
