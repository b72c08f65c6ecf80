"""Rules for the state machine that asl-validator does not check: AWS's rules, and those of this project.

Every rule takes a definition and returns its findings, one sentence each. `walk` yields every state with its place in
the tree. Reference: Amazon States Language with QueryLanguage JSONata.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonata.jsonata import Jsonata

# Fields of JSONPath states. AWS and the emulators differ: in a JSONata state they ignore them or refuse them.
JSONPATH_FIELDS = {
    "CausePath",
    "ErrorPath",
    "HeartbeatSecondsPath",
    "InputPath",
    "ItemsPath",
    "MaxConcurrencyPath",
    "OutputPath",
    "Parameters",
    "ResultPath",
    "ResultSelector",
    "SecondsPath",
    "TimeoutSecondsPath",
    "TimestampPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "Variable",
}
STATES_ERRORS = {
    "States.ALL",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.ItemReaderFailed",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
}
LAMBDA_ERRORS = {
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
}
SNS_ERRORS = {"SNS.SnsException", "SNS.ThrottledException"}
_THROTTLED = "Lambda.TooManyRequestsException"
_NIGHT_SECONDS = 8 * 3600
# The numbers that may stand in the state machine, besides those of time limits and retriers, by their field.
_NUMBERS = {
    ("MaxConcurrency", 1),
    ("ToleratedFailurePercentage", 100),
    ("look", 0),
    ("look", "{% $look + 1 %}"),
    # Where CloudTrail is asked who started the run: around the start, and few events.
    ("StartTime", "{% $fromMillis($states.input.startedAt - 10000) %}"),
    ("EndTime", "{% $fromMillis($states.input.startedAt + 2000) %}"),
    ("MaxResults", 10),
}


@dataclass(frozen=True)
class Place:
    """A state and its place in the tree."""

    path: str
    name: str
    state: dict[str, Any]
    # The `States` that the state may transition to.
    neighbours: dict[str, Any]
    # Variables assigned in each scope that the state can see, the innermost last.
    scopes: tuple[frozenset[str], ...] = field(default=())


def walk(definition: dict[str, Any], path: str = "", scopes: tuple[frozenset[str], ...] = ()) -> Iterator[Place]:
    """Yields every state, including those inside Maps and Parallels."""
    states = definition["States"]
    scopes = (*scopes, frozenset(name for state in states.values() for name in _assigned(state)))
    for name, state in states.items():
        here = f"{path}{name}"
        yield Place(here, name, state, states, scopes)
        for inner, sees_outside in inner_machines(state):
            yield from walk(inner, f"{here}/", scopes if sees_outside else ())


def inner_machines(state: dict[str, Any]) -> list[tuple[dict[str, Any], bool]]:
    """Returns the state machines inside a state, and whether they see the variables around it."""
    if "ItemProcessor" in state:
        mode = state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode", "INLINE")
        return [(state["ItemProcessor"], mode == "INLINE")]
    return [(branch, True) for branch in state.get("Branches", [])]


# --------------------------------------------------------------------------------------------------------- the rules
def transitions_name_a_state_beside_them(definition: dict[str, Any]) -> list[str]:
    """Next, Default, Catch and StartAt name a state of the same list, and one of them leads to every state."""
    findings = []
    for path, machine in _machines(definition):
        states = machine["States"]
        reached = {machine.get("StartAt")}
        if machine.get("StartAt") not in states:
            findings.append(f"{path or 'top'}: StartAt {machine.get('StartAt')!r} is not a state of it")
        for name, state in states.items():
            for target in targets(state):
                reached.add(target)
                if target not in states:
                    findings.append(f"{path}{name}: goes to {target!r}, which is not in the same list of states")
        findings += [f"{path}{name}: nothing leads here" for name in states if name not in reached]
    return findings


def tasks_have_time_limit_and_retry(definition: dict[str, Any]) -> list[str]:
    """Every Task has TimeoutSeconds and Retry, and every Retry has jitter.

    A Task without TimeoutSeconds can wait for a year; without Retry one short disturbance ends the run.
    """
    findings = []
    for place in walk(definition):
        if place.state["Type"] == "Task":
            wanted_fields = ("TimeoutSeconds", "Retry")
            findings += [f"{place.path}: Task without {name}" for name in wanted_fields if not place.state.get(name)]
        for retrier in place.state.get("Retry", []):
            for name, wanted in (("JitterStrategy", "FULL"), ("MaxAttempts", None), ("IntervalSeconds", None)):
                if name not in retrier or wanted not in (None, retrier[name]):
                    findings.append(
                        f"{place.path}: Retry of {retrier['ErrorEquals']} without {name} {wanted or ''}".rstrip()
                    )
    return findings


def errors_are_on_the_list(definition: dict[str, Any], names: set[str], transient: set[str]) -> list[str]:
    """Retry and Catch name errors that can occur. Of our own errors, Retry names transient ones only."""
    known = names | STATES_ERRORS | LAMBDA_ERRORS | SNS_ERRORS
    findings = []
    for place in walk(definition):
        for kind in ("Retry", "Catch"):
            for handler in place.state.get(kind, []):
                for error in handler["ErrorEquals"]:
                    if error not in known:
                        findings.append(f"{place.path}: {kind} names {error!r}, which never occurs")
                    if kind == "Retry" and error in names - transient:
                        findings.append(f"{place.path}: retries {error!r}, which is not transient")
        error = place.state.get("Error")
        if (
            place.state["Type"] == "Fail"
            and isinstance(error, str)
            and not error.startswith("{%")
            and error not in names
        ):
            findings.append(f"{place.path}: fails with {error!r}, which is not on the list")
    return findings


def catch_all_stands_alone_and_last(definition: dict[str, Any]) -> list[str]:
    """States.ALL is the only name of the last handler: before other handlers it would hide them."""
    findings = []
    for place in walk(definition):
        for kind in ("Retry", "Catch"):
            handlers = place.state.get(kind, [])
            for number, handler in enumerate(handlers):
                if "States.ALL" in handler["ErrorEquals"] and (
                    len(handler["ErrorEquals"]) > 1 or number < len(handlers) - 1
                ):
                    findings.append(f"{place.path}: States.ALL in {kind} is not alone or not last")
    return findings


def catches_say_what_goes_on(definition: dict[str, Any]) -> list[str]:
    """Every Catch has Output or Assign: without Output, a JSONata Catch silently replaces the input by the error."""
    return [
        f"{place.path}: Catch of {catcher['ErrorEquals']} without Output or Assign"
        for place in walk(definition)
        for catcher in place.state.get("Catch", [])
        if "Output" not in catcher and "Assign" not in catcher
    ]


def states_are_jsonata(definition: dict[str, Any]) -> list[str]:
    """The whole machine uses JSONata, and no field, key or function of JSONPath."""
    findings = [] if definition.get("QueryLanguage") == "JSONata" else ["top: QueryLanguage is not JSONata"]
    for place in walk(definition):
        if place.state.get("QueryLanguage", "JSONata") != "JSONata":
            findings.append(f"{place.path}: QueryLanguage is not JSONata")
        own = _own_fields(place.state)
        for holder in (own, *own.get("Choices", []), *own.get("Catch", [])):
            findings += [f"{place.path}: JSONPath field {key}" for key in JSONPATH_FIELDS & set(holder)]
        for key, value in _leaves(own):
            if key.endswith(".$"):
                findings.append(f"{place.path}: JSONPath key {key!r}")
            if isinstance(value, str) and re.match(r"\$(?!\{)|States\.[A-Z]\w+\(", value):
                findings.append(f"{place.path}: JSONPath value {value!r}")
    return findings


def expressions_parse(definition: dict[str, Any]) -> list[str]:
    """Every text with {% or %} begins with {%, ends with %}, and has valid JSONata in between."""
    findings = []
    for place in walk(definition):
        for _, text in _leaves(_own_fields(place.state)):
            if not isinstance(text, str) or ("{%" not in text and "%}" not in text):
                continue
            if not (text.startswith("{%") and text.endswith("%}")):
                findings.append(f"{place.path}: {text!r} must begin with {{% and end with %}}")
                continue
            try:
                Jsonata(text[2:-2].strip())
            except Exception as error:  # noqa: BLE001  (the library raises its own type and built-in ones)
                findings.append(f"{place.path}: {text!r}: {error}")
    return findings


def variables_are_in_reach(definition: dict[str, Any]) -> list[str]:
    """Every variable is assigned in a scope that the state sees. Children of a Distributed Map see only their own."""
    return [
        f"{place.path}: ${name} is not assigned in any scope that the state sees"
        for place in walk(definition)
        for name in sorted(_used(_own_fields(place.state)))
        if not any(name in scope for scope in place.scopes)
    ]


def no_scope_assigns_a_variable_of_another(definition: dict[str, Any]) -> list[str]:
    """No state inside a Map or Parallel assigns a variable of an outer scope: Step Functions refuses that."""
    return [
        f"{place.path}: assigns ${name}, which belongs to an outer scope"
        for place in walk(definition)
        for name in sorted(_assigned(place.state))
        if any(name in scope for scope in place.scopes[:-1])
    ]


def results_are_read_where_there_are_any(definition: dict[str, Any]) -> list[str]:
    """$states.result exists in Output and Assign of a state with a result, $states.errorOutput in a Catch."""
    findings = []
    for place in walk(definition):
        for key, value in place.state.items():
            if key in {"ItemProcessor", "Branches"}:
                continue
            text = json.dumps(value)
            if "$states.result" in text and (
                key not in {"Output", "Assign"} or place.state["Type"] not in {"Task", "Map", "Parallel"}
            ):
                findings.append(f"{place.path}: $states.result in {key}")
            if "$states.errorOutput" in text and key != "Catch":
                findings.append(f"{place.path}: $states.errorOutput in {key}")
    return findings


def distributed_maps_lose_nothing(definition: dict[str, Any]) -> list[str]:
    """A Distributed Map tolerates failed children and has MaxConcurrency; one over records writes its results to S3."""
    findings = []
    for place in walk(definition):
        config = place.state.get("ItemProcessor", {}).get("ProcessorConfig", {})
        if config.get("Mode") != "DISTRIBUTED":
            continue
        if config.get("ExecutionType") != "STANDARD":
            findings.append(f"{place.path}: children are not STANDARD")
        if place.state.get("ToleratedFailurePercentage") != 100:
            findings.append(f"{place.path}: ToleratedFailurePercentage is not 100")
        # A Map over items that stand in the definition has nothing to read, and the state itself takes its results.
        over_records = () if isinstance(place.state.get("Items"), list) else ("ItemReader", "ResultWriter")
        wanted = (*over_records, "MaxConcurrency", "Label")
        findings += [f"{place.path}: Distributed Map without {name}" for name in wanted if not place.state.get(name)]
        if len(place.state.get("Label", "")) > 40:
            findings.append(f"{place.path}: Label longer than 40 characters")
    return findings


def stages_run_one_after_the_other(definition: dict[str, Any]) -> list[str]:
    """The order follows from the structure: one INLINE Map at the top with the number 1 as MaxConcurrency.

    Any other Map there is over a single item that stands in the definition.
    """
    maps = [
        (name, state)
        for name, state in definition["States"].items()
        if state["Type"] == "Map" and state.get("Items") != [{}]
    ]
    if len(maps) != 1:
        return [f"top: {len(maps)} Maps instead of one"]
    [(name, state)] = maps
    findings = []
    if state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode", "INLINE") != "INLINE":
        findings.append(f"{name}: the Map over the steps is not INLINE")
    if state.get("MaxConcurrency") != 1 or isinstance(state["MaxConcurrency"], bool):
        findings.append(f"{name}: MaxConcurrency of the Map over the steps is not the number 1")
    return findings


def only_these_services_are_called(definition: dict[str, Any], allowed: set[str]) -> list[str]:
    """Every Task calls a known integration, and none passes a role on."""
    findings = []
    for place in walk(definition):
        if place.state["Type"] != "Task":
            continue
        if place.state.get("Resource") not in allowed:
            findings.append(f"{place.path}: calls {place.state.get('Resource')!r}")
        if "Credentials" in place.state:
            findings.append(f"{place.path}: Task with Credentials")
    return findings


def time_limits_exceed_those_of_the_functions(definition: dict[str, Any], limits: dict[str, int]) -> list[str]:
    """A Task waits longer than its function may run, so that a run sees the function's own time-out."""
    findings = []
    for place in walk(definition):
        function = function_of(place.state)
        limit = place.state.get("TimeoutSeconds")
        if function in limits and isinstance(limit, int) and limit <= limits[function]:
            findings.append(f"{place.path}: waits {limit} s for {function}, which may run {limits[function]} s")
    return findings


def throttled_calls_have_a_retrier_of_their_own(definition: dict[str, Any]) -> list[str]:
    """Each call of a function has two retriers: the first, for throttled calls alone, outlasts a night.

    In an account with few concurrent executions most calls are throttled. Under one retrier with the other errors a few
    throttled calls would use up its attempts.
    """
    findings = []
    for place in walk(definition):
        if function_of(place.state) is None:
            continue
        retriers = place.state.get("Retry", [])
        if [_THROTTLED in retrier["ErrorEquals"] for retrier in retriers] != [True, False]:
            findings.append(f"{place.path}: needs two retriers, the first of them for {_THROTTLED}")
            continue
        first = retriers[0]
        if first["ErrorEquals"] != [_THROTTLED]:
            findings.append(f"{place.path}: the retrier of {_THROTTLED} is for other errors, too")
        attempts, delay = first.get("MaxAttempts", 0), first.get("MaxDelaySeconds", 0)
        # With full jitter an attempt comes after half of the delay on average.
        if attempts * delay / 2 < _NIGHT_SECONDS:
            findings.append(f"{place.path}: the retrier of {_THROTTLED} does not outlast a night")
        # An attempt is three events (scheduled, started, failed) of the 25,000 that an execution may have ("Step
        # Functions service quotas"). 99,999,999 attempts are allowed ("Handling errors in Step Functions workflows").
        if attempts * 3 > 25_000 / 4:
            findings.append(f"{place.path}: {attempts} attempts leave no room for other events")
    return findings


def waits_take_their_seconds_from_an_answer(definition: dict[str, Any]) -> list[str]:
    """Every Wait waits as long as a function has said, in `waitSeconds`."""
    return [
        f"{place.path}: waits for {place.state.get('Seconds', 'something else than Seconds')!r}"
        for place in walk(definition)
        if place.state["Type"] == "Wait" and place.state.get("Seconds") != "{% $states.input.waitSeconds %}"
    ]


def no_number_decides(definition: dict[str, Any]) -> list[str]:
    """The only numbers are 1 (one step at a time), 100 (all children may fail), the counter of looks, and time limits.

    Time limits and retriers are no decisions: what they end or repeat is decided by a function. Neither are the places
    at which `$substring` cuts a text.
    """
    findings = []
    for place in walk(definition):
        for path, value in _numbers(_own_fields(place.state)):
            key = path[-1]
            allowed = key == "TimeoutSeconds" or "Retry" in path or (key, value) in _NUMBERS
            if isinstance(value, str):
                code = _CUT.sub("", _STRING.sub('""', value))
                found = re.findall(r"(?<![\w$.])\d+(?:\.\d+)?", code)
                if found and (key, value) not in _NUMBERS:
                    findings.append(f"{place.path}: {value!r} has the numbers {found}")
            elif not allowed:
                findings.append(f"{place.path}: {'.'.join(map(str, path))} is the number {value}")
    return findings


RULES: list[Callable[[dict[str, Any]], list[str]]] = [
    transitions_name_a_state_beside_them,
    tasks_have_time_limit_and_retry,
    catch_all_stands_alone_and_last,
    catches_say_what_goes_on,
    states_are_jsonata,
    expressions_parse,
    variables_are_in_reach,
    no_scope_assigns_a_variable_of_another,
    results_are_read_where_there_are_any,
    distributed_maps_lose_nothing,
    stages_run_one_after_the_other,
    throttled_calls_have_a_retrier_of_their_own,
    waits_take_their_seconds_from_an_answer,
    no_number_decides,
]


# --------------------------------------------------------------------------------------------------------- reading
def function_of(state: dict[str, Any]) -> str | None:
    """Returns the substitution that a Task invokes: `ScanArn` for Arguments.FunctionName ${ScanArn}."""
    name = (state.get("Arguments") or {}).get("FunctionName") if isinstance(state.get("Arguments"), dict) else None
    found = re.fullmatch(r"\$\{(\w+)\}", name or "")
    return found.group(1) if found else None


def substitutions(definition: dict[str, Any]) -> set[str]:
    """Returns the names in ${…}."""
    return set(re.findall(r"\$\{(\w+)\}", json.dumps(definition)))


def _machines(machine: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, machine
    for name, state in machine["States"].items():
        for inner, _ in inner_machines(state):
            yield from _machines(inner, f"{path}{name}/")


def targets(state: dict[str, Any]) -> list[str]:
    """Returns the states that may come after a state."""
    found = [state[key] for key in ("Next", "Default") if key in state]
    found += [choice["Next"] for choice in state.get("Choices", []) if "Next" in choice]
    return found + [catcher["Next"] for catcher in state.get("Catch", []) if "Next" in catcher]


def _assigned(state: dict[str, Any]) -> set[str]:
    holders = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {name for holder in holders for name in holder.get("Assign", {})}


def _own_fields(state: dict[str, Any]) -> dict[str, Any]:
    """Returns a state without the machines inside it."""
    return {key: value for key, value in state.items() if key not in {"ItemProcessor", "Branches", "Comment"}}


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, key)
    else:
        yield key, value


def _numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields every number and every expression with its path."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name != "Comment":
                yield from _numbers(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _numbers(item, path)
    elif (isinstance(value, int | float) and not isinstance(value, bool)) or str(value).startswith("{%"):
        yield path, value


# `$substring(text, 0, 100)` up to its numbers, after strings have been taken out.
_CUT = re.compile(r"\$substring\([^()]*?, \d+(?:, \d+)?\)")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_BOUND = re.compile(r"\$([A-Za-z_]\w*)\s*:=")
_PARAMETERS = re.compile(r"(?:function|λ)\s*\(([^)]*)\)")
_NAME = re.compile(r"\$([A-Za-z_]\w*)\b(?!\s*\()")


def _used(fields: dict[str, Any]) -> set[str]:
    """Returns the variables that expressions read: not $states, functions, or names that the expression itself binds.

    A built-in function as an argument, as in $map($names, $uppercase), counts as a variable: write a function around
    it.
    """
    used: set[str] = set()
    for _, text in _leaves(fields):
        if not (isinstance(text, str) and text.startswith("{%")):
            continue
        code = _STRING.sub('""', text)
        bound = set(_BOUND.findall(code))
        for parameters in _PARAMETERS.findall(code):
            bound |= set(re.findall(r"\$(\w+)", parameters))
        used |= set(_NAME.findall(code)) - bound - {"states"}
    return used
