"""How S3-compatible services differ from S3: what each lacks, chosen by the endpoint's host.

Rows rest on the services' documentation or on what users report of their answers, as each says;
only AWS's requests and `generic` and `plain` are tested, against SeaweedFS. Nothing is tried out
at run time. A service that lacks something which its row promises ends in an error that names the
setting `s3_dialect`, never in a silent fallback.
"""

from __future__ import annotations

from dataclasses import dataclass

SETTING = "s3_dialect"
"""The setting that picks a row by name instead of by host."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One service's abilities.

    `crc64nvme`: verifies and keeps the full-object CRC64NVME. Without it each part goes with its
    Content-MD5, which the service verifies.
    `declared_size`: takes the size of the whole at the end of a multipart upload.
    `conditional_writes`: honours `If-None-Match: *`.
    `looks_first`: a HEAD before the write, because the condition is missing or not documented for
    both ways of writing.
    `tags`: takes object tags at the write.
    `storage_classes`: the classes it takes; None where any name may be right.
    `lists_in_order`: listings are known to come in the order of the keys' UTF-8 bytes, as on S3;
    others are sorted here.
    `unproven`: what stays open, in words for a person.
    `conditional_copies`: takes `If-Match` and `If-None-Match` for the destination of a copy that
    the service itself makes.
    """

    name: str
    path_style: bool
    crc64nvme: bool
    declared_size: bool
    conditional_writes: bool
    looks_first: bool
    tags: bool
    storage_classes: frozenset[str] | None
    lists_in_order: bool
    unproven: tuple[str, ...] = ()
    conditional_copies: bool = False


_RACE = "another program that writes the same key in the same moment could be overwritten"
_NO_TAGS = "objects bear no tags; the same facts are in their metadata"
_NO_CHECKSUM = (
    "parts are verified by MD5 on arrival, but no checksum of the whole is kept: "
    "only reading the bytes can check the content later"
)

AWS = Dialect(
    name="aws",
    path_style=False,
    crc64nvme=True,
    declared_size=True,
    conditional_writes=True,
    looks_first=False,
    tags=True,
    storage_classes=None,
    lists_in_order=True,
    conditional_copies=True,
)

# seen to work: SeaweedFS 4.48, which answers 200 to a wrong declared size; by its change log MinIO
# has had full-object CRC64NVME and conditional completion since early 2025
GENERIC = Dialect(
    name="generic",
    path_style=True,
    crc64nvme=True,
    declared_size=True,
    conditional_writes=True,
    looks_first=True,
    tags=True,
    storage_classes=None,
    lists_in_order=False,
    unproven=("whether the service honours conditional writes is not known: " + _RACE,),
    conditional_copies=True,
)

# its documentation: CRC64NVME as FULL_OBJECT only, no x-amz-tagging, two storage classes;
# conditional PutObject is documented, a conditional CompleteMultipartUpload is not
R2 = Dialect(
    name="r2",
    path_style=True,
    crc64nvme=True,
    declared_size=False,
    conditional_writes=True,
    looks_first=True,
    tags=False,
    storage_classes=frozenset({"STANDARD", "STANDARD_IA"}),
    lists_in_order=False,
    unproven=(_RACE, _NO_TAGS),
)

# by users' reports it refuses x-amz-checksum-* and x-amz-tagging as unsupported headers, and a
# conditional PutObject as not implemented
B2 = Dialect(
    name="b2",
    path_style=True,
    crc64nvme=False,
    declared_size=False,
    conditional_writes=False,
    looks_first=True,
    tags=False,
    storage_classes=frozenset({"STANDARD"}),
    lists_in_order=False,
    unproven=(_NO_CHECKSUM, _RACE, _NO_TAGS),
)

# only what every S3-compatible service has had from the start
PLAIN = Dialect(
    name="plain",
    path_style=True,
    crc64nvme=False,
    declared_size=False,
    conditional_writes=False,
    looks_first=True,
    tags=False,
    storage_classes=None,
    lists_in_order=False,
    unproven=(_NO_CHECKSUM, _RACE, _NO_TAGS),
)

DIALECTS = {dialect.name: dialect for dialect in (AWS, R2, B2, GENERIC, PLAIN)}

_BY_DOMAIN = {
    "amazonaws.com": AWS,
    "amazonaws.com.cn": AWS,
    "api.aws": AWS,
    "r2.cloudflarestorage.com": R2,
    "backblazeb2.com": B2,
}


def dialect_of(host: str) -> Dialect:
    """The dialect that the service at `host` speaks; `generic` where the host is not known."""
    host = host.lower().rstrip(".")
    for domain, dialect in _BY_DOMAIN.items():
        if host == domain or host.endswith("." + domain):
            return dialect
    return GENERIC
