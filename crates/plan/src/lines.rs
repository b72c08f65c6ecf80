//! Converts lines and columns to bytes of the text.

use std::ops::Range;

use super::yaml::Location;

/// Where the lines of a text begin and end, in bytes. Line breaks are those of YAML.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Self {
        // The parser does not see a byte order mark, so neither do its columns.
        let mut starts = vec![if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }];
        let bytes = text.as_bytes();
        starts.extend((0..bytes.len()).filter_map(|at| {
            let ends = bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            ends.then_some(at + 1)
        }));
        Self { text, starts }
    }

    pub fn span(&self, place: Location) -> Range<usize> {
        let Some(&start) = self.starts.get(place.line - 1) else {
            return self.text.len()..self.text.len();
        };
        let end = self.starts.get(place.line).copied().unwrap_or(self.text.len());
        let line = self.text[start..end].trim_end_matches(['\n', '\r']);
        let byte = |column: usize| start + line.char_indices().nth(column - 1).map_or(line.len(), |(at, _)| at);
        byte(place.column)..place.end_column.map_or(start + line.trim_end().len(), byte).max(byte(place.column))
    }
}
