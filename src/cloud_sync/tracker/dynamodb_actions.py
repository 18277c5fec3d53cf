"""Values and conditional writes in DynamoDB's own form, purely.

An action is one entry of a transaction, still without its table's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloud_sync.tracker.rows import loaded_text, stored_text

Value = dict[str, Any]
Item = dict[str, Value]
Action = dict[str, dict[str, Any]]

KEY = "media_id"
"""The table's only key attribute."""


def text(value: str) -> Value:
    """A text; one with half a surrogate pair goes as bytes, for DynamoDB takes UTF-8 alone."""
    stored = stored_text(value)
    return {"S": stored} if isinstance(stored, str) else {"B": stored}


def number(value: float) -> Value:
    return {"N": repr(value)}


def loaded(value: Value) -> str:
    """The inverse of `text`."""
    return loaded_text(value["S"] if "S" in value else bytes(value["B"]))


def text_in(item: Mapping[str, Value], name: str) -> str | None:
    """The text of an attribute, None where the item has none."""
    return loaded(item[name]) if name in item else None


def int_in(item: Mapping[str, Value], name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def known(values: Mapping[str, Value | None]) -> Item:
    """Those of the attributes that have a value."""
    return {name: value for name, value in values.items() if value is not None}


def maybe_text(value: str | None) -> Value | None:
    return None if value is None else text(value)


def maybe_number(value: float | None) -> Value | None:
    return None if value is None else number(value)


def put(item: Item, condition: str = "", values: Item | None = None) -> Action:
    """Write the whole item. Names in `condition` may not be reserved words."""
    return {"Put": {"Item": item} | _condition(condition, values)}


def delete(key: str, condition: str = "", values: Item | None = None) -> Action:
    return {"Delete": {"Key": {KEY: {"S": key}}} | _condition(condition, values)}


def check(key: str, condition: str, values: Item, names: Mapping[str, str] | None = None) -> Action:
    """Hold the transaction unless the item meets the condition."""
    named = {"ExpressionAttributeNames": dict(names)} if names else {}
    return {"ConditionCheck": {"Key": {KEY: {"S": key}}} | _condition(condition, values) | named}


def update(
    key: str,
    *,
    set_: Mapping[str, Value] | None = None,
    add: Mapping[str, Value] | None = None,
    remove: Sequence[str] = (),
) -> Action:
    """Change attributes of one item, which is made where it is not there. Any names will do."""
    names: dict[str, str] = {}
    values: Item = {}
    clauses = []
    for verb, joint, changes in (("SET", " = ", set_ or {}), ("ADD", " ", add or {})):
        terms = []
        for name, value in changes.items():
            place = f"{len(names)}"
            names[f"#n{place}"], values[f":v{place}"] = name, value
            terms.append(f"#n{place}{joint}:v{place}")
        if terms:
            clauses.append(f"{verb} {', '.join(terms)}")
    removed = []
    for name in remove:
        removed.append(f"#n{len(names)}")
        names[removed[-1]] = name
    if removed:
        clauses.append(f"REMOVE {', '.join(removed)}")
    request: dict[str, Any] = {
        "Key": {KEY: {"S": key}},
        "UpdateExpression": " ".join(clauses),
        "ExpressionAttributeNames": names,
    }
    return {"Update": request | ({"ExpressionAttributeValues": values} if values else {})}


def size_of(value: object) -> int:
    """About how many bytes DynamoDB counts for a value or an item."""
    if isinstance(value, Mapping):
        return 3 + sum(1 + len(str(name)) + size_of(each) for name, each in value.items())
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, Sequence):
        return len(value) if isinstance(value, bytes) else 3 + sum(1 + size_of(e) for e in value)
    return 1


def _condition(condition: str, values: Item | None) -> dict[str, Any]:
    return ({"ConditionExpression": condition} if condition else {}) | (
        {"ExpressionAttributeValues": values} if values else {}
    )
