//! Systems Manager: the predefined patch baselines.
use super::{ssm, with_token};
use crate::{
    baseline::{self, Baseline},
    clock::{DAY, epoch_seconds},
    platform::{Kind, Os},
    wire::{AwsError, Call, paging::page},
    world::World,
};
use serde_json::{Value, json};

fn os(call: &Call, code: &str) -> Result<Os, AwsError> {
    let valid: Vec<_> = Os::all().map(Os::code).collect();
    Os::from_code(code).ok_or_else(|| {
        ssm(call).refuse("OperatingSystem", &format!("Member must satisfy enum value set: [{}]", valid.join(", ")))
    })
}

/// `GetDefaultPatchBaseline`. Without an operating system it answers for Windows.
pub fn get_default_patch_baseline(_: &mut World, call: &Call) -> Result<String, AwsError> {
    let os = os(call, ssm(call).text("OperatingSystem")?.unwrap_or("WINDOWS"))?;
    let baseline = baseline::default_for(os, &call.region);
    Ok(json!({"BaselineId": baseline.arn(&call.region), "OperatingSystem": os.code()}).to_string())
}

/// `DescribePatchBaselines`
pub fn describe_patch_baselines(_: &mut World, call: &Call) -> Result<String, AwsError> {
    let size = ssm(call).page_size(1..=100, 100)?;
    let mut all = baseline::predefined(&call.region);
    for filter in ssm(call).structures("Filters")? {
        let values = filter.texts("Values", 20)?;
        match filter.required("Key")? {
            "OWNER" => all.retain(|_| values.iter().any(|owner| owner == "AWS" || owner == "All")),
            "NAME_PREFIX" => {
                all.retain(|baseline| values.iter().any(|prefix| baseline.name.starts_with(prefix.as_str())));
            }
            "OPERATING_SYSTEM" => all.retain(|baseline| values.iter().any(|code| code == baseline.os.code())),
            _ => {
                return Err(filter.refuse("Key", "Member must be one of [NAME_PREFIX, OWNER, OPERATING_SYSTEM]"));
            }
        }
    }
    let page = page("DescribePatchBaselines", all, size, ssm(call).text("NextToken")?, false)?;
    let identity = |baseline: &Baseline| {
        json!({
            "BaselineId": baseline.arn(&call.region),
            "BaselineName": baseline.name,
            "OperatingSystem": baseline.os.code(),
            "BaselineDescription": description(baseline),
            "DefaultBaseline": baseline.default,
        })
    };
    Ok(with_token(json!({"BaselineIdentities": page.items.iter().map(identity).collect::<Vec<_>>()}), page.next))
}

fn description(baseline: &Baseline) -> String {
    format!("Predefined patch baseline for {} provided by AWS.", baseline.os.code())
}

/// `GetPatchBaseline`, by id or ARN.
pub fn get_patch_baseline(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let wanted = ssm(call).required("BaselineId")?;
    let all = baseline::predefined(&call.region);
    let found = all.iter().find(|baseline| baseline.id == wanted || baseline.arn(&call.region) == wanted);
    let baseline = found.ok_or_else(|| AwsError::new("DoesNotExistException", "The patch baseline doesn't exist."))?;
    let made = epoch_seconds(world.now - 365 * DAY);
    let mut answer = json!({
        "BaselineId": baseline.arn(&call.region),
        "Name": baseline.name,
        "OperatingSystem": baseline.os.code(),
        "GlobalFilters": {"PatchFilters": []},
        "ApprovalRules": {"PatchRules": rules(baseline)},
        "ApprovedPatches": [],
        "ApprovedPatchesComplianceLevel": "UNSPECIFIED",
        "ApprovedPatchesEnableNonSecurity": false,
        "RejectedPatches": [],
        "RejectedPatchesAction": "ALLOW_AS_DEPENDENCY",
        "PatchGroups": [],
        "CreatedDate": made,
        "ModifiedDate": made,
        "Description": description(baseline),
        "Sources": [],
    });
    if baseline.os.kind() == Kind::Windows {
        answer["AvailableSecurityUpdatesComplianceStatus"] = json!("COMPLIANT");
    }
    Ok(answer.to_string())
}

fn rules(baseline: &Baseline) -> Vec<Value> {
    // Debian and Ubuntu are filtered by priority, Windows names its severities after its own security centre.
    let priorities = matches!(baseline.os.code(), "DEBIAN" | "RASPBIAN" | "UBUNTU");
    let severity = if baseline.os.kind() == Kind::Windows { "MSRC_SEVERITY" } else { "SEVERITY" };
    let all = ["*"].as_slice();
    let or_all = |values: &'static [&'static str]| if values.is_empty() { all } else { values };
    baseline
        .rules
        .iter()
        .map(|rule| {
            let mut filters = vec![json!({"Key": "PRODUCT", "Values": all})];
            if priorities {
                let values = ["Required", "Important", "Standard", "Optional", "Extra"];
                filters.push(json!({"Key": "PRIORITY", "Values": values}));
            } else {
                filters.push(json!({"Key": "CLASSIFICATION", "Values": or_all(rule.classifications)}));
                if baseline.os.kind() != Kind::MacOs {
                    filters.push(json!({"Key": severity, "Values": or_all(rule.severities)}));
                }
            }
            let mut answer = json!({
                "PatchFilterGroup": {"PatchFilters": filters},
                "ComplianceLevel": "UNSPECIFIED",
                "EnableNonSecurity": baseline.os.code() == "CENTOS",
            });
            if let Some(days) = rule.approve_after_days {
                answer["ApproveAfterDays"] = json!(days);
            }
            answer
        })
        .collect()
}
