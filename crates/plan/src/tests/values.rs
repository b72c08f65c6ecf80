//! Values of filters that no patch can have, and rules that can match nothing.

use super::super::{PlanError, read_with_warnings};
use super::HEAD;

/// A plan with this baseline of one operating system; its first rule is in line 8.
fn plan(os: &str, baseline: &str) -> String {
    let approve = if matches!(os, "DEBIAN" | "UBUNTU") { "" } else { ", approve: {afterDays: 0}" };
    format!(
        "{HEAD}select: {{operatingSystems: [{os}]}}\nbaselines:\n  {os}:\n{baseline}\nstages: [{{name: test, ous: [ou-abcd-11111111]{approve}}}]\n"
    )
}

fn rule(os: &str, rule: &str) -> String {
    // CENTOS matches nothing without it.
    let linux = if matches!(os, "WINDOWS" | "MACOS") { "" } else { ", enableNonSecurity: true" };
    plan(os, &format!("    rules:\n      - {{{rule}{linux}}}"))
}

fn lines(found: &[PlanError]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

fn warnings(text: &str) -> Vec<String> {
    lines(&read_with_warnings(text).unwrap_or_else(|errors| panic!("{errors}\n{text}")).1)
}

/// The problem of the only mistake, and what is valid.
fn refused(os: &str, filters: &str) -> (String, String) {
    let errors = read_with_warnings(&rule(os, filters)).expect_err(filters);
    let [error] = &errors.iter().collect::<Vec<_>>()[..] else { panic!("{filters}: {errors}") };
    (error.problem.clone(), error.valid.clone())
}

#[test]
fn a_value_that_no_patch_of_the_system_can_have_is_refused_with_the_nearest() {
    for (os, filters, problem) in [
        (
            "REDHAT_ENTERPRISE_LINUX",
            "classification: [CriticalUpdates]",
            "\"CriticalUpdates\" is a classification of WINDOWS, not of REDHAT_ENTERPRISE_LINUX (did you mean Security?)",
        ),
        (
            "CENTOS",
            "classification: [SecurityUpdates]",
            "\"SecurityUpdates\" is a classification of WINDOWS, not of CENTOS (did you mean Security?)",
        ),
        (
            "WINDOWS",
            "classification: [Security]",
            "\"Security\" is a classification of other operating systems, not of WINDOWS (did you mean SecurityUpdates?)",
        ),
        ("SUSE", "classification: [Upgrades]", "\"Upgrades\" is a classification of WINDOWS, not of SUSE"),
        ("ORACLE_LINUX", "classification: [Critical]", "\"Critical\" is a severity, not a classification"),
        ("AMAZON_LINUX_2", "severity: [High]", "\"High\" is no severity of AMAZON_LINUX_2 (did you mean Important?)"),
        (
            "AMAZON_LINUX_2023",
            "severity: [CRITICAL]",
            "\"CRITICAL\" is no severity of AMAZON_LINUX_2023 (did you mean Critical?)",
        ),
        ("ROCKY_LINUX", "severity: [Importan]", "\"Importan\" is no severity of ROCKY_LINUX (did you mean Important?)"),
        (
            "ALMA_LINUX",
            "severity: [Informational]",
            "\"Informational\" is no severity of ALMA_LINUX (did you mean Low?)",
        ),
        (
            "WINDOWS",
            "msrcSeverity: [Medium]",
            "\"Medium\" is a severity of other operating systems, not an MSRC severity of WINDOWS (did you mean Moderate?)",
        ),
        (
            "UBUNTU",
            "priority: [Critical]",
            "\"Critical\" is a severity of other operating systems, not a priority of UBUNTU (did you mean Required?)",
        ),
        ("DEBIAN", "priority: [optional]", "\"optional\" is no priority of DEBIAN (did you mean Optional?)"),
        ("MACOS", "classification: [SecurityUpdate]", "\"SecurityUpdate\" is no classification of MACOS"),
    ] {
        assert_eq!(refused(os, filters).0, problem, "{os}");
    }
    let (_, valid) = refused("AMAZON_LINUX_2", "severity: [High]");
    assert_eq!(valid, "Critical, Important, Medium, Low, or * for every value");
    let (_, valid) = refused("WINDOWS", "msrcSeverity: [High]");
    assert_eq!(valid, "Critical, Important, Moderate, Low, Unspecified, or * for every value");
}

#[test]
fn all_is_the_consoles_word_for_every_value() {
    for (os, filters) in [
        ("AMAZON_LINUX_2", "product: [All]"),
        ("UBUNTU", "product: [all]"),
        ("WINDOWS", "productFamily: [All]"),
        ("SUSE", "classification: [ALL]"),
        ("CENTOS", "severity: [All]"),
        ("WINDOWS", "msrcSeverity: [All]"),
        ("DEBIAN", "priority: [All]"),
    ] {
        let (problem, valid) = refused(os, filters);
        assert!(problem.ends_with("is the console's word for every value (did you mean *?)"), "{problem}");
        assert_eq!(valid, "\"*\" for every value");
    }
    let (problem, _) = refused("REDHAT_ENTERPRISE_LINUX", "product: [\"RedhatEnterpriseLinux8.*\"]");
    assert_eq!(problem, "\"RedhatEnterpriseLinux8.*\" has a * beside other letters, which matches no product");
}

#[test]
fn a_product_is_refused_if_it_is_a_word_of_another_kind_or_of_another_system() {
    for (os, product, problem) in [
        ("WINDOWS", "SecurityUpdates", "\"SecurityUpdates\" is a classification, not a product"),
        ("AMAZON_LINUX_2", "security", "\"security\" is a classification, not a product"),
        ("WINDOWS", "Office", "\"Office\" is a product family, not a product"),
        ("UBUNTU", "Important", "\"Important\" is a priority, not a product"),
        ("UBUNTU", "Moderate", "\"Moderate\" is a severity of other operating systems, not a product of UBUNTU"),
        ("UBUNTU", "WindowsServer2019", "\"WindowsServer2019\" is a product of WINDOWS, not of UBUNTU"),
        (
            "AMAZON_LINUX_2",
            "AmazonLinux2023",
            "\"AmazonLinux2023\" is a product of AMAZON_LINUX_2023, not of AMAZON_LINUX_2 (did you mean AmazonLinux2.0?)",
        ),
        (
            "ALMA_LINUX",
            "RedhatEnterpriseLinux10.3",
            "\"RedhatEnterpriseLinux10.3\" is a product of REDHAT_ENTERPRISE_LINUX, not of ALMA_LINUX",
        ),
        ("DEBIAN", "Ubuntu26.04", "\"Ubuntu26.04\" is a product of UBUNTU, not of DEBIAN"),
    ] {
        assert_eq!(refused(os, &format!("product: [{product}]")).0, problem);
    }
    let sources = "    approved: [a]\n    approvedNonSecurity: true\n    sources:\n      - {name: own, products: [All], configuration: \"[own]\\nbaseurl=https://repo.example.com/\\ngpgcheck=1\"}";
    let errors = read_with_warnings(&plan("AMAZON_LINUX_2", sources)).expect_err("All");
    assert!(errors.to_string().contains("sources[0].products[0]: \"All\" is the console's word"), "{errors}");
}

#[test]
fn what_no_source_settles_is_a_warning() {
    let list = |os: &str, property: &str| {
        format!(
            "; valid: a value that `aws ssm describe-patch-properties --operating-system {os} --property {property}` lists, or * for every value; AWS refuses a baseline with another one"
        )
    };
    assert_eq!(
        warnings(&rule("WINDOWS", "product: [Windows Server 2019, WindowsServer2019]")),
        [format!(
            "line 8, column 20: baselines.WINDOWS.rules[0].product[0]: \"Windows Server 2019\" is no product of WINDOWS that any source names (nearest: WindowsServer2019){}",
            list("WINDOWS", "PRODUCT")
        )]
    );
    assert_eq!(
        warnings(&rule("REDHAT_ENTERPRISE_LINUX", "product: [RedhatEnterpriseLinux9.9]")),
        [format!(
            "line 8, column 20: baselines.REDHAT_ENTERPRISE_LINUX.rules[0].product[0]: \"RedhatEnterpriseLinux9.9\" is no product of REDHAT_ENTERPRISE_LINUX that any source names (nearest: RedhatEnterpriseLinux9){}",
            list("REDHAT_ENTERPRISE_LINUX", "PRODUCT")
        )]
    );
    assert_eq!(
        warnings(&rule("AMAZON_LINUX_2", "severity: [Low, Moderate]")),
        [format!(
            "line 8, column 26: baselines.AMAZON_LINUX_2.rules[0].severity[1]: no source says that patches of AMAZON_LINUX_2 have the severity \"Moderate\" (did you mean Medium?){}",
            list("AMAZON_LINUX_2", "SEVERITY")
        )]
    );
    let application = "patchSet: [APPLICATION], product: [Office 2016, Exchange Server 2019]";
    assert_eq!(
        warnings(&rule("WINDOWS", application)),
        [format!(
            "line 8, column 58: baselines.WINDOWS.rules[0].product[1]: \"Exchange Server 2019\" is no product of WINDOWS that any source names{}",
            list("WINDOWS", "PRODUCT --patch-set APPLICATION")
        )]
    );
    assert_eq!(
        warnings(&rule("WINDOWS", "product: [Office 2016]")),
        [
            "line 8, column 20: baselines.WINDOWS.rules[0].product[0]: \"Office 2016\" is a product of applications, and the rule is about the operating system; valid: patchSet: [APPLICATION] in this rule"
        ]
    );
}

#[test]
fn a_product_of_the_other_patch_set_is_no_product_of_another_system() {
    for filters in [
        "patchSet: [APPLICATION], product: [MicrosoftDefenderAntivirus]",
        "patchSet: [APPLICATION], productFamily: [Windows]",
        "product: [office 2016]",
    ] {
        assert_eq!(warnings(&rule("WINDOWS", filters)).len(), 1, "{filters}");
    }
    let none = warnings(&rule("AMAZON_LINUX_2023", "severity: [none]"));
    assert!(none[0].contains("have the severity \"None\""), "{none:?}");
}

#[test]
fn what_a_source_names_is_no_warning() {
    for (os, filters) in [
        (
            "AMAZON_LINUX_2",
            "product: [AmazonLinux2, AmazonLinux2.0], classification: [Security, Bugfix, Enhancement, Recommended, Newpackage], severity: [Critical, Important, Medium, Low]",
        ),
        (
            "REDHAT_ENTERPRISE_LINUX",
            "product: [RedhatEnterpriseLinux7.4], classification: [Security, Bugfix], severity: [Critical, Important, Moderate, Low, None]",
        ),
        ("ORACLE_LINUX", "product: [\"*\"], classification: [Security], severity: [Important, Moderate]"),
        ("SUSE", "classification: [Security, Recommended, Yast], severity: [Critical, Low]"),
        ("UBUNTU", "product: [Ubuntu22.04], priority: [Required, Important, Standard, Optional, Extra]"),
        (
            "WINDOWS",
            "product: [WindowsServer2025], classification: [CriticalUpdates, SecurityUpdates, DefinitionUpdates], msrcSeverity: [Critical, Unspecified], patchSet: [OS]",
        ),
        ("WINDOWS", "productFamily: [Office], product: [Office 2013], patchSet: [APPLICATION]"),
        ("MACOS", "classification: [Security]"),
    ] {
        assert_eq!(warnings(&rule(os, filters)), [""; 0], "{os}");
    }
}

#[test]
fn a_rule_that_needs_advisories_where_there_are_none_is_a_warning() {
    let security =
        |os: &str, more: &str| plan(os, &format!("    rules:\n      - {{classification: [Security]{more}}}"));
    assert_eq!(
        warnings(&security("CENTOS", "")),
        [
            "line 8, column 9: baselines.CENTOS.rules[0]: the rule can match nothing: the default repositories of CENTOS have no updateinfo.xml; without it Systems Manager takes packages only under enableNonSecurity: true; valid: enableNonSecurity: true; or instances whose repositories have an updateinfo.xml"
        ]
    );
    assert_eq!(warnings(&security("CENTOS", ", enableNonSecurity: true")), [""; 0]);
    for os in ["AMAZON_LINUX_2", "REDHAT_ENTERPRISE_LINUX", "ROCKY_LINUX", "SUSE"] {
        assert_eq!(warnings(&security(os, "")), [""; 0], "{os}");
    }
    let approved = warnings(&plan("CENTOS", "    approved: [openssl.x86_64]"));
    assert!(
        approved[0].contains("baselines.CENTOS.approved: the list of approved patches can match nothing"),
        "{approved:?}"
    );
    assert_eq!(warnings(&plan("CENTOS", "    approved: [openssl.x86_64]\n    approvedNonSecurity: true")), [""; 0]);
}

#[test]
fn repositories_of_ones_own_may_have_no_advisories() {
    let with_source = |os: &str, more: &str| {
        let source =
            "{name: own, products: [\"*\"], configuration: \"[own]\\nbaseurl=https://repo.example.com/\\ngpgcheck=1\"}";
        warnings(&plan(
            os,
            &format!("    sources: [{source}]\n    rules:\n      - {{classification: [Security]{more}}}"),
        ))
    };
    let without = |os: &str, more: &str| {
        with_source(os, more)
            .iter()
            .map(|line| line.split_once("rules[0]: ").map_or("", |(_, text)| text).to_owned())
            .collect::<Vec<_>>()
    };
    let if_none =
        "the rule matches nothing if the repositories of `sources` have no updateinfo.xml; without it Systems Manager";
    assert_eq!(
        without("AMAZON_LINUX_2023", ""),
        [format!(
            "{if_none} takes packages only under enableNonSecurity: true; valid: enableNonSecurity: true; or instances whose repositories have an updateinfo.xml"
        )]
    );
    assert_eq!(without("AMAZON_LINUX_2023", ", enableNonSecurity: true"), [""; 0]);
    for more in ["", ", enableNonSecurity: true"] {
        let expected = format!(
            "{if_none} applies no patch of REDHAT_ENTERPRISE_LINUX; valid: repositories with an updateinfo.xml"
        );
        assert_eq!(without("REDHAT_ENTERPRISE_LINUX", more), [expected], "{more}");
    }
    assert_eq!(without("SUSE", ""), [""; 0]);
}

#[test]
fn a_rule_that_the_global_filters_leave_nothing_of_is_a_warning() {
    let with = |rule: &str| {
        let text = format!(
            "    globalFilters: {{classification: [Security, Bugfix], severity: [\"*\"]}}\n    rules:\n      - {{{rule}}}"
        );
        warnings(&plan("AMAZON_LINUX_2", &text))
    };
    assert_eq!(
        with("classification: [Enhancement, Newpackage]"),
        [
            "line 9, column 9: baselines.AMAZON_LINUX_2.rules[0]: the rule can match nothing: globalFilters lets none of its values of classification through; valid: classification with a value of globalFilters.classification: Security, Bugfix"
        ]
    );
    for rule in ["classification: [Bugfix, Enhancement]", "classification: [\"*\"]", "severity: [Low]"] {
        assert_eq!(with(rule), [""; 0], "{rule}");
    }
}
