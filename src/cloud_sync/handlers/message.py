"""What every message is: a dataclass that goes to JSON and comes back checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints


class MessageError(ValueError):
    """A message lacks a field, or one is of the wrong kind: it is not what was agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that goes to JSON and comes back checked."""

    def to_json(self) -> dict[str, Any]:
        """Every field by its name, in plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read a message. Fields that it does not know are left alone, so that either side may
        be deployed first. MessageError names the first field that is missing or of a wrong kind.
        """
        if not isinstance(document, Mapping):
            raise MessageError(f"{cls.__name__}: not an object")
        hints = get_type_hints(cls)
        given: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in document:
                given[field.name] = _read(
                    f"{cls.__name__}.{field.name}", hints[field.name], document[field.name]
                )
            elif field.default is MISSING and field.default_factory is MISSING:
                raise MessageError(f"{cls.__name__}.{field.name}: missing")
        return cls(**given)


def _read(name: str, kind: Any, value: object) -> object:
    """The value as the field's type wants it; MessageError when it is of another kind."""
    if get_origin(kind) is UnionType:
        if value is None and NoneType in get_args(kind):
            return None
        kind = next(option for option in get_args(kind) if option is not NoneType)
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise MessageError(f"{name}: not a list")
        return tuple(_read(name, get_args(kind)[0], each) for each in value)
    if issubclass(kind, Message):
        return _read_inner(name, kind, value)
    return _read_plain(name, kind, value)


def _read_inner(name: str, kind: type[Message], value: object) -> Message:
    try:
        return kind.from_json(value)
    except MessageError as error:
        raise MessageError(f"{name}: {error}") from None


def _read_plain(name: str, kind: Any, value: object) -> object:
    if issubclass(kind, StrEnum):
        if value not in [member.value for member in kind]:
            raise MessageError(f"{name}: none of {', '.join(kind)}")
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise MessageError(f"{name}: not of kind {kind.__name__}")
    return value
