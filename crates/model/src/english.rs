//! Numbers with their nouns.

/// Returns a number with its noun: `1 account`, `2 accounts`.
#[must_use]
pub fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
