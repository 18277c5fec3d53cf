"""What the synthesis of the CDK app leaves behind, as the tests look at it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
