"""No token, cookie or signed URL in any output, log, row, tag or file, at the highest verbosity."""

from __future__ import annotations

import re
from pathlib import Path

from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine, Ended

SIGNED = re.compile(rb"Signature=|Key-Pair-Id=|Expires=\d")


def assert_no_secret(token: str, *runs: Ended) -> None:
    for run in runs:
        text = (run.out + run.err).encode()
        assert token.encode() not in text, "a token was printed"
        assert not SIGNED.search(text), f"a signed URL was printed: {SIGNED.search(text)}"


def assert_no_secret_under(folder: Path, token: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "credentials":
            content = path.read_bytes()
            assert token.encode() not in content, f"{path} holds the token"
            assert not SIGNED.search(content), f"{path} holds a signed URL"


def test_a_good_run_a_dead_url_and_a_dead_token_print_and_keep_no_secret(
    bare: CommandLine, tmp_path: Path
) -> None:
    library = generate(40, 9, file_bytes=(100, 2_000))
    archive = tmp_path / "archive"
    with Simulator(library, SimulatorOptions(url_life=-1)) as cloud:
        dead_urls = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )("sync", "--to", archive, "--limit", "1", "--verbose")
        token = cloud.token
    assert dead_urls.code == 3, dead_urls.err
    with Simulator(library, SimulatorOptions()) as cloud:
        command = bare.using(CLOUD_SYNC_GOPRO_API_URL=cloud.api_url)
        login = command("login", "--stdin", "--verbose", stdin=f"Cookie: gp_access_token={token}")
        good = command("sync", "--to", archive, "--verbose")
        as_json = command("sync", "--json", "--verbose")
        others = [command(name, "--verbose") for name in ("status", "list", "doctor")]
        cloud.expire_token()
        dead_token = command("sync", "--verbose")
    assert (login.code, good.code, as_json.code, dead_token.code) == (0, 0, 0, 4), good.err
    assert "Traceback" in dead_token.err, "--verbose must show the traceback"
    assert_no_secret(token, dead_urls, login, good, as_json, dead_token, *others)
    assert_no_secret_under(tmp_path, token)
