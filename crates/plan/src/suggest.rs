//! "Did you mean": finds the known name that is nearest to a misspelled one.

/// Returns the candidate that is nearest to `written`, if one is near enough to be a likely misspelling.
pub(super) fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A name that is longer than any known name is not a misspelling of one, and comparing it would take long.
    if written.len() > 64 {
        return None;
    }
    let written = letters(written);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let name = letters(candidate);
            let slips = strsim::osa_distance(&written, &name);
            let shortened = written.len() >= 4 && name.starts_with(&written);
            (slips <= written.len().max(name.len()) / 4 || shortened).then_some((slips, candidate))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// Returns only letters and digits in lower case: case, hyphens, underscores and spaces are the usual misspellings.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}
