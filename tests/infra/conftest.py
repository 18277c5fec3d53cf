"""The synthesised templates: made once a session, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")


@dataclass(frozen=True)
class Template:
    """A synthesised stack."""

    body: dict[str, Any]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of the resources of a type, by their logical ids."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.body["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, kind: str) -> dict[str, Any]:
        """The properties of the only resource of a type."""
        (properties,) = self.all(kind).values()
        return properties


@dataclass(frozen=True)
class Assemblies:
    """What the synthesis of all environments left behind."""

    folder: Path
    errors: str

    def storage(self, name: str) -> Template:
        return self._template(name, "-storage")

    def workflow(self, name: str) -> Template:
        return self._template(name, "")

    def file(self, name: str, pattern: str) -> Any:
        (path,) = (self.folder / name).glob(pattern)
        return json.loads(path.read_text(encoding="utf-8"))

    def templates(self) -> list[Path]:
        return sorted(self.folder.glob("*/*.template.json"))

    def _template(self, name: str, suffix: str) -> Template:
        stack = "dev" if name == "everything" else name
        return Template(self.file(name, f"CloudSync-{stack}{suffix}.template.json"))


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Assemblies:
    """Every environment, synthesised."""
    folder = tmp_path_factory.mktemp("assemblies")
    code = tmp_path_factory.mktemp("function-code")
    (code / "package.py").write_text("answer = 42\n", encoding="utf-8")
    script = Path(__file__).with_name("synthesise.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), str(code)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return Assemblies(folder, done.stderr)
