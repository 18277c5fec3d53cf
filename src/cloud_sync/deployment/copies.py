"""`python -m cloud_sync.deployment.copies`: writes the file-copy workflow's cloud assembly.

`cloud-sync aws copies deploy` writes and deploys it; this only writes it. It holds one stack, which
needs none of the archive's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from cloud_sync.deployment.__main__ import parser, synthesised
from cloud_sync.deployment.copy_environment import CopiesEnvironment


def main(arguments: Sequence[str]) -> int:
    """Synthesise; the exit code of the command line."""
    made = parser(CopiesEnvironment, "python -m cloud_sync.deployment.copies", __doc__)
    return synthesised(made, arguments, CopiesEnvironment, _write)


def _write(choices: CopiesEnvironment, output: Path) -> None:
    from cloud_sync.deployment.copies_app import synthesise

    synthesise(choices, output)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
