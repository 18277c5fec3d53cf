"""A plan of faults at work in one simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from cloud_sync.simulator.answers import Answer, Endpoint, Request
from cloud_sync.simulator.fault_conditions import Choice, Fault
from cloud_sync.simulator.fault_kinds import Deed, deed_of
from cloud_sync.simulator.fault_occasion import Occasion, Serve, healthy
from cloud_sync.simulator.fault_table import KINDS
from cloud_sync.simulator.faults import Call, Cloud, Connection, NoFaults

_ORDER = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True, eq=False)
class _Armed:
    fault: Fault
    choice: Choice
    deed: Deed


class FaultRun(NoFaults):
    """Gives the faults of a plan. Several may meet one call, in the order of the table of kinds.

    A fault that another one keeps from doing anything is not given.
    """

    def __init__(self, faults: tuple[Fault, ...], seed: int, cloud: Cloud) -> None:
        inner_first = sorted(faults, key=lambda fault: _ORDER[fault.kind])
        self._armed = [
            _Armed(fault, Choice(fault, seed), deed_of(fault.kind)) for fault in inner_first
        ]
        self._cloud = cloud
        self._lock = Lock()
        self._listings = 0

    def exchange(
        self, call: Call, serve: Callable[[Request], Answer], connection: Connection
    ) -> Answer | None:
        with self._lock:
            now = self._cloud.clock.monotonic()
            met = [(armed, self._turn(armed, call, now)) for armed in self._armed]
        unused = [armed for armed, chosen in met if chosen]
        ask: Serve = self._noting_listings(call, serve)
        for armed, chosen in met:
            if chosen is not None:
                ask = self._through(armed, unused, call, connection, ask)
        answer = ask(call.request)
        with self._lock:
            for armed in unused:
                armed.choice.take_back(call)
        return answer

    def _turn(self, armed: _Armed, call: Call, now: float) -> bool | None:
        """True where the fault is given now, False where it goes on, None where neither."""
        if not armed.fault.describes(call):
            return None
        if armed.choice.chooses(call):
            return True
        return False if armed.deed.holds(call, now) else None

    def _through(
        self,
        armed: _Armed,
        unused: list[_Armed],
        call: Call,
        connection: Connection,
        ask: Serve,
    ) -> Serve:
        def asked(request: Request) -> Answer | None:
            here = Call(call.endpoint, call.nth, call.medium_id, request)
            occasion = Occasion(
                armed.fault, here, self._cloud, connection, ask, lambda: self._listings
            )
            answer = armed.deed(occasion)
            if occasion.given:
                self._cloud.count_fault(armed.fault.kind)
                unused[:] = [other for other in unused if other is not armed]
            return answer

        return asked

    def _noting_listings(self, call: Call, serve: Callable[[Request], Answer]) -> Serve:
        """A listing begins whenever its first page is given."""

        def asked(request: Request) -> Answer:
            answer = serve(request)
            first = call.endpoint is Endpoint.SEARCH and call.request.query.get("page", "1") == "1"
            if first and healthy(answer):
                with self._lock:
                    self._listings += 1
            return answer

        return asked
