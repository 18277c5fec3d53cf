"""Whether the bytes that came are those that the source's own ETag was made of, purely.

S3, where the originals lie, makes an ETag in one of two ways (observed in the delivery network's
answers): the MD5 of the whole for an object that was put in one step, and for one that was put in
N parts the MD5 of the parts' MD5s, followed by `-N`. The part size is not published. It is a whole
number of MiB that cuts the object into N parts; 6 MiB is what the known uploaders use.

Nothing says that a text of this shape is such an ETag: objects that are encrypted with a
customer's key have others. So a difference alone proves nothing. It does where ETags of the same
source were reproduced by the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import md5

from cloud_sync.model.tracking import SourceCheck
from cloud_sync.transfer.part_size import MIB, MOST_PARTS, SMALLEST_PART

LIKELY_MIB = (6, 5, 8, 7)
"""Part sizes that are tried, the likeliest first. Larger ones would not fit the buffers."""

LEAST_MIB = 5
"""S3 takes no smaller parts."""

PLAIN = "md5"
"""The rule of an ETag that is the MD5 of the whole."""

_ETAG = re.compile(r"([0-9a-f]{32})(?:-([1-9][0-9]{0,4}))?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of holding the bytes against the ETag.

    `rule` names how the ETag is taken to be made, None where it cannot be told.
    `sure` is False for a difference that another part size might explain.
    """

    check: SourceCheck
    rule: str | None = None
    sure: bool = True


NOT_COMPARABLE = Verdict(SourceCheck.NOT_COMPARABLE)


@dataclass(frozen=True, slots=True)
class PartsRule:
    """An ETag that is taken to be made of parts of `part_size` bytes.

    `sure` is whether no other whole number of MiB cuts the object into as many parts.
    """

    etag: str
    part_size: int
    sure: bool

    @property
    def name(self) -> str:
        return rule_name(self.part_size)


def rule_name(part_size: int) -> str:
    """The name of the rule for parts of that size, as the tracker keeps it."""
    return f"md5-of-{part_size // MIB}MiB-parts"


MOST_DOUBTS = 2
"""How often an original may be found wrong by the likeliest rule before another one is tried."""


def rule_for(
    size: int, etag: str | None, proven: AbstractSet[str] = frozenset(), doubts: int = 0
) -> PartsRule | None:
    """The rule to go by for an original of several of our parts, found wrong `doubts` times before.

    Where several part sizes fit, a `proven` one comes first, and once more after a first doubt:
    damage passes. The next likeliest follows, for the original may have come in other parts.
    None where nothing can be reproduced: no ETag of parts, or of parts too large for a buffer.
    """
    # sorting keeps the order of what is equal
    rules = sorted(_rules(size, etag), key=lambda rule: rule.name not in proven)
    if not rules:
        return None
    return rules[0 if doubts < MOST_DOUBTS or len(rules) == 1 else 1]


def rule_resumed(size: int, etag: str | None, part_size: int) -> PartsRule | None:
    """The rule for an original that was begun in parts of `part_size`, None where none fits."""
    return next((rule for rule in _rules(size, etag) if rule.part_size == part_size), None)


def _rules(size: int, etag: str | None) -> Iterator[PartsRule]:
    read = _ETAG.fullmatch(etag or "")
    count = int(read[2] or 0) if read else 0
    if not 0 < count <= MOST_PARTS:
        return
    for mib in LIKELY_MIB:
        if _count(size, mib) == count:
            # the sizes that fit lie side by side
            below = mib > LEAST_MIB and _count(size, mib - 1) == count
            above = _count(size, mib + 1) == count
            yield PartsRule(etag or "", mib * MIB, sure=not (below or above))


def _count(size: int, mib: int) -> int:
    return -(-size // (mib * MIB))


def check_parts(rule: PartsRule | None, digests: Sequence[bytes]) -> Verdict:
    """The verdict on an original whose parts, in order, have these MD5s; `b""` for one unknown."""
    if rule is None or not all(digests):
        return NOT_COMPARABLE
    if _etag_of(digests) == rule.etag:
        return Verdict(SourceCheck.MATCHED, rule.name)
    return Verdict(SourceCheck.DIFFERS, rule.name, rule.sure)


def check_whole(data: memoryview, etag: str | None) -> Verdict:
    """The verdict on a whole original of at most 8 MiB, by every part size that fits."""
    if len(data) > SMALLEST_PART:
        raise ValueError(f"{len(data)} bytes are more than the {SMALLEST_PART} of one part")
    read = _ETAG.fullmatch(etag or "")
    if read is not None and read[2] is None:
        check = SourceCheck.MATCHED if digest(data).hex() == etag else SourceCheck.DIFFERS
        return Verdict(check, PLAIN)
    rules = list(_rules(len(data), etag))
    for rule in rules:
        ends = range(0, len(data), rule.part_size)
        verdict = check_parts(rule, [digest(data[at : at + rule.part_size]) for at in ends])
        if verdict.check is SourceCheck.MATCHED:
            return verdict
    return Verdict(SourceCheck.DIFFERS, rules[0].name) if rules else NOT_COMPARABLE


def digest(data: memoryview) -> bytes:
    """The MD5 of the bytes."""
    return md5(data, usedforsecurity=False).digest()


def _etag_of(digests: Iterable[bytes]) -> str:
    joined = b"".join(digests)
    return f"{md5(joined, usedforsecurity=False).hexdigest()}-{len(joined) // 16}"


def is_damage(
    verdict: Verdict, proven: AbstractSet[str], *, doubts: int = 0, last_try: bool = False
) -> bool:
    """Whether the bytes must not be stored. `proven` are rules that reproduced other ETags.

    Once an original was found wrong `doubts` times, another difference by whatever rule asks for
    another try. In the last one only a difference by a proven rule that no other part size might
    explain keeps it out of the archive.
    """
    if verdict.check is not SourceCheck.DIFFERS:
        return False
    by_proven = verdict.rule in proven
    return by_proven and verdict.sure if last_try else by_proven or doubts > 0
