//! Foreign text in messages: what accounts, instances and services say must not look like words of orgpatch, and lead nowhere.

/// Returns foreign text as a part of one line: control characters and line ends become spaces, signs that change the direction of
/// the text are left out, and what mail programs would make a link of is broken. It has at most `longest` characters.
#[must_use]
pub fn plain(foreign: &str, longest: usize) -> String {
    // First, so that no invisible character keeps two others apart until it is gone.
    let visible: String = foreign.chars().filter(|c| !is_invisible(*c)).collect();
    let mut out = String::with_capacity(visible.len());
    for (number, c) in visible.chars().enumerate() {
        if number == longest {
            out.push('…');
            break;
        }
        match c {
            '/' if out.ends_with(":/") => out.push_str("\u{2060}/"),
            '.' if ends_with_www(&out) => out.push_str("\u{2060}."),
            c if c.is_whitespace() || c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// Returns true behind `www`, from which a link would begin.
pub(crate) fn ends_with_www(text: &str) -> bool {
    text.len().checked_sub(3).and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// Returns true for signs that change the direction of the text around them, or that are invisible.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_a_part_of_one_line_and_no_link() {
        assert_eq!(
            plain("Ubuntu\r\n\nACTION REQUIRED: renew at https://evil.example", 100),
            "Ubuntu   ACTION REQUIRED: renew at https:/\u{2060}/evil.example"
        );
        assert_eq!(plain("WWW.evil.example\u{85}\u{2028}x", 100), "WWW\u{2060}.evil.example  x");
        assert_eq!(plain("https:/\u{200b}/evil.example \u{202e}abc", 100), "https:/\u{2060}/evil.example abc");
        assert_eq!(plain(&"日".repeat(200), 100).chars().count(), 101);
    }
}
