//! Systems Manager: the content of documents.
use super::request::ssm;
use crate::{
    scenario::DocumentEntry,
    wire::{AwsError, Call},
    world::World,
};
use orgpatch_facts::documents;
use serde_json::json;

/// Answers `GetDocument`. JSON is also YAML, so every format has the same text.
pub fn get_document(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let request = ssm(call);
    let name = request.required("Name")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(plain) {
        let pattern = r"Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\-.:/]{3,128}$";
        return Err(request.refuse("Name", pattern));
    }
    let version = request.text("DocumentVersion")?.unwrap_or("$DEFAULT");
    let number = version.bytes().all(|b| b.is_ascii_digit()) && !version.starts_with('0') && !version.is_empty();
    if !number && !["$LATEST", "$DEFAULT"].contains(&version) {
        let pattern = "Member must satisfy regular expression pattern: ([$]LATEST|[$]DEFAULT|^[1-9][0-9]*$)";
        return Err(request.refuse("DocumentVersion", pattern));
    }
    let format = request.text("DocumentFormat")?.unwrap_or("JSON");
    if !["YAML", "JSON", "TEXT"].contains(&format) {
        return Err(request.refuse("DocumentFormat", "Member must satisfy enum value set: [YAML, TEXT, JSON]"));
    }
    let short = name.rsplit('/').next().unwrap_or(name);
    let (content, kind) = if documents::patches(short) {
        (json!({"schemaVersion": "2.2", "mainSteps": []}).to_string(), "Command")
    } else {
        let found = world.documents.iter().find(|document| is_meant(document, name, &call.account));
        let missing = || AwsError::new("InvalidDocument", format!("Document with name {name} does not exist."));
        let document = found.ok_or_else(missing)?;
        (document.content.to_string(), document.kind.code())
    };
    if number && version != "1" || request.get("VersionName").is_some() {
        return Err(AwsError::new("InvalidDocumentVersion", format!("Document {name} has no such version.")));
    }
    Ok(json!({
        "Name": name,
        "DocumentVersion": "1",
        "Status": "Active",
        "Content": content,
        "DocumentType": kind,
        "DocumentFormat": format,
        "AttachmentsContent": [],
    })
    .to_string())
}

/// Returns whether a name or ARN means a document, in a request of an account. A shared one is named by its ARN.
fn is_meant(document: &DocumentEntry, name: &str, account: &str) -> bool {
    let own = document.account == account;
    let by_arn = name.ends_with(&format!(":{}:document/{}", document.account, document.name));
    own && name == document.name || by_arn && (own || document.shared_with.iter().any(|other| other == account))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Lab, MEMBER, REGION};
    use serde_json::{Value, json};

    fn lab() -> Lab {
        let documents = format!(
            r#"documents:
  - {{account: "{MEMBER}", name: patching, content: {{schemaVersion: "2.2", mainSteps: []}}}}
  - {{account: "999999999999", name: shared, type: Automation, sharedWith: ["{MEMBER}"], content: {{schemaVersion: "0.3"}}}}
  - {{account: "999999999999", name: private, content: {{}}}}"#
        );
        Lab::with("  []", &documents)
    }

    #[test]
    fn own_and_shared_documents_have_a_content() {
        let mut lab = lab();
        let own = lab.ssm("GetDocument", json!({"Name": "patching", "DocumentFormat": "JSON"}));
        let content: Value = serde_json::from_str(own["Content"].as_str().expect("text")).expect("JSON");
        assert_eq!((&content["schemaVersion"], &own["DocumentType"]), (&json!("2.2"), &json!("Command")));
        for name in [format!("arn:aws:ssm:{REGION}:{MEMBER}:document/patching"), "AWS-RunPatchBaseline".to_owned()] {
            assert_eq!(lab.ssm("GetDocument", json!({"Name": name, "DocumentVersion": "1"}))["Status"], "Active");
        }
        let shared =
            lab.ssm("GetDocument", json!({"Name": format!("arn:aws:ssm:{REGION}:999999999999:document/shared")}));
        assert_eq!(shared["DocumentType"], "Automation");
    }

    #[test]
    fn what_is_not_there_or_not_allowed_is_refused() {
        let mut lab = lab();
        for (request, code) in [
            (json!({"Name": "shared"}), "InvalidDocument"),
            (json!({"Name": format!("arn:aws:ssm:{REGION}:999999999999:document/private")}), "InvalidDocument"),
            (json!({"Name": "patching", "DocumentVersion": "2"}), "InvalidDocumentVersion"),
            (json!({"Name": "patching", "VersionName": "x"}), "InvalidDocumentVersion"),
            (json!({"Name": "patching", "DocumentVersion": "01"}), "ValidationException"),
            (json!({"Name": "patching", "DocumentFormat": "XML"}), "ValidationException"),
            (json!({"Name": "a b c"}), "ValidationException"),
            (json!({"Name": "x"}), "ValidationException"),
            (json!({}), "ValidationException"),
        ] {
            assert_eq!(lab.ssm_error("GetDocument", request.clone()), code, "{request}");
        }
    }
}
