"""A token that dies while the simulated cloud is asked, in each way that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Self

from cloud_sync.simulator.answers import Answer, Endpoint
from cloud_sync.simulator.faults import Call, Cloud, Connection, NoFaults

FRESH = "eyJfresh.a.b.c.d"
"""The token that works once the first has died."""

HTML = b"<!DOCTYPE html><html><body>Request blocked.</body></html>"


@dataclass(frozen=True, slots=True)
class Death:
    """How a dead token is answered: status, and JSON or a web page."""

    status: int
    html: bool = False

    @property
    def answer(self) -> Answer:
        kind = "text/html; charset=utf-8" if self.html else "application/json"
        return Answer(self.status, (("Content-Type", kind),), HTML if self.html else b"{}")


EXPIRED, REFUSED, FAULTY = Death(401), Death(403), Death(500)
BLOCKED, LOGIN_PAGE = Death(403, html=True), Death(200, html=True)
DEATHS = {
    "401": EXPIRED,
    "403": REFUSED,
    "500": FAULTY,
    "bot page": BLOCKED,
    "login page": LOGIN_PAGE,
}


class Dying(NoFaults):
    """The token dies with call number `nth` of `endpoint`; `FRESH` is let in from then on."""

    def __init__(self, death: Death, endpoint: Endpoint, nth: int = 1) -> None:
        self._death = death
        self._endpoint = endpoint
        self._nth = nth
        self._lock = Lock()
        self._dead = False
        self._cloud: Cloud | None = None

    def begin(self, cloud: Cloud) -> Self:
        self._cloud = cloud
        return self

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        assert self._cloud is not None
        with self._lock:
            if not self._dead and call.endpoint is self._endpoint and call.nth >= self._nth:
                self._dead = True
                self._cloud.expire_token(self._death.status, successor=FRESH)
                return self._death.answer
        return self._death.answer if answer.refusal == "token" else answer


class Refusing(NoFaults):
    """The download of one medium is refused, whatever the login."""

    def __init__(self, medium_id: str, answer: Answer) -> None:
        self._medium_id = medium_id
        self._answer = answer

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        if call.endpoint is Endpoint.DOWNLOAD and call.medium_id == self._medium_id:
            return self._answer
        return answer


class ChangedFormat(NoFaults):
    """The login check is answered with something that is no account."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        return self._answer if call.endpoint is Endpoint.USER else answer
