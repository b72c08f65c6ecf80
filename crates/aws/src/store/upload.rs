//! Objects that are written while they are made, however large they become: in parts, of which a few are in memory.

use std::io::{self, Write};
use std::mem;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
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
            // S3 wants to hear the checksum again that the SDK has sent along.
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
        let request = client.complete_multipart_upload().bucket(bucket).key(&self.key).set_upload_id(self.id.clone());
        let request = request.set_if_none_match(self.once.then(|| "*".to_owned())).multipart_upload(parts);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match CallError::of("s3:PutObject", &error) {
                error if self.once && error.kind == Kind::ConditionFailed => {
                    self.abort().await;
                    Ok(())
                }
                error => Err(error.into_run_error()),
            },
        }
    }
}

/// Turns a failed write into the error of the run; `what` names the object.
pub fn written<T>(what: &str, result: io::Result<T>) -> Result<T, RunError> {
    result.map_err(|error| RunError::BrokenRun(format!("{what} cannot be written: {error}")))
}
