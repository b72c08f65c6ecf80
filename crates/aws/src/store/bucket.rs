//! The runs bucket: plans are read, objects of a run are written once.

use std::io::BufReader;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{AggregatedBytes, ByteStream, DateTime};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ObjectLockMode};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::base64;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use orgpatch_model::digest::{Sha256Hex, hex, sha256_hex};
use orgpatch_model::error::RunError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt;
use tokio_util::io::SyncIoBridge;

use crate::clients::call::{CallError, Kind};
use crate::store::remembered::Remembered;

/// So many objects are read or written at the same time; S3 allows thousands per prefix, a small function does not.
pub(crate) const CONCURRENCY: usize = 32;

/// The bucket.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) bucket: String,
    /// Until when Object Lock keeps the versions that are written.
    pub(crate) retain_until: Option<DateTime>,
    remembered: Remembered,
}

impl Store {
    /// The bucket of that name.
    #[must_use]
    pub fn new(config: &SdkConfig, bucket: String) -> Self {
        // Path style is what emulators and buckets with dots understand; S3 takes both.
        let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
        Self { client: Client::from_conf(config), bucket, retain_until: None, remembered: Remembered::default() }
    }

    /// Returns the bucket for objects whose versions cannot be deleted until then, except with `s3:BypassGovernanceRetention`
    /// (Object Lock in governance mode). None: without Object Lock, which the bucket need not have.
    #[must_use]
    pub fn retaining(&self, until: Option<Timestamp>) -> Self {
        Self { retain_until: until.map(|until| DateTime::from_secs(until.as_second())), ..self.clone() }
    }

    /// The mode in which versions that are written are locked; None if they are not.
    pub(crate) fn lock_mode(&self) -> Option<ObjectLockMode> {
        self.retain_until.map(|_| ObjectLockMode::Governance)
    }

    /// Its name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The text of an object; None if it does not exist.
    pub async fn text(&self, key: &str) -> Result<Option<String>, RunError> {
        self.text_up_to(key, usize::MAX).await
    }

    /// The same for an object that an operator wrote. Of one that is longer than `longest` bytes it reads one byte more and no
    /// further, so that a check of the length finds it too long.
    pub async fn text_up_to(&self, key: &str, longest: usize) -> Result<Option<String>, RunError> {
        let Some(body) = self.body(key).await? else { return Ok(None) };
        let mut bytes = Vec::new();
        let mut beginning = body.into_async_read().take((longest as u64).saturating_add(1));
        let read = beginning.read_to_end(&mut bytes).await;
        read.map_err(|error| RunError::Unavailable(format!("s3:GetObject: {key}: {error}")))?;
        if bytes.len() > longest {
            // The end may be half a character.
            return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
        }
        String::from_utf8(bytes).map(Some).map_err(|_| RunError::BrokenRun(format!("{key} is not UTF-8")))
    }

    /// An object of a run; None if it does not exist.
    pub async fn find<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, RunError> {
        let Some(bytes) = self.bytes(key).await? else { return Ok(None) };
        serde_json::from_slice(&bytes.into_bytes()).map(Some).map_err(|error| unreadable(key, &error))
    }

    /// An object that is written once and must exist. A process reads it once and remembers it, as far as there is room.
    pub async fn get_once<T: DeserializeOwned>(&self, key: &str) -> Result<T, RunError> {
        self.find_once(key).await?.ok_or_else(|| missing(key))
    }

    /// The same for an object that may not exist: that is not remembered, since it may be written later.
    pub async fn find_once<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, RunError> {
        let Some(bytes) = self.bytes_once(key).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| unreadable(key, &error))
    }

    async fn bytes_once(&self, key: &str) -> Result<Option<Arc<[u8]>>, RunError> {
        if let Some(bytes) = self.remembered.get(key) {
            return Ok(Some(bytes));
        }
        let Some(read) = self.bytes(key).await? else { return Ok(None) };
        let bytes = Arc::from(read.to_vec());
        self.remembered.put(key, &bytes);
        Ok(Some(bytes))
    }

    /// An object that is written once and must exist, and whose SHA-256 (in hex) was handed to this function by the state machine.
    /// One that has another is [`RunError::RecordsChanged`].
    pub async fn get_unchanged<T: DeserializeOwned>(&self, key: &str, sha256: &str) -> Result<T, RunError> {
        let bytes = self.bytes_once(key).await?.ok_or_else(|| missing(key))?;
        if sha256_hex(&bytes) != sha256 {
            return Err(RunError::RecordsChanged(format!("s3://{}/{key} is not what was written there", self.bucket)));
        }
        serde_json::from_slice(&bytes).map_err(|error| unreadable(key, &error))
    }

    /// The same of which only what `reduce` makes of it is remembered, and returned with the SHA-256 of the object (in hex): a
    /// reader that needs little of many objects reads each once, however large they are. One key is always reduced in the same
    /// way.
    pub async fn find_reduced_once<T, R>(
        &self,
        key: &str,
        reduce: impl Fn(T) -> R,
    ) -> Result<Option<(R, String)>, RunError>
    where
        T: DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let reduced_key = format!("{key}#reduced");
        if let Some(bytes) = self.remembered.get(&reduced_key) {
            return serde_json::from_slice(&bytes).map(Some).map_err(|error| unreadable(key, &error));
        }
        let Some(object) = self.bytes(key).await?.map(AggregatedBytes::into_bytes) else { return Ok(None) };
        let sha256 = sha256_hex(&object);
        let reduced = (reduce(serde_json::from_slice(&object).map_err(|error| unreadable(key, &error))?), sha256);
        let bytes = serde_json::to_vec(&reduced).map_err(|error| unreadable(key, &error))?;
        self.remembered.put(&reduced_key, &Arc::from(bytes));
        Ok(Some(reduced))
    }

    /// Returns true if the object exists. Of its body one byte is asked for.
    pub async fn exists(&self, key: &str) -> Result<bool, RunError> {
        Ok(self.range(key, Some("bytes=0-0")).await?.is_some())
    }

    /// An object that may be too large to be in memory: read while it comes, and what `T` does not keep is gone. None if it
    /// does not exist.
    pub async fn find_large<T>(&self, key: &str) -> Result<Option<T>, RunError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let Some(body) = self.body(key).await? else { return Ok(None) };
        let reader = BufReader::with_capacity(64 * 1024, SyncIoBridge::new(body.into_async_read()));
        let read = tokio::task::spawn_blocking(move || serde_json::from_reader(reader)).await;
        match read.map_err(|error| RunError::BrokenRun(format!("{key} cannot be read: {error}")))? {
            Ok(value) => Ok(Some(value)),
            // The connection broke, and not the object.
            Err(error) if error.is_io() => Err(RunError::Unavailable(format!("s3:GetObject: {key}: {error}"))),
            Err(error) => Err(unreadable(key, &error)),
        }
    }

    async fn bytes(&self, key: &str) -> Result<Option<AggregatedBytes>, RunError> {
        let Some(body) = self.body(key).await? else { return Ok(None) };
        body.collect().await.map(Some).map_err(|error| RunError::Unavailable(format!("s3:GetObject: {error}")))
    }

    async fn body(&self, key: &str) -> Result<Option<ByteStream>, RunError> {
        self.range(key, None).await
    }

    async fn range(&self, key: &str, range: Option<&str>) -> Result<Option<ByteStream>, RunError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key).set_range(range.map(str::to_owned));
        match request.send().await {
            Ok(object) => Ok(Some(object.body)),
            Err(error) => match CallError::of("s3:GetObject", &error) {
                error if error.kind == Kind::NotFound => Ok(None),
                error => Err(error.into_run_error()),
            },
        }
    }

    /// An object of a run that must exist.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<T, RunError> {
        self.find(key).await?.ok_or_else(|| missing(key))
    }

    /// Writes a decision, which a retry of the function makes in the same way from the same records. If the object exists
    /// already with another content, another writer made it: [`RunError::RecordsChanged`]. Returns the SHA-256 of the object, in
    /// hex.
    pub async fn write_decision<T: Serialize>(&self, key: &str, value: &T) -> Result<String, RunError> {
        let body = to_json(key, value)?;
        let sha256 = sha256_hex(&body);
        if self.put_bytes(key, "application/json", body, true).await? {
            return Ok(sha256);
        }
        let there = self.bytes(key).await?.ok_or_else(|| missing(key))?.into_bytes();
        if sha256_hex(&there) == sha256 {
            return Ok(sha256);
        }
        Err(RunError::RecordsChanged(format!("s3://{}/{key} exists, and is not what is decided now", self.bucket)))
    }

    /// Writes what was observed, unless the object exists. The first writer is right: a retry may observe something else, and
    /// changes nothing.
    pub async fn write_once<T: Serialize>(&self, key: &str, value: &T) -> Result<(), RunError> {
        self.create(key, value).await.map(|_| ())
    }

    /// The same, and says whether this call wrote it.
    pub async fn create<T: Serialize>(&self, key: &str, value: &T) -> Result<bool, RunError> {
        self.put_bytes(key, "application/json", to_json(key, value)?, true).await
    }

    /// Writes an object, whether it exists or not.
    pub async fn write<T: Serialize>(&self, key: &str, value: &T) -> Result<(), RunError> {
        self.write_hashed(key, value).await.map(|_| ())
    }

    /// The same; returns the SHA-256 of the object, in hex.
    pub async fn write_hashed<T: Serialize>(&self, key: &str, value: &T) -> Result<String, RunError> {
        let body = to_json(key, value)?;
        let sha256 = sha256_hex(&body);
        self.put_bytes(key, "application/json", body, false).await?;
        Ok(sha256)
    }

    /// Returns the SHA-256 of an object (in hex) as its writer stated it and S3 keeps it, and the size of the object in bytes.
    /// An object that was written in parts has none, and neither has one of Step Functions.
    pub async fn stated_sha256(&self, key: &str) -> Result<(Option<String>, u64), RunError> {
        let request = self.client.head_object().bucket(&self.bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        let head = request.send().await.map_err(|error| CallError::of("s3:GetObject", &error).into_run_error())?;
        // The hash of hashes of an upload in parts ends in the number of its parts, which is no base64.
        let stated = head.checksum_sha256.and_then(|text| base64::decode(text).ok()).filter(|hash| hash.len() == 32);
        let bytes = head.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
        Ok((stated.map(hex), bytes))
    }

    /// Reads an object of any size and returns its SHA-256, in hex.
    pub async fn sha256(&self, key: &str) -> Result<String, RunError> {
        let mut body = self.body(key).await?.ok_or_else(|| missing(key))?;
        let mut hash = Sha256Hex::default();
        while let Some(bytes) = body.next().await {
            hash.add(bytes.map_err(|error| RunError::Unavailable(format!("s3:GetObject: {key}: {error}")))?);
        }
        Ok(hash.end())
    }

    /// Writes bytes of that media type; `once`: unless the object exists. Says whether this call wrote it.
    pub(crate) async fn put_bytes(
        &self,
        key: &str,
        media_type: &str,
        bytes: Vec<u8>,
        once: bool,
    ) -> Result<bool, RunError> {
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(media_type)
            // With a retention S3 demands a checksum (botocore, s3 `PutObjectRequest`, ContentMD5).
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .set_object_lock_mode(self.lock_mode())
            .set_object_lock_retain_until_date(self.retain_until)
            .set_if_none_match(once.then(|| "*".to_owned()))
            .body(ByteStream::from(bytes))
            .customize()
            .config_override(aws_sdk_s3::config::Builder::new().retry_classifier(RetryConflicts));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match CallError::of("s3:PutObject", &error) {
                error if once && error.kind == Kind::ConditionFailed => Ok(false),
                error => Err(error.into_run_error()),
            },
        }
    }

    /// The first key below a prefix, in the order of keys; None if there is none.
    pub async fn first_key(&self, prefix: &str) -> Result<Option<String>, RunError> {
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).max_keys(1).send().await;
        let page = listed.map_err(|error| CallError::of("s3:ListBucket", &error).into_run_error())?;
        Ok(page.contents.unwrap_or_default().into_iter().find_map(|object| object.key))
    }

    /// The keys below a prefix.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, RunError> {
        let mut keys = Vec::new();
        self.each_object(prefix, |key, _| keys.push(key.to_owned())).await?;
        Ok(keys)
    }

    /// Shows every object below a prefix to `seen`: its key, and its size in bytes.
    pub async fn each_object(&self, prefix: &str, mut seen: impl FnMut(&str, u64)) -> Result<(), RunError> {
        let mut pages = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::of("s3:ListBucket", &error).into_run_error())?;
            for object in page.contents.unwrap_or_default() {
                if let Some(key) = &object.key {
                    seen(key, object.size.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default());
                }
            }
        }
        Ok(())
    }

    /// Runs `work` on every item, some at a time, and keeps the order of the items.
    pub async fn for_each<I, T, F, W>(items: Vec<I>, work: W) -> Result<Vec<T>, RunError>
    where
        W: Fn(I) -> F,
        F: Future<Output = Result<T, RunError>>,
    {
        stream::iter(items.into_iter().map(work)).buffered(CONCURRENCY).try_collect().await
    }
}

/// Lets the SDK try a write again while another write of the same object is under way, as S3 asks of a client that is
/// answered 409: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>. The object may not exist
/// then, unlike after 412.
#[derive(Debug)]
struct RetryConflicts;

impl ClassifyRetry for RetryConflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response() {
            Some(response) if response.status().as_u16() == 409 => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "write conflicts"
    }
}

fn to_json<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>, RunError> {
    serde_json::to_vec(value).map_err(|error| RunError::BrokenRun(format!("{key} cannot be written: {error}")))
}

fn missing(key: &str) -> RunError {
    RunError::BrokenRun(format!("{key} is missing"))
}

fn unreadable(key: &str, error: &serde_json::Error) -> RunError {
    RunError::BrokenRun(format!("{key} cannot be read: {error}"))
}
