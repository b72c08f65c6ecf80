//! Makes cells that no spreadsheet reads as a formula. Names, tags and reasons come from member accounts, and a person who
//! can name an instance must not be able to run something on the computer of a person who opens the file.
//!
//! The method is that of OWASP (<https://owasp.org/www-community/attacks/CSV_Injection>): every cell is in quotes, quotes
//! inside are doubled, and a cell that begins with `=`, `+`, `-`, `@`, the full-width form of one of them, a tab, a
//! carriage return or a line feed gets an apostrophe before it. So does each of those signs after a tab, a line end, a
//! semicolon or a quote inside a cell: a spreadsheet that splits the file at another sign than the comma begins a cell
//! there.

use std::borrow::Cow;

/// Returns true for the signs with which a formula begins.
fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// Returns true for the signs after which a cell begins if a program splits at another sign than the comma.
fn may_end_cell(c: char) -> bool {
    matches!(c, ';' | '"' | '\t' | '\r' | '\n')
}

/// Returns the text so that it is safe in a cell. It is unchanged if nothing in it could begin a formula.
pub fn harmless(text: &str) -> Cow<'_, str> {
    // A spreadsheet may drop white space at the beginning.
    let mut at_risk = text.starts_with(['\t', '\r', '\n']);
    let mut safe = String::new();
    let mut copied = 0;
    let mut may_begin = true;
    for (at, c) in text.char_indices() {
        if at_risk || (may_begin && begins_formula(c)) {
            safe.push_str(&text[copied..at]);
            safe.push('\'');
            copied = at;
        }
        at_risk = false;
        may_begin = may_end_cell(c);
    }
    if safe.is_empty() {
        return Cow::Borrowed(text);
    }
    safe.push_str(&text[copied..]);
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use csv::{QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_get_an_apostrophe_and_the_rest_stays() {
        let shown: Vec<Cow<'_, str>> =
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\"=1", "a;=1", "＝1", "web-1", "a = b", "決済＝本番", ""]
                .into_iter()
                .map(harmless)
                .collect();
        assert_eq!(
            shown,
            [
                "'=1+1",
                "'+1",
                "'-1",
                "'@SUM(A1)",
                "'\t'=1",
                "\"'=1",
                "a;'=1",
                "'＝1",
                "web-1",
                "a = b",
                "決済＝本番",
                ""
            ]
        );
    }

    proptest! {
        /// No cell begins a formula, whatever the cells hold, and at whichever of the usual signs a program splits the file.
        #[test]
        fn no_cell_of_any_reading_begins_a_formula(
            cells in prop::collection::vec("[=+@;,\"\t\r\nab '\u{ff1d}-]{0,12}", 1..6),
            rows in 1_usize..3,
        ) {
            let mut out = WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(vec![]);
            for _ in 0..rows {
                out.write_record(cells.iter().map(|cell| harmless(cell).into_owned())).expect("a record");
            }
            let bytes = out.into_inner().expect("bytes");
            for (delimiter, quoting) in [(b',', true), (b';', true), (b'\t', true), (b';', false), (b'\t', false)] {
                let mut reader = ReaderBuilder::new()
                    .has_headers(false).flexible(true).delimiter(delimiter).quoting(quoting).from_reader(&bytes[..]);
                for record in reader.records() {
                    for cell in &record.expect("UTF-8") {
                        // A program that does not read quotes keeps them in the cell; another one may drop white space.
                        let begin = cell.trim_start_matches(['\t', '\r', '\n', '"']);
                        prop_assert!(!begin.starts_with(begins_formula), "{cell:?} of {cells:?} at {delimiter}");
                    }
                }
            }
        }

        /// A program that reads the file as it was written gets the text back, except for the apostrophes.
        #[test]
        fn nothing_but_apostrophes_is_added(text in "\\PC{0,40}") {
            let safe = harmless(&text).into_owned();
            prop_assert_eq!(safe.replace('\'', ""), text.replace('\'', ""));
        }
    }
}
