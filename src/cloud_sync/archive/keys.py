"""What a key may be. Keys come from `layout`, so a bad one is a bug and not a user's mistake."""

from __future__ import annotations


def require_key(key: str) -> str:
    """`key` itself; ValueError where it could leave the archive's root or name no object.

    No key is absolute, has an empty segment, a `.` or `..`, or a NUL.
    """
    if "\0" in key or any(segment in ("", ".", "..") for segment in key.split("/")):
        raise ValueError(f"not a key: {key!r}")
    return key
