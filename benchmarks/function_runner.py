"""One call of a function on AWS, in a process of its own as Lambda makes it: module, then event."""

from __future__ import annotations

import json
import sys
from importlib import import_module


class Context:
    """A call that has all the time it needs."""

    def get_remaining_time_in_millis(self) -> int:
        return 3_600_000


def main() -> None:
    """Print the answer as the last line; what the function logs comes before."""
    module, event = sys.argv[1:]
    handler = import_module(f"cloud_sync.handlers.{module}").handler
    print(json.dumps(handler(json.loads(event), Context())))


if __name__ == "__main__":
    main()
