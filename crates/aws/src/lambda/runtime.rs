//! The start-up of every function: logs, and the loop that passes events to the handler.

use std::future::Future;

pub use lambda_runtime::Error;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use orgpatch_model::error::RunError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use crate::clients::config::sdk_config;
use crate::lambda::{TimeLeft, environment};

/// Writes logs as JSON lines to standard output, at the level of `RUST_LOG` (default `info`). The SDK's own spans stay off,
/// because at `debug` they would show requests.
pub fn init_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        // Lambda adds the time.
        .without_time()
        .with_env_filter(filter)
        .init();
}

/// Passes every event to `handler` until the process ends. An event that is not a request of this function is
/// `InvalidInput`. An error is logged here, once, and returned under the name that the state machine matches.
pub async fn run<Request, Answer, Handler, Reply>(handler: Handler) -> Result<(), Error>
where
    Request: DeserializeOwned,
    Answer: Serialize,
    Handler: Fn(Request) -> Reply,
    Reply: Future<Output = Result<Answer, RunError>>,
{
    run_in_time(|request, _| handler(request)).await
}

/// The same as [`run`], for a function that stops in time and goes on in its next invocation.
pub async fn run_in_time<Request, Answer, Handler, Reply>(handler: Handler) -> Result<(), Error>
where
    Request: DeserializeOwned,
    Answer: Serialize,
    Handler: Fn(Request, TimeLeft) -> Reply,
    Reply: Future<Output = Result<Answer, RunError>>,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let ids = Ids::of(&event.payload);
        let time = TimeLeft::until(event.context.deadline());
        environment::remember_partition(&event.context.invoked_function_arn);
        let answer = match serde_json::from_value(event.payload) {
            // Boxed: the futures of the SDK nest deeper than the compiler likes.
            Ok(request) => Box::pin(handler(request, time)).await,
            Err(error) => Err(RunError::InvalidInput(format!("the event is not a request of this function: {error}"))),
        };
        answer.map_err(|error| {
            tracing::error!(
                error = error.name(),
                run = ids.run,
                step = ids.step,
                account = ids.account,
                region = ids.region,
                "{error}"
            );
            Diagnostic { error_type: error.name().to_owned(), error_message: error.to_string() }
        })
    }))
    .await
}

/// The ids of an event, which every log line about it has.
struct Ids {
    run: String,
    step: String,
    account: String,
    region: String,
}

impl Ids {
    fn of(event: &Value) -> Self {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            run: text("/runId"),
            step: text("/step"),
            account: text("/target/accountId"),
            region: text("/target/region"),
        }
    }
}
