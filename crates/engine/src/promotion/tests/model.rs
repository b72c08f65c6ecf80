//! The promise of `untested: block`, on a model of Patch Manager: whatever is released when, and whatever the instances
//! have, nothing goes in that the first stage did not install.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use orgpatch_model::outcome::Outcome;
use orgpatch_plan::Untested;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::fixtures::{seen, target};
use crate::results::outcome_rules::Verdict;
use crate::results::reconcile::row;

const MINUTES_OF_A_DAY: u32 = 1440;
const PACKAGES: [&str; 3] = ["bash", "kernel", "openssl"];

/// Package, version and the minute of its release.
type Release = (&'static str, u32, u32);
/// What an instance has: package and version.
type Has = BTreeMap<&'static str, u32>;

/// Returns the version of each package that a baseline approves at a time: the newest that is released, not rejected,
/// and not after the cut-off day. Lists of Debian name packages, others versions.
fn approved(releases: &[Release], now: u32, cutoff: Option<u32>, rejected: &[String], names_only: bool) -> Has {
    let mut newest = Has::new();
    for &(name, version, released) in releases {
        let title = patch(name, &version.to_string()).title;
        let is_rejected = rejected.iter().any(|entry| *entry == title || (names_only && entry == name));
        // Debian has no dates.
        let late = !names_only && cutoff.is_some_and(|day| released / MINUTES_OF_A_DAY > day);
        if released <= now && !is_rejected && !late {
            newest.entry(name).and_modify(|known| *known = version.max(*known)).or_insert(version);
        }
    }
    newest
}

fn missing(approved: &Has, has: &Has) -> Vec<Patch> {
    approved
        .iter()
        .filter(|(name, version)| has.get(*name).is_none_or(|old| old < version))
        .map(|(name, version)| patch(name, &version.to_string()))
        .collect()
}

fn releases() -> impl Strategy<Value = Vec<Release>> {
    vec((select(&PACKAGES[..]), 0..4 * MINUTES_OF_A_DAY), 0..12).prop_map(|mut found| {
        // Versions grow with their release.
        found.sort_by_key(|(_, minute)| *minute);
        found.into_iter().zip(1..).map(|((name, minute), version)| (name, version, minute)).collect()
    })
}

fn fleet() -> impl Strategy<Value = Vec<BTreeMap<usize, u32>>> {
    vec(proptest::collection::btree_map(0..PACKAGES.len(), 0..12_u32, 0..3), 1..4)
}

fn names(fleet: Vec<BTreeMap<usize, u32>>) -> Vec<Has> {
    fleet.into_iter().map(|has| has.into_iter().map(|(index, version)| (PACKAGES[index], version)).collect()).collect()
}

proptest! {
    #[test]
    fn nothing_goes_in_that_the_first_stage_did_not_install(
        releases in releases(),
        test in fleet(),
        production in fleet(),
        mut times in vec(0..4 * MINUTES_OF_A_DAY, 3),
        names_only in any::<bool>(),
        listed in 47_usize..=50,
        // So many patches of an instance are listed.
        most in 0_usize..=4,
    ) {
        times.sort_unstable();
        let [test_scan, scan, hold] = times[..] else { unreachable!("three times") };
        let os = if names_only { OperatingSystem::Debian } else { OperatingSystem::AmazonLinux2023 };

        // The first stage installs what is missing there.
        let at_test = approved(&releases, test_scan, None, &[], names_only);
        let test = names(test);
        let rows: Vec<_> = test.iter().map(|has| {
            let instance = seen("i-test", Some(os));
            let mut row = row(&target(), &instance, Outcome::Patched, Reason::new(ReasonCode::ProvedByScan, "x"));
            // The install brings everything, and the row names what is listed.
            (row.installed, _) = PatchList::of(missing(&at_test, has), most).into_parts();
            row
        }).collect();
        let went_in: BTreeSet<String> =
            test.iter().flat_map(|has| missing(&at_test, has)).map(|patch| patch.title).collect();
        let tested = tested_by(&rows, Some(Timestamp::UNIX_EPOCH), TestedSet::default(), Timestamp::UNIX_EPOCH);

        // The later stage is scanned, reviewed, and scanned again where something is held back.
        let cutoff = Some(test_scan / MINUTES_OF_A_DAY);
        let instances: BTreeMap<String, Has> =
            names(production).into_iter().enumerate().map(|(n, has)| (format!("i-{n}"), has)).collect();
        let at_scan = approved(&releases, scan, cutoff, &[], names_only);
        let lacking = instances.iter().map(|(id, has)| (id.clone(), missing(&at_scan, has)));
        let mut order = order(os, lacking.filter(|(_, missing)| !missing.is_empty()));
        for one in &mut order.instances {
            (one.missing, one.more) = PatchList::of(std::mem::take(&mut one.missing), most).into_parts();
        }
        let before = order.instances.len();
        let own = baseline(os, listed);
        let reviewed = review(order, &tested, Untested::Block, std::slice::from_ref(&own));
        let (left, snapshot) = match reviewed.withheld.get(&os) {
            None => (reviewed, at_scan),
            Some(entries) => {
                let holding = own.withholding(entries);
                prop_assert!(holding.definition.rejected_patches.len() <= 50);
                let snapshot = approved(&releases, hold, cutoff, &holding.definition.rejected_patches, names_only);
                let mut scanned = reviewed.instances.iter().map(|one| {
                    let missing = missing(&snapshot, &instances[&one.instance_id]);
                    let outcome = if missing.is_empty() { Outcome::Compliant } else { Outcome::Missing };
                    let verdict = Verdict { outcome, reason: Reason::new(ReasonCode::PatchesMissing, "x") };
                    let (missing, more) = PatchList::of(missing, most).into_parts();
                    (one.instance_id.clone(), Scanned { verdict, missing, more, ended_at: None })
                }).collect();
                (approve(reviewed, &tested, &mut scanned), snapshot)
            }
        };

        // An install brings everything that its snapshot approves.
        for one in &left.instances {
            for patch in missing(&snapshot, &instances[&one.instance_id]) {
                prop_assert!(went_in.contains(&patch.title), "{} was not tested", patch.title);
            }
        }
        prop_assert_eq!(left.instances.len() + left.left_out.len(), before, "no instance is forgotten");
    }
}
