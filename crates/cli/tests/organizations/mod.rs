//! A small AWS Organizations on 127.0.0.1: three units, three accounts, one page per answer. And two buckets: `halted`, which
//! remembers that a run halted in Test, and `broken`, of which nothing can be read.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// An access key id that is refused everything.
pub const REFUSED: &str = "AKIAREFUSED";

/// Runs until the test process ends.
pub struct Organizations {
    /// Where it listens.
    pub url: String,
    callers: Arc<Mutex<Vec<String>>>,
}

impl Organizations {
    /// Listens on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let callers = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&callers);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || serve(&stream, &seen));
            }
        });
        Self { url, callers }
    }

    /// The `Authorization` header of every call, at least one.
    pub fn callers(&self) -> Vec<String> {
        let callers = self.callers.lock().expect("no thread panicked").clone();
        assert!(!callers.is_empty(), "there was no call");
        callers
    }
}

/// Answers the calls of one connection until the client closes it.
fn serve(stream: &TcpStream, callers: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    while let Some((operation, caller, body)) = read_call(&mut reader) {
        let (status, answer) = if caller.contains(REFUSED) {
            (400, json!({"__type": "AccessDeniedException", "Message": "you may not"}))
        } else {
            (200, answer(&operation, &body))
        };
        callers.lock().expect("no thread panicked").push(caller);
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let mut stream = stream;
        if stream.write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

/// Operation (of S3 the path), `Authorization` and body of the next call.
fn read_call(reader: &mut BufReader<&TcpStream>) -> Option<(String, String, Value)> {
    let (mut operation, mut caller, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(path) = line.strip_prefix("GET ") {
            path.split(['?', ' ']).next()?.clone_into(&mut operation);
        }
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => value.rsplit('.').next()?.clone_into(&mut operation),
            "authorization" => value.clone_into(&mut caller),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((operation, caller, serde_json::from_slice(&body).unwrap_or_default()))
}

fn answer(operation: &str, body: &Value) -> Value {
    let account = |id: &str, name: &str, unit: &str| json!({"Id": id, "Name": name, "State": "ACTIVE", "Paths": [format!("o-x/r-abcd/{unit}{id}/")]});
    match operation {
        "DescribeOrganization" => json!({"Organization": {"Id": "o-x"}}),
        "ListAccounts" => json!({"Accounts": [
            account("000000000009", "management", ""),
            account("000000000002", "shop", "ou-abcd-22222222/"),
            account("000000000001", "shop-test", "ou-abcd-11111111/"),
        ]}),
        "ListRoots" => json!({"Roots": [{"Id": "r-abcd", "Name": "Root"}]}),
        "ListOrganizationalUnitsForParent" if body["ParentId"] == "r-abcd" => json!({"OrganizationalUnits": [
            {"Id": "ou-abcd-11111111", "Name": "Test"},
            {"Id": "ou-abcd-22222222", "Name": "Production"},
            {"Id": "ou-abcd-33333333", "Name": "Empty"},
        ]}),
        "/halted/gates/monthly.json" => json!({"stages": {"test": {"latest": {
            "runId": "friday", "planSha256": "0", "beganAt": "2026-11-13T10:00:00Z", "end": {
                "at": "2026-11-13T11:22:00Z", "advanced": false, "counts": {"failed": 1},
                "reason": {"code": "too-many-failed", "text": "1 of 1 attempted instances failed"},
            },
        }}}}),
        "/broken/gates/monthly.json" => json!([]),
        _ => json!({"OrganizationalUnits": []}),
    }
}
