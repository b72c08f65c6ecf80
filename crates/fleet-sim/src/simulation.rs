//! A simulation: clock, world, faults and call log together. Callers hand real time in.
use crate::{
    call_log::CallLog,
    clock::{self, Clock, Millis},
    faults::{Effect, Fate, Faults},
    scenario::{KillCaller, LambdaEntry, Scenario},
    services,
    wire::{self, AwsError, Call},
    world::{World, ground_truth},
};
use serde_json::{Value, json};

/// Everything behind the server.
#[derive(Debug)]
pub struct Simulation {
    clock: Clock,
    world: World,
    faults: Faults,
    lambda: LambdaEntry,
    calls: CallLog,
}

/// The reply to the bridge.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Content type of the body.
    pub content_type: &'static str,
    /// The AWS answer.
    pub body: String,
    /// A header that tells the bridge what else happens to the call.
    pub mark: Option<(&'static str, &'static str)>,
}

impl Simulation {
    /// Builds the simulation of a checked scenario. Its clock stands still.
    pub fn new(scenario: &Scenario) -> Self {
        // The check of the scenario has read the start before.
        let start = clock::parse(&scenario.clock.start).unwrap_or_default();
        Self {
            clock: Clock::new(start, scenario.clock.speed),
            world: World::new(scenario),
            faults: Faults::new(&scenario.faults),
            lambda: scenario.lambda.clone(),
            calls: CallLog::default(),
        }
    }

    /// Sets the clock to a simulated time, unless it is later already. From then on the clock moves only when it is told.
    pub fn tell(&mut self, at: Millis, real_unix_seconds: f64) {
        self.clock.tell(at, real_unix_seconds);
    }

    /// Decides which faults strike a call. The caller waits for the latency before `execute`.
    pub fn meet(&mut self, call: &Call, real_unix_seconds: f64) -> Fate {
        self.faults.meet(call, real_unix_seconds)
    }

    /// Executes a call, or applies the effect instead, and writes it to the log.
    pub fn execute(&mut self, call: &Call, effect: Option<Effect>, real_unix_seconds: f64) -> Reply {
        let now = self.clock.now(real_unix_seconds);
        self.world.advance(now);
        let mut mark = None;
        let answer = match effect {
            Some(Effect::Error(error)) => Err(error),
            Some(Effect::Kill(KillCaller::Before)) => {
                mark = Some(("x-sim-kill", "before"));
                Err(AwsError::new("CallerKilled", "the caller died before the call"))
            }
            other => {
                mark = match other {
                    Some(Effect::Lost) => Some(("x-sim-lost", "1")),
                    Some(Effect::Kill(_)) => Some(("x-sim-kill", "after")),
                    _ => None,
                };
                wire::decode(&call.service, &call.body).and_then(|_| services::answer(&mut self.world, call))
            }
        };
        self.calls.add(now, call, answer.as_ref().err().map(|error| error.code.clone()));
        let (status, content_type, body) = wire::encode(&call.service, &answer);
        Reply { status, content_type, body, mark }
    }

    /// Answers `GET /_sim/<name>`, and starts the clock on `POST /_sim/clock/start`. None for an unknown name.
    pub fn inspect(&mut self, method: &str, name: &str, real_unix_seconds: f64) -> Option<String> {
        if (method, name) == ("POST", "clock/start") {
            self.clock.start(real_unix_seconds);
            return Some(self.clock.describe(real_unix_seconds).to_string());
        }
        self.world.advance(self.clock.now(real_unix_seconds));
        let answer: Value = match (method, name) {
            ("GET", "health") => json!({"status": "ok"}),
            ("GET", "clock") => self.clock.describe(real_unix_seconds),
            ("GET", "truth") => ground_truth::describe(&self.world),
            ("GET", "organization") => self.world.organization.describe(self.world.in_doubt),
            ("GET", "instances") => ground_truth::instances(&self.world),
            ("GET", "faults") => json!(self.faults.elsewhere()),
            ("GET", "lambda") => json!(self.lambda),
            ("GET", "calls") => return Some(self.calls.json_lines()),
            _ => return None,
        };
        Some(answer.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario_check;

    fn simulation(faults: &str) -> Simulation {
        let text = format!(
            r#"
schemaVersion: 1
clock: {{start: "2026-11-10T00:00:00Z", speed: 60}}
management: "111111111111"
fleet: [{{account: "111111111111", region: eu-west-1, id: i-00000000, os: UBUNTU}}]
faults: [{faults}]
"#
        );
        Simulation::new(&scenario_check::read(&text).expect("valid"))
    }

    fn send(simulation: &mut Simulation) -> Reply {
        let body = json!({"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": ["i-00000000"], "Parameters": {"Operation": ["Install"]}});
        let call = Call {
            service: "ssm".into(),
            operation: "SendCommand".into(),
            account: "111111111111".into(),
            region: "eu-west-1".into(),
            caller: "arn:aws:sts::111111111111:assumed-role/install/run".into(),
            body: body.to_string(),
            request: body,
        };
        let fate = simulation.meet(&call, 100.0);
        simulation.execute(&call, fate.effect, 100.0)
    }

    fn logged_error(simulation: &mut Simulation) -> Value {
        let lines = simulation.inspect("GET", "calls", 100.0).expect("known");
        serde_json::from_str::<Value>(lines.lines().last().expect("one call")).expect("JSON")["error"].take()
    }

    #[test]
    fn a_lost_response_and_a_caller_killed_after_have_happened() {
        for (fault, mark) in
            [("lostResponse: true", ("x-sim-lost", "1")), ("killCaller: after", ("x-sim-kill", "after"))]
        {
            let mut simulation = simulation(&format!("{{operation: \"ssm:SendCommand\", {fault}}}"));
            let reply = send(&mut simulation);
            assert_eq!((reply.status, reply.mark), (200, Some(mark)));
            assert_eq!(simulation.world.commands.len(), 1);
            assert!(logged_error(&mut simulation).is_null());
            assert_eq!(send(&mut simulation).mark, None, "once");
        }
    }

    #[test]
    fn an_error_and_a_caller_killed_before_have_not_happened() {
        for (fault, mark, code) in [
            ("error: ThrottlingException", None, "ThrottlingException"),
            ("killCaller: before", Some(("x-sim-kill", "before")), "CallerKilled"),
        ] {
            let mut simulation = simulation(&format!("{{operation: \"ssm:SendCommand\", {fault}}}"));
            let reply = send(&mut simulation);
            assert_eq!((reply.status, reply.mark), (400, mark));
            assert!(simulation.world.commands.is_empty());
            assert_eq!(logged_error(&mut simulation), code);
        }
    }

    #[test]
    fn nothing_moves_until_the_clock_runs() {
        let mut simulation = simulation("");
        send(&mut simulation);
        let started = |simulation: &mut Simulation, at| {
            let truth = simulation.inspect("GET", "truth", at).expect("known");
            serde_json::from_str::<Value>(&truth).expect("JSON")["instances"]["i-00000000"]["installsStarted"].take()
        };
        assert_eq!(started(&mut simulation, 5_000.0), 0);
        simulation.inspect("POST", "clock/start", 5_000.0).expect("known");
        assert_eq!(started(&mut simulation, 5_001.0), 1, "a minute later");
        assert!(simulation.inspect("GET", "clock/start", 0.0).is_none());
    }

    #[test]
    fn what_a_caller_tells_moves_the_world() {
        let mut simulation = simulation("");
        send(&mut simulation);
        let start = clock::parse("2026-11-10T00:00:00Z").expect("valid");
        simulation.tell(start + 60 * clock::SECOND, 5_000.0);
        let truth = simulation.inspect("GET", "truth", 9_000.0).expect("known");
        let truth: Value = serde_json::from_str(&truth).expect("JSON");
        assert_eq!(truth["instances"]["i-00000000"]["installsStarted"], 1);
        assert_eq!(simulation.world.now, start + 60 * clock::SECOND, "real time does not count");
    }
}
