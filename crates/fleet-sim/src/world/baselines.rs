//! The patch baselines of the scenario, which accounts have when the clock starts.
use crate::{
    clock::{DAY, Millis},
    patching::baseline::{Baselines, Refusal},
    scenario::{BaselineEntry, Scenario},
};
use std::collections::BTreeSet;

/// Registers the baselines of a scenario. Returns them, and what AWS would refuse.
pub fn register(scenario: &Scenario, start: Millis) -> (Baselines, Vec<String>) {
    // Baselines that are there from the beginning were made a month earlier.
    let before = start - 30 * DAY;
    let (mut baselines, mut refused) = (Baselines::default(), Vec::new());
    let mut defaults = BTreeSet::new();
    for (account, index, entry) in entries(scenario) {
        for region in regions(scenario, account, entry) {
            let mut refuse = |text: String| refused.push(format!("accounts.{account}.baselines[{index}]: {text}"));
            let registered = baselines.in_region(account, region);
            let Ok(id) = registered.create(entry.os, entry.content(), entry.tags.clone(), before) else {
                refuse(format!("{region} has more than 50 baselines, which is AWS's quota"));
                continue;
            };
            if entry.default && (registered.make_default(&id).is_err() || !defaults.insert((account, region, entry.os)))
            {
                refuse(format!("{} has another default in {region}", entry.os.code()));
            }
            for group in &entry.patch_groups {
                if let Err(refusal) = registered.register(&id, group) {
                    refuse(format!("patchGroups: {group} in {region}: {}", describe(refusal)));
                }
            }
        }
    }
    (baselines, refused)
}

/// Says why a baseline cannot be registered for a patch group.
fn describe(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::GroupTaken => "another baseline for this operating system is registered for it",
        Refusal::Full => "the baseline has more than 25 patch groups, which is AWS's quota",
        _ => "the baseline does not exist",
    }
}

/// Returns every baseline of a scenario with its account and its position there.
pub fn entries(scenario: &Scenario) -> impl Iterator<Item = (&str, usize, &BaselineEntry)> {
    scenario.accounts.iter().flat_map(|(account, entry)| {
        entry.baselines.iter().enumerate().map(move |(index, entry)| (account.as_str(), index, entry))
    })
}

/// Returns the Regions of a baseline: those of its entry, or those in which the account has instances.
pub fn regions<'a>(scenario: &'a Scenario, account: &str, entry: &'a BaselineEntry) -> BTreeSet<&'a str> {
    let used = || scenario.fleet.iter().filter(|entry| entry.account == account).map(|entry| entry.region.as_str());
    entry.regions.as_ref().map_or_else(|| used().collect(), |given| given.iter().map(String::as_str).collect())
}
