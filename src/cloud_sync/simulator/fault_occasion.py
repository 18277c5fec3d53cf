"""One fault meets one call: what the fault is told, and what it may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import responses
from typing import Any

from cloud_sync.simulator.answers import Answer, Endpoint, Request, json_answer, xml_error
from cloud_sync.simulator.fault_conditions import Fault
from cloud_sync.simulator.faults import Call, Cloud, Connection

Serve = Callable[[Request], Answer | None]
"""Gives the answer as it would be without this fault; None when the connection is dealt with."""


@dataclass(slots=True)
class Occasion:
    """A fault whose turn it is. `listing` is which listing this is, counted by first pages."""

    fault: Fault
    call: Call
    cloud: Cloud
    connection: Connection
    serve: Serve
    listing: Callable[[], int]
    given: bool = True

    @property
    def request(self) -> Request:
        return self.call.request

    def parameter(self, name: str) -> Any:
        return self.fault.parameters[name]

    def untouched(self, answer: Answer | None) -> Answer | None:
        """The answer as it is: the fault could do nothing here, and does not count as given."""
        self.given = False
        return answer

    def passed(self) -> Answer | None:
        """As `untouched`, with the answer to the call as it came."""
        return self.untouched(self.serve(self.request))

    def edited(self, change: Callable[[dict[str, Any]], bool]) -> Answer | None:
        """The healthy answer with its JSON object changed; `change` tells whether it did."""
        answer = self.serve(self.request)
        if answer is None or not healthy(answer) or not isinstance(answer.body, bytes):
            return self.untouched(answer)
        try:
            content = json.loads(answer.body)
        except ValueError:
            # another fault of the plan has spoiled it
            return self.untouched(answer)
        if not isinstance(content, dict) or not change(content):
            return self.untouched(answer)
        return replace(answer, body=json.dumps(content).encode())


def healthy(answer: Answer) -> bool:
    return answer.status in (200, 206)


def refusal(call: Call, status: int, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An error in the words of the port that the call came by."""
    phrase = responses.get(status, "Refused")
    if call.endpoint is Endpoint.OBJECT:
        return xml_error(status, phrase.title().replace(" ", ""), phrase, headers=headers)
    word = phrase.lower().replace(" ", "_")
    errors = [{"reason": word, "code": status * 10, "description": phrase}]
    answer = json_answer(status, {"_embedded": {"errors": errors}})
    return replace(answer, headers=(*answer.headers, *headers))
