//! Exit codes of AWS-RunPatchBaseline in words. The codes are in `orgpatch-facts`.

pub use orgpatch_facts::exit_codes::{meaning as explain, meanings};

/// The code and its meaning in one phrase.
#[must_use]
pub fn phrase(code: i64) -> String {
    match explain(code) {
        Some(meaning) => format!("exit code {code}: {meaning}"),
        None => format!("exit code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::phrase;

    #[test]
    fn codes_have_words() {
        assert_eq!(phrase(0), "exit code 0: success");
        assert_eq!(phrase(137), "exit code 137: the instance may not call DescribePatchBaselines, or the call failed");
        assert_eq!(phrase(-1), "exit code -1: the patch module on Windows failed without a code of its own");
        assert_eq!(
            phrase(4_294_967_295),
            "exit code 4294967295: the patch module on Windows failed without a code of its own"
        );
        assert_eq!(phrase(4), "exit code 4");
    }
}
