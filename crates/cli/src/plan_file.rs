//! Opens the plan that the command line names.

use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use orgpatch_plan::Plan;

use crate::args::Format;
use crate::{REFUSED, UNREADABLE, fail, mistakes, print};

/// A plan document as it was read.
pub struct PlanFile {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Reads the plan at that path. If that fails, it prints the mistakes and returns the exit status.
pub fn read(path: &Path, format: Format) -> Result<(PlanFile, Plan), ExitCode> {
    let file = open(path).map_err(|message| fail(&message, UNREADABLE))?;
    match orgpatch_plan::read(&file.text) {
        Ok(plan) => Ok((file, plan)),
        Err(errors) => {
            print(&mistakes::shown(&file, &errors, format));
            Err(ExitCode::from(REFUSED))
        }
    }
}

/// Reads the document at that path, or standard input for `-`. Returns a message if it cannot be read.
fn open(path: &Path) -> Result<PlanFile, String> {
    let (name, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes).map(|_| bytes);
        ("<stdin>".to_owned(), read)
    } else {
        (path.display().to_string(), std::fs::read(path))
    };
    let bytes = bytes.map_err(|error| format!("cannot read {name}: {error}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("cannot read {name}: it is not UTF-8 text ({})", error.utf8_error()))?;
    Ok(PlanFile { name, text })
}
