"""What AWS's rules and this project's ask of the state machine and asl-validator does not see.

Every rule takes a definition and returns findings, one sentence each; no finding, all well. `Walk` gives the rules
every state with its place in the tree. References: Amazon States Language with QueryLanguage JSONata.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonata.jsonata import Jsonata

# Fields of JSONPath states. A JSONata state ignores or refuses them, depending on who runs it.
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


@dataclass(frozen=True)
class Place:
    """A state and where it stands."""

    path: str
    name: str
    state: dict[str, Any]
    # The `States` that the state may transition to.
    neighbours: dict[str, Any]
    # Variables assigned in each scope that the state can see, the innermost last.
    scopes: tuple[frozenset[str], ...] = field(default=())


def walk(definition: dict[str, Any], path: str = "", scopes: tuple[frozenset[str], ...] = ()) -> Iterator[Place]:
    """Every state, those inside Maps and Parallels included."""
    states = definition["States"]
    scopes = (*scopes, frozenset(name for state in states.values() for name in _assigned(state)))
    for name, state in states.items():
        here = f"{path}{name}"
        yield Place(here, name, state, states, scopes)
        for inner, sees_outside in inner_machines(state):
            yield from walk(inner, f"{here}/", scopes if sees_outside else ())


def inner_machines(state: dict[str, Any]) -> list[tuple[dict[str, Any], bool]]:
    """State machines inside a state, and whether they see the variables around it."""
    if "ItemProcessor" in state:
        mode = state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode", "INLINE")
        return [(state["ItemProcessor"], mode == "INLINE")]
    return [(branch, True) for branch in state.get("Branches", [])]


# --------------------------------------------------------------------------------------------------------- the rules
def transitions_name_a_state_beside_them(definition: dict[str, Any]) -> list[str]:
    """Next, Default, Catch and StartAt name a state of the same list, and every state is reached by one of them."""
    findings = []
    for path, machine in _machines(definition):
        states = machine["States"]
        reached = {machine.get("StartAt")}
        if machine.get("StartAt") not in states:
            findings.append(f"{path or 'top'}: StartAt {machine.get('StartAt')!r} is no state of it")
        for name, state in states.items():
            for target in _targets(state):
                reached.add(target)
                if target not in states:
                    findings.append(f"{path}{name}: goes to {target!r}, which is no state beside it")
        findings += [f"{path}{name}: nothing leads here" for name in states if name not in reached]
    return findings


def tasks_have_time_limit_and_retry(definition: dict[str, Any]) -> list[str]:
    """A Task without TimeoutSeconds waits for a year; one without Retry dies of a hiccup. Retries need jitter."""
    findings = []
    for place in walk(definition):
        if place.state["Type"] == "Task":
            for name in ("TimeoutSeconds", "Retry"):
                if not place.state.get(name):
                    findings.append(f"{place.path}: Task without {name}")
        for retrier in place.state.get("Retry", []):
            for name, wanted in (("JitterStrategy", "FULL"), ("MaxAttempts", None), ("IntervalSeconds", None)):
                if name not in retrier or wanted not in (None, retrier[name]):
                    findings.append(
                        f"{place.path}: Retry of {retrier['ErrorEquals']} without {name} {wanted or ''}".rstrip()
                    )
    return findings


def errors_are_on_the_list(definition: dict[str, Any], names: set[str], transient: set[str]) -> list[str]:
    """Retry and Catch name errors that can occur; of our own, only the transient ones are retried."""
    known = names | STATES_ERRORS | LAMBDA_ERRORS | SNS_ERRORS
    findings = []
    for place in walk(definition):
        for kind in ("Retry", "Catch"):
            for handler in place.state.get(kind, []):
                for error in handler["ErrorEquals"]:
                    if error not in known:
                        findings.append(f"{place.path}: {kind} names {error!r}, which nothing raises")
                    if kind == "Retry" and error in names - transient:
                        findings.append(f"{place.path}: retries {error!r}, which does not pass by itself")
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
    """States.ALL must be the only name of the last handler; before others it hides them."""
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
    """A JSONata Catch without Output replaces the input by the error; whoever means that writes it."""
    return [
        f"{place.path}: Catch of {catcher['ErrorEquals']} without Output or Assign"
        for place in walk(definition)
        for catcher in place.state.get("Catch", [])
        if "Output" not in catcher and "Assign" not in catcher
    ]


def states_are_jsonata(definition: dict[str, Any]) -> list[str]:
    """The whole machine speaks JSONata; no field, key or function of JSONPath is left."""
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
    """Everything between {% and %} is JSONata, and the marks stand at both ends."""
    findings = []
    for place in walk(definition):
        for _, text in _leaves(_own_fields(place.state)):
            if not isinstance(text, str) or ("{%" not in text and "%}" not in text):
                continue
            if not (text.startswith("{%") and text.endswith("%}")):
                findings.append(f"{place.path}: {text!r} is no expression: it must begin with {{% and end with %}}")
                continue
            try:
                Jsonata(text[2:-2].strip())
            except Exception as error:  # the library raises its own type and plain ones
                findings.append(f"{place.path}: {text!r}: {error}")
    return findings


def variables_are_in_reach(definition: dict[str, Any]) -> list[str]:
    """A variable is assigned in the state's own scope or around it; a Distributed Map's children see none around."""
    findings = []
    for place in walk(definition):
        for name in sorted(_used(_own_fields(place.state))):
            if not any(name in scope for scope in place.scopes):
                findings.append(
                    f"{place.path}: ${name} is not assigned in reach (children of a Distributed Map see nothing around)"
                )
    return findings


def no_scope_assigns_a_variable_of_another(definition: dict[str, Any]) -> list[str]:
    """Step Functions refuses to assign a variable of an outer scope inside a Map or Parallel."""
    return [
        f"{place.path}: assigns ${name}, which belongs to a scope around"
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
    """A Distributed Map tolerates failed children (Judge finds them), writes results to S3 and limits itself."""
    findings = []
    for place in walk(definition):
        config = place.state.get("ItemProcessor", {}).get("ProcessorConfig", {})
        if config.get("Mode") != "DISTRIBUTED":
            continue
        if config.get("ExecutionType") != "STANDARD":
            findings.append(f"{place.path}: children are not STANDARD")
        if place.state.get("ToleratedFailurePercentage") != 100:
            findings.append(f"{place.path}: ToleratedFailurePercentage is not 100")
        for name in ("ItemReader", "ResultWriter", "MaxConcurrency", "Label"):
            if not place.state.get(name):
                findings.append(f"{place.path}: Distributed Map without {name}")
        if len(place.state.get("Label", "")) > 40:
            findings.append(f"{place.path}: Label longer than 40 characters")
    return findings


def stages_run_one_after_the_other(definition: dict[str, Any]) -> list[str]:
    """The order is structural: one INLINE Map at the top whose MaxConcurrency is the number 1, not an expression."""
    maps = [(name, state) for name, state in definition["States"].items() if state["Type"] == "Map"]
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
    """Every Task goes to a known integration; none passes a role to act with."""
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
    """A Task waits longer than its function may run: what a run sees is then the function's own time-out."""
    findings = []
    for place in walk(definition):
        function = function_of(place.state)
        limit = place.state.get("TimeoutSeconds")
        if function in limits and isinstance(limit, int) and limit <= limits[function]:
            findings.append(f"{place.path}: waits {limit} s for {function}, which may run {limits[function]} s")
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
]


# --------------------------------------------------------------------------------------------------------- reading
def function_of(state: dict[str, Any]) -> str | None:
    """The substitution that a Task invokes: `ScanArn` for Arguments.FunctionName ${ScanArn}."""
    name = (state.get("Arguments") or {}).get("FunctionName") if isinstance(state.get("Arguments"), dict) else None
    found = re.fullmatch(r"\$\{(\w+)\}", name or "")
    return found.group(1) if found else None


def substitutions(definition: dict[str, Any]) -> set[str]:
    """Names in ${…}."""
    return set(re.findall(r"\$\{(\w+)\}", json.dumps(definition)))


def _machines(machine: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, machine
    for name, state in machine["States"].items():
        for inner, _ in inner_machines(state):
            yield from _machines(inner, f"{path}{name}/")


def _targets(state: dict[str, Any]) -> list[str]:
    targets = [state[key] for key in ("Next", "Default") if key in state]
    targets += [choice["Next"] for choice in state.get("Choices", []) if "Next" in choice]
    return targets + [catcher["Next"] for catcher in state.get("Catch", []) if "Next" in catcher]


def _assigned(state: dict[str, Any]) -> set[str]:
    holders = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {name for holder in holders for name in holder.get("Assign", {})}


def _own_fields(state: dict[str, Any]) -> dict[str, Any]:
    """A state without the machines inside it."""
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


_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_BOUND = re.compile(r"\$([A-Za-z_]\w*)\s*:=")
_PARAMETERS = re.compile(r"(?:function|λ)\s*\(([^)]*)\)")
_NAME = re.compile(r"\$([A-Za-z_]\w*)\b(?!\s*\()")


def _used(fields: dict[str, Any]) -> set[str]:
    """Variables that expressions read. Not: $states, functions, and names that the expression itself binds.

    A built-in function that is handed over without a call, as in $map($names, $uppercase), counts as a variable:
    write a function around it.
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
