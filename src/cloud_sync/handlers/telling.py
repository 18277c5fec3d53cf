"""What a function's call tells of itself on standard output: log lines, and metrics among them."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence

from cloud_sync.clock import to_text
from cloud_sync.handlers.messages import RunContext, TransientError
from cloud_sync.handlers.wiring import Wiring
from cloud_sync.logs.events import LogContext
from cloud_sync.logs.record import Level
from cloud_sync.logs.writing import EventLog
from cloud_sync.metrics.definitions import Measurement
from cloud_sync.metrics.embedded import documents
from cloud_sync.metrics.measuring import Measuring
from cloud_sync.pipeline.events import Event, RunEnded


class CallTelling:
    """One call's log and metrics. Events may come from several threads.

    Lines are written as they come, metrics at the end of the call. How a run ended is left out
    where the call is going to be made again: then the run has not ended after all.
    """

    def __init__(self, name: str, wiring: Wiring, request: RunContext | None) -> None:
        self._wiring = wiring
        self._lock = threading.Lock()
        self._measuring = Measuring()
        self._measured: list[Measurement] = []
        self._of_run: list[Measurement] = []
        self._began = wiring.clock.monotonic()
        self._context = LogContext(
            function_name=name,
            archive=f"s3://{wiring.bucket}",
            correlation_id=request.correlation_id if request else "",
            run_id=request.run_id if request else "",
        )
        self._log = EventLog(self._context, wiring.log_level, wiring.clock, self._write)
        self._log.tell(("function_started", Level.DEBUG, {}))

    def observe(self, event: Event) -> None:
        """Tell an event."""
        self._log.observe(event)
        with self._lock:
            found = self._measuring.of(event)
            (self._of_run if isinstance(event, RunEnded) else self._measured).extend(found)

    def measure(self, measurements: Sequence[Measurement]) -> None:
        """Tell measurements that no event stands for."""
        with self._lock:
            self._measured.extend(measurements)

    def ended(self) -> None:
        """The call has its answer."""
        seconds = round(self._wiring.clock.monotonic() - self._began, 3)
        self._log.tell(("function_ended", Level.INFO, {"duration_seconds": seconds}))
        self._write_metrics([*self._measured, *self._of_run])

    def failed(self, error: Exception) -> None:
        """The call raises one of the three errors of `messages`."""
        passing = isinstance(error, TransientError)
        own = {"error_code": type(error).__name__, "error_message": str(error)}
        self._log.tell(("function_failed", Level.WARN if passing else Level.ERROR, own))
        self._write_metrics([*self._measured, *([] if passing else self._of_run)])

    def _write_metrics(self, measurements: Sequence[Measurement]) -> None:
        now = self._wiring.clock.now()
        record = self._context.record(to_text(now), ("metrics", Level.INFO, {}))
        properties = {name: str(value) for name, value in record.to_json().items() if value}
        for document in documents(measurements, self._wiring.environment, now, properties):
            self._write(json.dumps(document, separators=(",", ":")))

    def _write(self, line: str) -> None:
        with _STDOUT:
            sys.stdout.write(line + "\n")


_STDOUT = threading.Lock()
