//! Objects that are written while they are made, however large they become: in parts, of which a few are in memory.

use std::io::{self, Write};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use orgpatch_core::error::RunError;
use tokio::sync::mpsc;

use crate::call::CallError;
use crate::store::Store;

/// How much is sent at once. S3 wants at least 5 MiB of every part but the last and takes 10,000 parts, so that an object
/// may have 80 GiB: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
const PART: usize = 8 * 1024 * 1024;

impl Store {
    /// Writes an object, whether it exists or not, and what `make` returns. It is there as a whole or not at all. At most
    /// four parts of 8 MiB are in memory; what fits into one is sent as it is.
    pub async fn upload<T, F>(&self, key: &str, content_type: &str, make: F) -> Result<T, RunError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Write) -> io::Result<T> + Send + 'static,
    {
        let (parts, mut full) = mpsc::channel(1);
        let maker = tokio::task::spawn_blocking(move || {
            let mut parts = Parts { full: parts, part: Vec::new() };
            make(&mut parts).map(|value| (value, parts.part))
        });
        let mut sent: Option<Sent<'_>> = None;
        while let Some(part) = full.recv().await {
            let result = match &mut sent {
                Some(sent) => sent.part(part).await,
                None => match Sent::begin(self, key, content_type).await {
                    Ok(begun) => sent.insert(begun).part(part).await,
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = result {
                return Err(given_up(sent, error).await);
            }
        }
        let (value, last) = match maker.await.map_err(io::Error::other).flatten() {
            Ok(ended) => ended,
            Err(error) => {
                let error = RunError::BrokenRun(format!("{key} cannot be written: {error}"));
                return Err(given_up(sent, error).await);
            }
        };
        match sent {
            None => self.write_bytes(key, content_type, last).await?,
            Some(mut parts) => {
                let ended = if last.is_empty() { Ok(()) } else { parts.part(last).await };
                let ended = match ended {
                    Ok(()) => parts.complete().await,
                    Err(error) => Err(error),
                };
                if let Err(error) = ended {
                    return Err(given_up(Some(parts), error).await);
                }
            }
        }
        Ok(value)
    }
}

/// Cuts what is written into parts, and waits while none is taken.
struct Parts {
    full: mpsc::Sender<Vec<u8>>,
    part: Vec<u8>,
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART - self.part.len());
        self.part.extend_from_slice(&bytes[..taken]);
        if self.part.len() == PART {
            let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART));
            // Nobody takes it any more when a part could not be sent; that error is the one that counts.
            self.full.blocking_send(part).map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A multipart upload that has begun.
struct Sent<'s> {
    store: &'s Store,
    key: String,
    id: String,
    parts: Vec<CompletedPart>,
}

impl<'s> Sent<'s> {
    async fn begin(store: &'s Store, key: &str, content_type: &str) -> Result<Self, RunError> {
        let request = store.client.create_multipart_upload().bucket(&store.bucket).key(key).content_type(content_type);
        let begun = request.send().await.map_err(|error| CallError::of("s3:PutObject", &error).into_run_error())?;
        let id = begun.upload_id.ok_or_else(|| RunError::Unavailable(format!("{key}: an upload without an id")))?;
        Ok(Self { store, key: key.to_owned(), id, parts: Vec::new() })
    }

    async fn part(&mut self, bytes: Vec<u8>) -> Result<(), RunError> {
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let store = self.store;
        let request = store.client.upload_part().bucket(&store.bucket).key(&self.key).upload_id(&self.id);
        let result = request.part_number(number).body(ByteStream::from(bytes)).send().await;
        let part = result.map_err(|error| CallError::of("s3:PutObject", &error).into_run_error())?;
        // S3 wants to hear the checksum again that the SDK has sent along.
        self.parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .set_checksum_crc32(part.checksum_crc32)
                .build(),
        );
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), RunError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.parts))).build();
        let store = self.store;
        let request = store.client.complete_multipart_upload().bucket(&store.bucket).key(&self.key);
        let result = request.upload_id(&self.id).multipart_upload(parts).send().await;
        result.map(|_| ()).map_err(|error| CallError::of("s3:PutObject", &error).into_run_error())
    }
}

/// Gives back an upload that cannot be completed: its parts would be paid for. The error that led here is the one that
/// counts, and the bucket's lifecycle removes what is left when this fails too.
async fn given_up(sent: Option<Sent<'_>>, error: RunError) -> RunError {
    if let Some(Sent { store, key, id, .. }) = sent {
        let request = store.client.abort_multipart_upload().bucket(&store.bucket).key(key).upload_id(id);
        if let Err(left) = request.send().await {
            tracing::warn!("{}", CallError::of("s3:AbortMultipartUpload", &left));
        }
    }
    error
}
