//! Names of packages (`data/package-architectures.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static PACKAGES: LazyLock<Packages> = LazyLock::new(|| crate::read(include_str!("../data/package-architectures.json")));

#[derive(Deserialize)]
struct Packages {
    packages: Vec<Format>,
}

#[derive(Deserialize)]
struct Format {
    architectures: Vec<String>,
}

fn is_architecture(text: &str) -> bool {
    PACKAGES.packages.iter().flat_map(|format| &format.architectures).any(|known| known == text)
}

/// Splits the name of a package and its architecture: `openssl.x86_64` is `openssl` and `x86_64`. A name may have points
/// of its own. None: the name says no architecture.
#[must_use]
pub fn split_architecture(package: &str) -> (&str, Option<&str>) {
    match package.rsplit_once(['.', ':']) {
        Some((name, end)) if is_architecture(end) => (name, Some(end)),
        _ => (package, None),
    }
}

#[cfg(test)]
mod tests {
    use super::split_architecture;

    #[test]
    fn points_in_names_are_no_architectures() {
        assert_eq!(split_architecture("python3.11.aarch64"), ("python3.11", Some("aarch64")));
        assert_eq!(split_architecture("libssl3:amd64"), ("libssl3", Some("amd64")));
        assert_eq!(split_architecture("python3.11"), ("python3.11", None));
        assert_eq!(split_architecture("KB5034441"), ("KB5034441", None));
    }
}
