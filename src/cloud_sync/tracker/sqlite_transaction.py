"""Transactions on a SQLite connection in autocommit mode (`isolation_level=None`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """Committed at its end, undone by any exception; `begin` is the statement that opens it."""
    try:
        connection.execute(begin)
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself has already undone it after some errors
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
