//! Facts that were read, or the reason why they could not be read.

/// The facts of one call, or the reason why there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched<T> {
    /// They were read.
    Yes(T),
    /// They could not be read.
    No(Unavailable),
}

/// Why facts could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// The member role may not call the action.
    Denied {
        /// The action, such as `ec2:DescribeRouteTables`.
        action: String,
    },
    /// The call failed for another reason.
    Failed {
        /// The action.
        action: String,
        /// The service's error code and message.
        text: String,
    },
}

impl<T> Fetched<T> {
    /// Returns the value for facts that the member role may not read.
    #[must_use]
    pub fn denied(action: &str) -> Self {
        Self::No(Unavailable::Denied { action: action.to_owned() })
    }

    /// Returns the facts, or the reason why there are none.
    pub fn get(&self) -> Result<&T, &Unavailable> {
        match self {
            Self::Yes(facts) => Ok(facts),
            Self::No(missing) => Err(missing),
        }
    }
}

impl Unavailable {
    /// Returns the reason as the end of a sentence. The same reason always has the same words.
    #[must_use]
    pub fn why(&self) -> String {
        match self {
            Self::Denied { action } => format!("the member role may not call {action}"),
            Self::Failed { action, text } => format!("{action} failed ({text})"),
        }
    }

    /// Returns what an operator can do about it, if anything.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        match self {
            Self::Denied { action } => Some(format!("Allow {action} in the member role.")),
            Self::Failed { .. } => None,
        }
    }
}
