//! Checks that nothing that an account or an instance says of itself is a line or a link of a text for people. Cells of tables
//! are checked with the files.

use crate::evidence::{Evidence, LINE_ENDS};

/// The longest notification, in bytes.
const LONGEST_MESSAGE: usize = 8 * 1024;

/// Checks the notifications. Those of a refused run may repeat addresses of the plan.
#[must_use]
pub fn a_notification_is_short_and_all_of_it_is_orgpatchs(evidence: &Evidence) -> Vec<String> {
    let mut complaints = Vec::new();
    for message in evidence.notifications() {
        if message.len() > LONGEST_MESSAGE {
            complaints.push(format!("a notification has {} bytes", message.len()));
        }
        if evidence.report.is_some() {
            complaints.extend(lines_and_links("a notification", &message.replace("s3://", ""), evidence));
        }
    }
    if evidence.report.is_some() && evidence.notifications().next().is_none() {
        complaints.push("there is a report, and no notification in the history".to_owned());
    }
    complaints
}

/// Checks the summary.
#[must_use]
pub fn no_foreign_text_is_a_line_or_a_link_of_the_summary(evidence: &Evidence) -> Vec<String> {
    let summary = evidence.files.summary.as_deref().unwrap_or_default();
    lines_and_links("summary.md", summary, evidence)
}

fn lines_and_links(what: &str, text: &str, evidence: &Evidence) -> Vec<String> {
    let mut complaints = Vec::new();
    if let Some(link) = ["://", "www."].into_iter().find(|link| text.to_ascii_lowercase().contains(link)) {
        complaints.push(format!("{what} has {link:?}, of which a link is made: {text}"));
    }
    for line in text.split(LINE_ENDS).map(str::trim) {
        if let Some(foreign) = evidence.foreign.iter().find(|foreign| line.starts_with(foreign.as_str())) {
            complaints.push(format!("{what} has a line that begins with {foreign:?}"));
        }
    }
    complaints
}
