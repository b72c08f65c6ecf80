//! The longest working time of a step: the stage's `deadline`, or a default that follows from the plan's rate.

use orgpatch_model::target::Phase;
use orgpatch_plan::{MaxConcurrency, Passes, Plan, Reboot, Stage, Untested};

use crate::sending::command::time_limit_seconds;

/// One install at the most, in seconds.
pub const INSTALL_SECONDS: u32 = time_limit_seconds(Phase::Install);

/// One scan at the most, in seconds.
pub const SCAN_SECONDS: u32 = time_limit_seconds(Phase::Scan);

/// The longest default. A plan may ask for more.
pub const MAX_DEFAULT_SECONDS: u32 = 24 * 3_600;

/// The longest working time of each step of a stage, and where it comes from. What has not answered by then is
/// `unreachable`, nothing further is sent, and the gate judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepDeadline {
    /// In seconds, counted from when the step begins.
    pub seconds: u32,
    /// Why so many.
    pub source: DeadlineSource,
}

/// Where the deadline of a step comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineSource {
    /// The stage says it.
    Plan,
    /// The installs in turn and the scans, or [`MAX_DEFAULT_SECONDS`] if that is less.
    Turns(Turns),
    /// `maxConcurrency` is a count, so the number of turns depends on how many instances a target has:
    /// [`MAX_DEFAULT_SECONDS`].
    Count,
}

/// How often the instances of a target may use their time limit one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// Turns of installs, over all passes that the stage asks for.
    pub installs: u32,
    /// Scans: before the installs, once more if the stage withholds patches, and after each pass.
    pub scans: u32,
}

impl Turns {
    /// Returns how long all of them take, in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.installs * INSTALL_SECONDS + self.scans * SCAN_SECONDS
    }
}

/// Returns the deadline of each step of a stage.
///
/// The default is long enough that every instance of a target may use its time limit in turn, with the scans before and
/// after. It leaves aside what the plan cannot tell: targets of more than 50 instances, whose scans need a second turn, and
/// the time for which an install waits for another tool's command. A second pass counts only if the stage asks for it: the
/// one that Windows gets by default uses the time that the first left over.
#[must_use]
pub fn step_deadline(plan: &Plan, stage: &Stage) -> StepDeadline {
    if let Some(deadline) = stage.deadline {
        return StepDeadline { seconds: deadline.seconds(), source: DeadlineSource::Plan };
    }
    let Some(turns) = turns_of_any_target(plan.rate.max_concurrency) else {
        return StepDeadline { seconds: MAX_DEFAULT_SECONDS, source: DeadlineSource::Count };
    };
    // Without a reboot there is one pass, whatever the stage says.
    let asked = stage.passes.filter(|_| plan.reboot == Reboot::IfNeeded);
    let passes = u32::from(asked.unwrap_or(Passes::One).number());
    let scans_before = if plan.untested(stage) == Some(Untested::Block) { 2 } else { 1 };
    let turns = Turns { installs: turns * passes, scans: scans_before + passes };
    StepDeadline { seconds: turns.seconds().min(MAX_DEFAULT_SECONDS), source: DeadlineSource::Turns(turns) }
}

/// Returns in how many turns a target of any size works through its instances; None if that depends on its size, as it does
/// for a count.
///
/// Of 50 instances, 25 % are 12, so they need five turns. The most turns has the largest target of which the share is only
/// one instance, because percentages are rounded down: seven instances under 25 % go one after the other.
fn turns_of_any_target(max_concurrency: MaxConcurrency) -> Option<u32> {
    match max_concurrency.as_percent()? {
        100 => Some(1),
        percent => Some(200_u32.div_ceil(percent.into()) - 1),
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_plan::read;
    use proptest::prelude::*;

    use super::*;

    fn deadline(rate: &str, stage: &str) -> StepDeadline {
        let text = format!(
            "schemaVersion: 1\nname: a\nregions: [ap-northeast-1]\nrate: {{maxConcurrency: {rate}}}\n\
             stages: [{{name: test, ous: [ou-abcd-11111111]}}, {{name: b, ous: [ou-abcd-22222222], {stage}}}]\n"
        );
        let plan = read(&text).unwrap_or_else(|errors| panic!("{errors}"));
        step_deadline(&plan, &plan.stages[1])
    }

    fn turns(installs: u32, scans: u32, seconds: u32) -> StepDeadline {
        StepDeadline { seconds, source: DeadlineSource::Turns(Turns { installs, scans }) }
    }

    #[test]
    fn the_default_is_installs_in_turn_and_two_scans() {
        assert_eq!(deadline("100%", ""), turns(1, 2, 9_000 + 2 * 7_800));
        assert_eq!(deadline("50%", ""), turns(3, 2, 3 * 9_000 + 2 * 7_800));
        assert_eq!(deadline("25%", ""), turns(7, 2, 78_600));
        assert_eq!(deadline("10%", ""), turns(19, 2, 86_400));
        assert_eq!(deadline("10", ""), StepDeadline { seconds: 86_400, source: DeadlineSource::Count });
    }

    #[test]
    fn only_what_the_stage_asks_for_adds_to_it() {
        assert_eq!(deadline("100%", "passes: 2"), turns(2, 3, 2 * 9_000 + 3 * 7_800));
        assert_eq!(deadline("100%", "passes: 1"), deadline("100%", ""));
        // The second pass is not sent without a reboot.
        assert_eq!(deadline("100%}\nreboot: never\ngateValidFor: 30d #", "passes: 2"), deadline("100%", ""));
        assert_eq!(deadline("100%", "untested: warn"), deadline("100%", ""));
        let block = "untested: block, approve: {afterDays: 0}, \
                     select: {operatingSystems: [WINDOWS]}, \
                     baselines: {WINDOWS: {rules: [{classification: [SecurityUpdates]}]}}";
        assert_eq!(deadline("100%", block), turns(1, 3, 9_000 + 3 * 7_800));
    }

    #[test]
    fn the_stage_decides_if_it_says_a_deadline() {
        for rate in ["25%", "10"] {
            let of_plan = |seconds| StepDeadline { seconds, source: DeadlineSource::Plan };
            assert_eq!(deadline(rate, "deadline: 30m, passes: 2"), of_plan(1_800));
            assert_eq!(deadline(rate, "deadline: 72h"), of_plan(72 * 3_600));
        }
    }

    proptest! {
        #[test]
        fn every_instance_may_use_its_time_limit_in_turn(percent in 1..=100_u8, instances in 1..=50_usize, passes in 1..=2_u32) {
            let share = MaxConcurrency::percent(percent).expect("a percentage");
            let default = deadline(&share.to_string(), &format!("passes: {passes}"));
            let turns = u32::try_from(instances.div_ceil(share.of(instances))).expect("few turns");
            let needed = SCAN_SECONDS + passes * (turns * INSTALL_SECONDS + SCAN_SECONDS);
            prop_assert!(default.seconds >= needed.min(MAX_DEFAULT_SECONDS), "{default:?} but {needed}");
        }

        #[test]
        fn some_target_needs_all_turns(percent in 1..=100_u8) {
            let share = MaxConcurrency::percent(percent).expect("a percentage");
            let turns = (1..=200_usize).map(|instances| instances.div_ceil(share.of(instances))).max();
            prop_assert_eq!(turns_of_any_target(share).map(|turns| turns as usize), turns);
        }
    }
}
