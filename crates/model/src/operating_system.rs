//! Operating systems by their names in the Systems Manager API, and how an agent's report maps to them.

use std::borrow::Cow;
use std::fmt;

use orgpatch_facts::baselines;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// Operating systems that Patch Manager patches on EC2: the `OperatingSystem` enum of the API without the values
/// that Patch Manager no longer supports (`AMAZON_LINUX`, `AMAZON_LINUX_2022`, `RASPBIAN`).
///
/// Source: Systems Manager user guide, "Patch Manager prerequisites" (2026), and botocore 1.43.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are AWS's own and say all there is to say")]
pub enum OperatingSystem {
    AlmaLinux,
    #[serde(rename = "AMAZON_LINUX_2")]
    AmazonLinux2,
    #[serde(rename = "AMAZON_LINUX_2023")]
    AmazonLinux2023,
    #[serde(rename = "CENTOS")]
    CentOs,
    Debian,
    #[serde(rename = "MACOS")]
    MacOs,
    OracleLinux,
    RedhatEnterpriseLinux,
    RockyLinux,
    Suse,
    Ubuntu,
    Windows,
}

impl OperatingSystem {
    /// Every value, sorted by name.
    pub const ALL: [Self; 12] = [
        Self::AlmaLinux,
        Self::AmazonLinux2,
        Self::AmazonLinux2023,
        Self::CentOs,
        Self::Debian,
        Self::MacOs,
        Self::OracleLinux,
        Self::RedhatEnterpriseLinux,
        Self::RockyLinux,
        Self::Suse,
        Self::Ubuntu,
        Self::Windows,
    ];

    /// Returns the name in the API and in plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AlmaLinux => "ALMA_LINUX",
            Self::AmazonLinux2 => "AMAZON_LINUX_2",
            Self::AmazonLinux2023 => "AMAZON_LINUX_2023",
            Self::CentOs => "CENTOS",
            Self::Debian => "DEBIAN",
            Self::MacOs => "MACOS",
            Self::OracleLinux => "ORACLE_LINUX",
            Self::RedhatEnterpriseLinux => "REDHAT_ENTERPRISE_LINUX",
            Self::RockyLinux => "ROCKY_LINUX",
            Self::Suse => "SUSE",
            Self::Ubuntu => "UBUNTU",
            Self::Windows => "WINDOWS",
        }
    }

    /// Returns what its baselines may and must say.
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "a test asks for every value")]
    pub fn baseline_facts(self) -> &'static baselines::OperatingSystem {
        baselines::operating_system(self.name()).expect("every value is in the data file, which a test reads")
    }

    /// Returns their names in one line, for people.
    #[must_use]
    pub fn list(systems: &[Self]) -> String {
        systems.iter().map(|os| os.name()).collect::<Vec<_>>().join(", ")
    }

    /// Returns the value of that name, if Patch Manager still supports it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|os| os.name() == name)
    }

    /// Returns the value for a `PlatformName` and `PlatformVersion` of `DescribeInstanceInformation`; None for a platform
    /// that Patch Manager does not patch (Bottlerocket, Amazon Linux 1 …).
    #[must_use]
    pub fn from_platform(platform_name: &str, platform_version: &str) -> Option<Self> {
        let name = platform_name.to_ascii_lowercase();
        // Only the version says which generation of Amazon Linux it is.
        if name.contains("amazon linux") {
            return match platform_version.split('.').next()? {
                "2" => Some(Self::AmazonLinux2),
                "2023" => Some(Self::AmazonLinux2023),
                _ => None,
            };
        }
        PLATFORM_WORDS.iter().find(|(word, _)| name.contains(word)).map(|(_, os)| *os)
    }
}

/// Words in platform names and their meaning. The first word that is found decides.
const PLATFORM_WORDS: [(&str, OperatingSystem); 13] = [
    ("windows", OperatingSystem::Windows),
    ("ubuntu", OperatingSystem::Ubuntu),
    ("red hat", OperatingSystem::RedhatEnterpriseLinux),
    ("suse", OperatingSystem::Suse),
    ("sles", OperatingSystem::Suse),
    ("centos", OperatingSystem::CentOs),
    ("oracle", OperatingSystem::OracleLinux),
    ("debian", OperatingSystem::Debian),
    ("rocky", OperatingSystem::RockyLinux),
    ("almalinux", OperatingSystem::AlmaLinux),
    ("alma linux", OperatingSystem::AlmaLinux),
    ("macos", OperatingSystem::MacOs),
    ("mac os", OperatingSystem::MacOs),
];

impl fmt::Display for OperatingSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The operating system of an instance, as far as it is known. In documents it is one text: the API name, else the
/// agent's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Platform {
    /// Patch Manager patches it.
    Supported(OperatingSystem),
    /// Patch Manager does not patch it, or this version of orgpatch does not know it: the agent's own words.
    Other(String),
}

impl Platform {
    /// Returns the text in documents.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Supported(os) => os.name(),
            Self::Other(words) => words,
        }
    }

    /// Returns the operating system, if Patch Manager patches it.
    #[must_use]
    pub fn supported(&self) -> Option<OperatingSystem> {
        match self {
            Self::Supported(os) => Some(*os),
            Self::Other(_) => None,
        }
    }
}

impl From<String> for Platform {
    fn from(name: String) -> Self {
        OperatingSystem::from_name(&name).map_or(Self::Other(name), Self::Supported)
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Supported(os) => os.name().to_owned(),
            Platform::Other(words) => words,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text: what an agent calls its system is not a closed list.
impl JsonSchema for Platform {
    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::{OperatingSystem as Os, Platform};

    #[test]
    fn a_platform_is_one_text_in_documents() {
        let known = [Platform::Supported(Os::Suse), Platform::Supported(Os::Windows)];
        let other = [Platform::Other("Bottlerocket OS 1.19".into()), Platform::Other(String::new())];
        for (platform, text) in known.iter().chain(&other).zip(["SUSE", "WINDOWS", "Bottlerocket OS 1.19", ""]) {
            assert_eq!(serde_json::to_value(platform).expect("JSON"), text);
            assert_eq!(serde_json::from_value::<Platform>(text.into()).expect("the same"), *platform);
        }
    }

    #[test]
    fn names_are_the_ones_serde_writes() {
        for os in Os::ALL {
            assert_eq!(serde_json::to_value(os).expect("a name"), os.name());
            assert_eq!(Os::from_name(os.name()), Some(os));
            assert_eq!(os.baseline_facts().name, os.name());
        }
    }

    #[test]
    fn platforms_as_the_agent_reports_them() {
        for (name, version, expected) in [
            ("Amazon Linux", "2023", Some(Os::AmazonLinux2023)),
            ("Amazon Linux", "2", Some(Os::AmazonLinux2)),
            ("Amazon Linux AMI", "2018.03", None),
            ("Microsoft Windows Server 2022 Datacenter", "10.0.20348", Some(Os::Windows)),
            ("Red Hat Enterprise Linux Server", "7.9", Some(Os::RedhatEnterpriseLinux)),
            ("SLES", "15.5", Some(Os::Suse)),
            ("CentOS Stream", "9", Some(Os::CentOs)),
            ("Oracle Linux Server", "8.9", Some(Os::OracleLinux)),
            ("Debian GNU/Linux", "12", Some(Os::Debian)),
            ("AlmaLinux", "9.3", Some(Os::AlmaLinux)),
            ("Bottlerocket", "1.19", None),
        ] {
            assert_eq!(Os::from_platform(name, version), expected, "{name} {version}");
        }
    }
}
