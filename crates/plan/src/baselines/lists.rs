//! Refuses entries of the lists of approved and rejected patches by which Systems Manager finds no patch.
//!
//! Systems Manager takes any text. An entry that names nothing is worst on the list of rejected patches: the patch that it
//! was meant to hold back is installed.

use orgpatch_facts::patch_lists::{self, Form, List, Lists, has_small_publisher, has_wildcard, is_cve};
use orgpatch_model::operating_system::OperatingSystem;

use super::super::decode::{Decoder, Located, quote};

/// Checks the entries of a list.
pub(super) fn check(decoder: &mut Decoder, os: OperatingSystem, list: List, entries: &[Located<String>]) {
    let Some(lists) = patch_lists::of(os.name()) else { return };
    for entry in entries {
        check_entry(decoder, (os, lists), list, entry);
    }
}

fn check_entry(decoder: &mut Decoder, (os, lists): (OperatingSystem, &Lists), list: List, entry: &Located<String>) {
    let form = match Form::of(&entry.value) {
        Form::Number if lists.are_names_only() => Form::Package,
        form => form,
    };
    let takes = lists.takes(list);
    let name = match list {
        List::Approved => "approved",
        List::Rejected => "rejected",
    };
    let valid = || takes.iter().map(|form| described(*form, list)).collect::<Vec<_>>().join(", ");
    let given = quote(&entry.value);
    if takes.contains(&form) {
        if let Some((problem, valid)) = misspelt(&entry.value, form, os, lists) {
            decoder.refuse(&entry.path, entry.place, format!("{given} {problem}"), valid);
        }
    } else if lists.is_in_doubt(list, form) {
        let problem =
            format!("{given} is {}, and AWS's documentation names no such entries for {os}", indefinite(form));
        decoder.warn(&entry.path, entry.place, problem, valid());
    } else if form == Form::Package {
        // An update of an application may have an id that no page shows.
        let problem = format!("{given} is neither a KB id nor the id of a security bulletin, so it may name no patch");
        decoder.warn(&entry.path, entry.place, problem, valid());
    } else {
        let nothing = match list {
            List::Approved => "approves",
            List::Rejected => "holds back",
        };
        let problem = format!(
            "{given} is {}: on the list of {name} patches Systems Manager {nothing} nothing by it for {os}",
            indefinite(form)
        );
        decoder.refuse(&entry.path, entry.place, problem, valid());
    }
}

/// Returns why an entry of a form that the list takes names nothing all the same, and what would be valid.
fn misspelt(text: &str, form: Form, os: OperatingSystem, lists: &Lists) -> Option<(String, String)> {
    match form {
        Form::Cve if !is_cve(text) => Some((
            "is not a whole CVE id, and Systems Manager compares those exactly".into(),
            "CVE-2026-12345 in full".into(),
        )),
        Form::Advisory if has_wildcard(text) && os != OperatingSystem::Suse => Some((
            "has a wildcard, and Systems Manager compares ids of advisories exactly".into(),
            "the id in full".into(),
        )),
        Form::Advisory if has_small_publisher(text) && os != OperatingSystem::Suse => Some((
            "has small letters, and Systems Manager compares ids of advisories exactly".into(),
            format!("{} as its publisher writes it", quote(&text.to_ascii_uppercase())),
        )),
        Form::Package if has_wildcard(text) && !lists.wildcards => {
            Some((format!("has a wildcard, which the lists of {os} do not take"), "the name in full".into()))
        }
        _ => None,
    }
}

fn described(form: Form, list: List) -> &'static str {
    match (form, list) {
        (Form::Advisory, _) => "ids of advisories",
        (Form::Article, _) => "KB ids",
        (Form::Bulletin, _) => "ids of security bulletins (MS10-048)",
        (Form::Cve, _) => "CVE ids",
        (Form::Number, List::Approved) => "Bugzilla ids",
        (Form::Number, List::Rejected) => "versions of packages",
        (Form::Package, _) => "names of packages",
    }
}

fn indefinite(form: Form) -> &'static str {
    match form {
        Form::Advisory => "the id of an advisory",
        Form::Article => "a KB id",
        Form::Bulletin => "the id of a security bulletin",
        Form::Cve => "a CVE id",
        Form::Number => "a number, as Bugzilla ids are",
        Form::Package => "the name of a package",
    }
}
