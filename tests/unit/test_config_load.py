"""Settings: flag before environment before file before default, and refusals name their origin."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud_sync.config.load import Config, load_config
from cloud_sync.config.schema import BY_NAME, SETTINGS
from cloud_sync.errors import UsageError
from cloud_sync.model.location import FolderDestination
from cloud_sync.secret import REDACTED


def load(
    home: Path,
    *,
    flags: dict[str, str | None] | None = None,
    env: dict[str, str] | None = None,
    file: str | None = None,
) -> Config:
    if file is not None:
        (home / "config.toml").write_text(file, "utf-8")
    return load_config(flags or {}, {"CLOUD_SYNC_HOME": str(home), **(env or {})})


def test_the_flag_wins_then_the_environment_then_the_file_then_the_default(tmp_path: Path) -> None:
    concurrency = BY_NAME["concurrency"]
    env, file = {"CLOUD_SYNC_CONCURRENCY": "3"}, "concurrency = 4\n"

    assert load(tmp_path).shown(concurrency) == ("5", "default")
    config = load(tmp_path, file=file)
    assert config.shown(concurrency) == ("4", str(tmp_path / "config.toml"))
    config = load(tmp_path, env=env)
    assert config.shown(concurrency) == ("3", "CLOUD_SYNC_CONCURRENCY")
    config = load(tmp_path, env=env, flags={"concurrency": "2"})
    assert config.shown(concurrency) == ("2", "--concurrency")
    assert config.concurrency == 2
    assert load(tmp_path, env={"CLOUD_SYNC_CONCURRENCY": ""}).concurrency == 4


def test_values_are_read_as_what_they_are(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        file='to = "/mnt/a"\nmax_duration = "1h30m"\nbandwidth_limit = "2MB/s"\n'
        'storage_plan = "direct"\n',
    )
    assert config.destination == FolderDestination("/mnt/a")
    assert config.max_seconds == 5400
    assert config.bytes_per_second == 2_000_000
    assert config.storage_plan is not None
    assert config.storage_plan.upload_class == "DEEP_ARCHIVE"


def test_what_is_not_set_is_none(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config.destination is None
    assert config.max_seconds is None
    assert config.bytes_per_second is None
    assert config.storage_plan is None
    assert config.secret("notify") is None
    assert config.shown(BY_NAME["to"]) == ("", "not set")
    assert config.provider == "gopro"


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    config = load(
        tmp_path, env={"CLOUD_SYNC_GOPRO_TOKEN": "s3cr3t"}, file='notify = "ntfy://pa55"\n'
    )
    for setting in SETTINGS:
        assert "s3cr3t" not in config.shown(setting)[0]
        assert "pa55" not in config.shown(setting)[0]
    assert config.shown(BY_NAME["gopro_token"]) == (REDACTED, "CLOUD_SYNC_GOPRO_TOKEN")
    token = config.secret("gopro_token")
    assert token is not None
    assert token.reveal() == "s3cr3t"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("to", "ftp://host"),
        ("concurrency", "0"),
        ("max_duration", "2 weeks"),
        ("bandwidth_limit", "fast"),
        ("storage_plan", "7/14"),
    ],
)
def test_a_bad_value_names_where_it_came_from(tmp_path: Path, name: str, bad: str) -> None:
    env = BY_NAME[name].env
    flag = "--" + name.replace("_", "-")
    for origin, given in (
        (flag, {"flags": {name: bad}}),
        (env, {"env": {env: bad}}),
    ):
        with pytest.raises(UsageError) as caught:
            load_config(
                given.get("flags", {}), {"CLOUD_SYNC_HOME": str(tmp_path), **given.get("env", {})}
            )
        assert caught.value.message.startswith(f"{origin}: ")
        assert caught.value.hint
    with pytest.raises(UsageError) as caught:
        load(tmp_path, file=f'{name} = "{bad}"\n')
    assert caught.value.message.startswith(f"{tmp_path / 'config.toml'}: ")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("to = \n", "no valid TOML"),
        ('destination = "/x"\n', "setting 'destination' that does not exist"),
        ('gopro_token = "s3cr3t"\n', "may not stand in a file"),
        ("concurrency = 1.5\n", "neither text nor a whole number"),
        ("concurrency = true\n", "neither text nor a whole number"),
        ('[to]\npath = "/x"\n', "neither text nor a whole number"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, file=content)
    assert str(tmp_path / "config.toml") in caught.value.message
    assert why in caught.value.message
    assert "s3cr3t" not in caught.value.message + caught.value.hint


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        load(tmp_path)
    (tmp_path / "config.toml").unlink()
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(UsageError, match="directory"):
        load(tmp_path)


def test_a_relative_home_is_made_absolute() -> None:
    config = load_config({}, {"CLOUD_SYNC_HOME": "somewhere/not/there"})
    assert config.home == Path.cwd() / "somewhere/not/there"


def test_every_setting_has_its_own_variable_and_a_default_that_passes() -> None:
    assert len({setting.env for setting in SETTINGS}) == len(SETTINGS) == len(BY_NAME)
    for setting in SETTINGS:
        assert setting.env == f"CLOUD_SYNC_{setting.name.upper()}"
        if setting.default is not None:
            setting.check(setting.default)
        if not setting.secret:
            setting.check(setting.example)
