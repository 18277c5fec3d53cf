"""A cloud assembly as the CDK writes it: which stacks it has, in which order, with which assets."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud_sync.errors import UsageError

_STACK = "aws:cloudformation:stack"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip file can hold: the same files give the same bytes."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, or a folder that goes as a zip; bucket and key may hold placeholders of AWS."""

    path: Path
    zipped: bool
    bucket: str
    key: str

    def content(self) -> bytes:
        """The bytes that lie at the key: the same whenever the files are the same."""
        return zip_of(self.path) if self.zipped else self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class SynthesisedStack:
    """A stack of an assembly. `assets` are without the template itself."""

    name: str
    template: dict[str, Any]
    tags: Mapping[str, str]
    protected: bool
    assets: tuple[Asset, ...]

    @property
    def body(self) -> str:
        """The template as it goes over the wire."""
        return json.dumps(self.template, separators=(",", ":"))


def stacks_of(assembly: Path) -> list[str]:
    """The names of the assembly's stacks: one that needs another comes after it.

    UsageError where the folder is no assembly.
    """
    artifacts = _manifest(assembly)
    found: list[str] = []

    def add(name: str) -> None:
        if name in found or artifacts[name]["type"] != _STACK:
            return
        for needed in artifacts[name].get("dependencies", []):
            add(needed)
        found.append(name)

    for name in artifacts:
        add(name)
    return [_name(artifacts[each], each) for each in found]


def warnings_of(assembly: Path) -> list[str]:
    """What the synthesis warns of, for whoever deploys."""
    return [
        str(entry["data"])
        for path in sorted(assembly.glob("*.metadata.json"))
        for entries in json.loads(path.read_text("utf-8")).values()
        for entry in entries
        if entry["type"] in ("aws:cdk:warning", "aws:cdk:error")
    ]


def read_stack(assembly: Path, stack: str) -> SynthesisedStack:
    """A stack of the assembly; UsageError where it has none of that name."""
    found = {
        _name(artifact, identity): artifact["properties"]
        for identity, artifact in _manifest(assembly).items()
        if artifact["type"] == _STACK
    }
    if stack not in found:
        raise UsageError(
            f"reading the stack {stack} in {assembly}: it is not among {', '.join(found)}",
            hint="write the assembly anew: python -m cloud_sync.deployment --help",
        )
    properties = found[stack]
    # a stack's manifest may list other stacks' templates; each goes with its own stack
    templates = {each["templateFile"] for each in found.values()}
    return SynthesisedStack(
        name=stack,
        template=json.loads((assembly / properties["templateFile"]).read_text("utf-8")),
        tags=properties.get("tags", {}),
        protected=properties.get("terminationProtection", False),
        assets=tuple(each for each in _assets(assembly, stack) if each.path.name not in templates),
    )


def _assets(assembly: Path, stack: str) -> list[Asset]:
    path = assembly / f"{stack}.assets.json"
    files = json.loads(path.read_text("utf-8"))["files"] if path.is_file() else {}
    return [
        Asset(
            assembly / each["source"]["path"],
            each["source"]["packaging"] == "zip",
            destination["bucketName"],
            destination["objectKey"],
        )
        for each in files.values()
        for destination in each["destinations"].values()
    ]


def zip_of(folder: Path) -> bytes:
    """The folder's files as a zip, the same bytes whenever and wherever it is made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, path.read_bytes())
    return made.getvalue()


def key_of(content: bytes, ending: str) -> str:
    """A key by content: the same bytes lie at the same key."""
    return f"{hashlib.sha256(content).hexdigest()}.{ending}"


def _manifest(assembly: Path) -> dict[str, Any]:
    try:
        artifacts = json.loads((assembly / "manifest.json").read_text("utf-8"))["artifacts"]
    except (OSError, ValueError, KeyError):
        raise UsageError(
            f"reading the cloud assembly {assembly}: it has no manifest that can be read",
            hint="write it anew: python -m cloud_sync.deployment --help",
        ) from None
    return {name: each for name, each in artifacts.items() if isinstance(each, dict)}


def _name(artifact: Mapping[str, Any], identity: str) -> str:
    return str(artifact.get("properties", {}).get("stackName", identity))
