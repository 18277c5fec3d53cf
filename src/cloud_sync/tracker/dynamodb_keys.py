"""Giving keys, purely: which candidates are free, and the items that hold those given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cloud_sync.tracker.dynamodb_actions import KEY, Action, Item, Value, loaded, number, put, text
from cloud_sync.tracker.dynamodb_items import form_key

Holder = tuple[str, int]
"""A file by its medium's id and its number."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A key that a file gets."""

    key: str
    media_id: str
    number: int

    def action(self) -> Action:
        """Take the key unless another file has it, or one that counts as the same."""
        item: Item = {
            KEY: {"S": form_key(self.key)},
            "holder": text(self.media_id),
            "file_number": number(self.number),
        }
        return put(
            item,
            f"attribute_not_exists({KEY}) OR (holder = :holder AND file_number = :number)",
            {":holder": item["holder"], ":number": item["file_number"]},
        )


def holder_of(item: Mapping[str, Value]) -> Holder:
    """Whose key it is."""
    return loaded(item["holder"]), int(item["file_number"]["N"])


class Keyring:
    """The keys that are known to be taken, and those given since."""

    def __init__(self, taken: Mapping[str, Holder]) -> None:
        self._taken = dict(taken)
        self._grants: dict[str, list[Grant]] = {}

    def taker(self, media_id: str, number: int) -> Callable[[str], bool]:
        """Takes the keys that it is called with, for that file; False where one is taken.

        A key that is the file's own, from a call that was cut off, counts as free.
        """

        def take(key: str) -> bool:
            form = form_key(key)
            if self._taken.setdefault(form, (media_id, number)) != (media_id, number):
                return False
            self._grants.setdefault(media_id, []).append(Grant(key, media_id, number))
            return True

        return take

    def given(self, media_id: str) -> tuple[Grant, ...]:
        """What the medium's files were given."""
        return tuple(self._grants.get(media_id, ()))


def taken_among(items: Iterable[Mapping[str, Value]]) -> dict[str, Holder]:
    """The holders by the keys of the items."""
    return {item[KEY]["S"]: holder_of(item) for item in items}
