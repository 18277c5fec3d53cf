"""What files tell of the source's checksum rules, counted where it is found without a scan.

Sixty-four items, a medium always in the same: how many files prove a rule (`m#RULE`), and which
stored files do not fit the one that they were held against (`d#NUMBER#MEDIUM`).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cloud_sync.model.tracking import SourceCheck, Status, TrackedFile, TrackedMedium
from cloud_sync.tracker.dynamodb_actions import KEY, Action, Item, Value, loaded, number, text
from cloud_sync.tracker.dynamodb_actions import update as change

SHARDS = 64


def shard_of(media_id: str) -> int:
    """Which of the items a medium belongs to."""
    return zlib.crc32(media_id.encode("utf-8", "surrogatepass")) % SHARDS


def marks_key(shard: int) -> str:
    return f"#source#{shard:02}"


def failed_key(run_id: str, shard: int) -> str:
    """The item with the media of a run that ended FAILED, a sixty-fourth of them."""
    return f"#failed#{run_id}#{shard:02}"


@dataclass(slots=True)
class MarkChanges:
    """How one of the items changes."""

    proofs: Counter[str] = field(default_factory=Counter)
    doubts: dict[str, str | None] = field(default_factory=dict)

    def note(self, media_id: str, before: TrackedFile | None, after: TrackedFile) -> None:
        """Take in what became of one file."""
        for file, by in ((before, -1), (after, 1)):
            rule = _proven(file)
            if rule is not None:
                self.proofs[rule] += by
        if _doubted(before) != _doubted(after):
            self.doubts[f"d#{after.number}#{media_id}"] = _doubted(after)

    def action(self, shard: int) -> Action | None:
        """The write; None where nothing changes."""
        add = {f"m#{rule}": number(by) for rule, by in self.proofs.items() if by}
        set_ = {name: text(rule) for name, rule in self.doubts.items() if rule is not None}
        remove = [name for name, rule in self.doubts.items() if rule is None]
        if not (add or set_ or remove):
            return None
        return change(marks_key(shard), set_=set_, add=add, remove=remove)


def mark_actions(
    changes: Iterable[tuple[TrackedMedium | None, TrackedMedium]],
) -> list[Action]:
    """The writes for media before and after: one for each item that changes."""
    shards: dict[int, MarkChanges] = {}
    for before, after in changes:
        old = {file.number: file for file in before.files} if before else {}
        marks = shards.setdefault(shard_of(after.media_id), MarkChanges())
        for file in after.files:
            marks.note(after.media_id, old.get(file.number), file)
    actions = (marks.action(shard) for shard, marks in shards.items())
    return [action for action in actions if action is not None]


def proven_rules(items: Iterable[Mapping[str, Value]]) -> frozenset[str]:
    """The rules that at least one file proves."""
    counts: Counter[str] = Counter()
    for item in items:
        for name, value in item.items():
            if name.startswith("m#"):
                counts[name.removeprefix("m#")] += int(value["N"])
    return frozenset(rule for rule, count in counts.items() if count > 0)


def doubted_files(items: Iterable[Item], proven: frozenset[str]) -> list[tuple[str, int]]:
    """The files that differ by a proven rule, by medium and number."""
    found = []
    for item in items:
        for name, value in item.items():
            if name != KEY and name.startswith("d#") and loaded(value) in proven:
                _, file_number, media_id = name.split("#", 2)
                found.append((media_id, int(file_number)))
    return sorted(found)


def _proven(file: TrackedFile | None) -> str | None:
    matched = file is not None and file.source_check is SourceCheck.MATCHED
    return file.source_rule if file is not None and matched else None


def _doubted(file: TrackedFile | None) -> str | None:
    if file is None or file.status is not Status.COMPLETED:
        return None
    return file.source_rule if file.source_check is SourceCheck.DIFFERS else None
