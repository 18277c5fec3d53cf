"""Plans of faults are read strictly, choose the same calls again, and are documented whole."""

from __future__ import annotations

import json
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.simulator import fault_kinds
from cloud_sync.simulator.answers import Endpoint, Request
from cloud_sync.simulator.fault_conditions import Choice, Conditions, Turn, due
from cloud_sync.simulator.fault_plan import FaultPlanFile, load_plan, plan_from
from cloud_sync.simulator.fault_table import ALL, COMMON, KINDS, Kind
from cloud_sync.simulator.faults import Call
from documentation import FENCE, code, read, rows_by_code, section

PAGE = "docs/reference/fault-plans.md"

LEAST: dict[str, dict[str, Any]] = {
    "rate_limit": {"per_second": 1},
    "down": {"seconds": 1},
    "short_page": {"rows": 1},
    "library_change": {"change": "delete", "medium": "A"},
    "row": {"remove": ["id"]},
    "stall": {"seconds": 1},
    "slow": {"bytes_per_second": 1},
}
"""What the kinds cannot go without."""


def refused(content: object) -> str:
    with pytest.raises(UsageError) as caught:
        plan_from(content, name="plan.json")
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.message.startswith("plan.json: ")
    assert PAGE in caught.value.hint
    return caught.value.message.removeprefix("plan.json: ")


def refused_fault(**fault: Any) -> str:
    return refused({"faults": [{"kind": "status"}, fault]})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_asked_for_and_does_something(kind: str) -> None:
    plan = plan_from({"faults": [{"kind": kind, **LEAST.get(kind, {})}]})
    assert plan.faults[0].endpoints == frozenset(KINDS[kind].usual)
    fault_kinds.deed_of(kind)


def test_nothing_is_done_for_a_kind_that_nobody_can_ask_for() -> None:
    assert set(KINDS) == fault_kinds.NAMES


@pytest.mark.parametrize("kind", LEAST)
def test_what_a_kind_needs_is_asked_for(kind: str) -> None:
    message = refused_fault(kind=kind)
    assert message.startswith("faults[1]")
    assert any(name in message for name in (*LEAST[kind], "needs"))


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    message = refused_fault(kind="stauts")
    assert message.startswith("faults[1].kind: expected one of ")
    assert all(kind in message for kind in KINDS)
    assert message.endswith('found "stauts"')


@pytest.mark.parametrize(
    ("fault", "place", "expected", "found"),
    [
        ({"kind": "status", "status": 200}, "status", "400 to 599", "200"),
        ({"kind": "status", "status": "503"}, "status", "400 to 599", '"503"'),
        ({"kind": "status", "status": True}, "status", "400 to 599", "true"),
        ({"kind": "status", "status": None}, "status", "400 to 599", "nothing"),
        ({"kind": "status", "retry_after": -1}, "retry_after", "from 0 to 86400", "-1"),
        ({"kind": "down", "seconds": 1e300}, "seconds", "from 0 to 86400", "1e+300"),
        ({"kind": "gone", "status": 405}, "status", "one of 404, 410", "405"),
        ({"kind": "status", "retry_after_as": "x"}, "retry_after_as", "seconds, date", '"x"'),
        ({"kind": "status", "endpoint": "cnd"}, "endpoint", "cdn, any", '"cnd"'),
        ({"kind": "status", "endpoint": ["cdn", 3]}, "endpoint", "cdn, any", "3"),
        ({"kind": "status", "endpoint": []}, "endpoint", "cdn, any", "[]"),
        ({"kind": "gone", "endpoint": "user"}, "endpoint", "one of download, media, cdn", "user"),
        ({"kind": "flip", "nth": 0}, "nth", "from 1 up, or a list", "0"),
        ({"kind": "flip", "nth": []}, "nth", "from 1 up, or a list", "[]"),
        ({"kind": "flip", "nth": [1, True]}, "nth", "from 1 up, or a list", "[1, true]"),
        ({"kind": "flip", "every": 0}, "every", "from 1 up", "0"),
        ({"kind": "flip", "probability": 1.1}, "probability", "from 0 to 1", "1.1"),
        ({"kind": "flip", "probability": float("nan")}, "probability", "from 0 to 1", "NaN"),
        ({"kind": "flip", "times": 0}, "times", "from 1 up", "0"),
        ({"kind": "flip", "per": "run"}, "per", "endpoint, medium, file", '"run"'),
        ({"kind": "flip", "medium": ""}, "medium", "not empty", '""'),
        ({"kind": "lying_total", "by": 0}, "by", "other than 0", "0"),
        ({"kind": "token_expired", "status": 404}, "status", "401, 403, 500", "404"),
        ({"kind": "row", "set": {}}, "set", "an object", "{}"),
        ({"kind": "row", "remove": "id"}, "remove", "a list of field names", '"id"'),
        (
            {"kind": "library_change", "change": "redate", "medium": "A", "instant": "May"},
            "instant",
            "2024-05-01T12:00:00Z",
            '"May"',
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_what_may_stand_there(
    fault: dict[str, Any], place: str, expected: str, found: str
) -> None:
    message = refused_fault(**fault)
    assert message.startswith(f"faults[1].{place}: expected ")
    assert expected in message
    assert found in message.rpartition("found ")[2]


def test_a_field_that_a_kind_does_not_have_is_refused_with_those_that_it_has() -> None:
    message = refused_fault(kind="truncate", bytes=5)
    assert message.startswith("faults[1].bytes: no such field; allowed are ")
    assert "at_byte" in message
    assert "probability" in message


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "first": 1, "until": 2}, "faults[1].first: says the same as until"),
        ({"kind": "status", "endpoint": "search", "medium": "A"}, "name no medium"),
        ({"kind": "library_change", "change": "delete"}, "faults[1].medium: missing"),
        (
            {"kind": "library_change", "change": "rename", "medium": "A"},
            "faults[1].filename: missing",
        ),
        ({"kind": "library_change", "change": "redate", "medium": "A"}, "faults[1].instant"),
        ({"kind": "library_change", "change": "upload", "medium": "A*"}, "without *, ? and ["),
        ({"kind": "row"}, "one of set, remove, as_text"),
    ],
)
def test_what_cannot_be_meant_is_refused(fault: dict[str, Any], words: str) -> None:
    assert words in refused_fault(**fault)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "expected an object; found []"),
        ({}, "faults: expected a list of faults; found nothing"),
        ({"faults": {}}, "faults: expected a list of faults"),
        ({"faults": ["reset"]}, 'faults[0]: expected an object; found "reset"'),
        ({"faults": [], "sed": 1}, "sed: no such field; allowed are seed, faults"),
        ({"faults": [], "seed": "1"}, 'seed: expected a whole number; found "1"'),
        ({"faults": [{}]}, "faults[0].kind: expected one of"),
    ],
)
def test_what_is_no_plan_is_refused(content: object, words: str) -> None:
    assert words in refused(content)


def test_a_plan_is_read_from_a_file_as_from_a_dict(tmp_path: Path) -> None:
    content = {"seed": 7, "faults": [{"kind": "flip", "nth": [2, 5], "at_byte": 3}]}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(content), "utf-8")
    assert load_plan(file) == load_plan(str(file)) == load_plan(content) == plan_from(content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"faults": [}', "no valid JSON (line 1, column 13"),
        (b'{"faults": [], "faults": []}', 'the field "faults" stands twice'),
        (b'{"faults": [{"kind": "flip", "nth": 1, "nth": 2}]}', 'the field "nth" stands twice'),
        (b'{"seed": ' + b"1" * 5000 + b"}", "no valid JSON"),
        (b"[" * 100_000, "no valid JSON"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_file_that_holds_no_plan_is_named(tmp_path: Path, text: bytes, words: str) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(text)
    with pytest.raises(UsageError) as caught:
        load_plan(file)
    assert str(file) in caught.value.message
    assert words in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_plan(tmp_path / "plan.json")


def test_the_plans_own_seed_comes_before_one_from_outside() -> None:
    assert plan_from({"faults": []}).or_seed(5).seed == 5
    assert plan_from({"faults": [], "seed": 0}).or_seed(5).seed == 0


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 600) | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
names = sorted({*COMMON, *(name for kind in KINDS.values() for name in kind.parameters)})


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.sampled_from(names), anything))
def test_whatever_stands_in_a_fault_is_a_plan_or_is_refused_in_words(
    kind: str, fields: dict[str, Any]
) -> None:
    """No plan is an error of the simulator's own."""
    try:
        plan = plan_from({"faults": [{**fields, "kind": kind}]})
        refusal = ""
    except UsageError as error:
        plan, refusal = None, error.message
    if plan is None:
        assert "faults[0]" in refusal
    else:
        assert plan.faults[0].endpoints <= set(KINDS[kind].endpoints)


# choosing


def call(
    medium: str = "A", *, file: int = 1, span: str | None = None, endpoint: Endpoint | None = None
) -> Call:
    headers = Message()
    if span:
        headers["Range"] = span
    path = f"/user/{medium}/source/default/{file}.mp4"
    return Call(endpoint or Endpoint.OBJECT, 1, medium, Request("GET", path, {}, headers))


def only(plan: FaultPlanFile) -> Choice:
    return Choice(plan.faults[0], plan.seed or 0)


def choice_of(**conditions: Any) -> Choice:
    return only(plan_from({"seed": 3, "faults": [{"kind": "flip", **conditions}]}))


@given(
    st.builds(
        Conditions,
        nth=st.frozensets(st.integers(1, 9)),
        every=st.none() | st.integers(1, 4),
        probability=st.none() | st.floats(0, 1),
        after=st.integers(0, 5),
        until=st.none() | st.integers(1, 9),
    ),
    st.integers(1, 10),
    st.floats(0, 1, exclude_max=True),
)
def test_all_conditions_must_hold(conditions: Conditions, number: int, drawn: float) -> None:
    holding = [
        not conditions.nth or number in conditions.nth,
        conditions.every is None or number % conditions.every == 0,
        conditions.probability is None or drawn < conditions.probability,
        number > conditions.after,
        conditions.until is None or number <= conditions.until,
    ]
    assert due(conditions, Turn(number, drawn)) == all(holding)


def test_chance_is_as_often_as_told() -> None:
    choice = choice_of(probability=0.1)
    given_to = sum(choice.chooses(call(f"m{n % 100}", file=n)) for n in range(5000))
    assert 400 < given_to < 600


def test_chance_depends_on_seed_place_and_what_is_asked_but_not_on_order() -> None:
    asked = [call(name, span=f"bytes={n}-{n + 9}") for name in "ABCDE" for n in range(20)]

    def chosen(choice: Choice, calls: list[Call]) -> set[tuple[str, str | None]]:
        return {(c.medium_id, c.request.header("Range")) for c in calls if choice.chooses(c)}

    first = chosen(choice_of(probability=0.5), asked)
    assert chosen(choice_of(probability=0.5), asked[::-1]) == first
    fault = {"kind": "flip", "probability": 0.5}
    other_seed = plan_from({"seed": 4, "faults": [fault]})
    assert chosen(only(other_seed), asked) != first
    second = plan_from({"seed": 3, "faults": [fault, fault]}).faults[1]
    assert chosen(Choice(second, 3), asked) != first


def test_the_same_call_again_is_drawn_anew() -> None:
    choice = choice_of(probability=0.5)
    assert len({choice.chooses(call()) for _ in range(50)}) == 2


def test_calls_count_together_or_for_each_medium_or_file() -> None:
    calls = [call("A"), call("A", file=2), call("B"), call("A"), call("B")]
    expected = {"endpoint": "10000", "medium": "10100", "file": "11100"}
    for per, pattern in expected.items():
        choice = choice_of(first=1, per=per)
        assert "".join("01"[choice.chooses(c)] for c in calls) == pattern, per
        limited = choice_of(times=1, per=per)
        assert "".join("01"[limited.chooses(c)] for c in calls) == pattern, per


def test_what_is_taken_back_may_be_given_again() -> None:
    choice = choice_of(times=1)
    assert choice.chooses(call())
    assert not choice.chooses(call())
    choice.take_back(call())
    assert choice.chooses(call())


@pytest.mark.parametrize(
    ("span", "described"),
    [
        (None, True),
        ("bytes=0-", True),
        ("bytes=100-100", True),
        ("bytes=0-100", True),
        ("bytes=0-99", False),
        ("bytes=101-", False),
        ("bytes=101-200", False),
    ],
)
def test_a_byte_is_met_where_it_is_asked_for(span: str | None, described: bool) -> None:
    fault = plan_from({"faults": [{"kind": "flip", "at_byte": 100}]}).faults[0]
    assert fault.describes(call(span=span)) == described


def test_methods_that_write_and_unknown_paths_meet_no_fault() -> None:
    fault = plan_from({"faults": [{"kind": "status", "endpoint": "any"}]}).faults[0]
    met = {endpoint for endpoint in Endpoint if fault.describes(call(endpoint=endpoint))}
    assert met == set(Endpoint) - {Endpoint.WRITE, Endpoint.UNKNOWN}


# the page


def meets(kind: Kind) -> str:
    def listed(names: tuple[str, ...]) -> str:
        return ", ".join(f"`{name}`" for name in (("any",) if names == ALL else names))

    if kind.usual == kind.endpoints:
        return listed(kind.usual)
    rest = tuple(name for name in kind.endpoints if name not in kind.usual)
    more = ALL if kind.endpoints == ALL else rest
    return f"{listed(kind.usual)}; on request {listed(more)}"


def parameters(kind: Kind) -> str:
    told = []
    for name, parameter in kind.parameters.items():
        left_out = "may be left out"
        if parameter.default is not None:
            left_out = f"{parameter.default} if left out"
        end = "required" if parameter.required else left_out
        told.append(f"`{name}`: {parameter.values.expected}; {end}")
    return "<br>".join(told) or "–"


def test_every_kind_is_documented_with_its_endpoints_and_parameters_and_no_other() -> None:
    text = section(read(PAGE), "## Kinds").split("\n### Changes of the library\n")[0]
    rows = rows_by_code(text)
    assert list(rows) == list(KINDS), "in the order in which they work"
    for name, kind in KINDS.items():
        assert rows[name][1] == meets(kind), name
        assert rows[name][2] == parameters(kind), name
        assert rows[name][3], name


def test_every_change_of_the_library_is_documented() -> None:
    rows = rows_by_code(section(read(PAGE), "### Changes of the library"))
    expected = KINDS["library_change"].parameters["change"].values.expected
    assert "one of " + ", ".join(rows) == expected


def test_every_field_of_a_fault_is_documented() -> None:
    rows = rows_by_code(section(read(PAGE), "## Fields of a fault"))
    assert list(rows) == list(COMMON)
    for name in set(COMMON) - {"kind", "endpoint"}:
        assert rows[name][1] == COMMON[name].expected
    assert set(ALL) | {"any"} == set(code(rows["endpoint"][2]))


@pytest.mark.parametrize("name", [PAGE, "docs/how-to/try-the-simulator.md"])
def test_the_plans_shown_can_be_used(name: str) -> None:
    shown = [text for language, text in FENCE.findall(read(name)) if language == "json"]
    assert shown
    for text in shown:
        assert plan_from(json.loads(text)).faults
