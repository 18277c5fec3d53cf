"""The answer of `/media/{id}/download`: where each file of a medium lies.

Shaped after what the real service has been seen to say, with what trips clients up: proxies
stand before the original, one of them in the original's own size, the order of chapters is not
kept, and parts may be absent or null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloud_sync.simulator import objects
from cloud_sync.simulator.kinds import Form, form_of
from cloud_sync.simulator.medium import Shape, SimFile, SimMedium
from cloud_sync.simulator.rows import dice

Sign = Callable[[str, str], str]
"""From method and path to a whole signed URL."""

_Entry = dict[str, Any]


def describe(medium: SimMedium, sign: Sign) -> dict[str, Any]:
    """The whole answer. A medium that is not ready has no proxies yet."""
    return _Descriptor(medium, sign).whole()


class _Descriptor:
    def __init__(self, medium: SimMedium, sign: Sign) -> None:
        self._medium = medium
        self._sign = sign
        self._dice = dice(medium.id)
        self._moving = form_of(medium.type) in {Form.CLIP, Form.EDIT}

    def whole(self) -> dict[str, Any]:
        return {
            "filename": self._medium.filename or "",
            "_embedded": {
                "files": self._files(),
                "variations": [*self._proxies(), *self._originals()],
                "sprites": self._sprites(),
                "sidecar_files": self._sidecars(),
            },
        }

    def _files(self) -> list[_Entry]:
        """For moving pictures `files[0]` is a proxy; for photos it is the original."""
        if not self._medium.ready:
            return []
        if self._moving:
            proxy = objects.derived(self._medium, "proxy")
            return [self._file("proxy", proxy, width=1920, height=1080)]
        return [self._file(objects.SOURCE, file) for file in objects.sources(self._medium)]

    def _proxies(self) -> list[_Entry]:
        if not (self._moving and self._medium.ready):
            return []
        found = [
            self._variation("edit_proxy", quality="720p", width=1280, height=720),
            self._variation("high_res_proxy_mp4", quality="2160p", width=3840, height=2160),
        ]
        if len(self._medium.originals) > 1 and self._dice[0] % 2:
            found.append(self._variation("concat", quality="2160p", width=3840, height=2160))
        return found

    def _originals(self) -> list[_Entry]:
        medium = self._medium
        if medium.shape is Shape.BAKED:
            return [self._original(objects.BAKED, file) for file in objects.baked(medium)]
        files = list(objects.sources(medium))
        if medium.shape is Shape.FRAMES:
            return [self._cover(file) for file in files[:1]]
        if len(files) > 1 and self._dice[1] % 2:
            files.reverse()
        found = [self._original(objects.SOURCE, file) for file in files]
        if medium.shape is Shape.RAW_VARIATION:
            found += [self._original(objects.RAW, file, number=1) for file in objects.raws(medium)]
        return found

    def _original(self, label: str, file: SimFile, number: int | None = None) -> _Entry:
        entry = {
            "label": label,
            "item_number": number or file.number,
            "camera_position": "default",
            "type": file.extension,
            "quality": "2160p",
            "width": 3840,
            "height": 2160,
            "available": True,
            **self._links(label, number or file.number, file.extension),
        }
        if len(self._medium.originals) == 1:
            return self._thinned(entry)
        return entry

    def _cover(self, file: SimFile) -> _Entry:
        """The one `source` of a set: its first frame once more, without a number."""
        entry = self._original(objects.SOURCE, file)
        return {name: value for name, value in entry.items() if name != "item_number"}

    def _thinned(self, entry: _Entry) -> _Entry:
        """What single files may go without: now and then absent, now and then null."""
        roll = self._dice[2]
        if roll < 60:
            return {key: entry[key] for key in entry if key not in {"item_number", "available"}}
        if roll < 120:
            return entry | {"item_number": None, "camera_position": None, "transforms": None}
        return entry

    def _variation(self, label: str, **facts: object) -> _Entry:
        extension = objects.DERIVED[label]
        return {
            "label": label,
            "type": extension,
            **facts,
            "available": True,
            **self._links(label, 1, extension),
        }

    def _file(self, label: str, file: SimFile, width: int = 4000, height: int = 3000) -> _Entry:
        return {
            "camera_position": "default",
            "item_number": file.number,
            "width": width,
            "height": height,
            "orientation": 1,
            "available": True,
            **self._links(label, file.number, file.extension),
        }

    def _sprites(self) -> list[_Entry]:
        if not (self._moving and self._medium.ready):
            return []
        links = self._links("sprite", 1, "jpg")
        return [
            {
                "type": "sprite",
                "fps": 0.5,
                "frame": {"width": 160, "height": 90, "count": 20},
                "urls": [links["url"]],
                "heads": [links["head"]],
            }
        ]

    def _sidecars(self) -> list[_Entry]:
        medium = self._medium
        if not medium.ready:
            return []
        labels = {Form.CLIP: ["gpmf"], Form.EDIT: ["edl_mce"], Form.SET: ["mediainfo", "zip"]}
        found = [self._sidecar(label) for label in labels.get(form_of(medium.type), [])]
        if medium.shape is Shape.RAW_SIDECAR:
            found += [
                {**self._sidecar_facts(objects.RAW, file.extension, 1), "fps": None}
                for file in objects.raws(medium)
            ]
        return found

    def _sidecar(self, label: str) -> _Entry:
        return {**self._sidecar_facts(label, objects.DERIVED[label], 1), "fps": 29.97003}

    def _sidecar_facts(self, label: str, extension: str, number: int) -> _Entry:
        return {
            "label": label,
            "type": extension,
            "item_number": number,
            "available": True,
            **self._links(label, number, extension),
        }

    def _links(self, label: str, number: int, extension: str) -> dict[str, str]:
        path = objects.path_of(self._medium, label, number, extension)
        return {"url": self._sign("GET", path), "head": self._sign("HEAD", path)}
