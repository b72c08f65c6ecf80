//! The operating systems that Patch Manager knows, one line each. What baselines may say is in `orgpatch-facts`, all else
//! that depends on the operating system is here.
use orgpatch_facts::baselines;
use serde::{Deserialize, Deserializer, de};

/// The family of an operating system: it decides the patch step and the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Runs the step `PatchLinux`.
    Linux,
    /// Runs the step `PatchWindows`.
    Windows,
    /// Runs the step `PatchMacOS`.
    MacOs,
}

impl Kind {
    /// Returns `PlatformType` of the SSM API.
    pub fn platform_type(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
            Self::MacOs => "MacOS",
        }
    }

    /// Returns the step of AWS-RunPatchBaseline that does the work on this family.
    pub fn step(self) -> &'static str {
        match self {
            Self::Linux => "PatchLinux",
            Self::Windows => "PatchWindows",
            Self::MacOs => "PatchMacOS",
        }
    }
}

/// A line of the table.
#[derive(Debug)]
struct Platform {
    code: &'static str,
    /// `PlatformName` as SSM reports it.
    name: &'static str,
    /// `PlatformVersion` if the scenario gives none.
    version: &'static str,
    kind: Kind,
    /// `PlatformDetails` as EC2 reports it.
    billing: &'static str,
    /// The part that names the predefined baseline: `AWS-<this>DefaultPatchBaseline`.
    baseline: &'static str,
}

const fn row(
    code: &'static str,
    name: &'static str,
    version: &'static str,
    kind: Kind,
    billing: &'static str,
    baseline: &'static str,
) -> Platform {
    Platform { code, name, version, kind, billing, baseline }
}

#[rustfmt::skip]
static PLATFORMS: [Platform; 15] = [
    row("ALMA_LINUX", "AlmaLinux", "9.4", Kind::Linux, "Linux/UNIX", "AlmaLinux"),
    row("AMAZON_LINUX", "Amazon Linux AMI", "2018.03", Kind::Linux, "Linux/UNIX", "AmazonLinux"),
    row("AMAZON_LINUX_2", "Amazon Linux", "2", Kind::Linux, "Linux/UNIX", "AmazonLinux2"),
    row("AMAZON_LINUX_2022", "Amazon Linux", "2022", Kind::Linux, "Linux/UNIX", "AmazonLinux2022"),
    row("AMAZON_LINUX_2023", "Amazon Linux", "2023", Kind::Linux, "Linux/UNIX", "AmazonLinux2023"),
    row("CENTOS", "CentOS Stream", "9", Kind::Linux, "Linux/UNIX", "CentOS"),
    row("DEBIAN", "Debian GNU/Linux", "12", Kind::Linux, "Linux/UNIX", "Debian"),
    row("MACOS", "macOS", "14.5", Kind::MacOs, "Linux/UNIX", "MacOS"),
    row("ORACLE_LINUX", "Oracle Linux Server", "9.4", Kind::Linux, "Linux/UNIX", "OracleLinux"),
    row("RASPBIAN", "Raspbian GNU/Linux", "11", Kind::Linux, "Linux/UNIX", "Raspbian"),
    row("REDHAT_ENTERPRISE_LINUX", "Red Hat Enterprise Linux", "9.4", Kind::Linux, "Red Hat Enterprise Linux", "RedHat"),
    row("ROCKY_LINUX", "Rocky Linux", "9.4", Kind::Linux, "Linux/UNIX", "RockyLinux"),
    row("SUSE", "SLES", "15.5", Kind::Linux, "SUSE Linux", "Suse"),
    row("UBUNTU", "Ubuntu", "22.04", Kind::Linux, "Linux/UNIX", "Ubuntu"),
    row("WINDOWS", "Microsoft Windows Server 2022 Datacenter", "10.0.20348", Kind::Windows, "Windows", ""),
];

/// Names of Windows versions by build. Windows is named after its build.
const WINDOWS_BY_BUILD: [(&str, &str); 4] = [
    ("10.0.14393", "Microsoft Windows Server 2016 Datacenter"),
    ("10.0.17763", "Microsoft Windows Server 2019 Datacenter"),
    ("10.0.20348", "Microsoft Windows Server 2022 Datacenter"),
    ("10.0.26100", "Microsoft Windows Server 2025 Datacenter"),
];

/// An operating system: a value of the API's enum `OperatingSystem`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Os(usize);

impl Os {
    /// Returns every operating system.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PLATFORMS.len()).map(Self)
    }

    /// Returns the operating system of an enum value such as `AMAZON_LINUX_2023`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|os| os.code() == code)
    }

    fn platform(self) -> &'static Platform {
        &PLATFORMS[self.0]
    }

    /// Returns the enum value.
    pub fn code(self) -> &'static str {
        self.platform().code
    }

    /// Returns the family: Linux, Windows or macOS.
    pub fn kind(self) -> Kind {
        self.platform().kind
    }

    /// Returns what baselines for the system may and must say.
    pub fn baseline_facts(self) -> &'static baselines::OperatingSystem {
        baselines::operating_system(self.code()).expect("every system is in the data file, which a test reads")
    }

    /// Returns whether the system has APT packages. APT repositories give no release dates, so a delay has no effect.
    pub fn is_apt(self) -> bool {
        matches!(self.code(), "DEBIAN" | "RASPBIAN" | "UBUNTU")
    }

    /// Returns `PlatformName` as SSM reports it for a version.
    pub fn name(self, version: &str) -> &'static str {
        if self.kind() == Kind::Windows {
            return WINDOWS_BY_BUILD
                .iter()
                .find(|(build, _)| *build == version)
                .map_or(self.platform().name, |(_, name)| name);
        }
        self.platform().name
    }

    /// Returns `PlatformVersion` for a scenario that gives none.
    pub fn version(self) -> &'static str {
        self.platform().version
    }

    /// Returns `PlatformDetails` as EC2 reports it.
    pub fn billing(self) -> &'static str {
        self.platform().billing
    }

    /// Returns the name of the predefined baseline that is the default for this system.
    pub fn baseline_name(self) -> String {
        format!("AWS-{}DefaultPatchBaseline", self.platform().baseline)
    }
}

impl<'de> Deserialize<'de> for Os {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| {
            let valid: Vec<_> = Self::all().map(Self::code).collect();
            de::Error::custom(format!("unknown operating system `{code}`, expected one of {}", valid.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_facts_about_its_baselines() {
        for os in Os::all() {
            let facts = os.baseline_facts();
            assert_eq!((facts.name.as_str(), facts.release_dates), (os.code(), !os.is_apt()));
            assert_eq!(facts.family == baselines::Family::Linux, os.kind() == Kind::Linux, "{}", os.code());
        }
    }

    #[test]
    fn names_are_those_that_ssm_reports() {
        let windows = Os::from_code("WINDOWS").expect("known");
        assert_eq!(windows.name("10.0.17763"), "Microsoft Windows Server 2019 Datacenter");
        assert_eq!(windows.name(windows.version()), "Microsoft Windows Server 2022 Datacenter");
        assert_eq!(windows.baseline_name(), "AWS-DefaultPatchBaseline");
        let amazon = Os::from_code("AMAZON_LINUX_2023").expect("known");
        assert_eq!(
            (amazon.name("2023"), amazon.version(), amazon.kind().step()),
            ("Amazon Linux", "2023", "PatchLinux")
        );
        assert!(Os::from_code("BOTTLEROCKET").is_none());
    }
}
