"""Expressions of the CloudWatch Logs Insights query language, the part that `queries` uses.

As in the service, a field that a record lacks is null, arithmetic with null gives null, and a
comparison with it is false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Expression = Callable[[Row], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>@?[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|[-+*/()<>=,]))"""
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS = {"+": operator.add, "-": operator.sub}
_PRODUCTS = {"*": operator.mul, "/": operator.truediv}


class QueryError(ValueError):
    """A query that is not of the part of the language that is read here."""


class Tokens:
    """The words and signs of a command, one after the other."""

    def __init__(self, text: str) -> None:
        self._rest = [""]
        position, tokens = 0, []
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise QueryError(f"cannot read {text[position:]!r}")
            tokens.append(match[0].strip())
            position = match.end()
        self._rest = tokens

    @property
    def next(self) -> str:
        """What comes next, empty at the end."""
        return self._rest[0] if self._rest else ""

    def take(self) -> str:
        """What comes next, which is then gone; QueryError at the end."""
        if not self._rest:
            raise QueryError("the command ends too early")
        return self._rest.pop(0)

    def took(self, *words: str) -> str:
        """The next word if it is one of these, in any case, which is then gone; else empty."""
        return self.take().lower() if self.next.lower() in words and self.next else ""

    def expect(self, word: str) -> None:
        """Take just this word; QueryError for any other."""
        if not self.took(word):
            raise QueryError(f"{word!r} is missing before {self.next!r}")


def condition(tokens: Tokens) -> Expression:
    """Comparisons joined by `and`, `or` and `not`."""
    return _joined(tokens, "or", _all_of, any)


def _all_of(tokens: Tokens) -> Expression:
    return _joined(tokens, "and", _one_condition, all)


def _joined(
    tokens: Tokens, word: str, part: Callable[[Tokens], Expression], fold: Callable[..., bool]
) -> Expression:
    parts = [part(tokens)]
    while tokens.took(word):
        parts.append(part(tokens))
    return parts[0] if len(parts) == 1 else lambda row: fold(each(row) for each in parts)


def _one_condition(tokens: Tokens) -> Expression:
    if tokens.took("not"):
        inner = _one_condition(tokens)
        return lambda row: not inner(row)
    left = value(tokens)
    sign = tokens.took(*_COMPARISONS)
    if not sign:
        return left
    return _compared(_COMPARISONS[sign], left, value(tokens))


def _compared(
    compare: Callable[[Any, Any], bool], left: Expression, right: Expression
) -> Expression:
    def compared(row: Row) -> bool:
        one, other = left(row), right(row)
        if one is None or other is None or isinstance(one, str) != isinstance(other, str):
            return False
        return compare(one, other)

    return compared


def value(tokens: Tokens) -> Expression:
    """Fields and numbers with `+ - * /` and brackets, or a text."""
    return _chain(tokens, _SUMS, lambda inner: _chain(inner, _PRODUCTS, _atom))


def _chain(
    tokens: Tokens,
    signs: Mapping[str, Callable[[Any, Any], Any]],
    part: Callable[[Tokens], Expression],
) -> Expression:
    found = part(tokens)
    while sign := tokens.took(*signs):
        found = _computed(signs[sign], found, part(tokens))
    return found


def _computed(
    compute: Callable[[Any, Any], Any], left: Expression, right: Expression
) -> Expression:
    def computed(row: Row) -> Any:
        one, other = left(row), right(row)
        if not isinstance(one, int | float) or not isinstance(other, int | float):
            return None
        return None if compute is operator.truediv and other == 0 else compute(one, other)

    return computed


def _atom(tokens: Tokens) -> Expression:
    word = tokens.take()
    if word == "(":
        inner = condition(tokens)
        tokens.expect(")")
        return inner
    if word.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", word[1:-1])
        return lambda _row: text
    if word[0].isdecimal():
        number = float(word) if "." in word else int(word)
        return lambda _row: number
    if not re.fullmatch(r"@?[A-Za-z_][\w.]*", word):
        raise QueryError(f"{word!r} is no value")
    return lambda row: row.get(word)
