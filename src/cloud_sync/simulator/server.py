"""The simulator as a whole: two ports over one library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from types import TracebackType
from typing import Self

from cloud_sync.clock import Clock, SystemClock
from cloud_sync.errors import UsageError
from cloud_sync.simulator.api import Api
from cloud_sync.simulator.auth import Gate
from cloud_sync.simulator.cdn import Cdn
from cloud_sync.simulator.connections import HOST, LoopbackServer, Port
from cloud_sync.simulator.counters import Counters, Snapshot
from cloud_sync.simulator.etag import LIMIT, ETags
from cloud_sync.simulator.faults import FaultPlan, NoFaults
from cloud_sync.simulator.signing import Signer
from cloud_sync.simulator.store import Library

TOKEN = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkExMjhHQ00ifQ.c2lt.dWxh.dGVk.dG9rZW4"  # noqa: S105
"""Five parts with a readable header, as the real tokens have them; it opens simulators only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """How a simulator behaves.

    `refusal_status` is the answer to a wrong token. `url_life` is how long signed URLs live and
    `api_delay` how long each API call waits, both in seconds; `bytes_per_second` caps each CDN
    connection. Port 0 is any free one. `etag_limit` is the file size in bytes above which ETags
    are opaque instead of computed. `clock` decides when signed URLs have run out.
    """

    token: str = field(default=TOKEN, repr=False)
    refusal_status: int = 401
    url_life: float = 3600.0
    api_delay: float = 0.0
    bytes_per_second: int | None = None
    api_port: int = 0
    cdn_port: int = 0
    etag_limit: int = LIMIT
    clock: Clock = field(default_factory=SystemClock)
    faults: FaultPlan = field(default_factory=NoFaults)


class Simulator:
    """A GoPro cloud on loopback. It serves from `start` (or `with`) to `stop`, and once only.

    `api_url` and `cdn_url` are known from the beginning.
    """

    def __init__(self, library: Library, options: SimulatorOptions | None = None) -> None:
        """Raises UsageError where a port cannot be had."""
        options = options or SimulatorOptions()
        self.library = library
        self._token = options.token
        self.clock = options.clock
        self._gate = Gate(options.token, options.refusal_status)
        self._counters = Counters()
        self._stopping = Event()
        self._cdn_server = _listen(options.cdn_port, lambda: self._cdn_port)
        try:
            self._api_server = _listen(options.api_port, lambda: self._api_port)
        except UsageError:
            self._cdn_server.server_close()
            raise
        self._api_port, self._cdn_port = self._ports(options)

    def _ports(self, options: SimulatorOptions) -> tuple[Port, Port]:
        signer = Signer(options.url_life, options.clock)
        faults = options.faults.begin(self)
        api = Port(
            Api(self.library, self._gate, signer, self.cdn_url),
            self._counters,
            self._counters.api,
            faults,
            self._stopping,
            delay=options.api_delay,
        )
        cdn = Port(
            Cdn(self.library, signer, ETags(options.etag_limit)),
            self._counters,
            self._counters.cdn,
            faults,
            self._stopping,
            is_cdn=True,
            bytes_per_second=options.bytes_per_second,
        )
        return api, cdn

    @property
    def api_url(self) -> str:
        """Base URL of the API, without a final slash."""
        return self._api_server.url

    @property
    def cdn_url(self) -> str:
        """Base URL of the CDN, without a final slash."""
        return self._cdn_server.url

    @property
    def token(self) -> str:
        """The token that was last valid."""
        return self._token

    def snapshot(self) -> Snapshot:
        """What has been asked and sent so far."""
        return self._counters.snapshot()

    def expire_token(self, status: int = 401, *, successor: str | None = None) -> None:
        """Let the token die: every API call without the `successor` is answered with `status`."""
        self._gate.expire(status, successor)

    def refuse_connections(self, seconds: float, *, api: bool = True, cdn: bool = True) -> None:
        """Break every connection of the ports chosen, and refuse others for so many seconds."""
        chosen = ([self._api_server] if api else []) + ([self._cdn_server] if cdn else [])
        for server in chosen:
            server.refuse(seconds, self._stopping)
        # whoever notices finds all the ports closed already
        for server in chosen:
            server.break_connections()

    def count_fault(self, kind: str) -> None:
        """Note that a fault of this kind was given."""
        self._counters.fault(kind)

    def accept_token(self, token: str) -> None:
        """Let `token` open the API from now on, and no other; others are answered 401."""
        self._token = token
        self._gate.accept(token)

    def start(self) -> None:
        self._cdn_server.start()
        self._api_server.start()

    def stop(self) -> None:
        """Break every connection and free both ports; may be called twice."""
        self._stopping.set()
        self._api_server.stop()
        self._cdn_server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(
    library: Library,
    options: SimulatorOptions,
    stop: Event,
    ready: Callable[[Simulator], None],
) -> Snapshot:
    """Serve until `stop` is set and return the final counts; prints nothing.

    `ready` is called once, when both ports answer. Raises UsageError where a port is taken.
    """
    with Simulator(library, options) as simulator:
        ready(simulator)
        stop.wait()
    return simulator.snapshot()


def _listen(number: int, port_of: Callable[[], Port]) -> LoopbackServer:
    try:
        return LoopbackServer(number, port_of)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"starting the simulator: port {number} on {HOST} cannot be had",
            hint="choose another port, or 0 for any free one",
        ) from error
