//! The forms in which the lists of approved and rejected patches name a patch.
use crate::{
    facts::{
        operating_systems::{Kind, Os},
        wildcard,
    },
    patching::catalogue::Patch,
};
use orgpatch_facts::packages::split_architecture;

/// Returns whether an entry of such a list, which may contain wildcards, names this version of a patch.
pub fn names(pattern: &str, os: Os, patch: &Patch) -> bool {
    let fits = |text: &str| wildcard::matches(pattern, text);
    let (name, architecture) = split_architecture(&patch.id);
    match os.kind() {
        Kind::Windows => fits(&patch.id),
        // Lists for Debian and Ubuntu have neither versions nor architectures, so an entry covers every version.
        Kind::Linux if os.is_apt() => fits(name),
        Kind::MacOs | Kind::Linux => {
            fits(&patch.id) || forms(name, architecture, &patch.version).iter().any(|f| fits(f))
        }
    }
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
