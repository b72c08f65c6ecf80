//! Start-up of every function: logs, configuration of the SDK, and the loop that hands events to the handler.

use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
pub use lambda_runtime::Error;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use orgpatch_core::error::RunError;
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::Value;

/// Configuration of the SDK: one HTTP client for all services, adaptive retry with jitter, no call without a limit.
pub async fn sdk_config() -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::adaptive().with_max_attempts(8).with_initial_backoff(Duration::from_millis(500)).with_max_backoff(Duration::from_secs(8)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_attempt_timeout(Duration::from_secs(30))
                .build(),
        )
        .load()
        .await
}

/// JSON lines on standard output, at the level of `RUST_LOG` (default `info`). The SDK's own spans stay off: at
/// `debug` they would show requests.
pub fn init_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        // Lambda writes the time itself.
        .without_time()
        .with_env_filter(filter)
        .init();
}

/// Hands every event to `handler` until the process ends. An event that is not a request of this function is
/// `InvalidInput`; an error leaves under the name that the state machine matches, and is logged here, once.
pub async fn run<Request, Answer, Handler, Reply>(handler: Handler) -> Result<(), Error>
where
    Request: DeserializeOwned,
    Answer: Serialize,
    Handler: Fn(Request) -> Reply,
    Reply: Future<Output = Result<Answer, RunError>>,
{
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async {
        let ids = Ids::of(&event.payload);
        let answer = match serde_json::from_value(event.payload) {
            // Boxed: the futures of the SDK nest deeper than the compiler likes.
            Ok(request) => Box::pin(handler(request)).await,
            Err(error) => Err(RunError::InvalidInput(format!("not a request of this function: {error}"))),
        };
        answer.map_err(|error| {
            tracing::error!(error = error.name(), run = ids.run, step = ids.step, account = ids.account, region = ids.region, "{error}");
            Diagnostic {
                error_type: error.name().to_owned(),
                error_message: error.to_string(),
            }
        })
    }))
    .await
}

/// The ids of an event that belong into every log line about it.
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
