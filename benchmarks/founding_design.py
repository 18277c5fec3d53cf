"""The design of the founding documents: one 50 MB part after the other, requests and boto3.

`python -m benchmarks.founding_design URL s3://bucket/key`
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import requests

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 50 * 1000 * 1000
CHUNK = 1 << 20


def main(url: str, to: str) -> None:
    place = urlsplit(to)
    bucket, key = place.netloc, place.path.lstrip("/")
    client = boto3.client("s3")
    upload_id = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    parts: list[CompletedPartTypeDef] = []

    def put(part: bytearray) -> None:
        number = len(parts) + 1
        answer = client.upload_part(
            Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=bytes(part)
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    part = bytearray()
    with requests.get(url, stream=True, timeout=60) as response:
        response.raise_for_status()
        for chunk in response.iter_content(CHUNK):
            part += chunk
            if len(part) >= PART:
                put(part)
                part = bytearray()
    if part:
        put(part)
    client.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
