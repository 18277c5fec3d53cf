"""Every setting once: name, default, meaning, environment variable, and how its text is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloud_sync.config.quantities import (
    parse_count,
    parse_digest,
    parse_duration,
    parse_level,
    parse_listen,
    parse_notify_level,
    parse_ping_url,
    parse_rate,
    parse_switch,
    parse_textfile,
)
from cloud_sync.model.location import parse_destination
from cloud_sync.model.storage_plan import parse_storage_plan


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `default` is the text a user would type; None means that there is none.

    `check` raises UsageError for a text that cannot be read.
    `secret` settings are never shown; `in_file` ones may stand in `config.toml`.
    """

    name: str
    meaning: str
    example: str
    env: str
    default: str | None = None
    check: Callable[[str], object] = str
    secret: bool = False
    in_file: bool = True


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="to",
        meaning="where the archive lies: a folder, or s3://bucket/prefix",
        example="/mnt/archive",
        env="CLOUD_SYNC_TO",
        check=parse_destination,
    ),
    Setting(
        name="provider",
        meaning="the camera cloud to read from",
        example="gopro",
        env="CLOUD_SYNC_PROVIDER",
        default="gopro",
    ),
    Setting(
        name="gopro_api_url",
        meaning="base URL of the GoPro API; plain http only on loopback",
        example="https://api.gopro.com",
        env="CLOUD_SYNC_GOPRO_API_URL",
        default="https://api.gopro.com",
    ),
    Setting(
        name="gopro_token",
        meaning="the gp_access_token value, used instead of the stored credentials",
        example="eyJ…",
        env="CLOUD_SYNC_GOPRO_TOKEN",
        secret=True,
        in_file=False,
    ),
    Setting(
        name="concurrency",
        meaning="how many media are transferred at a time",
        example="8",
        env="CLOUD_SYNC_CONCURRENCY",
        default="5",
        check=parse_count,
    ),
    Setting(
        name="max_duration",
        meaning="stop cleanly after this long; the next run goes on",
        example="2h",
        env="CLOUD_SYNC_MAX_DURATION",
        check=parse_duration,
    ),
    Setting(
        name="bandwidth_limit",
        meaning="the most bytes a second over all transfers",
        example="20MB/s",
        env="CLOUD_SYNC_BANDWIDTH_LIMIT",
        check=parse_rate,
    ),
    Setting(
        name="retry_wait",
        meaning="the wait before a call that failed is tried again; each further one doubles it",
        example="5s",
        env="CLOUD_SYNC_RETRY_WAIT",
        default="1.5s",
        check=parse_duration,
    ),
    Setting(
        name="outage_wait",
        meaning="how long a run waits for a cloud that is down before it ends",
        example="2h",
        env="CLOUD_SYNC_OUTAGE_WAIT",
        default="10m",
        check=parse_duration,
    ),
    Setting(
        name="wait_for_login",
        meaning="how long a run whose login died waits for `cloud-sync login`, instead of ending",
        example="12h",
        env="CLOUD_SYNC_WAIT_FOR_LOGIN",
        check=parse_duration,
    ),
    Setting(
        name="storage_plan",
        meaning="how a bucket keeps objects: standard, direct, grace:N or founding-97",
        example="direct",
        env="CLOUD_SYNC_STORAGE_PLAN",
        check=parse_storage_plan,
    ),
    Setting(
        name="s3_dialect",
        meaning="which S3 the bucket's service speaks: aws, r2, b2, generic or plain; "
        "found by the endpoint's host otherwise",
        example="generic",
        env="CLOUD_SYNC_S3_DIALECT",
    ),
    Setting(
        name="source_check",
        meaning="on or off: whether the cloud's own checksums are reproduced while originals "
        "are fetched",
        example="off",
        env="CLOUD_SYNC_SOURCE_CHECK",
        default="on",
        check=parse_switch,
    ),
    Setting(
        name="log_level",
        meaning="the least that is written to the log: debug, info, warn or error",
        example="debug",
        env="CLOUD_SYNC_LOG_LEVEL",
        default="info",
        check=parse_level,
    ),
    Setting(
        name="log_file",
        meaning="where runs write their log, or off; logs/cloud-sync.jsonl in CLOUD_SYNC_HOME "
        "otherwise",
        example="/var/log/cloud-sync/cloud-sync.jsonl",
        env="CLOUD_SYNC_LOG_FILE",
    ),
    Setting(
        name="metrics_textfile",
        meaning="a file, named *.prom, that each run writes for Prometheus' node_exporter",
        example="/var/lib/node_exporter/cloud-sync.prom",
        env="CLOUD_SYNC_METRICS_TEXTFILE",
        check=parse_textfile,
    ),
    Setting(
        name="metrics_listen",
        meaning="a port of this machine where Prometheus finds metrics while a run is at work",
        example="127.0.0.1:9464",
        env="CLOUD_SYNC_METRICS_LISTEN",
        check=parse_listen,
    ),
    Setting(
        name="notify",
        meaning="Apprise URLs, separated by blanks, that are told when a run's state changes",
        example="ntfy://my-topic",
        env="CLOUD_SYNC_NOTIFY",
        secret=True,
    ),
    Setting(
        name="notify_wake",
        meaning="Apprise URLs that are told instead when a person must act; those of notify "
        "otherwise",
        example="pover://user@token",
        env="CLOUD_SYNC_NOTIFY_WAKE",
        secret=True,
    ),
    Setting(
        name="notify_level",
        meaning="which messages are sent: tell for all, wake for those on which a person must act",
        example="wake",
        env="CLOUD_SYNC_NOTIFY_LEVEL",
        default="tell",
        check=parse_notify_level,
    ),
    Setting(
        name="notify_digest",
        meaning="weekly or off: whether the first run of a week tells what the last ones came to",
        example="weekly",
        env="CLOUD_SYNC_NOTIFY_DIGEST",
        default="off",
        check=parse_digest,
    ),
    Setting(
        name="healthcheck",
        meaning="a URL that is pinged when a run begins and ends, for a watchdog that rings when "
        "runs stop",
        example="https://hc-ping.com/your-uuid",
        env="CLOUD_SYNC_HEALTHCHECK",
        check=parse_ping_url,
        secret=True,
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
HOME_ENV = "CLOUD_SYNC_HOME"
