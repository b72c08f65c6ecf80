//! `orgpatch verify`: compares a downloaded copy of a run with its manifest. It needs no AWS account and no network.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use orgpatch_model::digest::{Sha256Hex, sha256_hex};
use orgpatch_records::manifest::{Difference, Manifest};
use serde::Serialize;
use thiserror::Error;

use crate::args::{Format, VerifyArguments};
use crate::{REFUSED, UNREADABLE, fail, print, progress, wait_for};

/// Where the manifest is in the copy of a run.
const MANIFEST: &str = "report/manifest.json";

/// Why a copy cannot be verified.
#[derive(Debug, Error)]
enum VerifyError {
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error(
        "{} is no manifest: {error}; a run of a version of orgpatch without manifests cannot be verified", .path.display()
    )]
    NoManifest { path: PathBuf, error: serde_json::Error },
    #[error("{} is a copy of the run {found}, not of {wanted}", .path.display())]
    AnotherRun { path: PathBuf, found: String, wanted: String },
    #[error("the manifest names no run before, so --previous has nothing to be compared with")]
    NoPrevious,
}

/// What was found.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    run_id: String,
    /// SHA-256 of the manifest itself.
    manifest_sha256: String,
    /// Whether it is the one that was given; absent if none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_is_as_given: Option<bool>,
    /// The run before, as the manifest names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_run_id: Option<String>,
    /// Whether the copy of the run before has the manifest that this one names; absent without --previous.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_is_as_named: Option<bool>,
    objects: usize,
    differences: Vec<Difference>,
}

impl Verified {
    fn is_good(&self) -> bool {
        self.differences.is_empty()
            && self.manifest_is_as_given != Some(false)
            && self.previous_is_as_named != Some(false)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        for difference in &self.differences {
            let (word, key) = match difference {
                Difference::Changed { key } => ("changed", key),
                Difference::Missing { key } => ("missing", key),
                Difference::Added { key } => ("added", key),
            };
            let _ = writeln!(text, "{word}: {key}");
        }
        if self.manifest_is_as_given == Some(false) {
            let _ = writeln!(text, "the manifest is not the one with the SHA-256 that you gave");
        }
        if self.previous_is_as_named == Some(false) {
            let _ = writeln!(text, "the copy of the run before is not the one that the manifest names");
        }
        let (run, objects, sha256) = (&self.run_id, self.objects, &self.manifest_sha256);
        let _ = match self.differences.len() {
            0 => writeln!(text, "run {run}: {objects} objects are as the manifest says"),
            number => writeln!(text, "run {run}: {number} of {objects} objects differ from the manifest"),
        };
        if let Some(previous) = &self.previous_run_id {
            let _ = writeln!(text, "the run before: {previous}");
        }
        let _ = writeln!(text, "SHA-256 of the manifest: {sha256}");
        if self.manifest_is_as_given.is_none() {
            let _ =
                writeln!(text, "Compare it with the one in the notification of the run, or give that with --sha256.");
        }
        text
    }
}

/// Runs the command and returns its exit status.
pub fn run(arguments: &VerifyArguments) -> ExitCode {
    let verifying = progress::shown("hashing the copy", async {
        let (run, copy) = (arguments.run.clone(), arguments.copy.clone());
        let (sha256, previous) = (arguments.sha256.clone(), arguments.previous.clone());
        tokio::task::spawn_blocking(move || verify(&run, &copy, sha256.as_deref(), previous.as_deref())).await
    });
    let verified = match wait_for(verifying) {
        Err(status) => return status,
        Ok(Err(broken)) => return fail(&format!("the copy could not be hashed: {broken}"), UNREADABLE),
        Ok(Ok(Err(error))) => return fail(&error.to_string(), UNREADABLE),
        Ok(Ok(Ok(verified))) => verified,
    };
    print(&match arguments.format {
        Format::Text => verified.text(),
        Format::Json => serde_json::to_string_pretty(&verified).expect("texts and numbers are always JSON") + "\n",
    });
    if verified.is_good() { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
}

fn verify(run: &str, copy: &Path, sha256: Option<&str>, previous: Option<&Path>) -> Result<Verified, VerifyError> {
    let (manifest, manifest_sha256) = manifest_in(copy)?;
    if manifest.run_id != run {
        return Err(VerifyError::AnotherRun { path: copy.to_owned(), found: manifest.run_id, wanted: run.to_owned() });
    }
    let previous_is_as_named = match (previous, &manifest.previous) {
        (None, _) => None,
        (Some(_), None) => return Err(VerifyError::NoPrevious),
        (Some(folder), Some(link)) => {
            let (before, sha256) = manifest_in(folder)?;
            Some((before.run_id, sha256) == (link.run_id.clone(), link.sha256.clone()))
        }
    };
    let mut found = BTreeMap::new();
    hashes(copy, "", &mut found)?;
    found.remove(MANIFEST);
    Ok(Verified {
        differences: manifest.compare(&found),
        objects: manifest.records.len(),
        run_id: manifest.run_id,
        manifest_is_as_given: sha256.map(|given| given.eq_ignore_ascii_case(&manifest_sha256)),
        manifest_sha256,
        previous_run_id: manifest.previous.map(|link| link.run_id),
        previous_is_as_named,
    })
}

/// Reads the manifest in the copy of a run, with its SHA-256.
fn manifest_in(copy: &Path) -> Result<(Manifest, String), VerifyError> {
    let path = copy.join(MANIFEST);
    let text = fs::read(&path).map_err(|error| VerifyError::Unreadable { path: path.clone(), error })?;
    let manifest = serde_json::from_slice(&text).map_err(|error| VerifyError::NoManifest { path, error })?;
    Ok((manifest, sha256_hex(text)))
}

/// Adds the SHA-256 of every file below a folder, by its path there with slashes.
fn hashes(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) -> Result<(), VerifyError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| VerifyError::Unreadable { path, error }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let key = format!("{prefix}{name}");
        if path.is_dir() {
            hashes(&path, &format!("{key}/"), found)?;
        } else {
            found.insert(key, sha256_of(&path).map_err(unreadable(&path))?);
        }
    }
    Ok(())
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256Hex::default());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.end()),
            read => hash.add(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_records::manifest::{ManifestLink, Recorded, StatedBy};

    use super::*;

    /// Writes the copy of a run with two objects and its manifest; returns the SHA-256 of the manifest.
    fn copy(folder: &Path, run: &str, previous: Option<ManifestLink>) -> String {
        let objects = [("run.json", "{}"), ("steps/01-test-1/gate.json", "[]")];
        for (key, text) in objects {
            fs::create_dir_all(folder.join(key).parent().expect("a folder")).expect("made");
            fs::write(folder.join(key), text).expect("written");
        }
        let recorded = |text: &str| Recorded { sha256: sha256_hex(text), bytes: 2, stated_by: StatedBy::Writer };
        let manifest = Manifest {
            schema_version: 1,
            run_id: run.into(),
            plan: "monthly".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            previous,
            records: objects.map(|(key, text)| (key.to_owned(), recorded(text))).into(),
        };
        let text = serde_json::to_vec(&manifest).expect("JSON");
        fs::create_dir_all(folder.join("report")).expect("made");
        fs::write(folder.join(MANIFEST), &text).expect("written");
        sha256_hex(text)
    }

    #[test]
    fn a_copy_and_the_chain_are_verified() {
        let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let of_first = copy(first.path(), "r1", None);
        let of_second = copy(second.path(), "r2", Some(ManifestLink { run_id: "r1".into(), sha256: of_first }));
        let verify = |sha256| verify("r2", second.path(), sha256, Some(first.path())).expect("verified");
        assert!(verify(Some(of_second.as_str())).is_good());
        assert!(!verify(Some("0123")).is_good(), "another manifest than the notification said");

        fs::write(first.path().join(MANIFEST), fs::read(second.path().join(MANIFEST)).expect("read")).expect("written");
        assert_eq!(verify(None).previous_is_as_named, Some(false));

        fs::write(second.path().join("run.json"), "{} ").expect("written");
        fs::write(second.path().join("new.json"), "").expect("written");
        insta::assert_snapshot!(verify(Some(of_second.as_str())).text().replace(&of_second, "[sha256]"), @r"
        added: new.json
        changed: run.json
        the copy of the run before is not the one that the manifest names
        run r2: 2 of 2 objects differ from the manifest
        the run before: r1
        SHA-256 of the manifest: [sha256]
        ");
    }

    #[test]
    fn what_cannot_be_verified_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = |previous| verify("r", folder.path(), None, previous).expect_err("refused").to_string();
        assert!(error(None).contains("manifest.json cannot be read"));
        copy(folder.path(), "other", None);
        assert!(error(None).ends_with("is a copy of the run other, not of r"));
        copy(folder.path(), "r", None);
        assert!(error(Some(folder.path())).contains("names no run before"));
        fs::write(folder.path().join(MANIFEST), "{}").expect("written");
        assert!(error(None).contains("is no manifest"));
    }
}
