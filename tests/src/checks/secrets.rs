//! Checks that nothing that people or other programs can read contains a credential.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, MatchKind};
use flate2::read::MultiGzDecoder;

use crate::evidence::Evidence;

/// Checks that no part of a session is in the history, the logs, the execution or the bucket.
#[must_use]
pub fn no_session_is_written_anywhere(evidence: &Evidence) -> Vec<String> {
    let parts: Vec<&str> = evidence
        .secrets
        .iter()
        .flat_map(|secret| [&secret.access_key_id, &secret.secret_access_key, &secret.session_token])
        .map(String::as_str)
        .collect();
    let mut complaints = Vec::new();
    if let Some(short) = parts.iter().find(|part| part.len() < 16) {
        complaints.push(format!("secrets.json has a part of {} characters: it would be found anywhere", short.len()));
    }
    // The search proves something only if there were sessions, and if the places where they could be were read.
    if !evidence.secrets.iter().any(|secret| secret.principal.contains("ListAccounts")) {
        complaints.push("secrets.json has no session of list-accounts".to_owned());
    }
    let entered = evidence.calls.iter().any(crate::evidence::Call::is_in_member);
    if entered && !evidence.secrets.iter().any(|secret| secret.principal.starts_with("orgpatch-member")) {
        complaints
            .push("secrets.json has no session of a member role, although member accounts were called".to_owned());
    }
    if entered
        && !evidence.history.iter().any(|execution| execution.map_run_arn.is_some() && execution.events.len() > 2)
    {
        complaints
            .push("history.json has no events of a Map's children, although member accounts were called".to_owned());
    }
    let finder = match AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&parts) {
        Ok(finder) => finder,
        Err(error) => {
            complaints.push(format!("the secrets cannot be searched for: {error}"));
            return complaints;
        }
    };
    for path in &evidence.public_files {
        match readable(path) {
            Err(error) => complaints.push(format!("{}: {error}", path.display())),
            Ok(bytes) => {
                if let Some(found) = finder.find(&bytes) {
                    let owner = &evidence.secrets[found.pattern().as_usize() / 3].principal;
                    complaints.push(format!(
                        "{} contains a credential of {owner}, at byte {}",
                        path.display(),
                        found.start()
                    ));
                }
            }
        }
    }
    complaints
}

/// Checks that the configuration of a source is in the plan and in what the functions work from, and in nothing else: a baseline
/// is told with the hash of it.
#[must_use]
pub fn no_configuration_of_a_source_is_told(evidence: &Evidence) -> Vec<String> {
    /// What `scan` makes the baselines from. A frozen stage has its own when it begins.
    const SOURCES: [&str; 3] = ["run.json", "settings.json", "frozen-baselines.json"];
    /// A shorter line, such as `gpgcheck=1`, would be found anywhere.
    const SHORTEST: usize = 16;
    let Some(plan) = &evidence.plan else { return Vec::new() };
    let planned =
        plan.stages.iter().flat_map(|stage| plan.baselines_of(stage)).flat_map(|(_, planned)| &planned.sources);
    let lines: BTreeSet<&str> =
        planned.flat_map(|source| source.configuration.lines()).filter(|line| line.len() >= SHORTEST).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let is_told = |path: &&PathBuf| {
        let named = |name: &str| path.file_name().is_some_and(|own| own == name);
        !SOURCES.into_iter().any(named) && !path.components().any(|part| part.as_os_str() == "plans")
    };
    let mut complaints = Vec::new();
    for path in evidence.public_files.iter().filter(is_told) {
        match readable(path) {
            Err(error) => complaints.push(format!("{}: {error}", path.display())),
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                if let Some(line) = lines.iter().find(|line| text.contains(**line)) {
                    complaints.push(format!("{} tells {line:?} of the configuration of a source", path.display()));
                }
            }
        }
    }
    complaints
}

/// Returns the bytes of a file, decompressed if it is compressed.
fn readable(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = std::fs::read(path)?;
    if path.extension().is_none_or(|ending| ending != "gz") {
        return Ok(bytes);
    }
    let mut content = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut content)?;
    Ok(content)
}
