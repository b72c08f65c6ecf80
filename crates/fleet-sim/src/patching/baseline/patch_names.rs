//! The forms in which the lists of approved and rejected patches name a patch.
use crate::{
    facts::{operating_systems::Os, wildcard},
    patching::catalogue::Patch,
};
use orgpatch_facts::{
    packages::split_architecture,
    patch_lists::{self, Form, List},
};

/// Returns whether an entry of a list names this version of a patch. An entry in a form that the list does not take names
/// nothing, although the API accepts it.
pub fn names(entry: &str, list: List, os: Os, patch: &Patch) -> bool {
    let Some(lists) = patch_lists::of(os.code()) else { return false };
    let form = Form::of(entry);
    if !lists.takes(list).contains(&form) {
        return false;
    }
    let is_one_of = |ids: &[String]| ids.iter().any(|id| id == entry);
    match (form, list) {
        (Form::Cve, _) => is_one_of(&patch.cve_ids),
        (Form::Number, List::Approved) => is_one_of(&patch.bugzilla_ids),
        // Patches of SUSE are named like packages, so a wildcard is one.
        (Form::Advisory, _) if os.code() == "SUSE" => patch.advisory_ids.iter().any(|id| wildcard::matches(entry, id)),
        (Form::Advisory | Form::Bulletin, _) => is_one_of(&patch.advisory_ids),
        (Form::Article, _) => *patch.id == *entry,
        (Form::Number | Form::Package, _) => names_package(entry, lists.wildcards, os, patch),
    }
}

fn names_package(entry: &str, wildcards: bool, os: Os, patch: &Patch) -> bool {
    let fits = |text: &str| if wildcards { wildcard::matches(entry, text) } else { entry == text };
    let (name, architecture) = split_architecture(&patch.id);
    // Lists for Debian and Ubuntu have neither versions nor architectures, so an entry covers every version.
    if os.is_apt() {
        return fits(name);
    }
    fits(&patch.id) || forms(name, architecture, &patch.version).iter().any(|form| fits(form))
}

/// Returns every way to write a package of YUM, DNF or Zypper.
fn forms(name: &str, architecture: Option<&str>, full: &str) -> Vec<String> {
    let mut all = vec![name.to_owned()];
    if full.is_empty() {
        return all;
    }
    let (epoch, tail) = full.split_once(':').unwrap_or(("0", full));
    let version = tail.split_once('-').map_or(tail, |(version, _)| version);
    all.extend([
        format!("{name}-{version}"),
        format!("{name}-{tail}"),
        version.to_owned(),
        tail.to_owned(),
        format!("{epoch}:{tail}"),
        format!("{name}-{epoch}:{tail}"),
    ]);
    if let Some(architecture) = architecture {
        all.extend([
            format!("{name}-{tail}.{architecture}"),
            format!("{name}-{epoch}:{tail}.{architecture}"),
            format!("{epoch}:{name}-{tail}.{architecture}"),
            format!("{name}.{architecture}:{epoch}:{tail}"),
        ]);
    }
    all
}
