//! Faults between a caller and the cloud, and how often they strike.
use crate::{
    facts::wildcard,
    scenario::{FaultEntry, KillCaller},
    services,
    wire::{AwsError, Call},
};
use std::collections::HashMap;

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

/// A token bucket. It takes calls until it is empty, and real time fills it again.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    /// The real time of the latest call, in seconds since 1970.
    filled_at: f64,
}

impl Bucket {
    /// Takes a token. Returns whether there was one.
    fn take(&mut self, per_second: f64, size: f64, real_unix_seconds: f64) -> bool {
        let passed = (real_unix_seconds - self.filled_at).max(0.0);
        self.tokens = (self.tokens + passed * per_second).min(size);
        self.filled_at = self.filled_at.max(real_unix_seconds);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

/// A fault, its counters and its buckets.
#[derive(Debug)]
struct Armed {
    fault: FaultEntry,
    /// How many matching calls there were.
    seen: u32,
    /// How many calls it struck.
    struck: u32,
    /// The buckets of a limit, by account and Region.
    buckets: HashMap<(String, String), Bucket>,
}

impl Armed {
    /// Returns whether a call is beyond the limit, and counts it if it is not. `perSecond` is the limit.
    fn is_beyond(&mut self, per_second: f64, call: &Call, real_unix_seconds: f64) -> bool {
        let size = self.fault.burst.map_or_else(|| per_second.ceil(), f64::from);
        let full = || Bucket { tokens: size, filled_at: real_unix_seconds };
        let bucket = self.buckets.entry((call.account.clone(), call.region.clone())).or_insert_with(full);
        !bucket.take(per_second, size, real_unix_seconds)
    }
}

/// All faults.
#[derive(Debug)]
pub struct Faults {
    armed: Vec<Armed>,
}

impl Faults {
    /// Arms the faults of a checked scenario.
    pub fn new(entries: &[FaultEntry]) -> Self {
        let armed = |fault: &FaultEntry| Armed { fault: fault.clone(), seen: 0, struck: 0, buckets: HashMap::new() };
        Self { armed: entries.iter().map(armed).collect() }
    }

    /// Decides what happens to a call at a real time: all latencies, and the first other effect that is due. A second
    /// fault that is due is not used up. It strikes a later call.
    pub fn meet(&mut self, call: &Call, real_unix_seconds: f64) -> Fate {
        let mut fate = Fate::default();
        for armed in self.armed.iter_mut().filter(|armed| matches(&armed.fault, call)) {
            let second = armed.fault.latency_ms.is_none() && fate.effect.is_some();
            if let Some(per_second) = armed.fault.per_second {
                if !second && armed.is_beyond(per_second, call, real_unix_seconds) {
                    let message = armed.fault.message.as_deref();
                    fate.effect = Some(Effect::Error(error("ThrottlingException", message, &call.service)));
                }
                continue;
            }
            let Armed { fault, seen, struck, .. } = armed;
            *seen = seen.saturating_add(1);
            let unlimited = fault.always == Some(true) || fault.latency_ms.is_some() && fault.times.is_none();
            let exhausted = !unlimited && *struck >= fault.times.unwrap_or(1);
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
        let struck: Vec<_> =
            (0..5).map(|_| faults.meet(&call("ssm", "SendCommand", ""), 0.0).effect.is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert_eq!(faults.meet(&call("ssm", "ListCommands", ""), 0.0), Fate::default());
    }

    #[test]
    fn a_fault_that_strikes_always_never_ends() {
        let entry =
            FaultEntry { error: Some("AuthFailure".into()), always: Some(true), after: 1, ..fault("ec2:Describe*") };
        let mut faults = Faults::new(&[entry]);
        let struck = (0..50).filter(|_| faults.meet(&call("ec2", "DescribeInstances", ""), 0.0).effect.is_some());
        assert_eq!(struck.count(), 49);
    }

    #[test]
    fn two_faults_on_one_operation_strike_one_after_the_other() {
        let throttled =
            FaultEntry { error: Some("ThrottlingException".into()), times: Some(2), ..fault("ssm:SendCommand") };
        let lost = FaultEntry { lost_response: Some(true), after: 1, ..fault("ssm:SendCommand") };
        let mut faults = Faults::new(&[throttled, lost]);
        let effects: Vec<_> = (0..4).map(|_| faults.meet(&call("ssm", "SendCommand", ""), 0.0).effect).collect();
        assert!(matches!(effects[..], [Some(Effect::Error(_)), Some(Effect::Error(_)), Some(Effect::Lost), None]));
    }

    #[test]
    fn every_service_throttles_in_its_own_words() {
        let entry = FaultEntry { error: Some("ThrottlingException".into()), times: Some(9), ..fault("*:*") };
        let mut faults = Faults::new(&[entry]);
        assert_eq!(code(&faults.meet(&call("ssm", "A", ""), 0.0)), Some(("ThrottlingException", 400)));
        assert_eq!(code(&faults.meet(&call("organizations", "A", ""), 0.0)), Some(("TooManyRequestsException", 400)));
        assert_eq!(code(&faults.meet(&call("ec2", "A", ""), 0.0)), Some(("RequestLimitExceeded", 503)));
    }

    #[test]
    fn account_region_and_request_narrow_down() {
        let lost = || FaultEntry { lost_response: Some(true), times: Some(9), ..fault("ssm:Send*") };
        for narrow in [
            FaultEntry { account: Some("9".into()), ..lost() },
            FaultEntry { region: Some("us-east-1".into()), ..lost() },
            FaultEntry { request: Some("Install".into()), ..lost() },
        ] {
            assert_eq!(Faults::new(&[narrow]).meet(&call("ssm", "SendCommand", "Scan"), 0.0).effect, None);
        }
        assert_eq!(Faults::new(&[lost()]).meet(&call("ssm", "SendCommand", "Scan"), 0.0).effect, Some(Effect::Lost));
    }

    #[test]
    fn latency_always_applies_and_adds_to_another_effect() {
        let slow = FaultEntry { latency_ms: Some(20), ..fault("ssm:*") };
        let once = FaultEntry { latency_ms: Some(5), times: Some(1), ..fault("*:*") };
        let kill = FaultEntry { kill_caller: Some(KillCaller::After), ..fault("ssm:SendCommand") };
        let mut faults = Faults::new(&[slow, once, kill]);
        let first = faults.meet(&call("ssm", "SendCommand", ""), 0.0);
        assert_eq!(first, Fate { latency_ms: 25, effect: Some(Effect::Kill(KillCaller::After)) });
        assert_eq!(faults.meet(&call("ssm", "SendCommand", ""), 0.0), Fate { latency_ms: 20, effect: None });
    }

    #[test]
    fn a_limit_lets_through_its_burst_and_then_its_rate_in_every_account_and_region() {
        let entry = FaultEntry { per_second: Some(2.0), burst: Some(3), ..fault("ssm:SendCommand") };
        let mut faults = Faults::new(&[entry]);
        let send = call("ssm", "SendCommand", "");
        let passed = |faults: &mut Faults, call: &Call, at: f64| {
            (0..5).filter(|_| code(&faults.meet(call, at)) != Some(("ThrottlingException", 400))).count()
        };
        assert_eq!(passed(&mut faults, &send, 1_000.0), 3, "the burst");
        assert_eq!(passed(&mut faults, &Call { region: "us-east-1".into(), ..send.clone() }, 1_000.0), 3);
        assert_eq!(passed(&mut faults, &Call { account: "222200000002".into(), ..send.clone() }, 1_000.0), 3);
        assert_eq!(passed(&mut faults, &send, 1_000.5), 1, "half a second at two a second");
        assert_eq!(passed(&mut faults, &send, 1_001.5), 2);
        assert_eq!(passed(&mut faults, &send, 2_000.0), 3, "no more than the burst after a pause");
        assert_eq!(passed(&mut faults, &call("ssm", "ListCommands", ""), 2_000.0), 5);
    }

    #[test]
    fn a_limit_holds_as_many_calls_as_come_in_a_second() {
        let mut faults = Faults::new(&[FaultEntry { per_second: Some(1.5), ..fault("ssm:*") }]);
        let struck: Vec<_> = (0..3).map(|_| faults.meet(&call("ssm", "A", ""), 9.0).effect.is_some()).collect();
        assert_eq!(struck, [false, false, true]);
    }

    #[test]
    fn faults_of_other_services_are_handed_on() {
        let faults = Faults::new(&[fault("s3:PutObject"), fault("ssm:*"), fault("*:*")]);
        let names: Vec<_> = faults.elsewhere().into_iter().map(|fault| fault.operation.as_str()).collect();
        assert_eq!(names, ["s3:PutObject", "*:*"]);
    }
}
