"""Small builders for Amazon States Language: the shapes that several states share."""

from __future__ import annotations

from typing import Any

from cloud_sync.deployment import retries

State = dict[str, Any]

FUNCTION = "arn:aws:states:::lambda:invoke"

CAUSE_LIMIT = 2000
"""How many characters of an error's cause stay in the state: a stack trace may be long."""


def expression(text: str) -> str:
    """A JSONata expression, its line breaks and indentation folded."""
    return "{% " + " ".join(text.split()) + " %}"


def with_field(name: str, value: str) -> str:
    """The state's input with one more field (or another value of it)."""
    return expression(f"$merge([$states.input, {{'{name}': {value}}}])")


def picked(source: str, names: tuple[str, ...]) -> str:
    """An object of just these fields: whatever else a function answers never enters the state."""
    return "{" + ", ".join(f"'{name}': {source}.{name}" for name in names) + "}"


def caught(next_state: str, errors: tuple[str, ...] = ("States.ALL",)) -> State:
    """A Catch of a JSONata state: the error's name and its cause, cut, become `error`."""
    cause = "$exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : ''"
    error = (
        "{'Error': $states.errorOutput.Error, "
        f"'Cause': $substring($string({cause}), 0, {CAUSE_LIMIT})}}"
    )
    return {
        "ErrorEquals": list(errors),
        "Output": with_field("error", error),
        "Next": next_state,
    }


def call(
    function: str,
    payload: State,
    *,
    output: str | State,
    timeout: int,
    retry: list[State],
    catch: list[State],
    next_state: str,
) -> State:
    """A Task that calls a function and keeps of its answer what `output` says."""
    return {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": FUNCTION,
        "Arguments": {"FunctionName": function, "Payload": payload},
        "TimeoutSeconds": timeout,
        "Output": output,
        "Retry": retry,
        "Catch": catch,
        "Next": next_state,
    }


def publish(
    topic: str,
    subject: str,
    message: str,
    *,
    catch: list[State],
    next_state: str,
    retry: list[State] | None = None,
    text: str = "",
) -> State:
    """A Task that tells the topic; its output is its input. SNS takes 100 ASCII characters of
    subject, and the message as one text. With `text` those whom machines do not stand for (mail)
    get that instead of the document, which webhooks (https) and queues (sqs) get.
    """
    document = f"$string({message})"
    by_protocol = f"{{'default': {text}, 'https': {document}, 'sqs': {document}}}"
    return {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {
            "TopicArn": topic,
            "Subject": subject,
            "Message": expression(f"$string({by_protocol})" if text else document),
            **({"MessageStructure": "json"} if text else {}),
        },
        "TimeoutSeconds": 60,
        "Output": expression("$states.input"),
        "Retry": retries.service() if retry is None else retry,
        "Catch": catch,
        "Next": next_state,
    }


def choice(condition: str, next_state: str) -> State:
    """A rule of a JSONata Choice."""
    return {"Condition": expression(condition), "Next": next_state}
