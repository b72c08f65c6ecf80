//! Texts from outside, kept short and harmless: what accounts, instances and services say must not look like words of orgpatch,
//! and lead nowhere.

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

/// Returns foreign text as a part of one line of a message, with at most this many characters that can be seen.
///
/// An e-mail has no escapes. Control characters and line ends become spaces, signs that change the direction of the text are
/// left out, and a word joiner breaks what a program would make a link of ([`begins_a_link`]).
#[must_use]
pub fn plain(foreign: &str, characters: usize) -> String {
    let visible = visible(foreign);
    let mut out = String::with_capacity(visible.len());
    for (at, c) in visible.char_indices().take(characters) {
        if begins_a_link(&visible[..at], c, &visible[at + c.len_utf8()..]) {
            out.push(WORD_JOINER);
        }
        out.push(if c.is_whitespace() || c.is_control() { ' ' } else { c });
    }
    if visible.chars().nth(characters).is_some() {
        out.push(ELLIPSIS);
    }
    out.trim().to_owned()
}

/// Takes up no room. A program that looks for links does not see one across it.
pub const WORD_JOINER: char = '\u{2060}';

/// Returns the text without signs that are invisible or that change the direction of the text around them. Before anything
/// else, so that none of them keeps two other characters apart until it is gone.
#[must_use]
pub fn visible(foreign: &str) -> String {
    let is_invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}');
    foreign.chars().filter(|c| !is_invisible(*c)).collect()
}

/// Returns true if mail programs and chats would make a link of the text around this character: the second slash of `://`, the
/// dot of `www.`, and a dot before a letter, as in `e.example`.
#[must_use]
pub fn begins_a_link(before: &str, c: char, after: &str) -> bool {
    match c {
        '/' => before.ends_with(":/"),
        '.' => {
            let is_part = |c: char| !c.is_whitespace() && !c.is_control();
            let www = before.len().checked_sub(3).and_then(|at| before.get(at..));
            www.is_some_and(|end| end.eq_ignore_ascii_case("www"))
                || before.ends_with(is_part) && after.starts_with(char::is_alphabetic)
        }
        _ => false,
    }
}

/// Returns true if [`cut`] to this many characters may have shortened the text.
#[must_use]
pub fn is_cut(text: &str, characters: usize) -> bool {
    text.ends_with(ELLIPSIS) && text.chars().count() == characters
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
    fn a_text_that_was_cut_is_recognized() {
        assert!(is_cut(&cut("日本語日本語日", 6), 6));
        assert!(!is_cut(&cut("日本語日本語", 6), 6));
        assert!(!is_cut("yes…", 6));
    }

    #[test]
    fn foreign_text_is_a_part_of_one_line_and_no_link() {
        assert_eq!(
            plain("Ubuntu 24.04\r\n\nACTION REQUIRED: renew at https://evil.example", 100),
            "Ubuntu 24.04   ACTION REQUIRED: renew at https:/\u{2060}/evil\u{2060}.example"
        );
        assert_eq!(plain("WWW.1.example\u{85}\u{2028}x", 100), "WWW\u{2060}.1\u{2060}.example  x");
        assert_eq!(plain("e.example/x. No .net", 100), "e\u{2060}.example/x. No .net");
        assert_eq!(plain("https:/\u{200b}/e \u{202e}abc www\u{ad}.1", 100), "https:/\u{2060}/e abc www\u{2060}.1");
        assert_eq!(plain(&"日".repeat(200), 100).chars().count(), 101);
        assert_eq!(plain(&"日".repeat(100), 100).chars().count(), 100);
    }

    #[test]
    fn the_memory_of_the_rest_is_given_back() {
        let short = cut("é".repeat(1_000_000), 10);
        assert_eq!(short.chars().count(), 10);
        assert!(short.capacity() < 1_000, "{} bytes are still held", short.capacity());
    }
}
