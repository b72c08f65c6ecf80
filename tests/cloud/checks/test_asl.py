"""statemachine/patch-run.asl.json keeps AWS's rules and those of this project, and each rule finds its mistake."""

import copy
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonata.jsonata import Jsonata

from . import asl, sources

VALIDATOR = sources.ROOT / "node_modules" / ".bin" / "asl-validator"
SERVICES = {
    # Reads how many functions may run at the same time.
    "arn:${Partition}:states:::aws-sdk:lambda:getAccountSettings",
    # Reads who started the run.
    "arn:${Partition}:states:::aws-sdk:cloudtrail:lookupEvents",
    "arn:${Partition}:states:::lambda:invoke",
    "arn:${Partition}:states:::lambda:invoke.waitForTaskToken",
    "arn:${Partition}:states:::sns:publish",
}
# Half of the lines before there was one loop for every phase (583), and the ways out behind a function that fails for
# good, and the question who started the run (25).
MOST_LINES = 680
# So that the file is not made shorter by longer lines.
LONGEST_LINE = 250


# --------------------------------------------------------------------------------------------- the real state machine
def test_asl_validator_accepts_it(tmp_path: Path) -> None:
    code, complaint = validate(sources.STATE_MACHINE, tmp_path)
    assert code == 0, complaint


@pytest.mark.parametrize("rule", asl.RULES, ids=lambda rule: rule.__name__)
def test_it_keeps(rule: Callable[[dict[str, Any]], list[str]]) -> None:
    assert rule(sources.state_machine()) == []


def test_its_errors_are_on_the_closed_list() -> None:
    assert asl.errors_are_on_the_list(sources.state_machine(), error_names(), transient_names()) == []


def test_every_transient_error_is_retried_by_every_function_call() -> None:
    for place in asl.walk(sources.state_machine()):
        if asl.function_of(place.state):
            retried = {error for retrier in place.state["Retry"] for error in retrier["ErrorEquals"]}
            assert transient_names() <= retried, place.path


def test_a_quiet_end_is_a_success_behind_which_nobody_is_told() -> None:
    # checks/alarms.py plays it: `quiet` in test_alarms.py.
    states = sources.state_machine()["States"]
    assert states["NotStarted"]["Type"] == "Succeed"
    assert [name for name, state in states.items() if "NotStarted" in asl.targets(state)] == ["Started"]
    assert states["StartRun"]["Next"] == "Started"


def test_it_calls_functions_and_the_topic_only() -> None:
    assert asl.only_these_services_are_called(sources.state_machine(), SERVICES) == []


def test_it_waits_longer_than_its_functions_may_run() -> None:
    limits = {f"{name}Arn": function["Properties"]["Timeout"] for name, function in sources.functions().items()}
    assert asl.time_limits_exceed_those_of_the_functions(sources.state_machine(), limits) == []


def test_the_subject_of_a_refusal_is_one_that_sns_takes() -> None:
    # "Less than 100 characters", by the API reference of Publish.
    expression = sources.state_machine()["States"]["NotifyRefused"]["Arguments"]["Subject"]
    subject = Jsonata(expression.removeprefix("{%").removesuffix("%}"))
    for error in ("InvalidPlan", "E" * 200):
        said = subject.evaluate({}, {"refusal": {"error": error}})
        assert said.startswith(f"orgpatch run refused: {error[:20]}")
        assert len(said) < 100


def test_the_message_of_a_refusal_is_bounded_and_says_so() -> None:
    expression = sources.state_machine()["States"]["NotifyRefused"]["Arguments"]["Message"]
    message = Jsonata(expression.removeprefix("{%").removesuffix("%}"))
    begin = "Run r was refused, and nothing was touched.\n\nInvalidPlan: "
    for cause, said in [
        ("", ""),
        ("a\nb", "a\nb"),
        ("日" * 2000, "日" * 2000),
        ("日" * 2001, "日" * 2000 + " … (cut here)"),
    ]:
        variables = {
            "refusal": {"error": "InvalidPlan", "cause": cause},
            "states": {"context": {"Execution": {"Name": "r"}}},
        }
        told = message.evaluate({}, variables)
        assert told == begin + said
        # As long as the message of a run with a report may be: crates/report/src/notification.rs.
        assert len(told.encode()) <= 8 * 1024


def test_template_and_state_machine_agree_on_substitutions() -> None:
    given = sources.template()["Resources"]["PatchRun"]["Properties"]["DefinitionSubstitutions"]
    assert asl.substitutions(sources.state_machine()) == set(given)


SCAN_RUN = json.loads(sources.SCAN_RUN.read_text())
# Rules for machines that call functions, and for the order of steps. scan-run has one Task: it lasts as long as the
# run, and a second start would only find the name taken.
OF_PATCH_RUN = {asl.tasks_have_time_limit_and_retry, asl.stages_run_one_after_the_other, asl.no_number_decides}


@pytest.mark.parametrize("rule", [rule for rule in asl.RULES if rule not in OF_PATCH_RUN], ids=lambda r: r.__name__)
def test_scan_run_keeps(rule: Callable[[dict[str, Any]], list[str]]) -> None:
    assert rule(SCAN_RUN) == []


def test_scan_run_is_valid_and_calls_patch_run_only(tmp_path: Path) -> None:
    code, complaint = validate(sources.SCAN_RUN, tmp_path)
    assert code == 0, complaint
    nested = "arn:${Partition}:states:::states:startExecution.sync:2"
    assert asl.only_these_services_are_called(SCAN_RUN, {nested}) == []
    assert asl.errors_are_on_the_list(SCAN_RUN, error_names(), transient_names()) == []
    given = sources.template()["Resources"]["ScanRun"]["Properties"]["DefinitionSubstitutions"]
    assert asl.substitutions(SCAN_RUN) == set(given)


def test_every_function_is_invoked() -> None:
    invoked = {asl.function_of(place.state) for place in asl.walk(sources.state_machine())} - {None}
    assert invoked == {f"{name}Arn" for name in sources.functions()}


def test_it_stays_half_as_long_as_it_was() -> None:
    # One loop serves every phase. With a loop for each phase the file had 1,166 lines.
    lines = sources.STATE_MACHINE.read_text().splitlines()
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= LONGEST_LINE


# ------------------------------------------------------------------------ the loop and the code that it asks are agreed
def test_the_loop_calls_the_function_that_the_answer_names_and_no_other() -> None:
    states = targets_map()["ItemProcessor"]["States"]
    [loop] = [state for state in states.values() if state["Type"] == "Choice"]
    named = {}
    for choice in loop["Choices"]:
        [name] = re.findall(r"^{% \$states\.input\.next = '([a-z-]+)' %}$", choice["Condition"])
        named[name] = asl.function_of(states[choice["Next"]])
    assert named == {name: f"{name.title().replace('-', '')}Arn" for name in named}
    assert set(named) | {"done"} == words_of("engine/src/phases.rs", "NextFunction")
    assert states[loop["Default"]]["Type"] == "Succeed", "`done` is what is left"
    # Whatever a function answers, the machine waits as long as it says and asks for the next one.
    for name, state in states.items():
        if state["Type"] == "Task":
            assert state["Next"] == "Wait", name
            assert state["Output"] == "{% $states.result.Payload %}", name
    assert asl.targets(states["Wait"]) == ["NextFunction"]
    assert states["NextFunction"] is loop


def test_every_function_of_a_target_gets_the_fields_that_it_reads() -> None:
    everywhere = set(targets_map()["ItemSelector"])
    for name, state in targets_map()["ItemProcessor"]["States"].items():
        if state["Type"] == "Task":
            own = set(re.findall(r"'(\w+)': \$", state["Arguments"]["Payload"]))
            if name == "RecordFailure":
                own |= set(re.findall(r"'(\w+)': \$", caught()))
            assert everywhere | own <= fields_of("TargetRequest"), name
            # The first function begins a pass and has not looked before. Only the last one is told of a failure.
            missing = {"pass", "look"} if name == "AssumeRole" else set()
            missing |= set() if name == "RecordFailure" else {"failure"}
            assert fields_of("TargetRequest") - everywhere - own == missing, name


def test_a_function_that_fails_for_good_is_recorded() -> None:
    states = targets_map()["ItemProcessor"]["States"]
    failing = {name: state for name, state in states.items() if state["Type"] == "Task" and name != "RecordFailure"}
    for name, state in failing.items():
        [catch] = state["Catch"]
        assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "RecordFailure"), name
        assert "'failure': $states.errorOutput" in catch["Output"], name
    # It enters no account and reads nothing, so that little of what made the others fail makes it fail, too.
    assert asl.function_of(states["RecordFailure"]) == "AssumeRoleArn"
    assert "Catch" not in states["RecordFailure"], "a second failure ends the execution, and the result is lost"


def test_the_gate_says_what_comes_after_the_targets() -> None:
    states = sources.state_machine()["States"]["Steps"]["ItemProcessor"]["States"]
    after = {
        word: choice["Next"]
        for choice in states["Worked"]["Choices"]
        for word in re.findall(r"\$work\.then = '([a-z-]+)'", choice["Condition"])
    }
    assert after == {"end": "StepEnd", "review": "Review"}
    assert states["Worked"]["Default"] == "Judge", "after an error, too"
    assert set(after) | {"judge"} == words_of("records/src/messages.rs", "AfterTargets")
    # The object of the targets, their phase and the deadline come from the gate's answer and from nowhere else.
    used = set(re.findall(r"\$work\.(\w+)", json.dumps(states)))
    assert {re.sub("_(.)", lambda found: found[1].upper(), name) for name in used} == fields_of("TargetsWork")


def test_one_map_serves_every_phase() -> None:
    distributed = [
        place.name
        for place in asl.walk(sources.state_machine())
        if place.state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
    ]
    # Starter asks CloudTrail once and works on no target.
    assert distributed == ["Targets", "Starter"]


def caught() -> str:
    """Returns what the states of a target hand on when a function fails."""
    states = targets_map()["ItemProcessor"]["States"].values()
    return " ".join(catch["Output"] for state in states for catch in state.get("Catch", []))


def targets_map() -> dict[str, Any]:
    """Returns the Map over the targets of a step."""
    return sources.state_machine()["States"]["Steps"]["ItemProcessor"]["States"]["Targets"]


def words_of(path: str, name: str) -> set[str]:
    """Returns the variants of a fieldless Rust enum as JSON spells them."""
    source = re.sub(r"//.*", "", (sources.ROOT / "crates" / path).read_text())
    [(attribute, body)] = re.findall(rf'rename_all = "([a-z-]+)"\)\]\s*pub enum {name} {{(.*?)}}', source, re.DOTALL)
    assert attribute == "kebab-case"
    return {re.sub(r"(?<!^)(?=[A-Z])", "-", variant).lower() for variant in re.findall(r"\w+", body)}


def fields_of(name: str) -> set[str]:
    """Returns the fields of a message as JSON spells them."""
    source = (sources.ROOT / "crates" / "records" / "src" / "messages.rs").read_text()
    [body] = re.findall(rf"pub struct {name} {{(.*?)\n}}", source, re.DOTALL)
    snake = re.findall(r"(?m)^    pub (\w+):", body)
    return {re.sub("_(.)", lambda found: found[1].upper(), field) for field in snake}


def error_names() -> set[str]:
    """Returns RunError::NAMES from the source: the errors that a function can end with."""
    source = (sources.ROOT / "crates" / "model" / "src" / "error.rs").read_text()
    [block] = re.findall(r"const NAMES: \[&str; \d+\] = \[(.*?)\];", source, re.DOTALL)
    constants = dict(re.findall(r'const (\w+): &str = "(\w+)";', source))
    names = {constants.get(name, name) for name in re.findall(r"\w+", re.sub(r"//.*", "", block))}
    assert "Halted" in names
    return names


def transient_names() -> set[str]:
    """Returns the errors for which RunError::is_transient is true, from the source."""
    source = (sources.ROOT / "crates" / "model" / "src" / "error.rs").read_text()
    [body] = re.findall(r"fn is_transient.*?matches!\(self, (.*?)\)\n", source, re.DOTALL)
    names = set(re.findall(r"Self::(\w+)", body))
    assert names <= error_names()
    assert names
    return names


def validate(path: Path, folder: Path) -> tuple[int, str]:
    """Returns the exit code and the output of asl-validator. The definition is as in the partition `aws`."""
    deployed = folder / "deployed.asl.json"
    deployed.write_text(path.read_text().replace("arn:${Partition}:", "arn:aws:"))
    if not VALIDATOR.exists():
        pytest.fail("asl-validator is not installed: run `make tools`")
    result = subprocess.run([VALIDATOR, "--json-path", deployed], capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


# ---------------------------------------------------------------------------------------- each rule finds its mistake
THROTTLED = {
    "ErrorEquals": ["Lambda.TooManyRequestsException"],
    "IntervalSeconds": 5,
    "MaxAttempts": 1000,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}
OTHER = {"ErrorEquals": ["Throttled"], "IntervalSeconds": 1, "MaxAttempts": 3, "JitterStrategy": "FULL"}
RETRY = [THROTTLED, OTHER]
TASK = {
    "Type": "Task",
    "Resource": "arn:${Partition}:states:::lambda:invoke",
    "Arguments": {"FunctionName": "${ScanArn}", "Payload": "{% $states.input %}"},
    "TimeoutSeconds": 60,
    "Retry": RETRY,
    "Output": "{% $states.result.Payload %}",
}
GOOD = {
    "QueryLanguage": "JSONata",
    "StartAt": "Begin",
    "States": {
        "Begin": {**TASK, "Assign": {"run": "{% $states.result.Payload.run %}"}, "Next": "Steps"},
        "Steps": {
            "Type": "Map",
            "Items": "{% $map($states.input.steps, function($step, $index) { $merge([$step, {'number': $index}]) }) %}",
            "MaxConcurrency": 1,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Scan",
                "States": {
                    "Scan": {
                        "Type": "Map",
                        "Label": "Scan",
                        "ItemReader": {
                            "Resource": "arn:${Partition}:states:::s3:getObject",
                            "Arguments": {"Bucket": "b", "Key": "{% $run %}"},
                        },
                        "ItemSelector": {"run": "{% $run %}", "target": "{% $states.context.Map.Item.Value %}"},
                        "ItemProcessor": {
                            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                            "StartAt": "One",
                            "States": {
                                "One": {
                                    **TASK,
                                    "Assign": {"kept": "{% $states.input %}", "look": 0},
                                    "Next": "Wait",
                                },
                                "Wait": {
                                    "Type": "Wait",
                                    "Seconds": "{% $states.input.waitSeconds %}",
                                    "Assign": {"look": "{% $look + 1 %}"},
                                    "Next": "Two",
                                },
                                "Two": {
                                    **TASK,
                                    "Arguments": {"FunctionName": "${ScanArn}", "Payload": "{% $kept %}"},
                                    "Output": "{% $substring($states.result.Payload.text, 0, 100) & ' 7' %}",
                                    "End": True,
                                },
                            },
                        },
                        "ResultWriter": {
                            "Resource": "arn:${Partition}:states:::s3:putObject",
                            "Arguments": {"Bucket": "b", "Prefix": "p"},
                        },
                        "MaxConcurrency": "{% $states.input.maxConcurrency %}",
                        "ToleratedFailurePercentage": 100,
                        "Catch": [
                            {
                                "ErrorEquals": ["States.ALL"],
                                "Output": {"error": "{% $states.errorOutput %}"},
                                "Next": "Stop",
                            }
                        ],
                        "Next": "Passed",
                    },
                    "Passed": {
                        "Type": "Choice",
                        "Choices": [{"Condition": "{% $states.input.ok and $run != '$none' %}", "Next": "Done"}],
                        "Default": "Stop",
                    },
                    "Done": {"Type": "Succeed"},
                    "Stop": {"Type": "Fail", "Error": "Halted"},
                },
            },
            "End": True,
        },
    },
}
STEP = ("States", "Steps", "ItemProcessor", "States")
SCAN = (*STEP, "Scan")
CHILD = (*SCAN, "ItemProcessor", "States")


def test_no_rule_complains_about_a_good_definition() -> None:
    assert [finding for rule in asl.RULES for finding in rule(GOOD)] == []


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        # a transition to nowhere; out of a Map; into a Map; from a Choice; from a Catch; a state that nothing reaches
        (asl.transitions_name_a_state_beside_them, ("States", "Begin", "Next"), "Stepps"),
        (asl.transitions_name_a_state_beside_them, (*CHILD, "One", "Next"), "Passed"),
        (asl.transitions_name_a_state_beside_them, ("States", "Begin", "Next"), "One"),
        (asl.transitions_name_a_state_beside_them, (*STEP, "Passed", "Choices", 0, "Next"), "Begin"),
        (asl.transitions_name_a_state_beside_them, (*SCAN, "Catch", 0, "Next"), "Nowhere"),
        (asl.transitions_name_a_state_beside_them, (*SCAN, "ItemProcessor", "StartAt"), "Begin"),
        (asl.transitions_name_a_state_beside_them, ("States", "Orphan"), {"Type": "Succeed"}),
        (asl.tasks_have_time_limit_and_retry, (*CHILD, "Two", "TimeoutSeconds"), None),
        (asl.tasks_have_time_limit_and_retry, (*CHILD, "Two", "Retry"), []),
        (asl.tasks_have_time_limit_and_retry, (*CHILD, "Two", "Retry"), [{**OTHER, "JitterStrategy": "NONE"}]),
        (asl.catch_all_stands_alone_and_last, (*SCAN, "Catch", 0, "ErrorEquals"), ["States.ALL", "Throttled"]),
        (
            asl.catch_all_stands_alone_and_last,
            (*CHILD, "Two", "Retry"),
            [{**OTHER, "ErrorEquals": ["States.ALL"]}, OTHER],
        ),
        (asl.catches_say_what_goes_on, (*SCAN, "Catch", 0, "Output"), None),
        (asl.states_are_jsonata, ("QueryLanguage",), "JSONPath"),
        (asl.states_are_jsonata, (*CHILD, "One", "ResultPath"), "$.x"),
        (asl.states_are_jsonata, (*CHILD, "One", "Arguments", "Payload"), {"run.$": "$.run"}),
        (asl.states_are_jsonata, (*STEP, "Passed", "Choices", 0, "Variable"), "$.ok"),
        (asl.states_are_jsonata, (*CHILD, "One", "Arguments", "Payload"), "$.run"),
        (asl.states_are_jsonata, (*CHILD, "One", "Arguments", "Payload"), "States.Format('x')"),
        (asl.expressions_parse, (*STEP, "Passed", "Choices", 0, "Condition"), "{% $states.input.ok = %}"),
        (asl.expressions_parse, (*STEP, "Passed", "Choices", 0, "Condition"), "{% true"),
        # an outer variable in the children of a Distributed Map; one that no state assigns
        (asl.variables_are_in_reach, (*CHILD, "Two", "Arguments", "Payload"), "{% $run %}"),
        (asl.variables_are_in_reach, (*STEP, "Passed", "Choices", 0, "Condition"), "{% $unknown %}"),
        (asl.no_scope_assigns_a_variable_of_another, (*STEP, "Passed", "Assign"), {"run": 1}),
        (asl.results_are_read_where_there_are_any, (*CHILD, "Two", "Arguments", "Payload"), "{% $states.result %}"),
        (asl.results_are_read_where_there_are_any, (*CHILD, "Two", "Output"), "{% $states.errorOutput %}"),
        (asl.distributed_maps_lose_nothing, (*SCAN, "ToleratedFailurePercentage"), 99),
        (asl.distributed_maps_lose_nothing, (*SCAN, "ResultWriter"), None),
        (asl.distributed_maps_lose_nothing, (*SCAN, "MaxConcurrency"), 0),
        (asl.distributed_maps_lose_nothing, (*SCAN, "ItemProcessor", "ProcessorConfig", "ExecutionType"), "EXPRESS"),
        (asl.stages_run_one_after_the_other, ("States", "Steps", "MaxConcurrency"), 2),
        (asl.stages_run_one_after_the_other, ("States", "Steps", "MaxConcurrency"), "{% 1 %}"),
        (
            asl.stages_run_one_after_the_other,
            ("States", "Steps", "ItemProcessor", "ProcessorConfig", "Mode"),
            "DISTRIBUTED",
        ),
        # no retrier for throttled calls; the second one; with other errors; too short; in the other one, too; too long
        (asl.throttled_calls_have_a_retrier_of_their_own, ("States", "Begin", "Retry"), [OTHER]),
        (asl.throttled_calls_have_a_retrier_of_their_own, ("States", "Begin", "Retry"), [OTHER, THROTTLED]),
        (
            asl.throttled_calls_have_a_retrier_of_their_own,
            ("States", "Begin", "Retry", 0, "ErrorEquals"),
            ["Lambda.TooManyRequestsException", "Throttled"],
        ),
        (asl.throttled_calls_have_a_retrier_of_their_own, ("States", "Begin", "Retry", 0, "MaxAttempts"), 900),
        (
            asl.throttled_calls_have_a_retrier_of_their_own,
            ("States", "Begin", "Retry", 1, "ErrorEquals"),
            ["Throttled", "Lambda.TooManyRequestsException"],
        ),
        (asl.throttled_calls_have_a_retrier_of_their_own, ("States", "Begin", "Retry", 0, "MaxAttempts"), 3_000),
        (asl.waits_take_their_seconds_from_an_answer, (*CHILD, "Wait", "Seconds"), 60),
        (asl.waits_take_their_seconds_from_an_answer, (*CHILD, "Wait", "Seconds"), "{% $look * 60 %}"),
        (asl.waits_take_their_seconds_from_an_answer, (*CHILD, "Wait", "Seconds"), None),
        (asl.no_number_decides, (*SCAN, "MaxConcurrency"), 40),
        (asl.no_number_decides, (*SCAN, "ToleratedFailurePercentage"), 10),
        (asl.no_number_decides, (*CHILD, "Wait", "Assign", "look"), "{% $look + 2 %}"),
        (asl.no_number_decides, (*STEP, "Passed", "Choices", 0, "Condition"), "{% $states.input.failed > 3 %}"),
        (asl.no_number_decides, (*CHILD, "Two", "Arguments", "Payload"), {"most": 5}),
    ],
)
def test_rule_finds(rule: Callable[[dict[str, Any]], list[str]], path: tuple[str | int, ...], value: Any) -> None:
    assert rule(changed(path, value)) != []


def test_error_rule_finds() -> None:
    def findings(path: tuple[str | int, ...], value: Any) -> list[str]:
        return asl.errors_are_on_the_list(changed(path, value), {"Halted", "Throttled", "InvalidPlan"}, {"Throttled"})

    assert findings((), None) == []
    assert findings((*CHILD, "Two", "Retry", 1, "ErrorEquals"), ["Throtled"])
    assert findings((*CHILD, "Two", "Retry", 1, "ErrorEquals"), ["InvalidPlan"])
    assert findings((*SCAN, "Catch", 0, "ErrorEquals"), ["Lambda.Unknwon"])
    assert findings((*STEP, "Stop", "Error"), "Haltd")


def test_service_rule_finds() -> None:
    assert asl.only_these_services_are_called(GOOD, SERVICES) == []
    for path, value in (
        (("States", "Begin", "Resource"), "arn:${Partition}:states:::aws-sdk:sts:assumeRole"),
        (("States", "Begin", "Credentials"), {"RoleArn": "arn:aws:iam::111111111111:role/x"}),
    ):
        assert asl.only_these_services_are_called(changed(path, value), SERVICES)


def test_time_limit_rule_finds() -> None:
    assert asl.time_limits_exceed_those_of_the_functions(GOOD, {"ScanArn": 59}) == []
    assert asl.time_limits_exceed_those_of_the_functions(GOOD, {"ScanArn": 60})


def test_asl_validator_finds(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(GOOD))
    assert validate(path, tmp_path)[0] == 0
    path.write_text(json.dumps(changed(("States", "Begin", "Type"), "Tusk")))
    assert validate(path, tmp_path)[0] == 1


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """Returns the good definition with one value changed. None removes the value."""
    definition: dict[str, Any] = copy.deepcopy(GOOD)
    if not path:
        return definition
    holder: Any = definition
    for key in path[:-1]:
        holder = holder[key]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return definition
