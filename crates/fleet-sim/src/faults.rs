//! Faults between a caller and the cloud, and how often they strike.
use crate::{
    facts::wildcard,
    scenario::{FaultEntry, KillCaller},
    services,
    wire::{AwsError, Call},
};

/// What happens to a call before it is answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Real milliseconds that pass before the call is executed.
    pub latency_ms: u64,
    /// The effect besides latency.
    pub effect: Option<Effect>,
}

/// An effect besides latency.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// The call is not executed. This error is the answer.
    Error(AwsError),
    /// The call is executed. Its caller gets no answer.
    Lost,
    /// The caller dies before or after the call is executed.
    Kill(KillCaller),
}

/// A fault and its counters.
#[derive(Debug)]
struct Armed {
    fault: FaultEntry,
    /// How many matching calls there were.
    seen: u32,
    /// How many calls it struck.
    struck: u32,
}

/// All faults.
#[derive(Debug)]
pub struct Faults {
    armed: Vec<Armed>,
}

impl Faults {
    /// Arms the faults of a checked scenario.
    pub fn new(entries: &[FaultEntry]) -> Self {
        Self { armed: entries.iter().map(|fault| Armed { fault: fault.clone(), seen: 0, struck: 0 }).collect() }
    }

    /// Decides what happens to a call: all latencies, and the first other effect that is due. A second fault that is
    /// due is not used up. It strikes a later call.
    pub fn meet(&mut self, call: &Call) -> Fate {
        let mut fate = Fate::default();
        for Armed { fault, seen, struck } in &mut self.armed {
            if !matches(fault, call) {
                continue;
            }
            *seen = seen.saturating_add(1);
            let unlimited = fault.latency_ms.is_some() && fault.times.is_none();
            let exhausted = !unlimited && *struck >= fault.times.unwrap_or(1);
            let second = fault.latency_ms.is_none() && fate.effect.is_some();
            if *seen <= fault.after || exhausted || second {
                continue;
            }
            *struck = struck.saturating_add(1);
            if let Some(latency) = fault.latency_ms {
                fate.latency_ms += latency;
            } else {
                fate.effect = Some(effect(fault, &call.service));
            }
        }
        fate
    }

    /// Returns the faults for services that are simulated elsewhere.
    pub fn elsewhere(&self) -> Vec<&FaultEntry> {
        let ours = |fault: &FaultEntry| services::is_ours(fault.operation.split(':').next().unwrap_or_default());
        self.armed.iter().map(|armed| &armed.fault).filter(|fault| !ours(fault)).collect()
    }
}

fn matches(fault: &FaultEntry, call: &Call) -> bool {
    let (service, operation) = fault.operation.split_once(':').unwrap_or_default();
    wildcard::matches(service, &call.service)
        && wildcard::matches(operation, &call.operation)
        && fault.account.as_ref().is_none_or(|account| *account == call.account)
        && fault.region.as_ref().is_none_or(|region| *region == call.region)
        && fault.request.as_ref().is_none_or(|part| call.body.contains(part.as_str()))
}

fn effect(fault: &FaultEntry, service: &str) -> Effect {
    match (&fault.error, fault.kill_caller) {
        (Some(code), _) => Effect::Error(error(code, fault.message.as_deref(), service)),
        (None, Some(when)) => Effect::Kill(when),
        (None, None) => Effect::Lost,
    }
}

/// Returns the error that a fault asks for. `ThrottlingException` becomes the code and the text that the service itself
/// would use.
fn error(code: &str, message: Option<&str>, service: &str) -> AwsError {
    let (code, text) = match (code, service) {
        ("ThrottlingException", "organizations") => (
            "TooManyRequestsException",
            "AWS Organizations can't complete your request because another request is already in progress. Try again later.",
        ),
        ("ThrottlingException", "ec2") => ("RequestLimitExceeded", "Request limit exceeded."),
        ("ThrottlingException", _) => ("ThrottlingException", "Rate exceeded"),
        (other, _) => (other, "injected by the scenario"),
    };
    let status = match code {
        "RequestLimitExceeded" | "ServiceUnavailable" | "Unavailable" => 503,
        "InternalServerError" | "InternalError" | "ServiceException" | "InternalFailure" => 500,
        "AuthFailure" => 401,
        "UnauthorizedOperation" => 403,
        _ => 400,
    };
    AwsError::new(code, message.unwrap_or(text)).with_status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &str, operation: &str, body: &str) -> Call {
        Call {
            service: service.into(),
            operation: operation.into(),
            account: "222200000001".into(),
            region: "eu-west-1".into(),
            caller: String::new(),
            body: body.into(),
            request: serde_json::Value::Null,
        }
    }

    fn fault(operation: &str) -> FaultEntry {
        FaultEntry { operation: operation.into(), ..FaultEntry::default() }
    }

    fn code(fate: &Fate) -> Option<(&str, u16)> {
        match &fate.effect {
            Some(Effect::Error(error)) => Some((&error.code, error.status)),
            _ => None,
        }
    }

    #[test]
    fn a_fault_skips_then_strikes_then_is_over() {
        let entry = FaultEntry {
            error: Some("ThrottlingException".into()),
            times: Some(2),
            after: 1,
            ..fault("ssm:SendCommand")
        };
        let mut faults = Faults::new(&[entry]);
        let struck: Vec<_> = (0..5).map(|_| faults.meet(&call("ssm", "SendCommand", "")).effect.is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert_eq!(faults.meet(&call("ssm", "ListCommands", "")), Fate::default());
    }

    #[test]
    fn two_faults_on_one_operation_strike_one_after_the_other() {
        let throttled =
            FaultEntry { error: Some("ThrottlingException".into()), times: Some(2), ..fault("ssm:SendCommand") };
        let lost = FaultEntry { lost_response: Some(true), after: 1, ..fault("ssm:SendCommand") };
        let mut faults = Faults::new(&[throttled, lost]);
        let effects: Vec<_> = (0..4).map(|_| faults.meet(&call("ssm", "SendCommand", "")).effect).collect();
        assert!(matches!(effects[..], [Some(Effect::Error(_)), Some(Effect::Error(_)), Some(Effect::Lost), None]));
    }

    #[test]
    fn every_service_throttles_in_its_own_words() {
        let entry = FaultEntry { error: Some("ThrottlingException".into()), times: Some(9), ..fault("*:*") };
        let mut faults = Faults::new(&[entry]);
        assert_eq!(code(&faults.meet(&call("ssm", "A", ""))), Some(("ThrottlingException", 400)));
        assert_eq!(code(&faults.meet(&call("organizations", "A", ""))), Some(("TooManyRequestsException", 400)));
        assert_eq!(code(&faults.meet(&call("ec2", "A", ""))), Some(("RequestLimitExceeded", 503)));
    }

    #[test]
    fn account_region_and_request_narrow_down() {
        let lost = || FaultEntry { lost_response: Some(true), times: Some(9), ..fault("ssm:Send*") };
        for narrow in [
            FaultEntry { account: Some("9".into()), ..lost() },
            FaultEntry { region: Some("us-east-1".into()), ..lost() },
            FaultEntry { request: Some("Install".into()), ..lost() },
        ] {
            assert_eq!(Faults::new(&[narrow]).meet(&call("ssm", "SendCommand", "Scan")).effect, None);
        }
        assert_eq!(Faults::new(&[lost()]).meet(&call("ssm", "SendCommand", "Scan")).effect, Some(Effect::Lost));
    }

    #[test]
    fn latency_always_applies_and_adds_to_another_effect() {
        let slow = FaultEntry { latency_ms: Some(20), ..fault("ssm:*") };
        let once = FaultEntry { latency_ms: Some(5), times: Some(1), ..fault("*:*") };
        let kill = FaultEntry { kill_caller: Some(KillCaller::After), ..fault("ssm:SendCommand") };
        let mut faults = Faults::new(&[slow, once, kill]);
        let first = faults.meet(&call("ssm", "SendCommand", ""));
        assert_eq!(first, Fate { latency_ms: 25, effect: Some(Effect::Kill(KillCaller::After)) });
        assert_eq!(faults.meet(&call("ssm", "SendCommand", "")), Fate { latency_ms: 20, effect: None });
    }

    #[test]
    fn faults_of_other_services_are_handed_on() {
        let faults = Faults::new(&[fault("s3:PutObject"), fault("ssm:*"), fault("*:*")]);
        let names: Vec<_> = faults.elsewhere().into_iter().map(|fault| fault.operation.as_str()).collect();
        assert_eq!(names, ["s3:PutObject", "*:*"]);
    }
}
