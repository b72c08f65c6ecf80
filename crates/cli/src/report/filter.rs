//! Filters the instances and targets of a report.

use std::collections::HashSet;

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::organization::names_of_path;
use orgpatch_model::outcome::Outcome;
use orgpatch_report::{Report, TargetReport};

use crate::args::ReportArguments;

/// The filters. An empty list does not filter.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    /// Names of stages.
    pub stages: &'a [String],
    /// Organizational units, as paths from the root. Units below them match, too.
    pub units: &'a [String],
    /// Outcomes.
    pub outcomes: &'a [Outcome],
    /// Ids or names of accounts.
    pub accounts: &'a [String],
    /// Region codes.
    pub regions: &'a [String],
    /// Operating systems.
    pub systems: &'a [String],
}

impl<'a> Filter<'a> {
    /// Returns the filters of the command line.
    pub fn of(arguments: &'a ReportArguments) -> Self {
        Self {
            stages: &arguments.stages,
            units: &arguments.ou,
            outcomes: &arguments.outcome,
            accounts: &arguments.account,
            regions: &arguments.region,
            systems: &arguments.os,
        }
    }

    /// Removes the instances and targets that do not match. The run and its steps stay, because they cover all of them.
    pub fn apply(&self, report: &mut Report) {
        report.targets.retain(|target| self.wants_target(target));
        let targets: HashSet<[&String; 3]> =
            report.targets.iter().map(|target| [&target.account_id, &target.region, &target.stage]).collect();
        report
            .instances
            .retain(|row| targets.contains(&[&row.account_id, &row.region, &row.stage]) && self.wants_instance(row));
    }

    fn wants_target(&self, target: &TargetReport) -> bool {
        let below = |unit: &String| match names_of_path(unit) {
            root if root.is_empty() => target.ou_path.is_empty(),
            unit => names_of_path(&target.ou_path).starts_with(&unit),
        };
        matches_any(self.stages, |stage| *stage == target.stage)
            && matches_any(self.units, below)
            && matches_any(self.accounts, |account| *account == target.account_id || *account == target.account_name)
            && matches_any(self.regions, |region| *region == target.region)
    }

    fn wants_instance(&self, row: &InstanceRow) -> bool {
        let is_system = |system: &String| row.os.as_ref().is_some_and(|os| os.name().eq_ignore_ascii_case(system));
        matches_any(self.outcomes, |outcome| *outcome == row.outcome) && matches_any(self.systems, is_system)
    }
}

/// Returns true if a filter is empty, or one of its values matches.
fn matches_any<T>(wanted: &[T], holds: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::tests::report;

    fn left(filter: &Filter<'_>) -> Vec<String> {
        let mut report = report();
        filter.apply(&mut report);
        report.instances.into_iter().map(|row| row.instance_id).collect()
    }

    #[test]
    fn each_filter_leaves_what_it_names() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        assert_eq!(left(&Filter::default()), ["i-1", "i-2", "i-3"]);
        assert_eq!(left(&Filter { stages: &texts(&["test"]), ..Filter::default() }), ["i-1"]);
        assert_eq!(left(&Filter { units: &texts(&["Production"]), ..Filter::default() }), ["i-2", "i-3"]);
        assert_eq!(left(&Filter { units: &texts(&["/Production/Payments/"]), ..Filter::default() }), ["i-3"]);
        assert_eq!(left(&Filter { units: &texts(&["Prod"]), ..Filter::default() }), Vec::<String>::new());
        assert_eq!(left(&Filter { outcomes: &[Outcome::Failed], ..Filter::default() }), ["i-2"]);
        assert_eq!(
            left(&Filter { accounts: &texts(&["shop-test", "444444444444"]), ..Filter::default() }),
            ["i-1", "i-2"]
        );
        assert_eq!(left(&Filter { regions: &texts(&["eu-west-2"]), ..Filter::default() }), ["i-3"]);
        assert_eq!(left(&Filter { systems: &texts(&["windows"]), ..Filter::default() }), ["i-3"]);
        let both = Filter { systems: &texts(&["ubuntu"]), outcomes: &[Outcome::Patched], ..Filter::default() };
        assert_eq!(left(&both), ["i-1"]);
    }

    #[test]
    fn a_stage_that_shares_its_account_keeps_its_own_instances() {
        let mut report = report();
        let (mut target, mut row) = (report.targets[0].clone(), report.instances[0].clone());
        (target.stage, row.stage, row.instance_id) = ("production".into(), "production".into(), "i-4".into());
        report.targets.push(target);
        report.instances.push(row);
        Filter { stages: &["test".to_owned()], ..Filter::default() }.apply(&mut report);
        assert_eq!(report.instances.iter().map(|row| row.instance_id.as_str()).collect::<Vec<_>>(), ["i-1"]);
    }
}
