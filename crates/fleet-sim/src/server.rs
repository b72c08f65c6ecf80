//! The HTTP server. It turns requests into calls and hands real time to the simulation.
use crate::{
    clock::{self, Millis},
    simulation::{Reply, Simulation},
    wire::{self, Call},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    serve::ListenerExt as _,
};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

type Shared = Arc<Mutex<Simulation>>;

/// Serves until the process is asked to end.
pub async fn serve(listener: TcpListener, simulation: Simulation) -> std::io::Result<()> {
    let app = Router::new().fallback(handle).with_state(Arc::new(Mutex::new(simulation)));
    // Answers are small. Waiting to fill a packet would delay every one of them.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("fleet-sim: no TCP_NODELAY: {error}");
        }
    });
    // This comes before the first answer, because a caller that got one may end this process.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        result = async { axum::serve(listener, app).await } => result,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Runs `act` on the simulation. After a panic in an earlier request the simulation still answers.
fn with<T>(simulation: &Shared, act: impl FnOnce(&mut Simulation) -> T) -> T {
    act(&mut simulation.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn handle(
    State(simulation): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match told(&headers) {
        Ok(Some(at)) => with(&simulation, |sim| sim.tell(at, unix_seconds())),
        Ok(None) => {}
        Err(wrong) => return (StatusCode::BAD_REQUEST, wrong).into_response(),
    }
    if (&method, uri.path()) == (&Method::POST, "/_sim/clock/told") {
        return tell(&simulation, &body);
    }
    if let Some(name) = uri.path().strip_prefix("/_sim/") {
        let answer = with(&simulation, |sim| sim.inspect(method.as_str(), name, unix_seconds()));
        return match answer {
            Some(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
            None => (StatusCode::NOT_FOUND, format!("fleet-sim has no {method} /_sim/{name}")).into_response(),
        };
    }
    if method != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, "an AWS call is a POST").into_response();
    }
    let call = match read(&headers, &body) {
        Ok(call) => call,
        Err(missing) => {
            return (StatusCode::BAD_REQUEST, format!("the header {missing} is missing")).into_response();
        }
    };
    let fate = with(&simulation, |sim| sim.meet(&call));
    if fate.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fate.latency_ms)).await;
    }
    respond(with(&simulation, |sim| sim.execute(&call, fate.effect, unix_seconds())))
}

/// Returns the simulated time that a request tells in the header `x-sim-now`: milliseconds since 1970, as a decimal
/// number.
fn told(headers: &HeaderMap) -> Result<Option<Millis>, &'static str> {
    let Some(value) = headers.get("x-sim-now") else {
        return Ok(None);
    };
    let at = value.to_str().ok().and_then(|text| text.parse().ok());
    at.map(Some).ok_or("the header x-sim-now is not a number of milliseconds since 1970")
}

/// Answers `POST /_sim/clock/told` with the clock. The body has `now`: a timestamp (RFC 3339), or milliseconds since
/// 1970.
fn tell(simulation: &Shared, body: &Bytes) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let at = match &request["now"] {
        Value::String(text) => clock::parse(text).ok(),
        number => number.as_i64(),
    };
    let Some(at) = at else {
        let text = "expected {\"now\": …} with a timestamp or a number of milliseconds since 1970";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let clock = with(simulation, |sim| {
        sim.tell(at, unix_seconds());
        sim.inspect("GET", "clock", unix_seconds())
    });
    ([(CONTENT_TYPE, "application/json")], clock.unwrap_or_default()).into_response()
}

fn read(headers: &HeaderMap, body: &Bytes) -> Result<Call, &'static str> {
    let text = |name: &'static str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned).ok_or(name)
    };
    let service = text("x-sim-service")?;
    let body = String::from_utf8_lossy(body).into_owned();
    // A body that cannot be read is refused when the call is executed. Until then the log shows it as text.
    let request = wire::decode(&service, &body).unwrap_or_else(|_| Value::String(body.clone()));
    Ok(Call {
        operation: text("x-sim-operation")?,
        account: text("x-sim-account")?,
        region: text("x-sim-region")?,
        caller: text("x-sim-caller").unwrap_or_default(),
        service,
        body,
        request,
    })
}

fn respond(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(CONTENT_TYPE, reply.content_type)], reply.body).into_response();
    if let Some((name, value)) = reply.mark {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
