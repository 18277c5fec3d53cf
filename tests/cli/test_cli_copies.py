"""`cloud-sync copy` and `watch-copies` in a process of their own, against a real S3 server."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from cloud_sync.replicate.tracker_sqlite import SqliteCopyTracker
from command_line import CommandLine, Ended
from copies import MIB, content, made_bucket, unfinished
from s3_relay import relaying
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("seaweedfs")


@pytest.fixture
def command(bare: CommandLine, s3_server: S3Server) -> CommandLine:
    """The command with the settings of the server."""
    return bare.using(**s3_server.environment)


@pytest.fixture(scope="module")
def source(s3_client: S3Client) -> str:
    return made_bucket(s3_client)


@pytest.fixture(scope="module")
def targets(s3_client: S3Client) -> list[str]:
    return [made_bucket(s3_client) for _ in range(8)]


@pytest.fixture
def posted() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A place for notifications: its URL for Apprise, and the messages that came."""
    messages: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            messages.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"json://127.0.0.1:{listener.server_port}/", messages
        finally:
            listener.shutdown()
            thread.join(10)


def last(ended: Ended) -> dict[str, Any]:
    results = ended.lines[-1]
    assert results["event"] == "copy_results", ended.err
    return results


def test_eight_of_ten_destinations_get_the_object_and_two_are_named(
    command: CommandLine,
    s3_client: S3Client,
    source: str,
    targets: list[str],
    posted: tuple[str, list[dict[str, Any]]],
) -> None:
    """One notice tells of both; running it again copies only what is missing."""
    url, messages = posted
    body = bytes(range(256)) * 100
    s3_client.put_object(Bucket=source, Key="app/build 1.zip", Body=body)
    missing = [f"missing-{name[-8:]}" for name in targets[:2]]
    request = {
        "sourceBucket": source,
        "sourceKey": "app/build 1.zip",
        "destinationBuckets": [*targets, *missing],
    }
    command = command.using(CLOUD_SYNC_NOTIFY=url)
    first = command("copy", "--input", "-", "--json", stdin=json.dumps(request))
    assert first.code == 3, first.err
    results = last(first)
    assert results["totalBuckets"] == 10
    assert results["successfulBuckets"] == targets
    assert results["failedCopies"] == 2
    assert [(each["bucket"], each["code"]) for each in results["failedBuckets"]] == [
        (name, "no_such_bucket") for name in missing
    ]
    assert all(content(s3_client, name, "app/build 1.zip") == body for name in targets)
    assert [each["bytesThroughUs"] for each in results["copies"]] == [0] * 10
    assert len(messages) == 1
    assert "2 of 10" in messages[0]["title"]
    assert all(name in messages[0]["message"] for name in missing)

    s3_client.create_bucket(Bucket=missing[0])
    again = command("copy", "--input", "-", "--json", stdin=json.dumps(request))
    assert again.code == 3
    states = {each["bucket"]: (each["status"], each["code"]) for each in last(again)["copies"]}
    assert states == dict.fromkeys(targets, ("SKIPPED", "already_there")) | {
        missing[0]: ("COPIED", ""),
        missing[1]: ("FAILED", "no_such_bucket"),
    }

    with closing(SqliteCopyTracker(command.home / "cloud-sync/copies.sqlite")) as tracker:
        history = tracker.history("app/build 1.zip", source)
    assert [record.execution_id for record in history] == [
        last(again)["executionId"],
        results["executionId"],
    ]
    assert history[0].state == "PARTLY_FAILED"


def test_all_there_is_exit_code_0_and_a_person_reads_what_became_of_it(
    command: CommandLine, s3_client: S3Client, source: str, targets: list[str]
) -> None:
    s3_client.put_object(Bucket=source, Key="a/b.txt", Body=b"text")
    arguments = ["copy", f"s3://{source}/a/b.txt", *(f"s3://{name}" for name in targets[:2])]
    ended = command(*arguments)
    assert ended.code == 0, ended.err
    assert "2 destinations hold a/b.txt, 0 failed." in ended.out
    again = command(*arguments)
    assert again.code == 0
    assert "there before 2" in again.out
    assert command(*arguments, "--quiet").out == ""


def test_all_failed_is_exit_code_1(command: CommandLine, source: str) -> None:
    ended = command("copy", f"s3://{source}/nothing-here", "s3://some-bucket", "--json")
    assert ended.code == 1
    assert last(ended)["failedBuckets"][0]["code"] == "no_such_key"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["s3://only-a-source/key"], ["DEST"]),
        (["s3://UPPER/", "s3://a"], ["sourceBucket", "sourceKey", "destinationBuckets[0]"]),
        (["s3://same-bucket/key", "s3://same-bucket"], ["same-bucket is the source itself"]),
        (["./no-such-file", "s3://bucket"], ["./no-such-file"]),
        (["/", "s3://bucket"], ["'/' is no file of this machine, but a folder"]),
        (["s3://bucket/key", "s3://other", "--concurrency", "many"], ["--concurrency", "many"]),
        (["s3://bucket/key", "s3://other", "--to-endpoint", "x"], ["with this --to-endpoint"]),
        (["s3://bucket/key", "s3://other", "--to-profile", "x"], ["--to-profile x"]),
        (["s3://bucket/key", "s3://other", "--prefix-from", "x"], ["prefixMapping.from"]),
    ],
    ids=lambda value: "-".join(value)[:40] if isinstance(value, list) else None,
)
def test_bad_input_is_refused_with_every_field_named(
    command: CommandLine, arguments: list[str], named: list[str]
) -> None:
    ended = command("copy", *arguments)
    assert ended.code == 2
    assert all(name in ended.err for name in named), ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["s3://a-bucket", "s3://other"], "the key of SRC (sourceKey) is empty"),
        (["s3://UPPER/key", "s3://other"], "the bucket of SRC (sourceBucket) 'UPPER' is no bucket"),
        (["s3://a-bucket/key", "s3://ok-one", "s3://A"], "DEST[1] (destinationBuckets[1]) 'A' is"),
        (["s3://a-bucket/key", "s3://other", "--prefix-from", "x"], "--prefix-from (prefixMapping"),
        (["s3://a-bucket/key", "s3://other", "--storage-class", "x"], "--storage-class (storageC"),
        (["s3://a-bucket/key", "s3://other", "--version-id", ""], "--version-id (versionId) is"),
    ],
    ids=["key", "bucket", "destination", "prefix", "storage class", "version"],
)
def test_a_bad_command_line_is_told_in_its_own_words_with_what_to_type(
    bare: CommandLine, arguments: list[str], named: str
) -> None:
    """Whoever types a command need not know the names in a request's JSON; scripts get those."""
    ended = bare("copy", *arguments)
    assert ended.code == 2
    assert named in ended.err
    assert "next: cloud-sync copy s3://bucket/key s3://bucket-a" in ended.err
    assert ("watch-copies" in ended.err) == ("sourceKey" in named), "a whole bucket has a command"
    (refusal,) = bare("copy", *arguments, "--json").lines
    assert f"({refusal['problems'][0]['field']}" in ended.err


def test_a_bad_document_is_told_by_its_own_fields(bare: CommandLine) -> None:
    document = {"sourceBucket": "a-bucket", "sourceKey": "", "destinationBuckets": ["other"]}
    ended = bare("copy", "--input", "-", stdin=json.dumps(document))
    assert ended.code == 2
    assert "reading the copy request: sourceKey is empty" in ended.err
    assert "SRC" not in ended.err


def test_a_bad_document_is_refused_field_by_field_in_json(command: CommandLine) -> None:
    document = {"sourceBucket": 7, "destinationBuckets": ["A", "ok-bucket", "ok-bucket"], "x": 1}
    ended = command("copy", "--input", "-", "--json", stdin=json.dumps(document))
    assert ended.code == 2
    assert [each["field"] for each in ended.lines[-1]["problems"]] == [
        "x",
        "sourceBucket",
        "sourceKey",
        "destinationBuckets[0]",
        "destinationBuckets[2]",
    ]


def test_a_file_of_this_machine_is_copied(
    command: CommandLine, s3_client: S3Client, targets: list[str], tmp_path: Path
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"c" * 1000)
    ended = command("copy", tmp_path / "clip.mp4", f"s3://{targets[0]}", "--prefix-to", "in/")
    assert ended.code == 0, ended.err
    assert content(s3_client, targets[0], "in/clip.mp4") == b"c" * 1000


def test_the_destinations_may_lie_at_another_service(
    command: CommandLine,
    s3_server: S3Server,
    s3_client: S3Client,
    source: str,
    targets: list[str],
) -> None:
    """There, a bucket of the same name is another bucket."""
    s3_client.put_object(Bucket=source, Key="away", Body=b"a" * 99, ChecksumAlgorithm="CRC64NVME")
    with relaying(s3_server) as relay:
        ended = command(
            "copy",
            f"s3://{source}/away",
            f"s3://{targets[3]}",
            "--to-endpoint",
            relay.url,
            "--json",
        )
        writes = relay.writes()
    assert ended.code == 0, ended.err
    assert writes == ["PutObject"]
    (copy,) = last(ended)["copies"]
    assert copy["bytesThroughUs"] == 99
    assert copy["checksum"].startswith("CRC64NVME=")
    assert content(s3_client, targets[3], "away") == b"a" * 99


def test_a_command_afterwards_gets_the_results_and_its_failure_is_told(
    command: CommandLine, s3_client: S3Client, source: str, targets: list[str], tmp_path: Path
) -> None:
    s3_client.put_object(Bucket=source, Key="hooked", Body=b"x")
    said = tmp_path / "said.json"
    program = tmp_path / "hook.py"
    program.write_text(
        "import pathlib, sys\npathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())\n"
        "sys.exit(int(sys.argv[2]))\n"
    )
    for code in (0, 7):
        hook = f"{sys.executable} {program} {said} {code}"
        ended = command(
            "copy", f"s3://{source}/hooked", f"s3://{targets[0]}", "--on-complete", hook, "--json"
        )
        assert ended.code == 0
        summary = json.loads(said.read_text())
        assert summary["executionId"] == last(ended)["executionId"]
        assert summary["successfulBuckets"] == [targets[0]]
        warned = [line["message"] for line in ended.lines if line["event"] == "warned"]
        assert bool(warned) is (code == 7)


def test_an_interrupted_copy_exits_with_130_and_leaves_no_upload(
    command: CommandLine,
    s3_server: S3Server,
    s3_client: S3Client,
    targets: list[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "big").write_bytes(b"b" * (40 * MIB))
    with relaying(s3_server) as relay:
        process = command.using(AWS_ENDPOINT_URL_S3=relay.url).start(
            "copy", tmp_path / "big", f"s3://{targets[1]}"
        )
        relay.before["UploadPart"] = lambda: process.send_signal(signal.SIGINT)
        relay.before["UploadPart"] = _once(relay.before["UploadPart"])
        with process:
            _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Interrupted" in err
    assert unfinished(s3_client, targets[1]) == []


def _once(act: Any) -> Any:
    left = [act]

    def acting() -> None:
        if left:
            left.pop()()

    return acting


def test_an_upload_of_a_killed_copy_is_discarded_by_the_next(
    command: CommandLine,
    s3_server: S3Server,
    s3_client: S3Client,
    targets: list[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "killed").write_bytes(b"k" * (40 * MIB))
    arguments = ["copy", str(tmp_path / "killed"), f"s3://{targets[2]}"]
    with relaying(s3_server) as relay:
        # the journal knows an upload by its service, so the address must stay the same
        through = command.using(AWS_ENDPOINT_URL_S3=relay.url)
        process = through.start(*arguments)
        relay.before["UploadPart"] = process.kill
        with process:
            process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert unfinished(s3_client, targets[2]) == ["killed"]
        relay.before.clear()
        ended = through(*arguments)
    assert ended.code == 0, ended.err
    assert unfinished(s3_client, targets[2]) == []
    assert content(s3_client, targets[2], "killed") == b"k" * (40 * MIB)


def test_each_version_is_copied_once_and_the_latest_last(
    command: CommandLine, s3_client: S3Client
) -> None:
    bucket = made_bucket(s3_client, versions=True)
    kept = made_bucket(s3_client, versions=True)
    for body in (b"one", b"two"):
        s3_client.put_object(Bucket=bucket, Key="in/a", Body=body)
    s3_client.put_object(Bucket=bucket, Key="out/b", Body=b"not watched")
    arguments = ["watch-copies", f"s3://{bucket}/in/", f"s3://{kept}", "--once", "--json"]
    first = command(*arguments)
    assert first.code == 0, first.err
    assert versions(s3_client, kept) == [b"two", b"one"]
    assert command(*arguments).out == ""
    s3_client.put_object(Bucket=bucket, Key="in/a", Body=b"three")
    assert command(*arguments).code == 0
    assert versions(s3_client, kept) == [b"three", b"two", b"one"]


def versions(client: S3Client, bucket: str) -> list[bytes]:
    """The contents of all versions in a bucket, newest first."""
    rows = client.list_object_versions(Bucket=bucket).get("Versions", [])
    return [
        client.get_object(Bucket=bucket, Key=row["Key"], VersionId=row["VersionId"])["Body"].read()
        for row in rows
    ]


def test_a_watch_copies_what_appears_and_stops_gracefully(
    command: CommandLine, s3_client: S3Client
) -> None:
    bucket, target = made_bucket(s3_client), made_bucket(s3_client)
    process = command.start(
        "watch-copies", f"s3://{bucket}", f"s3://{target}", "--every", "0.1s", "--json"
    )
    with process:
        assert process.stdout is not None
        for body in (b"first", b"second"):
            s3_client.put_object(Bucket=bucket, Key="k", Body=body)
            for line in process.stdout:
                if json.loads(line)["event"] == "copy_results":
                    break
            assert content(s3_client, target, "k") == body
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_watch_that_would_feed_itself_is_refused(
    command: CommandLine, s3_client: S3Client
) -> None:
    a, b = made_bucket(s3_client), made_bucket(s3_client)
    ended = command("watch-copies", f"s3://{a}", f"s3://{b}", f"s3://{a}", "--once")
    assert ended.code == 2
    assert "copied again" in ended.err
    running = command.start("watch-copies", f"s3://{a}", f"s3://{b}")
    with running:
        assert running.stderr is not None
        assert "Watching" in running.stderr.readline()
        back = command("watch-copies", f"s3://{b}", f"s3://{a}", "--once")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)
    assert back.code == 2
    assert "back to it" in back.err
    assert command("watch-copies", f"s3://{b}", f"s3://{a}", "--once").code == 0


def test_a_watch_names_what_is_wrong_with_its_arguments(command: CommandLine) -> None:
    ended = command("watch-copies", "builds", "s3://A", "s3://b/x", "--once", "--json")
    assert ended.code == 2
    problems = ended.lines[-1]["problems"]
    assert [each["field"] for each in problems] == ["SRC", "DEST[0]", "DEST[1]"]


def test_the_record_of_copies_is_the_owners_alone(
    command: CommandLine, s3_client: S3Client, source: str, targets: list[str]
) -> None:
    s3_client.put_object(Bucket=source, Key="mode", Body=b"x")
    assert command("copy", f"s3://{source}/mode", f"s3://{targets[0]}").code == 0
    path = command.home / "cloud-sync/copies.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM uploads").fetchone() == (0,)
