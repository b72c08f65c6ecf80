//! Opening the plan that the command line names.

use std::io::{self, Read};
use std::path::Path;

/// A plan document as it was found.
pub struct PlanFile {
    /// What to call it in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Reads the plan of that path, standard input for `-`; or says why it cannot be read.
pub fn open(path: &Path) -> Result<PlanFile, String> {
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
