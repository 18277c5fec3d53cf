"""A timer and a service for systemd: its user units, which need no rights of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloud_sync.schedule.daily import DailyStart

NAME = "cloud-sync"
MARK = "# written by cloud-sync schedule install"


def units(
    start: DailyStart, command: Sequence[str], environment: Mapping[str, str], folder: str
) -> dict[str, str]:
    """The text of each unit by its file name; the command runs in `folder`.

    A start that the machine slept over is made up for when it wakes. Exit codes that need no
    second look (failed media are tried again, another run was at work, a clean stop) count as done.
    """
    settings = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(environment.items())
    )
    service = (
        f"{MARK}\n"
        "[Unit]\n"
        "Description=Archive what the camera cloud has\n"
        "Wants=network-online.target\n"
        "After=network-online.target\n"
        "\n"
        "[Service]\n"
        "Type=oneshot\n"
        f"{settings}"
        f"WorkingDirectory={_quoted_path(folder)}\n"
        f"ExecStart={' '.join(_quoted(word) for word in command)}\n"
        "SuccessExitStatus=3 5 130\n"
        "KillSignal=SIGTERM\n"
        "TimeoutStopSec=120\n"
        "Nice=10\n"
    )
    timer = (
        f"{MARK}\n"
        "[Unit]\n"
        f"Description=Archive what the camera cloud has, daily at {start.at} {start.zone}\n"
        "\n"
        "[Timer]\n"
        f"OnCalendar=*-*-* {start.at}:00 {start.zone}\n"
        "Persistent=true\n"
        f"Unit={NAME}.service\n"
        "\n"
        "[Install]\n"
        "WantedBy=timers.target\n"
    )
    return {f"{NAME}.service": service, f"{NAME}.timer": timer}


def _quoted(word: str) -> str:
    """A word that systemd reads as it stands: `%` and `$` would be filled in, blanks would part."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or not word or set(word) & set(" \t';") else word


def _quoted_path(path: str) -> str:
    """A path as `WorkingDirectory` takes it: as it stands, but for what would be filled in."""
    return path.replace("%", "%%")
