//! The messages that operators read when there is no preview.

use annotate_snippets::Renderer;
use insta::assert_snapshot;
use orgpatch_model::error::RunError;

use super::Failure;
use crate::plan_file::PlanFile;

const PLAN: &str = "\
schemaVersion: 1
name: monthly
# ou-abcd-99999999 was closed in May
regions: [ap-northeast-1]
stages:
  - name: test
    ous: [ou-abcd-11111111, ou-abcd-99999999] # not ou-abcd-22222222
";

fn shown(failure: impl Into<Failure>) -> String {
    let file = PlanFile { name: "monthly.yaml".to_owned(), text: PLAN.to_owned(), warnings: Vec::new() };
    failure.into().render(&file, &Renderer::plain())
}

fn unknown_unit(ou: &str) -> RunError {
    RunError::UnknownOrganizationalUnit { stage: "test".into(), ou: ou.into(), organization: "o-x".into() }
}

#[test]
fn an_id_that_the_organization_does_not_know_is_shown_in_its_line() {
    assert_snapshot!(shown(unknown_unit("ou-abcd-99999999")), @r#"
    error: stage "test": there is no organizational unit ou-abcd-99999999 in organization o-x
     --> monthly.yaml:7:29
      |
    7 |     ous: [ou-abcd-11111111, ou-abcd-99999999] # not ou-abcd-22222222
      |                             ^^^^^^^^^^^^^^^^
      |
      = help: correct the id (`aws organizations list-organizational-units-for-parent` lists the units), or use a --profile of another organization than o-x
    "#);
}

#[test]
fn comments_are_not_searched() {
    assert_snapshot!(shown(unknown_unit("ou-abcd-22222222")), @r#"
    error: stage "test": there is no organizational unit ou-abcd-22222222 in organization o-x
     |
     = help: correct the id (`aws organizations list-organizational-units-for-parent` lists the units), or use a --profile of another organization than o-x
    "#);
}

#[test]
fn every_error_says_what_to_do_next() {
    let errors = [
        Failure::NoCredentials("there are no credentials: the session\n  has expired".into()),
        RunError::UnknownStage { stage: "tset".into(), valid: vec!["test".into()] }.into(),
        RunError::FirstStageNotInRun { stage: "production".into(), first: "test".into() }.into(),
        RunError::UnknownAccount {
            place: "stage \"test\"".into(),
            account: "123456789012".into(),
            organization: "o-x".into(),
        }
        .into(),
        RunError::AccountInTwoStages {
            account: "123456789012".into(),
            name: "shop".into(),
            first: "test".into(),
            second: "production".into(),
            why: "no tag key tells their instances apart".into(),
        }
        .into(),
        RunError::StageWithoutAccounts { stage: "test".into() }.into(),
        RunError::OrganizationUnreadable("organizations:ListAccounts: AccessDeniedException: no".into()).into(),
        RunError::Throttled("organizations:ListAccounts: TooManyRequestsException: slow down".into()).into(),
        RunError::Unavailable("organizations:ListAccounts: timed out".into()).into(),
    ];
    let all: Vec<String> = errors.into_iter().map(shown).collect();
    assert_snapshot!(all.join("\n\n"), @r#"
    error: there are no credentials: the session has expired
     |
     = help: sign in (`aws sso login`, `aws configure`) or name another --profile; `aws sts get-caller-identity` shows the identity in use

    error: the plan has no stage "tset"; its stages are test
     |
     = help: name stages of the plan, or leave --stages out

    error: stage "production" is compared with what stage "test" tested. "test" is not part of this run, and no install run in which it passed is remembered; name both stages
     |
     = help: name both (--stages test,production), or install on stage test first

    error: stage "test": account 123456789012 is not in organization o-x
     |
     = help: correct the id (`aws organizations list-accounts` lists the accounts), remove it if the account is gone (with its stage, if that has nothing else), or use a --profile of another organization than o-x

    error: account 123456789012 (shop) is claimed by stage "test" and by stage "production", which cannot share it: no tag key tells their instances apart; exclude it from one of them
     |
     = help: if the earlier stage is right, add exclude: {accounts: ["123456789012"]} to stage "production"; if the stage has no other account, take the stage out instead, because no stage may be empty

    error: stage "test" has no account: its organizational units have none, or the stage excludes all of them
     |
     = help: move an account there, change the stage's ous, accounts or exclude, or run the other stages with --stages

    error: the organization cannot be read: organizations:ListAccounts: AccessDeniedException: no; orgpatch must run in the management account or in a delegated administrator's account
     |
     = help: use a --profile of such an account; `aws organizations list-accounts` must work with it

    error: throttled: organizations:ListAccounts: TooManyRequestsException: slow down
     |
     = help: wait a minute and try again

    error: temporarily unavailable: organizations:ListAccounts: timed out
     |
     = help: check the network and the Region, sign in again if the session has expired, and try again
    "#);
}
