//! The name of a run, which is the name of its execution.

use crate::error::RunError;

/// The longest name of an execution, in characters:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.
pub const MAX_LENGTH: usize = 80;

/// Refuses a name that Step Functions accepts and that does not work everywhere: its logs need `0-9`, `A-Z`, `a-z`, `-` and
/// `_` (API reference of `StartExecution`), and the name is part of keys, comments and sentences.
///
/// Error: `InvalidInput`.
pub fn check(name: &str) -> Result<(), RunError> {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if (1..=MAX_LENGTH).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    let other: String = name.chars().filter(|character| !fits(*character)).take(10).collect();
    let because = if other.is_empty() { String::new() } else { format!(" because of {other:?}") };
    Err(RunError::InvalidInput(format!(
        "the execution has the name {name:?}, which cannot be the name of a run{because}; valid: 1 to {MAX_LENGTH} of the characters 0-9 A-Z a-z - _; start it again with such a name, or without one"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_ascii_are_refused_with_a_sentence() {
        for name in ["november", "A-z_9", "0", &"r".repeat(80)] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "..", "a/b", "a b", "11月", &"r".repeat(81)] {
            assert!(matches!(check(name), Err(RunError::InvalidInput(_))), "{name}");
        }
        let error = check("11月のパッチ適用その一、東京と大阪").expect_err("Japanese");
        assert_eq!(
            error.to_string(),
            "the execution has the name \"11月のパッチ適用その一、東京と大阪\", which cannot be the name of a run because of \"月のパッチ適用その一\"; valid: 1 to 80 of the characters 0-9 A-Z a-z - _; start it again with such a name, or without one"
        );
    }
}
