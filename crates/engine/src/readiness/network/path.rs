//! A path through the network, and how its parts add up.

use super::Unread;
use crate::readiness::finding::Problem;

/// What is known about a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::readiness) enum Path {
    /// Nothing blocks it; the text describes it in one clause.
    Open(String),
    /// It reaches only part of the destination.
    Limited(Problem),
    /// It leads to where this account has no view.
    Unseen(Problem),
    /// Part of it could not be read.
    Unread(Unread),
    /// It is blocked.
    Blocked(Problem),
}

impl Path {
    /// Returns how bad the path is: the higher, the worse.
    fn rank(&self) -> u8 {
        match self {
            Self::Open(_) => 0,
            Self::Limited(_) => 1,
            Self::Unseen(_) => 2,
            Self::Unread(_) => 3,
            // It is certain, even if other parts could not be read.
            Self::Blocked(_) => 4,
        }
    }

    /// Returns true unless the path is known to be blocked.
    pub fn is_not_blocked(&self) -> bool {
        !matches!(self, Self::Blocked(_))
    }
}

/// Returns the worst part of a path, which decides about the path; of equally bad parts the first.
pub(super) fn worst_of(parts: impl IntoIterator<Item = Path>) -> Path {
    parts
        .into_iter()
        .reduce(|worst, next| if next.rank() > worst.rank() { next } else { worst })
        .unwrap_or_else(|| Path::Open(String::new()))
}
