"""A run's files in the archive's bucket, beside the originals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

from cloud_sync.archive.run_files import file_key
from cloud_sync.archive.s3_errors import Place, code_of, translated
from cloud_sync.aws.sessions import new_session
from cloud_sync.errors import MissingExtra, SourceNotUnderstood

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3RunFiles:
    """`RunFiles` in a bucket. `connect_run_files` makes one from the settings."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._place = Place(f"s3://{bucket}", bucket)

    def close(self) -> None:
        """Let go of the connections; may be called twice."""
        self._client.close()

    def write(self, run_id: str, name: str, lines: Iterable[str]) -> None:
        """As the contract says; the whole file is in memory once, about 120 bytes a medium."""
        key = file_key(run_id, name)
        body = "".join(f"{line}\n" for line in lines).encode("ascii")
        with translated(f"writing {key}", self._place):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/x-ndjson"
            )

    def read(self, run_id: str, name: str) -> Iterator[str]:
        key = file_key(run_id, name)
        with translated(f"reading {key}", self._place):
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            except self._client.exceptions.ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    raise SourceNotUnderstood(f"reading {key}: it is not there") from None
                raise
            with closing(body):
                for line in body.iter_lines():
                    yield line.decode("ascii")


def connect_run_files(bucket: str, client_options: Mapping[str, Any] | None = None) -> S3RunFiles:
    """The run's files in `bucket`, with the AWS SDK's own settings or `client_options`."""
    try:
        from botocore.config import Config
    except ModuleNotFoundError:
        raise MissingExtra("aws", "writing to S3") from None
    with translated("connecting", Place(f"s3://{bucket}", bucket)):
        options: dict[str, Any] = {
            "config": Config(
                connect_timeout=5,
                read_timeout=20,
                retries={"mode": "standard", "total_max_attempts": 5},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"},
            ),
            **(client_options or {}),
        }
        client = new_session().create_client("s3", **options)
    return S3RunFiles(cast("S3Client", client), bucket)
