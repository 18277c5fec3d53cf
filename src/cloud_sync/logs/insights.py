"""Answers a CloudWatch Logs Insights query from records at hand: the commands `fields`, `filter`,
`stats`, `sort` and `limit`, as far as `queries` uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cloud_sync.logs.expressions import Expression, QueryError, Row, Tokens, condition, value

Rows = Iterable[dict[str, Any]]
_FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "sum": sum,
    "avg": lambda values: sum(values) / len(values) if values else None,
    "max": lambda values: max(values, default=None),
    "min": lambda values: min(values, default=None),
}


def answer(query: str, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the result, in order. QueryError for a query of another kind.

    A record's `timestamp` is the service's `@timestamp`.
    """
    rows: Rows = ({"@timestamp": record.get("timestamp"), **record} for record in records)
    columns: list[str] = []
    for command in _commands(query):
        word = command.take().lower()
        if word == "filter":
            rows = _filtered(rows, condition(command))
        elif word == "fields":
            computed = _named(command)
            columns += [name for name, _ in computed]
            rows = _with(rows, computed)
        elif word == "stats":
            row, columns = _stats(rows, command)
            rows = [row] if row else []
        elif word == "sort":
            rows = _sorted(rows, command)
        elif word == "limit":
            rows = list(rows)[: int(command.take())]
        else:
            raise QueryError(f"no command {word!r} is known here")
        if command.next:
            raise QueryError(f"cannot read {command.next!r} after {word}")
    return [{name: row.get(name) for name in columns} for row in rows]


def _commands(query: str) -> Iterator[Tokens]:
    return (Tokens(part) for part in query.split("|"))


def _named(tokens: Tokens) -> list[tuple[str, Expression]]:
    """Expressions with the names of their columns; a field is named like itself."""
    found = []
    while True:
        name = tokens.next
        expression = value(tokens)
        if tokens.took("as"):
            name = tokens.take()
        found.append((name, expression))
        if not tokens.took(","):
            return found


def _filtered(rows: Rows, holds: Expression) -> Rows:
    return (row for row in rows if holds(row))


def _with(rows: Rows, computed: list[tuple[str, Expression]]) -> Rows:
    return (row | {name: expression(row) for name, expression in computed} for row in rows)


def _stats(rows: Rows, tokens: Tokens) -> tuple[dict[str, Any], list[str]]:
    """One row of aggregates over all rows; none where there are no rows, as in the service."""
    aggregates = []
    while True:
        aggregates.append(_aggregate(tokens))
        if not tokens.took(","):
            break
    taken: list[Row] = list(rows)
    result = {name: fold(taken) for name, fold in aggregates} if taken else {}
    return result, [name for name, _ in aggregates]


def _aggregate(tokens: Tokens) -> tuple[str, Callable[[list[Row]], Any]]:
    word = tokens.take().lower()
    if word not in _FOLDS:
        raise QueryError(f"no aggregate {word!r} is known here")
    fold = _FOLDS[word]
    tokens.expect("(")
    every = bool(tokens.took("*"))
    of: Expression = (lambda _row: True) if every else value(tokens)
    tokens.expect(")")
    tokens.expect("as")

    def folded(rows: list[Row]) -> Any:
        return fold([found for row in rows if (found := of(row)) is not None])

    return tokens.take(), folded


def _sorted(rows: Rows, tokens: Tokens) -> Rows:
    name = tokens.take()
    falling = tokens.took("asc", "desc") == "desc"
    return sorted(rows, key=lambda row: (row.get(name) is not None, row.get(name)), reverse=falling)
