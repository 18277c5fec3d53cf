"""The questions that the log answers, each written once, as CloudWatch Logs Insights reads them.

The deployment saves them beside the functions' logs, and `cloud-sync report` answers them from this
machine's log, so both mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass

SLOW_BELOW_BYTES = 524_288_000
"""500 MiB: a larger original may well take its time."""

SLOW_ABOVE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A query. `functions` are those whose logs hold what it asks for, by their base names."""

    name: str
    title: str
    meaning: str
    functions: tuple[str, ...]
    text: str


FAILED = LogQuery(
    name="failed",
    title="failed downloads",
    meaning="the newest 100 media that failed, and why",
    functions=("video-downloader", "failure-marker", "run-summary"),
    text="""\
fields @timestamp, media_id, filename, error_code, error_message
| filter level = "ERROR" and event_type = "video_download_failed"
| sort @timestamp desc
| limit 100""",
)

THROUGHPUT = LogQuery(
    name="throughput",
    title="transfer throughput",
    meaning="megabits (10^6 bits) a second over the transfers of single originals",
    functions=("video-downloader",),
    text="""\
fields (bytes_transferred * 8 / transfer_duration_seconds / 1000000) as throughput_mbps
| filter event_type = "video_download_complete" and transfer_duration_seconds > 0
| stats count(*) as transfers, sum(bytes_transferred) as bytes,\
 avg(throughput_mbps) as avg_throughput, max(throughput_mbps) as max_throughput,\
 min(throughput_mbps) as min_throughput""",
)

SLOW = LogQuery(
    name="slow",
    title="slow transfers",
    meaning="originals below 500 MiB that took more than 120 seconds, the slowest first",
    functions=("video-downloader",),
    text=f"""\
fields @timestamp, media_id, filename, file_size_bytes, transfer_duration_seconds
| filter event_type = "video_download_complete" and file_size_bytes < {SLOW_BELOW_BYTES}\
 and transfer_duration_seconds > {SLOW_ABOVE_SECONDS}
| sort transfer_duration_seconds desc""",
)

QUERIES = (FAILED, THROUGHPUT, SLOW)
BY_NAME = {query.name: query for query in QUERIES}
