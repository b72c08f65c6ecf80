//! The two clocks of Run Command: ramp and expiry, as documented and per invocation.
use crate::testing::{Lab, MEMBER, REGION};
use serde_json::json;

const SECOND_NODE: &str = "i-00000001";

/// Returns a lab with one instance for each behaviour.
fn lab(clock: &str, behaviours: &[&str]) -> Lab {
    let node = |(n, behaviour): (usize, &&str)| {
        format!(
            "  - {{account: \"{MEMBER}\", region: {REGION}, id: i-0000000{n}, os: AMAZON_LINUX_2023, behaviour: {{{behaviour}}}}}\n"
        )
    };
    Lab::with(&behaviours.iter().enumerate().map(node).collect::<String>(), &format!("runCommand: {clock}"))
}

fn started(lab: &Lab) -> usize {
    lab.world.commands[0].invocations.iter().filter(|i| i.started.is_some()).count()
}

#[test]
fn each_step_of_the_documented_ramp_waits_until_all_before_have_completed() {
    let mut lab = lab("documented", &["seconds: 100"; 8]);
    lab.send("Install", &json!({"MaxConcurrency": "100%"}));
    let seconds = [1, 100, 102, 201, 203, 302, 304];
    let ramp: Vec<_> = seconds.iter().map(|second| started(lab.at(*second))).collect();
    assert_eq!(ramp, [1, 1, 3, 3, 7, 7, 8]);
}

#[test]
fn fifty_instances_at_a_quarter_take_seven_steps() {
    let fleet = format!("  - {{account: \"{MEMBER}\", region: {REGION}, count: 50, os: AMAZON_LINUX_2023}}");
    let mut lab = Lab::with(&fleet, "runCommand: documented");
    lab.send("Install", &json!({"MaxConcurrency": "25%"}));
    lab.at(7_200);
    let mut sent: Vec<_> = lab.world.commands[0].invocations.iter().map(|i| i.sent).collect();
    assert!(sent.is_sorted(), "in the order of the instances");
    let mut steps = Vec::new();
    while let Some(first) = sent.first().copied() {
        steps.push(sent.iter().filter(|at| **at == first).count());
        sent.retain(|at| *at != first);
    }
    assert_eq!(steps, [1, 2, 4, 8, 12, 12, 11]);
}

#[test]
fn an_expired_command_gives_up_all_that_is_open_and_agents_go_on() {
    for (clock, at_expiry, in_the_end) in [
        ("documented", ["Success", "DeliveryTimedOut", "DeliveryTimedOut"], ["Success", "DeliveryTimedOut"]),
        ("per-invocation", ["Success", "InProgress", "Pending"], ["Success", "Success"]),
    ] {
        let mut lab = lab(clock, &["seconds: 100"; 3]);
        let limits =
            json!({"MaxConcurrency": "1", "TimeoutSeconds": 60, "Parameters": {"StepTimeoutSeconds": ["100"]}});
        let id = lab.send("Install", &limits);
        assert_eq!(lab.at(159).details(&id), ["Success", "InProgress", "Pending"], "{clock}");
        assert_eq!(lab.at(160).details(&id), at_expiry, "{clock}");
        assert_eq!(lab.at(400).details(&id)[..2], in_the_end, "{clock}");
        assert_eq!(lab.ground_truth(SECOND_NODE)["installed"], json!(["bash", "kernel"]), "it had begun");
        let last = u8::from(clock == "per-invocation");
        assert_eq!(lab.ground_truth("i-00000002")["installsStarted"], last, "{clock}");
    }
}

#[test]
fn one_instance_that_hangs_holds_up_the_documented_ramp_until_the_command_expires() {
    let behaviours = ["install: agent-lost, seconds: 10", "seconds: 10"];
    let limits = json!({"TimeoutSeconds": 60, "Parameters": {"StepTimeoutSeconds": ["100"]}});
    let mut documented = lab("documented", &behaviours);
    let id = documented.send("Install", &limits);
    assert_eq!(documented.at(159).details(&id), ["InProgress", "Pending"]);
    assert_eq!(documented.at(161).details(&id), ["DeliveryTimedOut"; 2]);
    assert_eq!(documented.command(&id), ("TimedOut".into(), "DeliveryTimedOut".into()));
    let mut other = lab("per-invocation", &behaviours);
    let id = other.send("Install", &limits);
    assert_eq!(other.at(159).details(&id), ["InProgress", "Success"]);
}

#[test]
fn only_the_expiry_ends_what_does_not_begin_under_the_documented_clock() {
    let mut lab = lab("documented", &["install: never-starts"]);
    let id = lab.send("Install", &json!({"TimeoutSeconds": 60}));
    assert_eq!(lab.at(7_259).details(&id), ["Delayed"]);
    assert_eq!(lab.at(7_260).details(&id), ["DeliveryTimedOut"]);
    let command = lab.ssm("ListCommands", json!({}))["Commands"][0].take();
    assert_eq!(command["ExpiresAfter"].as_f64(), command["RequestedDateTime"].as_f64().map(|at| at + 7_260.0));
}

#[test]
fn errors_stop_the_documented_ramp() {
    let mut lab = lab("documented", &["install: fail, seconds: 10"; 4]);
    let id = lab.send("Install", &json!({"MaxErrors": "0"}));
    assert_eq!(lab.at(100).details(&id), ["Failed", "Terminated", "Terminated", "Terminated"]);
    let id = lab.send("Install", &json!({"MaxErrors": "1"}));
    assert_eq!(lab.at(200).details(&id), ["Failed", "Failed", "Failed", "Terminated"], "two of one step");
}
