//! Patch baselines: which patch is approved when. Pure, and the only place that knows it, so that custom baselines
//! need a constructor and nothing else.
use crate::{
    clock::{DAY, Millis},
    ids,
    platform::{Kind, Os},
};

/// A patch baseline. A patch is approved when one of its rules approves it.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// `pb-` and 17 hex digits.
    pub id: String,
    /// For example `AWS-UbuntuDefaultPatchBaseline`.
    pub name: String,
    /// The system that it is for.
    pub os: Os,
    /// Is it the account's default for its system?
    pub default: bool,
    /// At least one.
    pub rules: Vec<Rule>,
}

/// An approval rule. An empty list of classifications or severities lets every value pass.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Accepted classifications.
    pub classifications: &'static [&'static str],
    /// Accepted severities.
    pub severities: &'static [&'static str],
    /// Days between release and approval; absent where the system does not support a delay.
    pub approve_after_days: Option<u16>,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its classification.
    pub classification: &'a str,
    /// Its severity, where the repository states one.
    pub severity: Option<&'a str>,
    /// When it was released.
    pub released: Millis,
}

impl Rule {
    fn approves(&self, patch: Facts<'_>, now: Millis) -> bool {
        let delay = Millis::from(self.approve_after_days.unwrap_or(0)) * DAY;
        let classification = self.classifications.is_empty() || self.classifications.contains(&patch.classification);
        // A package without a severity is matched on its classification only.
        let severity =
            self.severities.is_empty() || patch.severity.is_none_or(|severity| self.severities.contains(&severity));
        classification && severity && patch.released + delay <= now
    }
}

impl Baseline {
    /// Is a patch released and approved at `now`?
    pub fn approves(&self, patch: Facts<'_>, now: Millis) -> bool {
        self.rules.iter().any(|rule| rule.approves(patch, now))
    }

    /// The form in which AWS names predefined baselines: an ARN in an account of its own.
    pub fn arn(&self, region: &str) -> String {
        format!("arn:aws:ssm:{region}:075727635805:patchbaseline/{}", self.id)
    }

    fn predefined(os: Os, name: &str, region: &str, default: bool) -> Self {
        let id = format!("pb-0{}", ids::hex(&["baseline", region, name], 16));
        Self { id, name: name.to_owned(), os, default, rules: predefined_rules(os) }
    }
}

/// The predefined baseline that is the default for a system in a Region.
pub fn default_for(os: Os, region: &str) -> Baseline {
    Baseline::predefined(os, &os.baseline_name(), region, true)
}

/// All predefined baselines of a Region.
pub fn predefined(region: &str) -> Vec<Baseline> {
    let mut all: Vec<_> = Os::all().map(|os| default_for(os, region)).collect();
    if let Some(windows) = Os::from_code("WINDOWS") {
        for name in ["AWS-WindowsPredefinedPatchBaseline-OS", "AWS-WindowsPredefinedPatchBaseline-OS-Applications"] {
            all.push(Baseline::predefined(windows, name, region, false));
        }
    }
    all
}

/// What the predefined baselines approve, as far as a catalogue of packages without products can tell.
fn predefined_rules(os: Os) -> Vec<Rule> {
    const WEEK: Option<u16> = Some(7);
    const GRAVE: &[&str] = &["Critical", "Important"];
    let rule =
        |classifications, severities, approve_after_days| Rule { classifications, severities, approve_after_days };
    match os.code() {
        "CENTOS" => vec![rule(&[], &[], WEEK)],
        "DEBIAN" | "MACOS" | "RASPBIAN" | "UBUNTU" => vec![rule(&["Security"], &[], None)],
        "ORACLE_LINUX" => vec![rule(&["Security"], &["Important", "Moderate"], WEEK), rule(&["Bugfix"], &[], WEEK)],
        "SUSE" => vec![rule(&["Security"], GRAVE, WEEK)],
        _ if os.kind() == Kind::Windows => {
            vec![rule(&["CriticalUpdates", "SecurityUpdates"], GRAVE, WEEK)]
        }
        _ => vec![rule(&["Security"], GRAVE, WEEK), rule(&["Bugfix"], &[], WEEK)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved(os: &str, classification: &str, severity: Option<&str>, age_days: i64) -> bool {
        let baseline = default_for(Os::from_code(os).expect("known"), "eu-west-1");
        let now = 1_000 * DAY;
        baseline.approves(Facts { classification, severity, released: now - age_days * DAY }, now)
    }

    #[test]
    fn the_delay_is_seven_days() {
        assert!(!approved("AMAZON_LINUX_2023", "Security", Some("Important"), 6));
        assert!(approved("AMAZON_LINUX_2023", "Security", Some("Important"), 7));
        assert!(!approved("WINDOWS", "SecurityUpdates", Some("Critical"), 6));
    }

    #[test]
    fn debian_and_ubuntu_do_not_wait_and_nothing_is_approved_before_its_release() {
        assert!(approved("UBUNTU", "Security", Some("Low"), 0));
        assert!(approved("DEBIAN", "Security", None, 0));
        assert!(!approved("UBUNTU", "Security", Some("Low"), -1));
        assert!(!approved("UBUNTU", "Bugfix", None, 100));
    }

    #[test]
    fn classification_and_severity_count() {
        assert!(!approved("AMAZON_LINUX_2023", "Security", Some("Low"), 30));
        assert!(approved("AMAZON_LINUX_2023", "Bugfix", Some("Low"), 30));
        assert!(!approved("AMAZON_LINUX_2023", "Enhancement", Some("Critical"), 30));
        assert!(approved("AMAZON_LINUX_2023", "Security", None, 30), "no severity: matched on classification only");
        assert!(!approved("SUSE", "Bugfix", None, 30));
        assert!(approved("CENTOS", "Enhancement", None, 30));
        assert!(approved("ORACLE_LINUX", "Security", Some("Moderate"), 30));
        assert!(!approved("WINDOWS", "Security", Some("Critical"), 30));
    }

    #[test]
    fn ids_are_those_of_a_region() {
        let os = Os::from_code("UBUNTU").expect("known");
        assert_ne!(default_for(os, "eu-west-1").id, default_for(os, "us-east-1").id);
        assert_eq!(default_for(os, "eu-west-1").id.len(), 20);
        assert_eq!(predefined("eu-west-1").iter().filter(|baseline| baseline.default).count(), 15);
    }
}
