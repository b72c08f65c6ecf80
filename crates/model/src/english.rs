//! Numbers with their nouns.

use std::fmt::Display;

/// Returns a number with its noun: `1 account`, `2 accounts`.
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(n: N, what: &str) -> String {
    format!("{n} {what}{}", if n == N::from(1) { "" } else { "s" })
}

/// Returns numbers with their words in one line: `2 access-denied, 1 error`.
#[must_use]
pub fn listed(counts: impl IntoIterator<Item = (impl Display, u64)>) -> String {
    counts.into_iter().map(|(what, n)| format!("{n} {what}")).collect::<Vec<_>>().join(", ")
}
