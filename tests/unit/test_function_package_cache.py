"""The functions' package is built once for each version of the code, and found again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cloud_sync.deployment import package
from cloud_sync.deployment.package import cached_package, inputs_digest
from cloud_sync.wiring.cache import cache_folder


def test_a_package_of_the_same_code_is_not_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a package registry, too, what was built once can be deployed."""
    built = tmp_path / inputs_digest() / "cloud_sync"
    built.mkdir(parents=True)
    (built / "__init__.py").write_text("", "utf-8")
    monkeypatch.setattr(sys, "executable", "/nowhere/at/all")
    said: list[str] = []
    assert cached_package(tmp_path, said.append).folder == built.parent
    assert said == []


def test_a_package_for_this_machine_is_kept_apart_from_that_for_lambda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deployed into an emulator it runs here; on AWS the same bytes would not."""
    (tmp_path / inputs_digest() / "cloud_sync").mkdir(parents=True)
    asked: list[tuple[Path, package.Platform]] = []

    def build(folder: Path, platform: package.Platform) -> None:
        asked.append((folder, platform))
        (folder / "cloud_sync").mkdir(parents=True)

    monkeypatch.setattr(package, "build_package", build)
    here = cached_package(tmp_path, lambda _: None, package.HERE).folder
    assert here != tmp_path / inputs_digest()
    assert cached_package(tmp_path, lambda _: None, package.HERE).folder == here
    assert [platform for _, platform in asked] == [package.HERE]


def test_other_locked_libraries_make_another_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = inputs_digest()
    other = tmp_path / "functions.txt"
    other.write_text("tenacity==1\n", "ascii")
    monkeypatch.setattr(package, "LOCKED", other)
    assert inputs_digest() != before


def test_the_cache_lies_below_the_users_own_home_where_that_is_named(tmp_path: Path) -> None:
    assert cache_folder({"CLOUD_SYNC_HOME": str(tmp_path)}) == tmp_path / "cache"
    assert cache_folder({}).name == "cloud-sync"
