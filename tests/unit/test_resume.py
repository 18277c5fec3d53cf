"""The table of `transfer.resume`, row by row: what of an unfinished upload can be trusted."""

from __future__ import annotations

import pytest

from cloud_sync.archive.base import KeptPart
from cloud_sync.model.tracking import PartRecord
from cloud_sync.transfer.resume import trusted_parts

OURS = b"\x01" * 8
OTHER = b"\x02" * 8
RECORDED = PartRecord(1, 100, OURS, "receipt")


@pytest.mark.parametrize(
    ("kept", "trusted"),
    [
        ({}, False),
        ({2: KeptPart(100, OURS, "receipt")}, False),
        ({1: KeptPart(99, OURS, "receipt")}, False),
        ({1: KeptPart(100, OURS, "")}, True),
        ({1: KeptPart(100, OTHER, "receipt")}, False),
        ({1: KeptPart(100, None, "receipt")}, True),
        ({1: KeptPart(100, None, "another")}, False),
        ({1: KeptPart(100, None, "")}, False),
    ],
)
def test_a_part_is_trusted_only_where_record_and_archive_agree(
    kept: dict[int, KeptPart], trusted: bool
) -> None:
    assert trusted_parts([RECORDED], kept) == ({1: RECORDED} if trusted else {})


def test_a_part_without_record_is_never_trusted() -> None:
    assert trusted_parts([], {1: KeptPart(100, OURS, "receipt")}) == {}


def test_a_part_without_checksum_and_receipt_is_never_trusted() -> None:
    record = PartRecord(1, 100, OURS, "")
    assert trusted_parts([record], {1: KeptPart(100, None, "")}) == {}
