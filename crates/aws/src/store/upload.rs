//! Objects that are written while they are made, however large they become: in parts, of which a few are in memory.

use std::io::{self, Write};
use std::mem;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use orgpatch_model::error::RunError;
use tokio::task::JoinHandle;

use crate::clients::call::{CallError, Kind};
use crate::store::bucket::Store;

/// How much is sent at once. S3 wants at least 5 MiB of every part but the last and takes 10,000 parts, so that an object
/// may have 48 GiB: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
const PART: usize = 5 * 1024 * 1024;

/// An object that is being written. It is there as a whole after [`Upload::end`], or not at all. What fits into one part is
/// sent as it is; otherwise one part is under way while the next is made.
#[must_use = "what is not ended is not there"]
pub struct Upload {
    store: Store,
    key: String,
    content_type: &'static str,
    /// True if an object that exists stays as it is.
    once: bool,
    /// What was written and not sent.
    buffer: Vec<u8>,
    first: First,
    /// Sets the beginning, which comes before everything that was written.
    beginning: Vec<u8>,
    /// The id of the multipart upload, once there is more than one part.
    id: Option<String>,
    parts: Vec<CompletedPart>,
    under_way: Option<JoinHandle<Result<CompletedPart, RunError>>>,
}

/// The way of the first part.
enum First {
    /// It is sent like any other.
    Sent,
    /// It is kept, because what the object begins with is known last. Empty until a part is full.
    Kept(Vec<u8>),
}

impl Store {
    /// Begins an object, which replaces one that exists.
    pub fn upload(&self, key: String, content_type: &'static str) -> Upload {
        Upload {
            store: self.clone(),
            key,
            content_type,
            once: false,
            buffer: Vec::new(),
            first: First::Sent,
            beginning: Vec::new(),
            id: None,
            parts: Vec::new(),
            under_way: None,
        }
    }

    /// Begins an object that is written unless it exists. The first writer is right; a retry changes nothing.
    pub fn upload_once(&self, key: String, content_type: &'static str) -> Upload {
        Upload { once: true, ..self.upload(key, content_type) }
    }

    /// Begins an object whose beginning is known last: see [`Upload::set_beginning`]. It keeps one more part in memory.
    pub fn upload_beginning_last(&self, key: String, content_type: &'static str) -> Upload {
        Upload { first: First::Kept(Vec::new()), ..self.upload(key, content_type) }
    }
}

/// Keeps what is written in memory; [`Upload::settle`] sends it.
impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload {
    /// Sends what are whole parts. To be called often: what is written between two calls is in memory.
    pub async fn settle(&mut self) -> Result<(), RunError> {
        while self.buffer.len() >= PART {
            let rest = self.buffer.split_off(PART);
            let part = mem::replace(&mut self.buffer, rest);
            match &mut self.first {
                First::Kept(first) if first.is_empty() => *first = part,
                _ => self.send(self.next_number(), part).await?,
            }
        }
        Ok(())
    }

    /// Sets the beginning, which comes before everything that was written.
    ///
    /// # Panics
    ///
    /// If the object was not begun by [`Store::upload_beginning_last`].
    pub fn set_beginning(&mut self, beginning: Vec<u8>) {
        assert!(matches!(self.first, First::Kept(_)), "{}: its first part may be on its way", self.key);
        self.beginning = beginning;
    }

    /// Sends the rest, and the object is there.
    pub async fn end(mut self) -> Result<(), RunError> {
        let ended = self.try_end().await;
        if ended.is_err() {
            self.give_up().await;
        }
        ended
    }

    async fn try_end(&mut self) -> Result<(), RunError> {
        let (mut beginning, last) = (mem::take(&mut self.beginning), mem::take(&mut self.buffer));
        if let First::Kept(kept) = &mut self.first {
            beginning.append(kept);
        }
        if self.id.is_none() {
            beginning.extend(last);
            return self.store.put_bytes(&self.key, self.content_type, beginning, self.once).await.map(|_| ());
        }
        if !last.is_empty() {
            self.send(self.next_number(), last).await?;
        }
        if !beginning.is_empty() {
            self.send(1, beginning).await?;
        }
        self.arrived().await?;
        self.complete().await
    }

    /// Gives back what was sent, whose parts would be paid for. If that fails too, the bucket's lifecycle removes it.
    pub async fn give_up(mut self) {
        // It must not arrive after the upload is aborted. Whether it did well does not matter any more.
        if let Some(part) = self.under_way.take() {
            part.abort();
            let _ = part.await;
        }
        self.abort().await;
    }

    async fn abort(&mut self) {
        let Some(id) = self.id.take() else { return };
        let Store { client, bucket, .. } = &self.store;
        let request = client.abort_multipart_upload().bucket(bucket).key(&self.key).upload_id(id);
        if let Err(left) = request.send().await {
            tracing::warn!("{}", CallError::of("s3:AbortMultipartUpload", &left));
        }
    }

    /// The number of the part behind those that were sent. A first part that is kept has the first one.
    fn next_number(&self) -> usize {
        let kept = usize::from(matches!(self.first, First::Kept(_)));
        self.parts.len() + usize::from(self.under_way.is_some()) + kept + 1
    }

    /// Sends a part, when the one before it has arrived.
    async fn send(&mut self, number: usize, part: Vec<u8>) -> Result<(), RunError> {
        self.arrived().await?;
        let id = self.begun().await?;
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let request = self.store.client.upload_part().bucket(&self.store.bucket).key(&self.key).upload_id(id);
        let request = request.part_number(number).body(ByteStream::from(part));
        self.under_way = Some(tokio::spawn(async move {
            let part = request.send().await.map_err(|error| CallError::of("s3:PutObject", &error).into_run_error())?;
            // The upload was begun with this checksum, so S3 wants to hear it of every part again.
            Ok(CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .set_checksum_crc32(part.checksum_crc32)
                .build())
        }));
        Ok(())
    }

    /// Waits for the part that is under way.
    async fn arrived(&mut self) -> Result<(), RunError> {
        if let Some(part) = self.under_way.take() {
            let part = part.await.map_err(|error| RunError::Unavailable(format!("{}: {error}", self.key)))?;
            self.parts.push(part?);
        }
        Ok(())
    }

    /// The id of the multipart upload, which is begun if it is not yet.
    async fn begun(&mut self) -> Result<String, RunError> {
        if let Some(id) = &self.id {
            return Ok(id.clone());
        }
        let Store { client, bucket, .. } = &self.store;
        let request = client.create_multipart_upload().bucket(bucket).key(&self.key).content_type(self.content_type);
        // The SDK sends a CRC32 with every part and does not announce it. S3 then answers `InvalidPart` if it is repeated at the
        // end (aws-sdk-go-v2 #3005, aws-sdk-java-v2 #6518).
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let request = request.set_object_lock_mode(self.store.lock_mode());
        let request = request.set_object_lock_retain_until_date(self.store.retain_until);
        let begun = request.send().await.map_err(|error| CallError::of("s3:PutObject", &error).into_run_error())?;
        let without = || RunError::Unavailable(format!("{}: an upload without an id", self.key));
        Ok(self.id.insert(begun.upload_id.ok_or_else(without)?).clone())
    }

    async fn complete(&mut self) -> Result<(), RunError> {
        let Store { client, bucket, .. } = &self.store;
        let mut parts = mem::take(&mut self.parts);
        // A first part that was kept was sent last.
        parts.sort_by_key(CompletedPart::part_number);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        // After 409 (`Kind::Conflict`) S3 wants the upload begun anew. Its parts are not in memory any more: the error is
        // `Unavailable`, and the state machine calls the function again.
        let request = client.complete_multipart_upload().bucket(bucket).key(&self.key).set_upload_id(self.id.clone());
        let request = request.set_if_none_match(self.once.then(|| "*".to_owned())).multipart_upload(parts);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match CallError::of("s3:PutObject", &error) {
                error if self.once && error.kind == Kind::ConditionFailed => {
                    self.abort().await;
                    Ok(())
                }
                // The answer to an earlier try may have been lost: to be begun anew.
                error if error.code == "NoSuchUpload" => Err(RunError::Unavailable(error.to_string())),
                error => Err(error.into_run_error()),
            },
        }
    }
}

/// Turns a failed write into the error of the run; `what` names the object.
pub fn written<T>(what: &str, result: io::Result<T>) -> Result<T, RunError> {
    result.map_err(|error| RunError::BrokenRun(format!("{what} cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use aws_config::retry::RetryConfig;
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use jiff::Timestamp;

    use super::*;

    /// An S3 that takes everything, but answers 409 to as many conditional writes as it has left, and keeps a line of each
    /// request.
    #[derive(Debug, Clone, Default)]
    struct Recorder {
        conflicts: Arc<Mutex<usize>>,
        requests: Arc<Mutex<Vec<String>>>,
    }

    impl Recorder {
        fn store(&self, conflicts: usize) -> Store {
            *self.conflicts.lock().expect("a test") = conflicts;
            let connector = SharedHttpConnector::new(self.clone());
            let config = SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("ap-northeast-3"))
                .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
                .http_client(http_client_fn(move |_, _| connector.clone()))
                .retry_config(
                    RetryConfig::standard().with_max_attempts(8).with_initial_backoff(Duration::from_millis(1)),
                )
                .build();
            Store::new(&config, "runs".to_owned())
        }

        fn requests(&self) -> Vec<String> {
            self.requests.lock().expect("a test").clone()
        }

        fn answer(&self, request: &HttpRequest) -> (u16, &'static str) {
            let query = request.uri().split_once('?').map_or("", |(_, query)| query);
            let query = query.split('&').filter(|part| !part.starts_with("x-id")).collect::<Vec<_>>().join("&");
            let header = |name: &str| request.headers().get(name).map(|value| format!(" {name}={value}"));
            let names = [
                "x-amz-checksum-algorithm",
                "x-amz-sdk-checksum-algorithm",
                "if-none-match",
                "x-amz-object-lock-mode",
                "x-amz-object-lock-retain-until-date",
            ];
            let body = request.body().bytes().map(String::from_utf8_lossy);
            let repeated = body.map_or(0, |body| body.matches("<ChecksumCRC32>").count());
            let line = format!(
                "{} {}{} checksums={repeated}",
                request.method(),
                query,
                names.iter().filter_map(|name| header(name)).collect::<String>()
            );
            let conditional = header("if-none-match").is_some();
            self.requests.lock().expect("a test").push(line);
            let mut conflicts = self.conflicts.lock().expect("a test");
            if conditional && *conflicts > 0 {
                *conflicts -= 1;
                return (409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
            }
            match query.as_str() {
                "uploads" => {
                    (200, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
                }
                _ => (200, "<CompleteMultipartUploadResult/>"),
            }
        }
    }

    impl HttpConnector for Recorder {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let (status, body) = self.answer(&request);
            let mut response = HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body));
            // S3 repeats the checksum of a part that came with one.
            response.headers_mut().insert("x-amz-checksum-crc32", "AAAAAA==");
            HttpConnectorFuture::ready(Ok(response))
        }
    }

    async fn upload(mut upload: Upload, parts: usize) -> Result<(), RunError> {
        for _ in 0..parts {
            upload.write_all(&vec![b'a'; PART]).expect("memory");
            upload.settle().await?;
        }
        upload.write_all(b"the end").expect("memory");
        upload.end().await
    }

    #[tokio::test]
    async fn an_upload_in_parts_announces_its_checksum_and_repeats_it_for_each_part() {
        let s3 = Recorder::default();
        upload(s3.store(0).upload("report.json".into(), "application/json"), 2).await.expect("an object");
        assert_eq!(
            s3.requests(),
            [
                "POST uploads x-amz-checksum-algorithm=CRC32 checksums=0",
                "PUT partNumber=1&uploadId=u x-amz-sdk-checksum-algorithm=CRC32 checksums=0",
                "PUT partNumber=2&uploadId=u x-amz-sdk-checksum-algorithm=CRC32 checksums=0",
                "PUT partNumber=3&uploadId=u x-amz-sdk-checksum-algorithm=CRC32 checksums=0",
                "POST uploadId=u checksums=3",
            ]
        );
    }

    #[tokio::test]
    async fn a_write_that_meets_another_is_tried_again() {
        let s3 = Recorder::default();
        upload(s3.store(3).upload_once("run.json".into(), "application/json"), 0).await.expect("an object");
        assert_eq!(s3.requests().len(), 4);
        let error = upload(s3.store(100).upload_once("run.json".into(), "application/json"), 0).await;
        assert!(matches!(error, Err(RunError::Unavailable(_))), "{error:?}");
    }

    #[tokio::test]
    async fn an_upload_that_meets_another_write_is_given_up_and_can_begin_anew() {
        let s3 = Recorder::default();
        let error = upload(s3.store(1).upload_once("install-plan.json".into(), "application/json"), 1).await;
        assert!(matches!(error, Err(RunError::Unavailable(_))), "{error:?}");
        let last: Vec<String> = s3.requests().split_off(3);
        assert_eq!(last, ["POST uploadId=u if-none-match=* checksums=2", "DELETE uploadId=u checksums=0"]);
        upload(s3.store(0).upload_once("install-plan.json".into(), "application/json"), 1).await.expect("an object");
    }

    /// S3 takes the retention with the write that creates the object: a small one, or the beginning of one in parts.
    #[tokio::test]
    async fn evidence_is_locked_by_the_write_that_creates_it() {
        for (parts, lines) in [(0, 1), (1, 3)] {
            let s3 = Recorder::default();
            let until = Timestamp::from_second(1_800_000_000).expect("a time");
            let store = s3.store(0).retaining(Some(until));
            upload(store.upload("report.json".to_owned(), "application/json"), parts).await.expect("written");
            let requests = s3.requests();
            let lock = "x-amz-object-lock-mode=GOVERNANCE x-amz-object-lock-retain-until-date=2027-01-15T08:00:00Z";
            assert!(requests[0].contains(lock), "{requests:?}");
            assert!(requests.len() >= lines && !requests[1..].iter().any(|line| line.contains("lock")), "{requests:?}");
        }
        let s3 = Recorder::default();
        upload(s3.store(0).retaining(None).upload("x".to_owned(), "text/plain"), 0).await.expect("written");
        assert!(!s3.requests()[0].contains("object-lock"), "{:?}", s3.requests());
    }
}
