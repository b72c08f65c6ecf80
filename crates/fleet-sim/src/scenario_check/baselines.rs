//! What AWS would refuse about the patch baselines of a scenario.
use crate::{
    facts::regions,
    patching::baseline::{check, check_tag},
    scenario::Scenario,
    world::baselines,
};

/// Returns everything that AWS would refuse about the baselines of a scenario.
pub fn problems(scenario: &Scenario) -> Vec<String> {
    let mut problems = Vec::new();
    for (account, index, entry) in baselines::entries(scenario) {
        let mut report = |text: &str| problems.push(format!("accounts.{account}.baselines[{index}]: {text}"));
        if let Err(text) = check(entry.os, &entry.content()) {
            report(&text);
        }
        if let Some(text) = entry.tags.iter().find_map(|(key, value)| check_tag(key, value).err()) {
            report(&text);
        }
        let used = baselines::regions(scenario, account, entry);
        if used.is_empty() {
            report("regions must be given, because the account has no instances");
        }
        if let Some(wrong) = used.iter().find(|region| !regions::is_region_name(region)) {
            report(&format!("regions: `{wrong}` is not a Region's name such as ap-northeast-1"));
        }
    }
    problems.extend(baselines::register(scenario, 0).1);
    problems
}
