//! The second pass of an install: for instances that have answered the first one and whose scan afterwards still finds
//! something missing. On Windows this is usual: a servicing stack update comes before the cumulative update that needs it,
//! and updates become applicable after the reboot.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::Patch;
use orgpatch_plan::SkipOrWarn;
use serde::{Deserialize, Serialize};

use crate::install::order::{InstallOrder, OrderToSend, OrderedInstance};
use crate::promotion::TestedSet;
use crate::results::command_results::CommandResult;
use crate::results::{InstanceRow, PassResult};

/// `first-pass/0001.json` and so on: what the first pass of a chunk came to, where a second one follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstPass {
    /// What the second pass installs.
    pub second: InstallOrder,
    /// The rows after the first pass, of all instances of the order.
    pub rows: Vec<InstanceRow>,
}

/// A first pass as the functions that send read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FirstPassToSend {
    /// What the second pass installs.
    pub second: OrderToSend,
}

/// What the plan says about a second pass.
#[derive(Clone, Copy)]
pub struct SecondPassRules<'a> {
    /// The operating systems that may get one.
    pub systems: &'a dyn Fn(OperatingSystem) -> bool,
    /// What the first stage installed, where the step withholds everything else.
    pub only_tested: Option<&'a TestedSet>,
    /// What the plan says about an instance that another baseline than its own judges.
    pub other_baseline: SkipOrWarn,
}

/// Returns the first pass with the order of the second one; None if no instance gets a second pass.
///
/// An instance that the plan never reboots gets none: what its first install left open, a second one finds again.
///
/// An instance that another baseline judged gets none unless the plan allows it: that baseline would decide what goes in.
///
/// Where untested patches are withheld, an instance gets none if anything that is missing now is not tested, or is not listed
/// and cannot be compared: the list of rejected patches was made before it became applicable.
#[must_use]
pub fn second_pass(
    first: &InstallOrder,
    rows: &[InstanceRow],
    installed: &BTreeMap<String, CommandResult>,
    rules: SecondPassRules<'_>,
) -> Option<FirstPass> {
    let answered = |id: &str| installed.get(id).is_some_and(|result| result.answer.is_answer());
    let rows_by_id: BTreeMap<&str, &InstanceRow> = rows.iter().map(|row| (row.instance_id.as_str(), row)).collect();
    let again = |instance: &OrderedInstance| {
        let row = *rows_by_id.get(instance.instance_id.as_str())?;
        let tested = |patch: &Patch| rules.only_tested.is_none_or(|tested| tested.contains(instance.os, patch));
        let wanted = (rules.systems)(instance.os)
            && instance.never_reboot.is_none()
            && answered(&instance.instance_id)
            && (row.judged_by.is_none() || rules.other_baseline == SkipOrWarn::Warn)
            && !row.missing_after.is_empty()
            && row.missing_after.iter().all(tested)
            && (rules.only_tested.is_none() || row.more_missing_after == 0);
        wanted.then(|| {
            let missing = to_install_again(row);
            OrderedInstance {
                untested: missing.iter().filter(|patch| instance.untested.contains(patch)).cloned().collect(),
                missing,
                more: row.more_missing_after,
                reason: row.reason.clone(),
                ..instance.clone()
            }
        })
    };
    let instances: Vec<OrderedInstance> = first.instances.iter().filter_map(again).collect();
    if instances.is_empty() {
        return None;
    }
    let scanned_at = rows.iter().filter_map(|row| Some((row.instance_id.clone(), row.scanned_at?))).collect();
    let rows = rows.iter().map(|row| InstanceRow { passes: vec![pass(row, installed)], ..row.clone() }).collect();
    Some(FirstPass { second: InstallOrder { instances, left_out: Vec::new(), scanned_at, ..first.clone() }, rows })
}

/// Returns what the scan after the first pass finds missing, and what it does not rule out because its list was cut: the
/// second pass must prove these, too.
fn to_install_again(row: &InstanceRow) -> Vec<Patch> {
    let is_listed = |patch: &&Patch| row.missing_after.iter().any(|listed| listed.id == patch.id);
    let unproved = row.failed.iter().filter(|patch| !is_listed(patch));
    row.missing_after.iter().chain(unproved).cloned().collect()
}

fn pass(row: &InstanceRow, installed: &BTreeMap<String, CommandResult>) -> PassResult {
    PassResult {
        outcome: row.outcome,
        reason: row.reason.clone(),
        installed: row.installed.clone(),
        failed: row.failed.clone(),
        command_id: installed.get(&row.instance_id).and_then(|result| result.command_id.clone()),
    }
}

/// Returns the rows after both passes. `second` are those of the instances that had a second pass. A row stays as the first
/// pass left it where nothing was sent in the second.
#[must_use]
pub fn after_both(
    first: FirstPass,
    second: Vec<InstanceRow>,
    installed: &BTreeMap<String, CommandResult>,
) -> Vec<InstanceRow> {
    let mut second: BTreeMap<String, InstanceRow> =
        second.into_iter().map(|row| (row.instance_id.clone(), row)).collect();
    let both = |before: InstanceRow| {
        let sent = installed.get(&before.instance_id).is_some_and(|result| result.command_id.is_some());
        match second.remove(&before.instance_id).filter(|_| sent) {
            Some(after) => joined(before, after, installed),
            None => InstanceRow { passes: Vec::new(), ..before },
        }
    };
    first.rows.into_iter().map(both).collect()
}

fn joined(before: InstanceRow, after: InstanceRow, installed: &BTreeMap<String, CommandResult>) -> InstanceRow {
    let second = pass(&after, installed);
    InstanceRow {
        installed: [before.installed, after.installed].concat(),
        installed_untested: [before.installed_untested, after.installed_untested].concat(),
        passes: before.passes.into_iter().chain([second]).collect(),
        ..after
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use orgpatch_model::outcome::Outcome;
    use orgpatch_model::patch::{PatchDisposition, WithheldPatches};
    use orgpatch_model::reason::{Reason, ReasonCode};

    use super::*;
    use crate::fixtures::{seen, target};
    use crate::results::reconcile;
    use crate::sending::invocation::InvocationResult;

    fn patch(id: &str) -> Patch {
        Patch {
            id: id.into(),
            title: id.into(),
            classification: String::new(),
            severity: String::new(),
            state: PatchDisposition::Missing,
            cve_ids: vec![],
            more_cve_ids: 0,
        }
    }

    fn ordered(id: &str, os: OperatingSystem) -> OrderedInstance {
        OrderedInstance {
            instance_id: id.into(),
            os,
            availability_zone: None,
            missing: vec![patch("KB1")],
            more: 0,
            untested: vec![],
            held_back: vec![],
            never_reboot: None,
            reason: Reason::new(ReasonCode::PatchesMissing, "x"),
        }
    }

    fn order(instances: Vec<OrderedInstance>) -> InstallOrder {
        InstallOrder {
            account_id: "222200000001".into(),
            region: "ap-northeast-1".into(),
            instances,
            left_out: vec![],
            withheld: WithheldPatches::new(),
            scanned_at: BTreeMap::new(),
        }
    }

    /// A row in which KB1 is installed and `missing` is missing.
    fn row(id: &str, missing: &[&str]) -> InstanceRow {
        let seen = seen(id, Some(OperatingSystem::Windows));
        let (outcome, code) = match missing {
            [] => (Outcome::Patched, ReasonCode::ProvedByScan),
            _ => (Outcome::Failed, ReasonCode::StillMissing),
        };
        InstanceRow {
            installed: vec![patch("KB1")],
            missing_after: missing.iter().copied().map(patch).collect(),
            scanned_at: Some(Timestamp::UNIX_EPOCH),
            ..reconcile::row(&target(), &seen, outcome, Reason::new(code, "x"))
        }
    }

    fn results(answers: &[(&str, InvocationResult)]) -> BTreeMap<String, CommandResult> {
        let result = |(id, answer): &(&str, InvocationResult)| {
            let command_id = answer.is_answer().then(|| format!("command-{id}"));
            let at = Timestamp::UNIX_EPOCH;
            (
                (*id).to_owned(),
                CommandResult {
                    answer: answer.clone(),
                    command_id,
                    sent_at: at,
                    seen_at: at,
                    started_at: Some(at),
                    finished_at: None,
                },
            )
        };
        answers.iter().map(result).collect()
    }

    fn reason() -> Reason {
        Reason::new(ReasonCode::DeliveryTimedOut, "x")
    }

    #[test]
    fn a_second_pass_goes_to_those_that_answered_and_still_lack_something() {
        let all = ["i-lacks", "i-failed", "i-done", "i-silent", "i-linux", "i-never"];
        let mut first = order(all.map(|id| ordered(id, OperatingSystem::Windows)).into());
        first.instances[4].os = OperatingSystem::Ubuntu;
        first.instances[5].never_reboot = Some(Reason::new(ReasonCode::NeverReboot, "the plan never reboots it"));
        let rows: Vec<InstanceRow> = all.map(|id| row(id, if id == "i-done" { &[] } else { &["KB2"] })).into();
        let installed = results(&[
            ("i-lacks", InvocationResult::Succeeded),
            ("i-failed", InvocationResult::Failed(Reason::new(ReasonCode::ExitCode(1), "x"))),
            ("i-done", InvocationResult::Succeeded),
            ("i-silent", InvocationResult::None(reason())),
            ("i-linux", InvocationResult::Succeeded),
            ("i-never", InvocationResult::Succeeded),
        ]);
        let windows = |os| os == OperatingSystem::Windows;
        let rules = SecondPassRules { systems: &windows, only_tested: None, other_baseline: SkipOrWarn::Skip };
        let pass = second_pass(&first, &rows, &installed, rules).expect("a second pass");
        let ids: Vec<&str> = pass.second.instances.iter().map(|one| one.instance_id.as_str()).collect();
        assert_eq!(ids, ["i-lacks", "i-failed"]);
        assert_eq!(pass.second.instances[0].missing, [patch("KB2")]);
        assert_eq!(pass.rows.len(), 6);
        let no_system = SecondPassRules { systems: &|_| false, only_tested: None, other_baseline: SkipOrWarn::Skip };
        assert_eq!(second_pass(&first, &rows, &installed, no_system), None);
    }

    #[test]
    fn where_untested_patches_are_withheld_nothing_untested_comes_by_a_second_pass() {
        let first = order(vec![ordered("i-1", OperatingSystem::Windows), ordered("i-2", OperatingSystem::Windows)]);
        let rows = [row("i-1", &["KB2"]), row("i-2", &["KB2", "KB3"])];
        let installed = results(&[("i-1", InvocationResult::Succeeded), ("i-2", InvocationResult::Succeeded)]);
        let mut tested = TestedSet::default();
        let in_the_first_stage = InstanceRow { installed: vec![patch("KB2")], ..row("i-9", &[]) };
        tested.add(None, [&in_the_first_stage], Timestamp::UNIX_EPOCH);
        let rules =
            SecondPassRules { systems: &|_| true, only_tested: Some(&tested), other_baseline: SkipOrWarn::Skip };
        let pass = second_pass(&first, &rows, &installed, rules).expect("a second pass");
        let ids: Vec<&str> = pass.second.instances.iter().map(|one| one.instance_id.as_str()).collect();
        assert_eq!(ids, ["i-1"]);
    }

    #[test]
    fn where_untested_patches_are_withheld_a_list_that_was_cut_gives_no_second_pass() {
        let first = order(vec![ordered("i-1", OperatingSystem::Windows), ordered("i-2", OperatingSystem::Windows)]);
        let cut = InstanceRow { more_missing_after: 7, ..row("i-1", &["KB2"]) };
        let rows = [cut, row("i-2", &["KB2"])];
        let installed = results(&[("i-1", InvocationResult::Succeeded), ("i-2", InvocationResult::Succeeded)]);
        let mut tested = TestedSet::default();
        let in_the_first_stage = InstanceRow { installed: vec![patch("KB2")], ..row("i-9", &[]) };
        tested.add(None, [&in_the_first_stage], Timestamp::UNIX_EPOCH);
        let ids = |only_tested| {
            let rules = SecondPassRules { systems: &|_| true, only_tested, other_baseline: SkipOrWarn::Skip };
            let pass = second_pass(&first, &rows, &installed, rules);
            let second = pass.expect("a second pass").second.instances;
            second.into_iter().map(|one| (one.instance_id, one.more)).collect::<Vec<_>>()
        };
        assert_eq!(ids(Some(&tested)), [("i-2".to_owned(), 0)]);
        assert_eq!(ids(None), [("i-1".to_owned(), 7), ("i-2".to_owned(), 0)]);
    }

    #[test]
    fn what_another_baseline_judges_gets_a_second_pass_only_if_the_plan_allows_it() {
        let first = order(vec![ordered("i-1", OperatingSystem::Windows), ordered("i-2", OperatingSystem::Windows)]);
        let judged_by = Some(Reason::new(ReasonCode::AnotherBaseline, "x"));
        let rows = [row("i-1", &["KB2"]), InstanceRow { judged_by, ..row("i-2", &["KB2"]) }];
        let installed = results(&[("i-1", InvocationResult::Succeeded), ("i-2", InvocationResult::Succeeded)]);
        let ids = |other_baseline| {
            let rules = SecondPassRules { systems: &|_| true, only_tested: None, other_baseline };
            let second = second_pass(&first, &rows, &installed, rules).expect("a second pass").second.instances;
            second.into_iter().map(|one| one.instance_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(SkipOrWarn::Skip), ["i-1"]);
        assert_eq!(ids(SkipOrWarn::Warn), ["i-1", "i-2"]);
    }

    #[test]
    fn the_second_pass_must_prove_what_the_list_of_the_first_did_not_rule_out() {
        let first = order(vec![ordered("i-1", OperatingSystem::Windows)]);
        let cut = InstanceRow {
            failed: vec![patch("KB1"), patch("KB2"), patch("KB9")],
            more_missing_after: 1,
            ..row("i-1", &["KB1", "KB2"])
        };
        let installed = results(&[("i-1", InvocationResult::Succeeded)]);
        let rules = SecondPassRules { systems: &|_| true, only_tested: None, other_baseline: SkipOrWarn::Skip };
        let pass = second_pass(&first, &[cut], &installed, rules).expect("a second pass");
        assert_eq!(pass.second.instances[0].missing, [patch("KB1"), patch("KB2"), patch("KB9")]);
    }

    #[test]
    fn a_row_shows_both_passes_and_stays_as_it_was_where_nothing_was_sent() {
        let first = order(vec![ordered("i-1", OperatingSystem::Windows), ordered("i-2", OperatingSystem::Windows)]);
        let rows = [row("i-1", &["KB2"]), row("i-2", &["KB2"])];
        let installed = results(&[("i-1", InvocationResult::Succeeded), ("i-2", InvocationResult::Succeeded)]);
        let rules = SecondPassRules { systems: &|_| true, only_tested: None, other_baseline: SkipOrWarn::Skip };
        let pass = second_pass(&first, &rows, &installed, rules).expect("a second pass");
        let again = results(&[("i-1", InvocationResult::Succeeded), ("i-2", InvocationResult::Offline(reason()))]);
        let second = |id: &str| InstanceRow { installed: vec![patch("KB2")], ..row(id, &[]) };
        let both = after_both(pass, vec![second("i-1"), second("i-2")], &again);
        assert_eq!(both[0].outcome, Outcome::Patched);
        assert_eq!(both[0].installed, [patch("KB1"), patch("KB2")]);
        let outcomes: Vec<Outcome> = both[0].passes.iter().map(|pass| pass.outcome).collect();
        assert_eq!(outcomes, [Outcome::Failed, Outcome::Patched]);
        assert_eq!(both[1], rows[1], "nothing was sent in the second pass");
    }
}
