//! Texts from outside, kept short.

/// The end of a text that was cut.
const ELLIPSIS: char = '…';

/// Returns the text with at most this many characters. A text that is longer is cut and ends in `…`, which counts.
///
/// The memory of the rest is given back: a text of a member account may be large, and many are kept at the same time.
#[must_use]
pub fn cut(text: impl Into<String>, characters: usize) -> String {
    let mut text = text.into();
    // A character has at least one byte, so most texts need no counting.
    if text.len() <= characters || text.char_indices().nth(characters).is_none() {
        return text;
    }
    let kept = characters.saturating_sub(1);
    let end = text.char_indices().nth(kept).map_or(0, |(at, _)| at);
    text.truncate(end);
    if characters > 0 {
        text.push(ELLIPSIS);
    }
    text.shrink_to_fit();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        for text in ["", "a", "kernel", "日本語日本語", "naïve…"] {
            assert_eq!(cut(text, 6), text);
        }
    }

    #[test]
    fn a_text_that_is_too_long_has_the_length_and_says_that_it_was_cut() {
        assert_eq!(cut("kernel-5.14", 6), "kerne…");
        assert_eq!(cut("日本語日本語日", 6), "日本語日本…");
        assert_eq!(cut("ab", 1), "…");
        assert_eq!(cut("ab", 0), "");
    }

    #[test]
    fn the_memory_of_the_rest_is_given_back() {
        let short = cut("é".repeat(1_000_000), 10);
        assert_eq!(short.chars().count(), 10);
        assert!(short.capacity() < 1_000, "{} bytes are still held", short.capacity());
    }
}
