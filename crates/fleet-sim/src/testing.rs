//! For tests: a small world under a controlled clock, and short ways to call it.
use crate::{
    clock::SECOND,
    scenario_check, services,
    wire::{AwsError, Call},
    world::World,
};
use serde_json::{Value, json};

pub const MANAGEMENT: &str = "111111111111";
pub const MEMBER: &str = "222200000001";
pub const REGION: &str = "ap-northeast-1";

/// Three patches for Amazon Linux 2023, one of them a day old, and two for Windows.
const PATCHES: &str = r#"  - {id: bash, version: "5", os: AMAZON_LINUX_2023, released: "2026-10-01", classification: Bugfix}
  - {id: kernel, version: "6", os: AMAZON_LINUX_2023, released: "2026-11-01", classification: Security, severity: Critical, reboot: true}
  - {id: openssl, version: "3", os: AMAZON_LINUX_2023, released: "2026-11-09", classification: Security, severity: Critical}
  - {id: KB1, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical}
  - {id: KB2, os: WINDOWS, released: "2026-11-09", classification: SecurityUpdates, severity: Critical}"#;

/// A world, and the start of its clock.
pub struct Lab {
    pub world: World,
    start: i64,
}

impl Lab {
    /// Builds a world with these instances (YAML list items, indented by two), with three patches for Amazon Linux
    /// 2023, one of them not approved yet, and two for Windows.
    pub fn new(fleet: &str) -> Self {
        Self::with(fleet, "")
    }

    /// Builds a world with further top-level fields.
    pub fn with(fleet: &str, more: &str) -> Self {
        Self::with_patches(PATCHES, fleet, more)
    }

    /// Builds a world with other patches (YAML list items, indented by two).
    pub fn with_patches(patches: &str, fleet: &str, more: &str) -> Self {
        let text = format!(
            r#"
schemaVersion: 1
clock: {{start: "2026-11-10T00:00:00Z"}}
management: "{MANAGEMENT}"
organization: [{{ou: Test, id: ou-abcd-11111111, accounts: ["{MEMBER}"]}}]
patches:
{patches}
fleet:
{fleet}
{more}
"#
        );
        let scenario = scenario_check::read(&text).unwrap_or_else(|error| panic!("{error}"));
        let world = World::new(&scenario);
        Self { start: world.now, world }
    }

    /// Builds a world of `count` Amazon Linux instances with ids `i-00000000`, `i-00000001` and so on, and this
    /// behaviour.
    pub fn linux(count: usize, behaviour: &str) -> Self {
        let node = |n| {
            format!(
                "  - {{account: \"{MEMBER}\", region: {REGION}, id: i-0000000{n}, os: AMAZON_LINUX_2023, behaviour: {{{behaviour}}}}}\n"
            )
        };
        Self::new(&(0..count).map(node).collect::<String>())
    }

    /// Sets the clock to this many seconds after the start.
    pub fn at(&mut self, seconds: i64) -> &mut Self {
        self.world.advance(self.start + seconds * SECOND);
        self
    }

    pub fn raw(&mut self, service: &str, operation: &str, account: &str, request: Value) -> Result<String, AwsError> {
        let call = Call {
            service: service.into(),
            operation: operation.into(),
            account: account.into(),
            region: REGION.into(),
            caller: String::new(),
            body: request.to_string(),
            request,
        };
        services::answer(&mut self.world, &call)
    }

    pub fn ssm(&mut self, operation: &str, request: Value) -> Value {
        let body = self.raw("ssm", operation, MEMBER, request).expect("must succeed");
        serde_json::from_str(&body).expect("JSON")
    }

    pub fn ssm_error(&mut self, operation: &str, request: Value) -> String {
        self.raw("ssm", operation, MEMBER, request).expect_err("must fail").code
    }

    pub fn organizations(&mut self, operation: &str, request: Value) -> Value {
        let body = self.raw("organizations", operation, MANAGEMENT, request).expect("must succeed");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Sends an operation to all instances, with further fields of the request, and returns the command's id.
    pub fn send(&mut self, operation: &str, more: &Value) -> String {
        let ids: Vec<_> = self.world.fleet.nodes.iter().map(|node| node.id.clone()).collect();
        let mut request = json!({
            "DocumentName": "AWS-RunPatchBaseline", "InstanceIds": ids, "Parameters": {"Operation": [operation]},
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            if name == "Parameters" {
                for (name, value) in value.as_object().into_iter().flatten() {
                    request["Parameters"][name] = value.clone();
                }
            } else {
                request[name] = value.clone();
            }
        }
        let answer = self.ssm("SendCommand", request);
        answer["Command"]["CommandId"].as_str().expect("an id").to_owned()
    }

    /// Returns `StatusDetails` of every invocation, in the order of the instances.
    pub fn details(&mut self, command: &str) -> Vec<String> {
        let answer = self.ssm("ListCommandInvocations", json!({"CommandId": command}));
        let list = answer["CommandInvocations"].as_array().expect("a list");
        list.iter().map(|i| i["StatusDetails"].as_str().expect("text").to_owned()).collect()
    }

    /// Returns status and details of a command.
    pub fn command(&mut self, command: &str) -> (String, String) {
        let answer = self.ssm("ListCommands", json!({"CommandId": command}));
        let text = |name: &str| answer["Commands"][0][name].as_str().expect("text").to_owned();
        (text("Status"), text("StatusDetails"))
    }

    /// Returns the patch state of an instance. Null if it never reported.
    pub fn patch_state(&mut self, id: &str) -> Value {
        let mut answer = self.ssm("DescribeInstancePatchStates", json!({"InstanceIds": [id]}));
        answer["InstancePatchStates"].get_mut(0).map(Value::take).unwrap_or_default()
    }

    /// Returns `KBId=State` of every patch of an instance.
    pub fn patches(&mut self, id: &str) -> Vec<String> {
        let answer = self.ssm("DescribeInstancePatches", json!({"InstanceId": id, "MaxResults": 100}));
        let list = answer["Patches"].as_array().expect("a list");
        let text = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
        list.iter().map(|row| format!("{}={}", text(row, "KBId"), text(row, "State"))).collect()
    }

    /// Returns the ground truth about an instance.
    pub fn ground_truth(&self, id: &str) -> Value {
        crate::world::ground_truth::describe(&self.world)["instances"][id].take()
    }
}
