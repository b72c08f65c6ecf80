//! Opens the plan that the command line names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use orgpatch_plan::{MAX_BYTES, Plan, PlanError, PlanErrors};

use crate::args::Format;
use crate::{REFUSED, UNREADABLE, fail, mistakes, print};

/// A plan document as it was read.
pub struct PlanFile {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What probably does not mean what it says.
    pub warnings: Vec<PlanError>,
}

/// Reads the plan at that path. If that fails, it prints the mistakes and returns the exit status.
pub fn read(path: &Path, format: Format) -> Result<(PlanFile, Plan), ExitCode> {
    let (file, plan) = plan(open(path).map_err(|message| fail(&message, UNREADABLE))?);
    match plan {
        Ok(plan) => Ok((file, plan)),
        Err(errors) => {
            print(&match format {
                Format::Json => mistakes::document(&[mistakes::ValidateResult::of_mistakes(&file, &errors)], false),
                Format::Text => mistakes::in_lines(&file, &errors),
            });
            Err(ExitCode::from(REFUSED))
        }
    }
}

/// Reads the plan in a document, and keeps with the document what the reader warns of.
pub fn plan(file: PlanFile) -> (PlanFile, Result<Plan, PlanErrors>) {
    match orgpatch_plan::read_with_warnings(&file.text) {
        Ok((plan, warnings)) => (PlanFile { warnings, ..file }, Ok(plan)),
        Err(errors) => (file, Err(errors)),
    }
}

/// Reads the document at that path, or standard input for `-`. Returns a message if it cannot be read.
pub fn open(path: &Path) -> Result<PlanFile, String> {
    let (name, bytes) = if path.as_os_str() == "-" {
        ("<stdin>".to_owned(), beginning(io::stdin()))
    } else {
        (path.display().to_string(), File::open(path).and_then(beginning))
    };
    let bytes = bytes.map_err(|error| format!("cannot read {name}: {error}"))?;
    if bytes.len() > MAX_BYTES {
        // The reader of plans says so. The end may be half a character.
        return Ok(PlanFile { name, text: String::from_utf8_lossy(&bytes).into_owned(), warnings: Vec::new() });
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("cannot read {name}: it is not UTF-8 text ({})", error.utf8_error()))?;
    Ok(PlanFile { name, text, warnings: Vec::new() })
}

/// Reads a document. Of one that is too long for a plan it reads one byte more and no further.
fn beginning(document: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    document.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
