//! SHA-256 in hex, which identifies plans, install plans, records and the commands of a run.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Returns the SHA-256 of `data` as 64 hex digits.
#[must_use]
pub fn sha256_hex(data: impl AsRef<[u8]>) -> String {
    hex(Sha256::digest(data))
}

/// Returns bytes as hex digits.
#[must_use]
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The SHA-256 of data that comes piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Sha256Hex(Sha256);

impl Sha256Hex {
    /// Adds the next piece.
    pub fn add(&mut self, data: impl AsRef<[u8]>) {
        self.0.update(data);
    }

    /// Returns the SHA-256 of all pieces, as 64 hex digits.
    #[must_use]
    pub fn end(self) -> String {
        hex(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex("abc"), expected);
        let mut pieces = Sha256Hex::default();
        pieces.add("a");
        pieces.add("bc");
        assert_eq!(pieces.end(), expected);
    }
}
