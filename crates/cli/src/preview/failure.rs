//! The reasons why there is no preview, each with one sentence and what to do next.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use orgpatch_model::error::RunError;

use crate::advice::{SIGN_IN, one_line};
use crate::plan_file::PlanFile;
use crate::stack::NotFound;

/// Why there is no preview.
#[derive(Debug)]
pub enum Failure {
    /// There are no credentials; one sentence says why.
    NoCredentials(String),
    /// The deployment is not found.
    NoDeployment(NotFound),
    /// An error that would also refuse the run.
    Run(RunError),
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl Failure {
    /// Renders the sentence, the line of the plan that it is about, if there is one, and what to do next.
    pub fn render(&self, file: &PlanFile, renderer: &Renderer) -> String {
        let title = match self {
            Self::NoCredentials(sentence) => sentence.clone(),
            Self::NoDeployment(why) => why.sentence(),
            Self::Run(error) => error.to_string(),
        };
        let mut report = Group::with_title(Level::ERROR.primary_title(one_line(&title)));
        let line = self.unknown_id().and_then(|id| plan_line(&file.text, id));
        if let Some(PlanLine { number, line, span }) = line {
            let snippet = Snippet::source(line).path(&file.name).line_start(number);
            report = report.element(snippet.annotation(AnnotationKind::Primary.span(span)));
        }
        renderer.render(&[report.element(Level::HELP.message(self.advice()))])
    }

    /// Returns the id in the plan that the organization does not have.
    fn unknown_id(&self) -> Option<&str> {
        match self {
            Self::Run(RunError::UnknownOrganizationalUnit { ou, .. }) => Some(ou),
            Self::Run(RunError::UnknownAccount { account, .. }) => Some(account),
            _ => None,
        }
    }

    fn advice(&self) -> String {
        let error = match self {
            Self::NoCredentials(_) => return SIGN_IN.to_owned(),
            Self::NoDeployment(why) => return why.advice(),
            Self::Run(error) => error,
        };
        match error {
            RunError::UnknownStage { .. } => "name stages of the plan, or leave --stages out".to_owned(),
            RunError::FirstStageNotInRun { stage, first } => {
                format!("name both (--stages {first},{stage}), or install on stage {first} first")
            }
            RunError::UnknownOrganizationalUnit { organization, .. } => format!(
                "correct the id (`aws organizations list-organizational-units-for-parent` lists the units), \
                 or use a --profile of another organization than {organization}"
            ),
            RunError::UnknownAccount { organization, .. } => format!(
                "correct the id (`aws organizations list-accounts` lists the accounts), remove it if the account is \
                 gone (with its stage, if that has nothing else), or use a --profile of another organization than {organization}"
            ),
            RunError::AccountInTwoStages { account, second, .. } => format!(
                "if the earlier stage is right, add exclude: {{accounts: [\"{account}\"]}} to stage {second:?}; if the stage \
                 has no other account, take the stage out instead, because no stage may be empty"
            ),
            RunError::StageWithoutAccounts { .. } => {
                "move an account there, change the stage's ous, accounts or exclude, \
                 or run the other stages with --stages"
                    .to_owned()
            }
            RunError::OrganizationUnreadable(_) | RunError::AccessDenied(_) => {
                "use a --profile of such an account; `aws organizations list-accounts` must work with it".to_owned()
            }
            RunError::Throttled(_) => "wait a minute and try again".to_owned(),
            _ => "check the network and the Region, sign in again if the session has expired, and try again".to_owned(),
        }
    }
}

/// A line of the plan, with the part to mark.
struct PlanLine<'t> {
    number: usize,
    line: &'t str,
    span: Range<usize>,
}

/// Returns the first line of the plan that names an id, without comments. Every other line that names it is equally wrong.
fn plan_line<'t>(text: &'t str, id: &str) -> Option<PlanLine<'t>> {
    let mut lines = (1..).zip(text.lines());
    lines.find_map(|(number, line)| {
        let code = line.split_once(" #").map_or(line, |(code, _)| code);
        let at = code.find(id).filter(|_| !line.trim_start().starts_with('#'))?;
        Some(PlanLine { number, line, span: at..at + id.len() })
    })
}

#[cfg(test)]
mod tests;
