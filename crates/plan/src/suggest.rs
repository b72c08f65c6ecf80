//! "Did you mean": the known name that is nearest to what somebody wrote.

/// The candidate that `written` is a slip of, if one is near enough to be worth saying.
pub(super) fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A name longer than any of ours is no slip, and comparing it would cost its length for nothing.
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

/// Upper and lower case, hyphens, underscores and spaces are the usual slips, so they do not count.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}
