//! What the configuration of a patch source may say. Packages of a source are installed by root, so a person who controls the
//! repository runs code on every instance that the baseline is for.
//!
//! What the package managers read is richer than what is accepted here: a closed list of lines, each of a strict form. All that
//! could switch off TLS or signatures, load code, or add another repository is not among them. Sources: `yum.conf(5)` and
//! `dnf.conf(5)`, "repository options"; zypper's `.repo` files; `sources.list(5)`; for the field itself
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PatchSource.html>.

use orgpatch_model::operating_system::OperatingSystem;

use super::{PatchSource, PlannedBaseline};
use crate::model::Plan;

/// The options of a repository for yum, dnf and zypper that may be written, apart from those of [`SIGNED`] and [`URLS`].
const OPTIONS: [&str; 22] = [
    "name",
    "enabled",
    "autorefresh",
    "type",
    "path",
    "priority",
    "cost",
    "exclude",
    "excludepkgs",
    "includepkgs",
    "metadata_expire",
    "mirrorlist_expire",
    "module_hotfixes",
    "skip_if_unavailable",
    "keepcache",
    "timeout",
    "retries",
    "sslcacert",
    "sslclientcert",
    "sslclientkey",
    "countme",
    "enablegroups",
];

/// The options that name an address.
const URLS: [&str; 4] = ["baseurl", "mirrorlist", "metalink", "gpgkey"];

/// The options that must be on if they are written. The first must be written.
const SIGNED: [&str; 4] = ["gpgcheck", "repo_gpgcheck", "pkg_gpgcheck", "sslverify"];

/// The options of an apt line that may be written.
const APT_OPTIONS: [&str; 5] = ["arch", "lang", "target", "signed-by", "by-hash"];

/// The options with which a configuration would hold a credential.
const CREDENTIALS: [&str; 4] = ["username", "password", "proxy_username", "proxy_password"];

/// What is wrong with a configuration, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub problem: String,
    pub valid: String,
}

fn refused<T>(problem: impl Into<String>, valid: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { problem: problem.into(), valid: valid.into() })
}

/// Returns the addresses from which a source takes packages and keys. A configuration without TLS, without signatures, with a
/// credential, or with anything that is not known to be harmless, is refused.
pub(super) fn addresses(os: OperatingSystem, configuration: &str) -> Result<Vec<&str>, Refused> {
    if let Some(found) = configuration.chars().find(|c| *c != '\n' && !(' '..='~').contains(c)) {
        let problem = format!("the configuration has the character {found:?}");
        return refused(problem, "printable ASCII characters and line ends");
    }
    match os {
        OperatingSystem::Debian | OperatingSystem::Ubuntu => apt_line(configuration),
        _ => section(configuration),
    }
}

/// Reads a section as yum, dnf and zypper have it.
fn section(configuration: &str) -> Result<Vec<&str>, Refused> {
    let valid = "one section: [name], and below it lines such as baseurl=https://repository.example.com/linux/";
    let mut addresses = Vec::new();
    let (mut written, mut sections): (Vec<&str>, usize) = (Vec::new(), 0);
    for (index, line) in configuration.lines().enumerate() {
        let number = index + 1;
        if line.trim().is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with('[') {
            sections += 1;
            if sections > 1 {
                return refused(format!("its line {number} begins a second section"), valid);
            }
            continue;
        }
        let Some((option, value)) = line.split_once('=').map(|(option, value)| (option.trim_end(), value.trim()))
        else {
            return refused(format!("its line {number} is not understood"), valid);
        };
        if sections == 0 {
            return refused(format!("its line {number} is in no section"), valid);
        }
        if written.contains(&option) {
            return refused(format!("{option} stands twice"), "each option once");
        }
        written.push(option);
        if SIGNED.contains(&option) {
            if !["1", "true", "yes", "on"].contains(&value.to_ascii_lowercase().as_str()) {
                let what = if option == "sslverify" { "TLS" } else { "signatures" };
                return refused(format!("{option}={value} switches {what} off"), format!("{option}=1"));
            }
        } else if URLS.contains(&option) {
            for address in value.split([' ', ',']).filter(|address| !address.is_empty()) {
                // A key that is on the instance already.
                if option == "gpgkey" && address.starts_with("file:///") {
                    continue;
                }
                addresses.push(checked(address)?);
            }
        } else if CREDENTIALS.contains(&option) {
            return refused(format!("{option} is a credential"), NO_CREDENTIAL);
        } else if !OPTIONS.contains(&option) {
            let known = [&SIGNED[..], &URLS[..], &OPTIONS[..]].concat().join(", ");
            return refused(format!("the option {option:?} is not allowed"), known);
        }
    }
    if !written.contains(&"gpgcheck") {
        return refused("the configuration does not ask for signatures", "gpgcheck=1");
    }
    if !written.iter().any(|option| URLS[..3].contains(option)) {
        return refused("the configuration has no address", "baseurl, mirrorlist or metalink");
    }
    Ok(addresses)
}

/// Reads a line of `sources.list`. apt asks for signatures unless an option says that it need not.
fn apt_line(configuration: &str) -> Result<Vec<&str>, Refused> {
    let valid = "one line, such as deb https://repository.example.com/ubuntu jammy main";
    let mut lines = configuration.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let Some(line) = lines.next() else { return refused("the configuration has no line", valid) };
    if lines.next().is_some() {
        return refused("the configuration has more than one line", valid);
    }
    let Some(rest) = line.strip_prefix("deb ").map(str::trim_start) else {
        return refused("the line is not understood", valid);
    };
    let rest = match rest.strip_prefix('[').map(|options| options.split_once(']')) {
        None => rest,
        Some(None) => return refused(format!("the line {line:?} is not understood"), valid),
        Some(Some((options, rest))) => {
            for option in options.split_whitespace() {
                let name = option.split_once('=').map_or(option, |(name, _)| name);
                if !APT_OPTIONS.contains(&name) {
                    let problem = format!("the option {option:?} is not allowed");
                    return refused(problem, format!("the options {}", APT_OPTIONS.join(", ")));
                }
            }
            rest.trim_start()
        }
    };
    let mut words = rest.split_whitespace();
    let (Some(address), Some(_suite)) = (words.next(), words.next()) else {
        return refused("the line is not understood", valid);
    };
    Ok(vec![checked(address)?])
}

const NO_CREDENTIAL: &str = "no credential: plans and settings can be read by many; let the instance's own configuration or role open the repository";

/// Checks an address by its letters, so that no package manager can read another host or folder out of it than a comparison of
/// its beginning does.
fn checked(address: &str) -> Result<&str, Refused> {
    if address.contains('@') {
        return refused("an address holds a credential", NO_CREDENTIAL);
    }
    let Some(rest) = address.strip_prefix("https://") else {
        return refused(format!("the address {address} is without TLS"), "an address that begins with https://");
    };
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._~:/$+=,(){}".contains(c);
    if !rest.chars().all(harmless) || rest.split('/').any(|part| part == "..") {
        let problem = format!("the address {address} is not understood");
        return refused(problem, "letters, digits and the signs - . _ ~ : / $ +, without a folder \"..\"");
    }
    Ok(address)
}

/// The beginnings of the addresses from which the sources of plans may take packages: the parameter `AllowedPatchSources` of a
/// deployment. None by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedSources(Vec<String>);

impl AllowedSources {
    /// Reads the parameter: addresses that end with a slash, separated by commas.
    ///
    /// # Errors
    /// A sentence about the first that is none.
    pub fn read(parameter: &str) -> Result<Self, String> {
        let parts = parameter.split(',').map(str::trim).filter(|part| !part.is_empty());
        let read = |part: &str| match checked(part) {
            // Without the slash `https://example.com` would allow `https://example.com.evil.example`.
            Ok(address) if address.ends_with('/') && !address.contains('$') => Ok(address.to_owned()),
            _ => Err(format!(
                "AllowedPatchSources: {part:?} is not valid; valid: addresses such as https://repository.example.com/linux/, with a slash at the end"
            )),
        };
        parts.map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Checks the sources of a baseline for an operating system.
    ///
    /// # Errors
    /// A sentence about the first source that this deployment does not allow, or that is not valid by itself.
    pub fn check(&self, os: OperatingSystem, sources: &[PatchSource]) -> Result<(), String> {
        for source in sources {
            let name = &source.name;
            let addresses = addresses(os, &source.configuration)
                .map_err(|Refused { problem, valid }| format!("source {name:?} for {os}: {problem}; valid: {valid}"))?;
            let is_allowed = |address: &&str| self.0.iter().any(|beginning| address.starts_with(beginning.as_str()));
            if let Some(address) = addresses.into_iter().find(|address| !is_allowed(address)) {
                return Err(format!(
                    "source {name:?} for {os} takes packages from {address}, which this deployment does not allow: they are installed by root. Add the beginning of the address to the parameter AllowedPatchSources of the stack, or remove the source"
                ));
            }
        }
        Ok(())
    }
}

impl Plan {
    /// Checks that a deployment allows every source of the plan.
    ///
    /// # Errors
    /// A sentence about the first source that it does not allow.
    pub fn check_sources(&self, allowed: &AllowedSources) -> Result<(), String> {
        self.all_baselines().try_for_each(|(os, baseline)| allowed.check(os, &baseline.sources))
    }

    /// Returns what the sources of the plan mean, a sentence for each.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for (os, baseline) in self.all_baselines() {
            for PatchSource { name, configuration, .. } in &baseline.sources {
                let from = addresses(os, configuration).unwrap_or_default().join(", ");
                let sentence = format!(
                    "source {name:?}: every selected instance of {os} installs packages from {from} as root; the stack's parameter AllowedPatchSources must allow it"
                );
                if !sentences.contains(&sentence) {
                    sentences.push(sentence);
                }
            }
        }
        sentences
    }

    fn all_baselines(&self) -> impl Iterator<Item = (OperatingSystem, &PlannedBaseline)> {
        let of_stages = self.stages.iter().flat_map(|stage| &stage.baselines);
        self.baselines.iter().chain(of_stages).map(|(os, baseline)| (*os, baseline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: OperatingSystem = OperatingSystem::AmazonLinux2023;
    const SAFE: &str = "[own]\nname=Our own\nbaseurl=https://repo.example.com/al2023/$basearch/\ngpgcheck=1\ngpgkey=file:///etc/pki/own";

    fn with(line: &str) -> String {
        addresses(LINUX, &format!("{SAFE}\n{line}")).expect_err("refused").problem
    }

    #[test]
    fn what_takes_tls_or_signatures_away_is_refused() {
        assert_eq!(addresses(LINUX, SAFE), Ok(vec!["https://repo.example.com/al2023/$basearch/"]));
        for (from, to, problem) in [
            ("https://repo", "http://repo", "the address http://repo.example.com/al2023/$basearch/ is without TLS"),
            ("gpgcheck=1", "gpgcheck=0", "gpgcheck=0 switches signatures off"),
            ("gpgcheck=1\n", "", "the configuration does not ask for signatures"),
            ("gpgcheck=1", "gpgcheck: 1", "its line 4 is not understood"),
            ("gpgcheck=1", " gpgcheck=1", "the option \" gpgcheck\" is not allowed"),
            (
                "baseurl=",
                "baseurl=https://repo.example.com/ ftp://",
                "the address ftp://https://repo.example.com/al2023/$basearch/ is without TLS",
            ),
            ("file:///etc/pki/own", "http://evil.example/key", "the address http://evil.example/key is without TLS"),
        ] {
            let found = addresses(LINUX, &SAFE.replacen(from, to, 1)).expect_err(to);
            assert_eq!(found.problem, problem);
        }
        assert_eq!(with("repo_gpgcheck=0"), "repo_gpgcheck=0 switches signatures off");
        assert_eq!(with("sslverify=False"), "sslverify=False switches TLS off");
        assert_eq!(with("gpgcheck=0"), "gpgcheck stands twice");
    }

    #[test]
    fn what_loads_code_or_another_repository_is_refused() {
        assert_eq!(with("pluginpath=/tmp"), "the option \"pluginpath\" is not allowed");
        assert_eq!(with("[second]"), "its line 6 begins a second section");
        assert_eq!(with("proxy=http://evil.example"), "the option \"proxy\" is not allowed");
        assert_eq!(with("  http://evil.example/"), "its line 6 is not understood");
        assert_eq!(with("name\u{2028}=x"), "the configuration has the character '\\u{2028}'");
        assert_eq!(with("\r[second]"), "the configuration has the character '\\r'");
    }

    #[test]
    fn a_credential_is_refused_and_never_repeated() {
        assert_eq!(with("password=hunter2"), "password is a credential");
        let url = SAFE.replace("repo.example", "me:hunter2@repo.example");
        assert_eq!(addresses(LINUX, &url).expect_err("refused").problem, "an address holds a credential");
    }

    #[test]
    fn apt_has_one_line_and_few_options() {
        let line = |line| addresses(OperatingSystem::Ubuntu, line).map_err(|refused| refused.problem);
        let safe = "deb [arch=amd64 signed-by=/usr/share/keyrings/own.gpg] https://repo.example.com/ubuntu jammy main";
        assert_eq!(line(safe), Ok(vec!["https://repo.example.com/ubuntu"]));
        for bad in [
            "deb http://repo.example.com/ubuntu jammy main",
            "deb [trusted=yes] https://repo.example.com/ubuntu jammy main",
            "deb [allow-insecure=yes] https://repo.example.com/ubuntu jammy main",
            "deb https://repo.example.com/ubuntu jammy main\ndeb https://repo.example.com/other jammy main",
            "deb https://repo.example.com/ubuntu",
            "[own]\nbaseurl=https://repo.example.com/",
            "",
        ] {
            assert!(line(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_allowed_by_its_beginning_and_nothing_looks_like_it() {
        let allowed = AllowedSources::read("https://repo.example.com/al2023/, https://other.example/").expect("valid");
        let check = |address: &str| {
            let configuration = SAFE.replace("https://repo.example.com/al2023/$basearch/", address);
            let source = PatchSource { name: "own".to_owned(), products: vec!["*".to_owned()], configuration };
            allowed.check(LINUX, &[source])
        };
        assert_eq!(check("https://repo.example.com/al2023/$basearch/"), Ok(()));
        assert_eq!(check("https://other.example/a,https://repo.example.com/al2023/"), Ok(()));
        for bad in [
            "https://repo.example.com/",
            "https://repo.example.com/al2023/../evil/",
            "https://repo.example.com/al2023/%2e%2e/evil/",
            "https://repo.example.com.evil.example/al2023/",
            "https://repo.example.com@evil.example/al2023/",
            "https://repo.example.com\\@evil.example/al2023/",
            "https://other.example.evil/",
            "https://other.example/ https://evil.example/",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(AllowedSources::default().check(LINUX, &[]).is_ok());
        for bad in ["https://repo.example.com", "http://repo.example.com/", "repo.example.com/", "https://$host/"] {
            assert!(AllowedSources::read(bad).is_err(), "{bad}");
        }
    }
}
