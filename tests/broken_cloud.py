"""A simulated cloud whose answers a test spoils, with a real archive and tracker beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from builders import Bench
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import Status
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.events import Warned
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from cloud_sync.simulator.answers import Answer, Endpoint, json_answer
from cloud_sync.simulator.faults import Call, Connection, NoFaults
from cloud_sync.simulator.library import Library, SimMedium
from cloud_sync.simulator.server import TOKEN, Simulator, SimulatorOptions
from cloud_sync.tracker.sqlite import SqliteTracker
from library_checks import files_under

PER_PAGE = 3
LATEST = datetime(2024, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that was asked for: its number, and in which reading of the listing (from 1)."""

    page: int
    reading: int


Body = dict[str, Any]
Spoil = Callable[[Asked, Body], Body | bytes | Answer]
"""What to answer for a page instead of the healthy answer; a plain object is sent as JSON."""


@dataclass
class Spoiled(NoFaults):
    """A plan that spoils what it is given something for; with nothing, all is well.

    `api` answers every call of the API. `listing` and `descriptor` change a healthy answer.
    `object_status` is the status that a medium's originals are answered with.
    """

    api: Answer | None = None
    listing: Spoil | None = None
    descriptor: Callable[[str, Body], Body] | None = None
    object_status: Callable[[str], int] = field(default=lambda _: 200)
    readings: int = 0
    pages: int = 0

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if self.api is not None and call.endpoint is not Endpoint.OBJECT:
            return self.api
        if call.endpoint is Endpoint.SEARCH and self.listing is not None:
            return self._page(int(call.request.query["page"]), answer, self.listing)
        if call.endpoint is Endpoint.DOWNLOAD and self.descriptor is not None:
            return json_answer(200, self.descriptor(call.medium_id, _decoded(answer)))
        if call.endpoint is Endpoint.OBJECT and self.object_status(call.medium_id) != 200:
            return Answer(self.object_status(call.medium_id), (), b"")
        return answer

    def _page(self, number: int, answer: Answer, spoil: Spoil) -> Answer:
        self.pages += 1
        self.readings += number == 1
        spoiled = spoil(Asked(number, self.readings), _decoded(answer))
        if isinstance(spoiled, Answer):
            return spoiled
        if isinstance(spoiled, bytes):
            return Answer(200, answer.headers, spoiled)
        return json_answer(200, spoiled)

    def heal(self) -> None:
        """From now on all is well."""
        self.api = self.listing = self.descriptor = None
        self.object_status = lambda _: 200


def _decoded(answer: Answer) -> Body:
    assert isinstance(answer.body, bytes)
    body: Body = json.loads(answer.body)
    return deepcopy(body)


@dataclass
class Stage:
    """A cloud, a spoiler, and the rooms of runs against them."""

    library: Library
    faults: Spoiled
    bench: Bench
    root: Path
    told: MemoryNotifier

    def run(self) -> RunSummary:
        return self.bench.run().summary

    def row(self, media_id: str) -> Status:
        return self.bench.row(media_id).status

    @property
    def warnings(self) -> list[str]:
        """What the last run warned of."""
        return [event.message for event in self.bench.events if isinstance(event, Warned)]

    def keys(self) -> dict[str, str]:
        """The key of each archived medium's first file."""
        done = self.bench.tracker.media(status=Status.COMPLETED)
        return {medium.media_id: medium.files[0].key for medium in done}

    def assert_archived(self, media: Iterable[SimMedium]) -> None:
        """The archive holds the originals of these media byte for byte, and nothing else."""
        wanted = {medium.id: medium for medium in media}
        done = {row.media_id: row for row in self.bench.tracker.media(status=Status.COMPLETED)}
        assert set(done) == set(wanted), "not just the wanted media are COMPLETED"
        held: set[str] = set()
        for media_id, medium in wanted.items():
            stored = {file.number: file for file in done[media_id].files}
            assert len(stored) == len(medium.originals), f"{media_id} lacks an original"
            for original, file in zip(medium.originals, done[media_id].files, strict=True):
                content = (self.root / file.key).read_bytes()
                assert content == original.read(0, original.size), f"{file.key} differs"
                held.add(file.key)
        assert files_under(self.root) == held, "the archive holds something that nobody recorded"


@contextmanager
def stage(
    library: Library, folder: Path, faults: Spoiled | None = None, *, per_page: int = PER_PAGE
) -> Iterator[Stage]:
    """A running cloud over `library`, a real tracker, and a real archive in `folder`."""
    faults = faults or Spoiled()
    root = folder / "archive"
    root.mkdir()
    with ExitStack() as stack:
        cloud = stack.enter_context(Simulator(library, SimulatorOptions(faults=faults)))
        login = MemoryCredentials(Secret(TOKEN))
        provider = stack.enter_context(GoProProvider(cloud.api_url, login, per_page=per_page))
        tracker = SqliteTracker(folder / "tracker.sqlite")
        stack.callback(tracker.close)
        archive = FolderArchive(root)
        stack.callback(archive.close)
        told = MemoryNotifier()
        bench = Bench(provider, tracker, archive, told)
        yield Stage(library, faults, bench, root, told)


def uploaded(number: int) -> datetime:
    """The upload date of medium `number`: 0 is the newest and stands first in the listing."""
    return LATEST - timedelta(days=number)
