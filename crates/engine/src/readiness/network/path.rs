//! What is known of a way through the network, and how the parts of a way add up.

use super::Unread;
use crate::readiness::finding::Problem;

/// What is known of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::readiness) enum Path {
    /// Nothing stands in it; one clause for people.
    Open(String),
    /// It leads somewhere, but not everywhere.
    Limited(Problem),
    /// It leads to where this account cannot look.
    Unseen(Problem),
    /// Part of it could not be read.
    Unread(Unread),
    /// It ends.
    Blocked(Problem),
}

impl Path {
    /// How bad it is.
    fn rank(&self) -> u8 {
        match self {
            Self::Open(_) => 0,
            Self::Limited(_) => 1,
            Self::Unseen(_) => 2,
            Self::Unread(_) => 3,
            // Certain, whatever could not be read.
            Self::Blocked(_) => 4,
        }
    }

    /// True unless it certainly ends.
    pub fn may_lead_on(&self) -> bool {
        !matches!(self, Self::Blocked(_))
    }
}

/// A way is as good as the worst part of it; of equally bad parts the first is told.
pub(super) fn whole(parts: impl IntoIterator<Item = Path>) -> Path {
    parts
        .into_iter()
        .reduce(|worst, next| if next.rank() > worst.rank() { next } else { worst })
        .unwrap_or_else(|| Path::Open(String::new()))
}
