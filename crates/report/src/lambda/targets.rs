//! Keeps the targets of a run as JSON, one per line, until all instances are written.

use std::io::{self, BufRead, BufReader, Seek, Write};

use tempfile::SpooledTempFile;

/// The bytes that are kept in memory, some ten thousand targets. Beyond that, the targets go to the temporary disk.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// The targets.
pub struct Targets(SpooledTempFile);

impl Targets {
    /// Begins without targets.
    pub fn new() -> Self {
        Self(SpooledTempFile::new(IN_MEMORY))
    }

    /// Adds one more target.
    pub fn add(&mut self, json: &str) -> io::Result<()> {
        self.0.write_all(json.as_bytes())?;
        self.0.write_all(b"\n")
    }

    /// Returns all targets, in the order in which they were added.
    pub fn read(&mut self) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        self.0.rewind()?;
        Ok(BufReader::new(&mut self.0).lines())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_back_in_their_order_from_memory_and_from_disk() {
        let long = "x".repeat(IN_MEMORY / 4);
        let mut targets = Targets::new();
        let added: Vec<String> = (0..6).map(|n| format!("{n}{long}")).collect();
        for (n, json) in added.iter().enumerate() {
            targets.add(json).expect("written");
            let read: Vec<String> = targets.read().expect("rewound").collect::<Result<_, _>>().expect("read");
            assert_eq!(read, added[..=n]);
        }
        assert!(targets.0.is_rolled(), "more than what stays in memory");
    }
}
