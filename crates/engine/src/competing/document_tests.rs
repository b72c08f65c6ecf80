//! Documents of an account that run a patch document, and the documents of AWS beside AWS-RunPatchBaseline.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;

fn id(name: &str) -> DocumentId {
    DocumentId::new(name, None)
}

fn command(document: &str, parameters: &Value) -> Value {
    json!({"action": "aws:runDocument", "name": "patch", "inputs": {
        "documentType": "SSMDocument", "documentPath": document, "documentParameters": parameters,
    }})
}

fn automation(action: &str, document: &str, parameters: &Value) -> Value {
    let passed = if action == "aws:executeAutomation" { "RuntimeParameters" } else { "Parameters" };
    let mut inputs = json!({"DocumentName": document, "Service": "ssm", "Api": "SendCommand"});
    inputs[passed] = parameters.clone();
    json!({"action": action, "name": "patch", "inputs": inputs})
}

fn content(steps: &[Value]) -> String {
    let parameters = json!({"Mode": {"type": "String", "default": "Scan"}, "Operation": {"type": "String"}});
    json!({"schemaVersion": "2.2", "parameters": parameters, "mainSteps": steps}).to_string()
}

fn known(documents: &[(&str, String)]) -> Contents {
    documents.iter().map(|(name, text)| (id(name), Content::read(text))).collect()
}

/// Returns what the document `outer` with these steps runs.
fn of(steps: &[Value]) -> Look {
    look(&id("outer"), &known(&[("outer", content(steps))]))
}

fn installs(look: Look) -> Installs {
    match look {
        Look::Known(Some(wrapped)) => wrapped.installs,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_way_to_run_another_document() {
    let install = json!({"Operation": "Install"});
    for step in [
        command("AWS-RunPatchBaseline", &install),
        // The parameters as a text, and a version behind the name.
        command("AWS-RunPatchBaseline:1", &json!(install.to_string())),
        command("arn:aws:ssm:eu-west-1::document/AWS-RunPatchBaseline", &install),
        automation("aws:runCommand", "AWS-RunPatchBaseline", &json!({"Operation": ["Install"]})),
        automation(
            "aws:executeAutomation",
            "AWS-PatchInstanceWithRollback",
            &json!({"InstanceId": "{{ InstanceId }}"}),
        ),
        automation("aws:executeAwsApi", "AWS-InstallMissingWindowsUpdates", &json!({})),
        json!({"action": "aws:loop", "inputs": {"Steps": [automation("aws:runCommand", "AWS-RunPatchBaseline", &install)]}}),
    ] {
        assert_eq!(installs(of(std::slice::from_ref(&step))), Installs::Always, "{step}");
    }
    for step in [
        command("AWS-UpdateSSMAgent", &json!({})),
        json!({"action": "aws:runShellScript", "name": "s", "inputs": {"runCommand": ["yum -y update"]}}),
        json!({"action": "aws:executeAwsApi", "inputs": {"Service": "ec2", "Api": "StopInstances", "DocumentName": "AWS-RunPatchBaseline"}}),
    ] {
        assert_eq!(of(std::slice::from_ref(&step)), Look::Known(None), "{step}");
    }
}

#[test]
fn what_a_step_passes_decides_whether_it_installs() {
    let run = |passed: Value| installs(of(&[command("AWS-RunPatchBaseline", &passed)]));
    let by = |parameter: &str, by_default| Installs::Unless {
        parameter: parameter.into(),
        is: vec!["Scan".into()],
        by_default,
    };
    assert_eq!(run(json!({"Operation": "Scan"})), Installs::Never);
    assert_eq!(run(json!({"Operation": ["Scan"]})), Installs::Never);
    assert_eq!(run(json!({})), Installs::Always, "what is not said may be an install");
    assert_eq!(run(json!({"Operation": "{{Operation}}"})), by("Operation", false));
    assert_eq!(run(json!({"Operation": "{{ Mode }}"})), by("Mode", true));
    let windows =
        installs(of(&[automation("aws:runCommand", "AWS-InstallWindowsUpdates", &json!({"Action": "Scan"}))]));
    assert_eq!(windows, Installs::Never);
    // Of several runs the one that installs more counts; two that different parameters decide may both install.
    let scan = command("AWS-RunPatchBaseline", &json!({"Operation": "Scan"}));
    let install = command("AWS-RunPatchBaseline", &json!({"Operation": "Install"}));
    assert_eq!(installs(of(&[scan.clone(), install.clone()])), Installs::Always);
    assert_eq!(installs(of(&[install, scan])), Installs::Always);
    let both = ["Mode", "Operation"]
        .map(|name| command("AWS-RunPatchBaseline", &json!({"Operation": format!("{{{{{name}}}}}")})));
    assert_eq!(installs(of(&both)), Installs::Always);
}

#[test]
fn documents_are_read_one_after_the_other_and_to_a_certain_depth() {
    let next = |document: &str| content(&[command(document, &json!({"Operation": "{{ Operation }}"}))]);
    let mut contents = Contents::new();
    let outer = DocumentId::new("outer:7", None);
    assert_eq!(look(&outer, &contents), Look::Read(DocumentId { name: "outer".into(), version: Some("7".into()) }));
    contents.insert(outer.clone(), Content::read(&next("arn:aws:ssm:eu-west-1:999999999999:document/shared")));
    let shared = id("arn:aws:ssm:eu-west-1:999999999999:document/shared");
    assert_eq!(look(&outer, &contents), Look::Read(shared.clone()));
    contents.insert(shared.clone(), Content::read(&next("inner")));
    contents.insert(id("inner"), Content::read(&next("AWS-RunPatchBaseline")));
    let Look::Known(Some(wrapped)) = look(&outer, &contents) else { panic!("it patches") };
    assert_eq!(wrapped.document, "AWS-RunPatchBaseline");
    assert!(matches!(wrapped.installs, Installs::Unless { parameter, .. } if parameter == "Operation"));
    // One deeper, and two that run each other.
    contents.insert(id("inner"), Content::read(&next("innermost")));
    contents.insert(id("innermost"), Content::read(&next("AWS-RunPatchBaseline")));
    assert!(matches!(look(&outer, &contents), Look::NotSeen(why) if why.contains("3 deep")));
    contents.insert(id("inner"), Content::read(&next("arn:aws:ssm:eu-west-1:999999999999:document/shared")));
    assert!(matches!(look(&outer, &contents), Look::NotSeen(_)));
}

#[test]
fn what_cannot_be_seen_has_a_reason() {
    let why = |look: Look| match look {
        Look::NotSeen(why) => why,
        other => panic!("{other:?}"),
    };
    let file =
        json!({"action": "aws:runDocument", "inputs": {"documentType": "LocalPath", "documentPath": "patch.json"}});
    assert_snapshot!(why(of(std::slice::from_ref(&file))), @"it runs a document that it downloads");
    let named = automation("aws:runCommand", "{{ Operation }}", &json!({}));
    assert_snapshot!(why(of(&[named])), @"its parameter Operation names the document that it runs");
    let mut contents = known(&[("outer", content(&[command("inner", &json!({}))]))]);
    contents.insert(id("inner"), Err("the member role may not call ssm:GetDocument".into()));
    assert_snapshot!(why(look(&id("outer"), &contents)), @"it runs inner: the member role may not call ssm:GetDocument");
    assert_snapshot!(why(look(&id("inner"), &contents)), @"the member role may not call ssm:GetDocument");
    assert_snapshot!(why(look(&id("text"), &known(&[("text", "schemaVersion: '2.2'".into())]))), @"its content is not JSON");
    // What is found is enough.
    assert_eq!(installs(of(&[file, command("AWS-RunPatchBaseline", &json!({}))])), Installs::Always);
    // A document with many steps does not take memory for all of them.
    let many: Vec<Value> = (0..1_000).map(|nth| command(&format!("AWS-UpdateSSMAgent{nth}"), &json!({}))).collect();
    assert_snapshot!(why(of(&many)), @"it has more than 30 steps that run documents");
}

#[test]
fn what_a_run_may_say_otherwise_is_not_taken_from_a_default() {
    let run = |inputs: Value| {
        let text = json!({
            "schemaVersion": "2.2",
            "parameters": {"Doc": {"type": "String", "default": "AWS-RunShellScript"}},
            "mainSteps": [{"action": "aws:runDocument", "inputs": inputs}],
        });
        look(&id("outer"), &known(&[("outer", text.to_string())]))
    };
    let Look::NotSeen(why) = run(json!({"documentType": "SSMDocument", "documentPath": "{{ Doc }}"})) else {
        panic!("a run may name another document");
    };
    assert_snapshot!(why, @"its parameter Doc names the document that it runs");
    for parameters in [json!("{{ All }}"), json!({"Operation": ["Scan", "Install"]})] {
        let inputs = json!({
            "documentType": "SSMDocument", "documentPath": "AWS-RunPatchBaseline", "documentParameters": parameters,
        });
        assert_eq!(installs(run(inputs)), Installs::Always, "{parameters}");
    }
}
