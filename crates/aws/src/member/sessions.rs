//! Sessions of the member role, with one cache per process.
//!
//! Credentials are only here, in memory: no type of the records and messages can carry them, and no type here prints them.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::error::RunError;
use orgpatch_model::outcome::TargetOutcome;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;
use orgpatch_records::keys::Owner;
use tokio::sync::Mutex;

use crate::clients::call::{CallError, Kind};
use crate::clients::config::MemberConfig;
use crate::lambda::environment::{self, MemberRole};

/// The length of a session. A role session from a role session (as in Lambda) lasts at most an hour; asking for more fails.
const SESSION_SECONDS: i32 = 3_600;

/// A session is not used in its last minutes, so that it does not expire during a call.
const MARGIN: Duration = Duration::from_mins(5);

/// The most sessions that are kept. A process works for one target after the other.
const MAX_SESSIONS: usize = 64;

/// The longest name of a session (botocore 1.43.106, `RoleSessionName`).
const MAX_SESSION_NAME: usize = 64;

/// Letters of the hash at the end of a run name that was cut.
const RUN_HASH: usize = 8;

/// Why a target cannot be worked on.
#[derive(Debug)]
pub enum TargetError {
    /// An outcome of the target: data, not an error of the run.
    Outcome(TargetOutcome, Reason),
    /// An error of the run, which is most likely temporary.
    Run(RunError),
}

impl From<RunError> for TargetError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

/// Opens sessions in member accounts.
pub struct MemberSessions {
    config: SdkConfig,
    sts: aws_sdk_sts::Client,
    role: MemberRole,
    function: Owner,
    sessions: Mutex<HashMap<SessionKey, Session>>,
}

/// Whose session it is: a call of a run carries the name of that run, and a process may work for several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SessionKey {
    run_id: String,
    account_id: String,
}

struct Session {
    credentials: SharedCredentialsProvider,
    expires_at: SystemTime,
}

impl MemberSessions {
    /// Opens sessions of the member role that `role` describes, for that function.
    #[must_use]
    pub fn new(config: &SdkConfig, role: MemberRole, function: Owner) -> Self {
        Self {
            config: config.clone(),
            sts: aws_sdk_sts::Client::new(config),
            role,
            function,
            sessions: Mutex::new(HashMap::new()),
        }
    }

    /// Returns a configuration for clients in the target's account and Region.
    pub async fn session_for(&self, run_id: &str, target: &Target) -> Result<MemberConfig, TargetError> {
        self.session_in(run_id, target, Region::new(target.region.clone())).await
    }

    /// Returns a configuration for clients in the target's account and orgpatch's own Region, which is enabled there.
    pub async fn home_session_for(&self, run_id: &str, target: &Target) -> Result<MemberConfig, TargetError> {
        let home = self.config.region().cloned();
        let home = home.ok_or_else(|| RunError::BrokenRun("the function has no Region".to_owned()))?;
        self.session_in(run_id, target, home).await
    }

    async fn session_in(&self, run_id: &str, target: &Target, region: Region) -> Result<MemberConfig, TargetError> {
        if let Some(reason) = target.account_state.reason_not_to_enter() {
            return Err(TargetError::Outcome(TargetOutcome::Inactive, reason));
        }
        let credentials = self.session(run_id, &target.account_id).await?;
        let config = self.config.to_builder().region(region).credentials_provider(credentials).build();
        Ok(MemberConfig::new(config, &target.account_id))
    }

    async fn session(&self, run_id: &str, account_id: &str) -> Result<SharedCredentialsProvider, TargetError> {
        let mut sessions = self.sessions.lock().await;
        let now = SystemTime::now();
        let key = SessionKey { run_id: run_id.to_owned(), account_id: account_id.to_owned() };
        if let Some(session) = sessions.get(&key)
            && session.expires_at > now + MARGIN
        {
            return Ok(session.credentials.clone());
        }
        if sessions.len() >= MAX_SESSIONS {
            sessions.clear();
        }
        let session = self.assume(run_id, account_id).await?;
        let credentials = session.credentials.clone();
        sessions.insert(key, session);
        Ok(credentials)
    }

    async fn assume(&self, run_id: &str, account_id: &str) -> Result<Session, TargetError> {
        let region = self.config.region().map_or("", Region::as_ref);
        let answer = self
            .sts
            .assume_role()
            .role_arn(self.role.arn(environment::partition()?, account_id))
            .role_session_name(session_name(self.function, run_id))
            .external_id(&self.role.external_id)
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await
            .map_err(|error| match CallError::of("sts:AssumeRole", &error) {
                error if error.kind == Kind::Denied => TargetError::Outcome(
                    TargetOutcome::AccessDenied,
                    Reason::new(ReasonCode::AccessDenied, self.role.refusal(account_id, region)),
                ),
                // What one account is answered is its own, and no error of the run: an account can switch STS off in a Region.
                error if error.kind.is_refusal() || error.kind == Kind::RegionDisabled => {
                    TargetError::Outcome(TargetOutcome::Error, Reason::new(ReasonCode::CallRejected, error.to_string()))
                }
                error => error.into_run_error().into(),
            })?;
        let credentials = answer
            .credentials
            .ok_or_else(|| RunError::Unavailable("sts:AssumeRole: the answer has no credentials".to_owned()))?;
        let expires_at = SystemTime::try_from(credentials.expiration)
            .map_err(|error| RunError::Unavailable(format!("sts:AssumeRole: expiration: {error}")))?;
        let credentials = Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            Some(credentials.session_token),
            Some(expires_at),
            "orgpatch member role",
        );
        Ok(Session { credentials: SharedCredentialsProvider::new(credentials), expires_at })
    }

    /// Drops the sessions of an account, so that the next call gets a new one.
    pub async fn forget(&self, account_id: &str) {
        self.sessions.lock().await.retain(|key, _| key.account_id != account_id);
    }

    /// Returns the value of a call in a member account, or what its failure means for the target; see
    /// [`MemberSessions::target_error`].
    pub async fn target_result<T>(&self, target: &Target, result: Result<T, CallError>) -> Result<T, TargetError> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.target_error(target, error).await),
        }
    }

    /// Returns what a failed call in a member account means for the target. It drops a session that is not accepted, so that
    /// the next try gets a new one.
    pub async fn target_error(&self, target: &Target, error: CallError) -> TargetError {
        let outcome = |outcome, code, text| TargetError::Outcome(outcome, Reason::new(code, text));
        match error.kind {
            Kind::Denied => outcome(
                TargetOutcome::AccessDenied,
                ReasonCode::ActionDenied,
                format!("the role {} lacks a permission: {error}", self.role.role_name),
            ),
            Kind::RegionDisabled => outcome(
                TargetOutcome::RegionDisabled,
                ReasonCode::RegionDisabled,
                format!("Region {} is not enabled in the account: {error}", target.region),
            ),
            Kind::Credentials => {
                self.forget(&target.account_id).await;
                TargetError::Run(RunError::Unavailable(error.to_string()))
            }
            Kind::Throttled | Kind::Conflict | Kind::Lost => TargetError::Run(error.into_run_error()),
            Kind::ConditionFailed | Kind::NotFound | Kind::Rejected => {
                outcome(TargetOutcome::Error, ReasonCode::CallRejected, error.to_string())
            }
        }
    }
}

/// Returns the session name, which shows function and run in the member account's CloudTrail: `orgpatch-<function>-<run>`. A
/// run name that is too long, or has characters that STS refuses, is cut and ends in a part of its SHA-256.
fn session_name(function: Owner, run_id: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "-_.@=,+".contains(*c);
    let mut name = format!("orgpatch-{}-", function.name());
    let room = MAX_SESSION_NAME - name.len();
    if run_id.len() <= room && run_id.chars().all(|c| allowed(&c)) {
        name.push_str(run_id);
        return name;
    }
    name.extend(run_id.chars().filter(allowed).take(room - RUN_HASH - 1));
    name.push('-');
    name.push_str(&sha256_hex(run_id)[..RUN_HASH]);
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_session_is_named_after_its_function_and_run() {
        assert_eq!(session_name(Owner::Install, "november"), "orgpatch-install-november");
        let longest = "a".repeat(39);
        assert_eq!(session_name(Owner::CollectResults, &longest), format!("orgpatch-collect-results-{longest}"));
        // A run of a schedule has two UUIDs in its name. The first letters find it in a list, the hash tells it apart.
        let scheduled = "0b5f6e2c-8d0e-4b53-9f0e-2a4a4f2f1f2a_6c1b9c53-7a42-4d39-9f3f-6a1a5a0c0b11";
        assert_eq!(
            session_name(Owner::CollectResults, scheduled),
            "orgpatch-collect-results-0b5f6e2c-8d0e-4b53-9f0e-2a4a4f-1af21937"
        );
    }

    proptest! {
        #[test]
        fn every_run_has_a_name_that_sts_accepts(run in r"\PC{1,80}", other in r"\PC{1,80}") {
            for function in [Owner::AssumeRole, Owner::Scan, Owner::Install, Owner::CollectResults] {
                let name = session_name(function, &run);
                prop_assert!((2..=MAX_SESSION_NAME).contains(&name.len()), "{name}");
                prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)), "{name}");
                let prefix = format!("orgpatch-{}-", function.name());
                prop_assert!(name.starts_with(&prefix), "{name}");
                prop_assert_eq!(run == other, name == session_name(function, &other));
            }
        }
    }
}
