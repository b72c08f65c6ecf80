//! A group of facts that could be read, or why it could not.

/// Facts of one call, or what stood in the way of it.
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
    /// The member role may not do that.
    Denied {
        /// The action, such as `ec2:DescribeRouteTables`.
        action: String,
    },
    /// The call failed for another reason.
    Failed {
        /// The action.
        action: String,
        /// What was answered.
        text: String,
    },
}

impl<T> Fetched<T> {
    /// Facts that the member role may not read.
    #[must_use]
    pub fn denied(action: &str) -> Self {
        Self::No(Unavailable::Denied { action: action.to_owned() })
    }

    /// The facts, or why there are none.
    pub fn get(&self) -> Result<&T, &Unavailable> {
        match self {
            Self::Yes(facts) => Ok(facts),
            Self::No(missing) => Err(missing),
        }
    }
}

impl Unavailable {
    /// Why, as the end of a sentence. The same words for the same reason.
    #[must_use]
    pub fn why(&self) -> String {
        match self {
            Self::Denied { action } => format!("the member role may not call {action}"),
            Self::Failed { action, text } => format!("{action} failed ({text})"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        match self {
            Self::Denied { action } => Some(format!("Allow {action} in the member role.")),
            Self::Failed { .. } => None,
        }
    }
}
