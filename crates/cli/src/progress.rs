//! Shows on a terminal that a command is still working.

use std::future::Future;
use std::io::{self, IsTerminal, Write as _};
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// How long work may take before its progress is shown.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits for `work`. If it takes longer than two seconds and standard error is a terminal, a line there shows `what` and
/// the seconds so far. The line is removed when the work is done.
pub async fn shown<T>(what: &str, work: impl Future<Output = T>) -> T {
    if !io::stderr().is_terminal() {
        return work.await;
    }
    let mut work = pin!(work);
    let start = Instant::now();
    let mut ticks = interval_at(start + PATIENCE, Duration::from_secs(1));
    let mut line = false;
    loop {
        tokio::select! {
            result = &mut work => {
                if line {
                    write("\r\u{1b}[K");
                }
                return result;
            }
            _ = ticks.tick() => {
                line = true;
                write(&format!("\r{what} … {} s", start.elapsed().as_secs()));
            }
        }
    }
}

/// Writes to standard error. Errors are ignored, because a closed terminal is no reason to stop.
fn write(text: &str) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
