//! Documents of an account that run a document that patches, themselves or through other documents.

use std::collections::HashMap;

use orgpatch_facts::documents;

use super::content::{Content, DocumentId, Passed, Step, named_by_parameter};
use super::document::{self, Installs, Wrapped};

/// The most documents of a target whose content is read.
pub const MOST_DOCUMENTS: usize = 50;

/// So many documents deep a document that patches is found: one that runs one that runs one of AWS is two deep.
const DEEPEST: usize = 3;

/// The content of documents, or why it is not known.
pub type Contents = HashMap<DocumentId, Result<Content, String>>;

/// What is known of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The content of this document must be read first.
    Read(DocumentId),
    /// It runs this document of AWS; None: it runs none that patches.
    Known(Option<Wrapped>),
    /// It may run one, for this reason.
    NotSeen(String),
}

/// Looks what a document runs in the end.
#[must_use]
pub fn look(id: &DocumentId, contents: &Contents) -> Look {
    match resolve(id, contents, 0) {
        Err(missing) => Look::Read(missing),
        Ok(Found { wrapped: None, not_seen: Some(why) }) => Look::NotSeen(why),
        Ok(Found { wrapped, .. }) => Look::Known(wrapped),
    }
}

#[derive(Default)]
struct Found {
    wrapped: Option<Wrapped>,
    not_seen: Option<String>,
}

/// Returns what a document runs, or the document whose content must be read before.
fn resolve(id: &DocumentId, contents: &Contents, depth: usize) -> Result<Found, DocumentId> {
    let name = document::name(&id.name);
    if let Some(known) = documents::find(name) {
        let wrapped = Wrapped { document: name.to_owned(), installs: (&known.installs).into() };
        return Ok(Found { wrapped: Some(wrapped), not_seen: None });
    }
    if !document::may_wrap(&id.name) {
        return Ok(Found::default());
    }
    let not_seen = |why: String| Found { wrapped: None, not_seen: Some(why) };
    if depth == DEEPEST {
        return Ok(not_seen(format!("orgpatch follows documents that run documents {DEEPEST} deep")));
    }
    let content = match contents.get(id) {
        None => return Err(id.clone()),
        Some(Err(why)) if depth == 0 => return Ok(not_seen(why.clone())),
        Some(Err(why)) => return Ok(not_seen(format!("it runs {name}: {why}"))),
        Some(Ok(content)) => content,
    };
    let mut found = Found::default();
    for step in &content.steps {
        let inner = match &step.document {
            Ok(inner) => resolve(inner, contents, depth + 1)?,
            Err(why) => not_seen(why.clone()),
        };
        let inner = match &step.named_by {
            Some(of) if inner.wrapped.is_none() => not_seen(named_by_parameter(of)),
            _ => inner,
        };
        found.not_seen = found.not_seen.or(inner.not_seen);
        let run = inner.wrapped.map(|wrapped| through(wrapped, step, content));
        found.wrapped = match (found.wrapped, run) {
            (Some(one), Some(other)) => Some(worse(one, other)),
            (one, other) => one.or(other),
        };
    }
    Ok(found)
}

/// Returns what a step makes of the document that it runs: it may fix the parameter that says whether it installs.
fn through(wrapped: Wrapped, step: &Step, content: &Content) -> Wrapped {
    let Installs::Unless { parameter, is, by_default } = wrapped.installs else { return wrapped };
    let decided = |does_not: bool| if does_not { Installs::Never } else { Installs::Always };
    let Some(parameters) = &step.parameters else { return Wrapped { installs: Installs::Always, ..wrapped } };
    let installs = match parameters.get(&parameter) {
        None => decided(by_default),
        Some(Passed::Unreadable) => Installs::Always,
        Some(Passed::Literal(value)) => decided(is.contains(value)),
        Some(Passed::Parameter(of)) => {
            let by_default = content.defaults.get(of).is_some_and(|default| is.contains(default));
            Installs::Unless { parameter: of.clone(), is, by_default }
        }
    };
    Wrapped { installs, ..wrapped }
}

/// Returns of two runs in one document the one that installs more.
fn worse(one: Wrapped, other: Wrapped) -> Wrapped {
    let rank = |wrapped: &Wrapped| match wrapped.installs {
        Installs::Never => 0,
        Installs::Unless { .. } => 1,
        Installs::Always => 2,
    };
    if rank(&one) == 1 && rank(&other) == 1 && one.installs != other.installs {
        return Wrapped { installs: Installs::Always, ..one };
    }
    if rank(&other) > rank(&one) { other } else { one }
}
