//! What is said of a run that ended without a report of its own, and of commands that had not ended.

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::english::counted;

use crate::{RunReport, Shortlist};

/// An install command that had not ended when orgpatch gave it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCommand {
    /// Account id.
    pub account_id: String,
    /// Region code.
    pub region: String,
    /// Instance id.
    pub instance_id: String,
    /// Id of the command.
    pub command_id: String,
}

impl OpenCommand {
    /// Returns the open command of an instance; None if it has none.
    pub(crate) fn of(row: &InstanceRow) -> Option<Self> {
        let command_id = row.open_command.clone()?;
        let (account_id, region, instance_id) = (row.account_id.clone(), row.region.clone(), row.instance_id.clone());
        Some(Self { account_id, region, instance_id, command_id })
    }

    /// Returns the line that cancels it, with credentials of its account.
    #[must_use]
    pub fn cancel(&self) -> String {
        format!("aws ssm cancel-command --region {} --command-id {}", self.region, self.command_id)
    }
}

/// Returns a sentence for a run that was closed by another execution.
#[must_use]
pub fn sentence(run: &RunReport) -> Option<String> {
    let by = run.closed_by.as_ref()?;
    Some(format!(
        "The run ended without a report. The execution {by} has made this one from its records and sent nothing."
    ))
}

/// Returns the sentence above a list of open commands; None if there are none.
#[must_use]
pub fn about(open: &Shortlist<OpenCommand>) -> Option<String> {
    let them = if open.all == 1 { "it" } else { "one" };
    (open.all > 0).then(|| {
        let commands = counted(open.all, "install command");
        format!(
            "{commands} had not ended when orgpatch last asked, and may still be at work. To cancel {them}, use credentials of its account; what an instance has begun may go on"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn an_open_command_is_told_with_the_line_that_cancels_it() {
        let mut report = fixtures::report();
        assert_eq!(about(&report.highlights().open_commands), None);
        report.instances[0].open_command = Some("0a1b".into());
        let (id, place) = {
            let row = &report.instances[0];
            (row.instance_id.clone(), format!("{} {}", row.account_id, row.region))
        };
        report.head.run.closed_by = Some("close-1".into());
        let highlights = report.highlights();
        let message = report.head.answer(&highlights, "b", "0123").message;
        assert!(message.contains("1 install command had not ended"), "{message}");
        let line =
            format!("{place} {id}: aws ssm cancel-command --region {} --command-id 0a1b", report.instances[0].region);
        assert!(message.contains(&line), "{message}");
        assert!(message.contains("The execution close-1 has made this one from its records"), "{message}");
        let summary = crate::summary::markdown(&report.head, &highlights);
        assert!(summary.contains("--command-id 0a1b`") && summary.contains("close-1"), "{summary}");
    }
}
