//! Reads the content of documents that are not AWS's, to find out which of them run a patch document.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ssm::{Client, types as api};
use orgpatch_engine::competing;
use orgpatch_engine::competing::{Content, Contents, DocumentId, Look, MOST_DOCUMENTS, UnseenDocument, Wrapped};
use orgpatch_model::fetched::Fetched;
use tokio::sync::Mutex;

use crate::clients::call::{CallError, fetched};

/// The documents of one account and Region. Each is read once, one after the other.
#[derive(Debug)]
pub(super) struct Documents {
    client: Client,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    contents: Contents,
    /// What was found, so that a document is followed once, however many commands run it.
    found: HashMap<DocumentId, Option<Wrapped>>,
    /// Documents that associations, windows and commands name.
    named: BTreeSet<DocumentId>,
}

impl Documents {
    pub fn new(client: Client) -> Self {
        Self { client, known: Mutex::default() }
    }

    /// Returns the patch document of AWS that a document runs in the end; None if it runs none, or if that cannot be seen.
    pub async fn wrapped(&self, document: &str, version: Option<&str>) -> Result<Option<Wrapped>, CallError> {
        if !competing::may_wrap(document) {
            return Ok(None);
        }
        let id = DocumentId::new(document, version);
        let mut known = self.known.lock().await;
        if let Some(wrapped) = known.found.get(&id) {
            return Ok(wrapped.clone());
        }
        loop {
            match competing::look(&id, &known.contents) {
                Look::Known(wrapped) => {
                    known.found.insert(id, wrapped.clone());
                    return Ok(wrapped);
                }
                Look::NotSeen(why) => {
                    tracing::warn!(document, why, "may run a patch document");
                    known.found.insert(id.clone(), None);
                    known.named.insert(id);
                    return Ok(None);
                }
                Look::Read(next) => {
                    let content = Box::pin(self.read(&next, known.contents.len())).await?;
                    known.contents.insert(next, content);
                }
            }
        }
    }

    /// Returns the documents of which it cannot be seen whether they patch.
    pub async fn unseen(&self) -> Vec<UnseenDocument> {
        let known = self.known.lock().await;
        let why = |id: &DocumentId| match competing::look(id, &known.contents) {
            Look::NotSeen(why) => Some(UnseenDocument { document: id.name.clone(), why }),
            Look::Read(_) | Look::Known(_) => None,
        };
        known.named.iter().filter_map(why).collect()
    }

    async fn read(&self, id: &DocumentId, read: usize) -> Result<Result<Content, String>, CallError> {
        if read >= MOST_DOCUMENTS {
            return Ok(Err(format!("orgpatch reads {MOST_DOCUMENTS} documents of a target")));
        }
        let answer = self
            .client
            .get_document()
            .name(&id.name)
            .set_document_version(id.version.clone())
            .document_format(api::DocumentFormat::Json)
            .send()
            .await;
        let answer = answer.map_err(|error| CallError::of("ssm:GetDocument", &error));
        Ok(match fetched(answer)? {
            Fetched::Yes(answer) => Content::read(answer.content.as_deref().unwrap_or_default()),
            Fetched::No(missing) => Err(missing.why()),
        })
    }
}
