//! What AWS would refuse about the patch baselines of a scenario.
use crate::{
    facts::regions,
    patching::baseline::{check, check_tag},
    scenario::Scenario,
    world::baselines,
};

/// Everything that AWS would refuse about the baselines of a scenario.
pub fn problems(scenario: &Scenario) -> Vec<String> {
    let mut problems = Vec::new();
    for (account, index, entry) in baselines::entries(scenario) {
        let mut find = |text: &str| problems.push(format!("accounts.{account}.baselines[{index}]: {text}"));
        if let Err(text) = check(entry.os, &entry.content()) {
            find(&text);
        }
        if let Some(text) = entry.tags.iter().find_map(|(key, value)| check_tag(key, value).err()) {
            find(&text);
        }
        let used = baselines::regions(scenario, account, entry);
        if used.is_empty() {
            find("regions: the account has no instances, so its Regions must be given");
        }
        if let Some(wrong) = used.iter().find(|region| !regions::is_region_name(region)) {
            find(&format!("regions: `{wrong}` is not shaped like ap-northeast-1"));
        }
    }
    problems.extend(baselines::register(scenario, 0).1);
    problems
}
