//! The patch baselines of the scenario, which accounts have when the clock starts.
use crate::{
    clock::{DAY, Millis, SECOND},
    patching::baseline::{Baselines, Refusal, RegionBaselines},
    scenario::{BaselineEntry, Scenario},
};
use std::collections::BTreeSet;

/// A baseline that is registered while the world runs.
#[derive(Debug, Clone)]
pub struct LaterRegistration {
    account: String,
    region: String,
    id: String,
    default: bool,
    groups: Vec<String>,
    /// When it is registered.
    pub at: Millis,
}

impl LaterRegistration {
    /// Registers it instead of whatever is registered in its places.
    pub fn happen(&self, baselines: &mut Baselines) {
        let registered = baselines.in_region(&self.account, &self.region);
        let Ok(baseline) = registered.get(&self.id) else { return };
        if self.default {
            // It exists.
            let _ = registered.make_default(&self.id);
        }
        for group in &self.groups {
            if let Some(before) = registered.of_group(group, baseline.os) {
                let _ = registered.deregister(before.reference(), group);
            }
            let _ = registered.register(&self.id, group);
        }
    }
}

/// Returns what is registered while the world runs. The ids are those of the baselines that were registered before.
pub fn later(scenario: &Scenario, baselines: &Baselines, start: Millis) -> Vec<LaterRegistration> {
    let mut later = Vec::new();
    for (account, _, entry) in entries(scenario) {
        let Some(after) = entry.registered_after else { continue };
        for region in regions(scenario, account, entry) {
            let own = baselines.get(account, region).map(RegionBaselines::own).unwrap_or_default();
            let same = own.iter().find(|own| own.os == entry.os && own.content.name == entry.name);
            later.extend(same.map(|baseline| LaterRegistration {
                account: account.to_owned(),
                region: region.to_owned(),
                id: baseline.id.clone(),
                default: entry.default,
                groups: entry.patch_groups.clone(),
                at: start + Millis::from(after) * SECOND,
            }));
        }
    }
    later
}

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
            if entry.registered_after.is_some() {
                continue;
            }
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
