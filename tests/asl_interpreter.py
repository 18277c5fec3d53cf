"""A strict interpreter of the part of Amazon States Language that our definition uses.

Emulators turn a path that is not there into null; the real service fails the execution. So does
this one, and it goes further: in a JSONata expression without a condition every path that is named
must be there, and with one every key of an object that is built must come out. No document may
have MOST_BYTES or more, wherever it travels: into a state and out of it, into a task and out of it,
into a child and out of it. The service's own limit is 256 KiB, and its error cannot be caught.
Waits are noted and not waited for. A state or field that it does not know is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jsonata

MOST_BYTES = 10_000
"""What every document stays below, as JSON."""

Task = Callable[[str, Any], Any]
"""Resource and arguments to result; raises TaskFailed as the service would report it."""

_PATH = re.compile(r"\$states(?:\.[A-Za-z_]\w*)+")
_GUARDED = re.compile(r"\$exists\((\$states(?:\.\w+)+)\)")
_KEY = re.compile(r"'(\w+)':")


class TaskFailed(Exception):
    """A task's error, by the name that Step Functions would give it."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause


class BrokenDefinition(AssertionError):
    """The real service would refuse the definition, or fail the execution with States.Runtime."""


class TooLarge(AssertionError):
    """A document that travels grows with something."""


@dataclass(frozen=True)
class Step:
    """A state as it was passed through: its type, and each try of its task by the error's name,
    empty where it succeeded.
    """

    kind: str
    tries: tuple[str, ...] = ()


@dataclass
class Ended:
    """How an execution ended; `trace` has each state's name with its input and output, `steps` what
    each of them did, and `largest` is the size of the largest document in bytes, its children's
    among them.
    """

    status: str
    output: Any = None
    error: str = ""
    trace: list[tuple[str, Any, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    children: list[Ended] = field(default_factory=list)
    largest: int = 0
    most_bytes: int = MOST_BYTES

    def travels(self, document: Any, where: str) -> None:
        """Raises TooLarge for a document that is not small."""
        size = len(json.dumps(document).encode())
        if size >= self.most_bytes:
            raise TooLarge(f"{where} has {size} bytes; {self.most_bytes - 1} are allowed at most")
        self.largest = max(self.largest, size)

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.trace]


@dataclass
class Interpreter:
    """Runs a definition. `task` answers the tasks, `items` reads a manifest for a Map."""

    definition: Mapping[str, Any]
    task: Task
    items: Callable[[Any], Sequence[Any]]
    context: Mapping[str, Any]
    most_bytes: int = MOST_BYTES

    def run(self, document: Any) -> Ended:
        return self._machine(self.definition, document, dict(self.context))

    def _machine(self, machine: Mapping[str, Any], document: Any, context: Any) -> Ended:
        ended = Ended("RUNNING", most_bytes=self.most_bytes)
        name = machine["StartAt"]
        for _ in range(2000):
            state = machine["States"][name]
            given = document
            kind = state["Type"]
            ended.travels(given, f"the input of {name}")
            if kind in ("Succeed", "Fail"):
                ended.steps.append(Step(kind))
                ended.trace.append((name, given, document))
                ended.status = "SUCCEEDED" if kind == "Succeed" else "FAILED"
                ended.error = state.get("Error", "")
                ended.output = document
                return ended
            document, following = self._step(state, document, context, ended)
            ended.travels(document, f"the output of {name}")
            ended.trace.append((name, given, document))
            if following is None:
                ended.status, ended.output = "SUCCEEDED", document
                return ended
            name = following
        raise BrokenDefinition("the machine does not come to an end")

    def _step(
        self, state: Any, document: Any, context: Any, ended: Ended
    ) -> tuple[Any, str | None]:
        kind = state["Type"]
        if kind != "Task":
            ended.steps.append(Step(kind))
        if kind == "Map":
            return self._map(state, document, context, ended)
        if state.get("QueryLanguage") != "JSONata":
            raise BrokenDefinition(f"a {kind} without JSONata")
        bound = {"input": document, "context": context}
        if kind == "Choice":
            return document, self._chosen(state, bound)
        if kind == "Pass":
            return evaluated(state["Output"], bound), _following(state)
        if kind != "Task":
            raise BrokenDefinition(f"unknown type {kind}")
        return self._task(state, bound, ended)

    def _chosen(self, state: Any, bound: Any) -> str:
        for rule in state["Choices"]:
            verdict = evaluated(rule["Condition"], bound)
            if not isinstance(verdict, bool):
                raise BrokenDefinition(f"{rule['Condition']} is {verdict!r}, not true or false")
            if verdict:
                return str(rule["Next"])
        return str(state["Default"])

    def _task(self, state: Any, bound: Any, ended: Ended) -> tuple[Any, str | None]:
        arguments = evaluated(state["Arguments"], bound)
        ended.travels(arguments, f"the arguments of {state['Resource']}")
        tried: dict[int, int] = {}
        errors: list[str] = []
        while True:
            try:
                result = self.task(state["Resource"], arguments)
            except TaskFailed as failure:
                errors.append(failure.error)
                wait = _retry(state.get("Retry", []), failure.error, tried)
                if wait is not None:
                    ended.waits.append(wait)
                    continue
                ended.steps.append(Step("Task", tuple(errors)))
                return _caught(state, failure, bound)
            ended.steps.append(Step("Task", (*errors, "")))
            ended.travels(result, f"the result of {state['Resource']}")
            output = evaluated(state["Output"], {**bound, "result": result})
            return output, _following(state)

    def _map(self, state: Any, document: Any, context: Any, ended: Ended) -> tuple[Any, str | None]:
        source = _template(state["ItemReader"]["Parameters"], document, context)
        _template(state["ResultWriter"]["Parameters"], document, context)
        try:
            items = self.items(source)
        except TaskFailed as failure:
            return _caught_by_map(state, failure, document)
        for item in items:
            seen = {**context, "Map": {"Item": {"Value": item}}}
            given = _template(state["ItemSelector"], document, seen)
            child = self._machine(state["ItemProcessor"], given, context)
            ended.children.append(child)
            ended.largest = max(ended.largest, child.largest)
        if any(name.endswith(".$") for name in state.get("ResultSelector", {".$": ""})):
            raise BrokenDefinition("the results of the children would travel in the state")
        name = state["ResultPath"].removeprefix("$.")
        return {**document, name: state["ResultSelector"]}, _following(state)


def _caught_by_map(state: Any, failure: TaskFailed, document: Any) -> tuple[Any, str]:
    (rule,) = state["Catch"]
    if rule["ErrorEquals"] != ["States.ALL"] or rule["ResultPath"] != "$.error":
        raise BrokenDefinition("an unknown way to catch an error of the Map")
    error = {"Error": failure.error, "Cause": failure.cause}
    return {**document, "error": error}, str(rule["Next"])


def _following(state: Any) -> str | None:
    if state.get("End"):
        return None
    return str(state["Next"])


def _retry(rules: Any, error: str, tried: dict[int, int]) -> int | None:
    """The wait before the next try in whole seconds without jitter; None when there is none."""
    for number, rule in enumerate(rules):
        if _matches(rule["ErrorEquals"], error):
            count = tried.get(number, 0)
            if count >= rule["MaxAttempts"]:
                return None
            tried[number] = count + 1
            wait = rule["IntervalSeconds"] * rule["BackoffRate"] ** count
            return int(min(wait, rule["MaxDelaySeconds"]))
    return None


def _caught(state: Any, failure: TaskFailed, bound: Any) -> tuple[Any, str | None]:
    for rule in state.get("Catch", []):
        if _matches(rule["ErrorEquals"], failure.error):
            error = {"Error": failure.error, "Cause": failure.cause}
            return evaluated(rule["Output"], {**bound, "errorOutput": error}), str(rule["Next"])
    raise failure


def _matches(names: Sequence[str], error: str) -> bool:
    if error == "States.DataLimitExceeded":
        return error in names
    if "States.TaskFailed" in names and error != "States.Timeout":
        return True
    return error in names or "States.ALL" in names


def evaluated(template: Any, bound: Mapping[str, Any]) -> Any:
    """A JSONata template with its expressions replaced by their values."""
    if isinstance(template, dict):
        return {name: evaluated(value, bound) for name, value in template.items()}
    if isinstance(template, list):
        return [evaluated(value, bound) for value in template]
    if isinstance(template, str) and template.startswith("{%"):
        return _expression(template.removeprefix("{%").removesuffix("%}").strip(), bound)
    return template


def _expression(text: str, bound: Mapping[str, Any]) -> Any:
    if _PATH.fullmatch(text):
        # what a plain path means needs no engine, and most expressions are plain paths
        return _require(text, bound)
    if "?" not in text:
        guarded = _GUARDED.findall(text)
        for path in _PATH.findall(text):
            if path not in guarded:
                _require(path, bound)
    if not _ask(f"$exists(({text}))", bound):
        raise BrokenDefinition(f"{text} is undefined for {json.dumps(bound)}")
    value = _ask(text, bound)
    if "?" in text:
        built = _keys(value)
        missing = [key for key in _KEY.findall(text) if key not in built]
        if missing:
            raise BrokenDefinition(f"{text}: nothing for {missing}")
    return value


@lru_cache(maxsize=500)
def _parsed(text: str) -> Any:
    return jsonata.Jsonata(text)


def _ask(text: str, bound: Mapping[str, Any]) -> Any:
    asked = _parsed(text)
    asked.assign("states", json.loads(json.dumps(bound)))
    return json.loads(json.dumps(asked.evaluate({})))


def _require(path: str, bound: Any) -> Any:
    value = bound
    for step in path.split(".")[1:]:
        if not isinstance(value, dict) or step not in value:
            raise BrokenDefinition(f"{path} is not there: {json.dumps(bound)[:400]}")
        value = value[step]
    return value


def _keys(value: Any) -> set[str]:
    """All keys of a value, those of documents that travel as a text in it included."""
    if isinstance(value, str) and value[:1] == "{":
        try:
            value = json.loads(value)
        except ValueError:
            # a text that was cut
            return set()
    if isinstance(value, dict):
        return set(value).union(*(_keys(each) for each in value.values()))
    return set()


def _template(template: Any, document: Any, context: Any) -> Any:
    """A JSONPath template; every path must be there."""
    made = {}
    for name, value in template.items():
        if name.endswith(".$"):
            made[name.removesuffix(".$")] = _jsonpath(value, document, context)
        else:
            made[name] = value
    return made


def _jsonpath(text: str, document: Any, context: Any) -> Any:
    formatted = re.fullmatch(r"States\.Format\('([^']*)', (\S+)\)", text)
    if formatted:
        return formatted[1].replace("{}", str(_jsonpath(formatted[2], document, context)))
    value = context if text.startswith("$$.") else document
    for step in text.lstrip("$").strip(".").split("."):
        if not isinstance(value, dict) or step not in value:
            raise BrokenDefinition(f"States.Runtime: {text} could not be found")
        value = value[step]
    return value
