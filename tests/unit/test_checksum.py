"""CRC64NVME against its published check values, and its text form."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import pytest

from cloud_sync.archive.checksum import EMPTY, from_text, of_stream, part_checksum, to_text


@pytest.mark.parametrize(
    ("data", "value"),
    [
        # the first is the catalogue's check value, the others are the NVM Express specification's
        (b"123456789", 0xAE8B14860A799888),
        (bytes(4096), 0x6482D367EB22B64E),
        (b"\xff" * 4096, 0xC0DDBA7302ECA3AC),
        (b"", 0),
    ],
)
def test_published_values(data: bytes, value: int) -> None:
    assert part_checksum(data) == value.to_bytes(8, "big")


def test_the_empty_checksum_is_that_of_nothing() -> None:
    assert part_checksum(b"") == EMPTY


def test_the_text_is_what_s3_writes() -> None:
    assert to_text(part_checksum(b"123456789")) == "rosUhgp5mIg="


@pytest.mark.parametrize("text", ["", "rosUhgp5mIg", "rosUhgp5mA==", "not base64!", "é", "AAAA"])
def test_what_is_no_checksum_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"CRC64NVME"):
        from_text(text)


def test_eight_bytes_make_a_checksum() -> None:
    with pytest.raises(ValueError, match="8 bytes, not 7"):
        to_text(bytes(7))


def test_a_view_into_a_buffer_needs_no_copy() -> None:
    buffer = bytearray(b"xx123456789xx")
    assert part_checksum(memoryview(buffer)[2:-2]) == part_checksum(b"123456789")


def test_a_stream_is_read_to_its_end() -> None:
    content = bytes(range(256)) * 12_289
    assert of_stream(BytesIO(content)) == (len(content), to_text(part_checksum(content)))


def test_the_library_is_loaded_with_the_first_checksum_and_not_before() -> None:
    code = (
        "import sys, cloud_sync.archive.checksum as c; assert 'awscrt' not in sys.modules; "
        "c.part_checksum(b''); assert 'awscrt' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
