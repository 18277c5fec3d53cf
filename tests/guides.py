"""The commands that the guides show, and how they are typed in a shell of a machine made up for it.

Each command of a guide is in one of the lists here, in the order of a person who reads them with
this state of things. `tests/unit/test_docs_guides.py` holds the lists against the pages.
"""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from documentation import ROOT

FOLDER = ROOT / "docs" / "how-to"
_BLOCK = re.compile(r"^ *```(sh|console)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_OURS = re.compile(r"(?:^|\| )(?:[A-Z_]+=\S+ )*cloud-sync ")
_INLINE = re.compile(r" <<(\w+)\n.*?^\1$", re.MULTILINE | re.DOTALL)
_LONGEST = 100.0


@dataclass(frozen=True, slots=True)
class Step:
    """A command as a page shows it, the exit code it has here, and something that it says.

    `typed` is what a person answers at the prompt, which ends in a colon; `until` is what a command
    that stays says before it is ended by Ctrl-C.
    """

    line: str
    code: int = 0
    says: str = ""
    typed: str = ""
    until: str = ""


TOKEN_TYPED = "THE-TOKEN"
FIRST_STEPS = (
    Step("cloud-sync --version", says="cloud-sync "),
    Step("cloud-sync explain", says="no-good-run"),
    Step("cloud-sync explain url_expired", says="never means that the login is dead"),
    Step("cloud-sync explain no-good-run --env prod", says="aws status --env prod"),
    Step("cloud-sync login", says="The login works", typed=TOKEN_TYPED),
    Step("pbpaste | cloud-sync login --stdin", says="The login works"),
    Step("wl-paste | cloud-sync login --stdin", says="The login works"),
    Step("cloud-sync login --file cookies.txt", says="The login works"),
    Step("cloud-sync sync --to /mnt/archive", code=3, says="1 size mismatch"),
    Step("cloud-sync status", says="FAILED"),
    Step("cloud-sync list --status FAILED", says="FAILED"),
    Step("cloud-sync doctor", says="ok   destination"),
    Step("cloud-sync sync --dry-run", says="1 medium to archive"),
    Step("cloud-sync retry MEDIA_ID", says="archived  1 medium"),
    Step("cloud-sync retry", says="othing"),
    Step("cloud-sync sync --to /mnt/archive --wait-for-login", says="Done."),
    Step("cloud-sync sync --to /mnt/archive --wait-for-login 2d", says="Done."),
)
"""On a machine with a login to give and a medium in the cloud that fails in the first run."""

AFTER_A_LOST_FILE = (
    Step("cloud-sync verify", code=6, says="1 missing"),
    Step("cloud-sync verify --deep", code=6, says="1 missing"),
    Step("cloud-sync reconcile", code=0, says="missing"),
    Step("cloud-sync reconcile --apply", says="due again"),
    Step("cloud-sync sync", says="archived  1 medium"),
)
AFTER_A_LOST_TRACKER = (
    Step("cloud-sync reconcile --to /mnt/archive", says="adopt"),
    Step("cloud-sync reconcile --to /mnt/archive --apply", says="adopt"),
    Step("cloud-sync list", says="gopro-videos/"),
)
THAT_STAY = (
    Step("CLOUD_SYNC_METRICS_LISTEN=127.0.0.1:9464 cloud-sync watch", until="next run"),
    Step(
        "cloud-sync watch --at 03:30 --tz Europe/Berlin -- --to /mnt/archive",
        until="next run",
    ),
    Step(
        "cloud-sync schedule install --at 03:30 -- --max-duration 4h --bandwidth-limit 20MB/s",
        says="cloud-sync.",
    ),
    Step("cloud-sync simulator --count 40", until="Serving until interrupted"),
    Step("cloud-sync simulator --count 40 --faults plan.json", until="Serving until interrupted"),
    Step("cloud-sync demo --library ~/Movies", says="byte for byte"),
    Step("cloud-sync sync --to /tmp/trial-archive --dry-run", says="to archive"),
    Step("cloud-sync sync --to /tmp/trial-archive", says="Done."),
)
INTO_BUCKETS = (
    Step("cloud-sync doctor --to s3://my-gopro-archive", says="can be written"),
    Step("cloud-sync sync --to s3://my-archive", says="Done."),
    Step("cloud-sync copy s3://builds/app.zip s3://region-a s3://region-b", says="region-b"),
    Step(
        'cloud-sync copy s3://builds/app.zip s3://region-a --on-complete "./deploy.sh region-a"',
        says="region-a",
    ),
    Step(
        "cloud-sync watch-copies s3://builds s3://region-a s3://region-b --every 1m",
        until="Watching s3://builds",
    ),
)
ON_AWS = (
    Step("cloud-sync aws deploy --env dev --bootstrap", says="cloud-sync aws login --env dev"),
    Step("cloud-sync aws login --env dev", says="gopro/credentials-dev", typed=TOKEN_TYPED),
    Step("pbpaste | cloud-sync aws login --env dev --stdin", says="gopro/credentials-dev"),
    Step("cloud-sync aws run --env dev --dry-run --wait", says="3 media"),
    Step("cloud-sync aws run --env dev --wait --limit 1", says="Done."),
    Step("cloud-sync aws status --env dev", says="1 medium"),
    Step("cloud-sync list --env dev --status COMPLETED", says="gopro-videos/"),
    Step("cloud-sync list --env dev --status FAILED"),
    Step("cloud-sync verify --env dev", says="checked   1 file"),
    Step("cloud-sync sync --env dev --max-duration 8h", says="archived  2 media"),
    Step("cloud-sync aws diff --env dev --storage-plan grace:30", says="storage_plan"),
    Step("cloud-sync aws destroy --env dev", says="CloudSync-dev", typed="y"),
)
_DEPLOYMENT = "test_from_an_empty_account_to_a_deployed_archive_and_back"
_WHEEL = "test_the_wheel_runs_the_demo_in_an_empty_environment_and_names_missing_extras"
_COPIES = "test_from_an_empty_account_to_a_deployed_workflow_and_back"
_DEMO = "test_it_deploys_runs_three_executions_and_ends_well"
_MESSAGE = "test_a_test_message_goes_to_each_target_and_no_url_is_shown"
ELSEWHERE = {
    "cloud-sync aws deploy --env dev": ("test_cli_aws_deploy.py", _DEPLOYMENT),
    "cloud-sync aws diff --env dev": ("test_cli_aws_deploy.py", _DEPLOYMENT),
    "cloud-sync aws copies deploy --env prod --bootstrap": ("test_cli_aws_copies.py", _COPIES),
    "cloud-sync aws copies destroy --env prod": ("test_cli_aws_copies.py", _COPIES),
    "cloud-sync notify test": ("test_cli_messages.py", _MESSAGE),
    "cloud-sync demo": ("test_wheel.py", _WHEEL),
    "cloud-sync demo --aws --library ~/Movies": ("test_cli_demo_aws.py", _DEMO),
}
"""Commands that a test in `tests/cli` runs, at times for another environment or with an option
more.
"""

BY_NO_TEST = {"cloud-sync demo --aws"}
"""It takes a minute, `make demo-aws` runs it, and with `--library` it goes the same way."""

OTHER_PROGRAMS = {
    *("aws", "cat", "cp", "journalctl", "loginctl", "make", "mv", "pip", "podman"),
    *("sqlite3", "systemctl"),
}
"""Programs of others that guides call; nothing is shown by running these."""

SCENARIOS = (
    *(FIRST_STEPS, AFTER_A_LOST_FILE, AFTER_A_LOST_TRACKER, THAT_STAY, INTO_BUCKETS, ON_AWS),
)


def lines_of(page: Path) -> list[str]:
    """What a page shows as typed in a shell, comments left out, continued lines as one."""
    found: list[str] = []
    for language, block in _BLOCK.findall(page.read_text("utf-8")):
        shown = _INLINE.sub("", textwrap.dedent(block))
        lines = shown.replace("\\\n", " ").splitlines()
        if language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        found += [re.sub(r"\s+#\s.*$", "", line).strip() for line in lines]
    return [line for line in found if line and not line.startswith("#")]


def is_ours(line: str) -> bool:
    """Whether the line runs `cloud-sync` itself."""
    return _OURS.search(line) is not None


@dataclass(frozen=True)
class Reader:
    """A person at a shell: `home` is theirs, `places` are put where a page names others."""

    home: Path
    token: str
    settings: Mapping[str, str]
    places: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Clipboards that hold the token, a scheduler that obeys, files that pages name."""
        programs = self.home / "bin"
        programs.mkdir(parents=True)
        for name, does in (
            ("pbpaste", f"echo {self.token}"),
            ("wl-paste", f"echo {self.token}"),
            ("systemctl", "exit 0"),
            ("launchctl", "exit 0"),
        ):
            (programs / name).write_text(f"#!/bin/sh\n{does}\n", "utf-8")
            (programs / name).chmod(0o755)
        (self.home / "cookies.txt").write_text(self.token, "utf-8")

    @property
    def environment(self) -> dict[str, str]:
        path = [self.home / "bin", Path(sys.executable).parent, "/usr/bin", "/bin"]
        return {
            "PATH": os.pathsep.join(map(str, path)),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            **self.settings,
        }

    def follow(self, steps: tuple[Step, ...]) -> None:
        """Type each, and see that it says and ends as it should."""
        for step in steps:
            told, code = self._run(step)
            assert code == step.code, f"{step.line}: exit code {code}\n{told}"
            assert step.says in told, f"{step.line}: does not say {step.says!r}\n{told}"
            assert self.token not in told, f"{step.line}: tells the token"

    def line(self, step: Step) -> str:
        """What is typed: the page's line, with this machine's places in it."""
        line = step.line
        for place, here in self.places.items():
            line = line.replace(place, here)
        return line

    def _run(self, step: Step) -> tuple[str, int]:
        """At a terminal where something is to be typed, else with pipes as in a script."""
        seen, written = pty.openpty() if step.typed else os.pipe()
        with io.FileIO(seen, "rb+" if step.typed else "rb") as screen:
            process = subprocess.Popen(
                ["sh", "-c", f"trap : INT; {self.line(step)}"],
                cwd=self.home,
                env=self.environment,
                stdin=written if step.typed else subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                start_new_session=True,
            )
            os.close(written)
            try:
                return self._converse(process, step, screen)
            finally:
                with process:
                    if process.poll() is None:
                        os.killpg(process.pid, signal.SIGKILL)

    def _converse(
        self, process: subprocess.Popen[bytes], step: Step, screen: io.FileIO
    ) -> tuple[str, int]:
        """Answer the prompt or end what stays, once it has said so much; all that it said."""
        said = b""
        waits_for = (step.until or (": " if step.typed else "")).encode()
        end = time.monotonic() + _LONGEST
        while time.monotonic() < end:
            if not select.select([screen], [], [], 1.0)[0]:
                continue
            block = _read(screen)
            if not block:
                return said.decode(), process.wait(_LONGEST)
            said += block
            if waits_for and waits_for in said:
                waits_for = b""
                if step.typed:
                    answer = self.token if step.typed == TOKEN_TYPED else step.typed
                    screen.write(answer.encode() + b"\n")
                else:
                    os.killpg(process.pid, signal.SIGINT)
        raise AssertionError(f"{step.line}: does not end: {said.decode()}")


def _read(screen: io.FileIO) -> bytes:
    """What comes next; nothing at the end, for which a terminal has an error of its own."""
    try:
        return screen.read(65536) or b""
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""
