//! What is wrong in the fields of the plan itself: names, Regions, selection, rate.

use insta::assert_snapshot;

use super::{STAGES, mistakes, mistakes_in, mistakes_in_stages, read};

#[test]
fn fields_that_are_missing() {
    assert_snapshot!(mistakes("{}"), @"
    line 1, column 1: the field schemaVersion is missing; valid: schemaVersion: 1
    line 1, column 1: the field name is missing; valid: name: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit
    line 1, column 1: the field regions is missing; valid: regions: a list of Regions, such as [ap-northeast-1]
    line 1, column 1: the field stages is missing; valid: stages: a list of stages in the order of the run, each with a name and its ous or accounts
    ");
    assert_snapshot!(mistakes("# a comment\nreboot: never\n"), @"
    line 2, column 1: the field schemaVersion is missing; valid: schemaVersion: 1
    line 2, column 1: the field name is missing; valid: name: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit
    line 2, column 1: the field regions is missing; valid: regions: a list of Regions, such as [ap-northeast-1]
    line 2, column 1: the field stages is missing; valid: stages: a list of stages in the order of the run, each with a name and its ous or accounts
    ");
}

#[test]
fn fields_that_nobody_knows() {
    assert_snapshot!(mistakes_in("region: [ap-northeast-1]\nreboots: never\nowner: me\n<<: {}\n\"\": x\n"), @r#"
    line 4, column 1: region: unknown field "region" (did you mean regions?); valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 5, column 1: reboots: unknown field "reboots" (did you mean reboot?); valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 6, column 1: owner: unknown field "owner"; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 7, column 1: the merge key << of YAML 1.1 stands here, and YAML 1.2 has none; valid: the fields written out; an alias may stand for the whole value of a field, as in gate: *strict
    line 8, column 1: [""]: unknown field ""; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    "#);
}

#[test]
fn regions_of_two_partitions() {
    let text = "schemaVersion: 1
name: monthly
regions: [us-gov-west-1, us-gov-east-1, us-east-99]
allowUnknownRegions: [us-east-99, eu-mars-1]
stages:
  - {name: test, ous: [ou-abcd-11111111], regions: [us-gov-west-1]}
  - {name: production, ous: [ou-abcd-22222222], regions: [ap-northeast-1, eu-mars-1, cn-north-1]}
";
    assert_snapshot!(mistakes(text), @"
    line 7, column 59: stages[1].regions[0]: ap-northeast-1 is in the partition aws, but us-gov-west-1 in line 3 is in aws-us-gov; an organization is in one partition; valid: Regions of one partition; for the other one, a plan of its own in an organization of aws
    line 7, column 86: stages[1].regions[2]: cn-north-1 is in the partition aws-cn, but us-gov-west-1 in line 3 is in aws-us-gov; an organization is in one partition; valid: Regions of one partition; for the other one, a plan of its own in an organization of aws-cn
    ");
    let one =
        |regions: &str, more: &str| format!("schemaVersion: 1\nname: monthly\nregions: {regions}\n{more}{STAGES}");
    for regions in ["[cn-north-1, cn-northwest-1]", "[eusc-de-east-1]"] {
        assert!(read(&one(regions, "")).is_ok(), "{regions}");
    }
    for region in ["us-gov-north-9", "eu-mars-1"] {
        let newer = format!("allowUnknownRegions: [{region}]\n");
        assert!(read(&one(&format!("[{region}]"), &newer)).is_ok(), "{region}");
    }
}

#[test]
fn regions_that_do_not_exist() {
    let text = "schemaVersion: 1
name: monthly
regions: [ap-northeast-1, ap-norhteast-3]
allowUnknownRegions: [eu-mars-1]
stages:
  - {name: test, ous: [ou-abcd-11111111], regions: [eu-mars-1, eu-mars-2]}
";
    assert_snapshot!(mistakes(text), @r#"
    line 3, column 27: regions[1]: "ap-norhteast-3" is no Region that this version of orgpatch knows (did you mean ap-northeast-3?); valid: the code of a Region; for one that is newer, name it in `allowUnknownRegions: [ap-norhteast-3]`, too
    line 6, column 64: stages[0].regions[1]: "eu-mars-2" is no Region that this version of orgpatch knows; valid: the code of a Region; for one that is newer, name it in `allowUnknownRegions: [eu-mars-2]`, too
    "#);
}

#[test]
fn fields_of_later_versions() {
    assert_snapshot!(mistakes_in("soak: 2d\nuntested: warn"), @r#"
    line 4, column 1: soak: unknown field "soak": this version of orgpatch does not know it yet, so it would do nothing; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 5, column 1: untested: unknown field "untested": it belongs in stages[]; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    "#);
    assert_snapshot!(mistakes_in_stages(
        "
  - name: test
    ous: [ou-abcd-11111111]
    approve: {frozen: true}
    untested: block
    soak: 2d
    approval: required
    window: {days: [sat]}
    calendars: []
"), @r#"
    line 7, column 14: stages[0].approve: "test" is the first stage, so there is no stage before it to which it could be frozen; valid: {afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}
    line 7, column 14: stages[0].approve: there are no baselines, so nothing could be frozen; valid: baselines with rules, in the plan or in the stage; or untested: allow or warn instead, which compares what is missing with the tested set, whatever baselines the accounts have
    line 8, column 15: stages[0].untested: "test" is the first stage, so there is no stage before it to compare it with; valid: no such field: what the first stage installs is the tested set
    line 9, column 5: stages[0].soak: unknown field "soak": this version of orgpatch does not know it yet, so it would do nothing; valid: name, ous, accounts, exclude, regions, select, baselines, approve, untested, conflicts, waves, passes, deadline, gate
    line 10, column 5: stages[0].approval: unknown field "approval": this version of orgpatch does not know it yet, so it would do nothing; valid: name, ous, accounts, exclude, regions, select, baselines, approve, untested, conflicts, waves, passes, deadline, gate
    line 11, column 5: stages[0].window: unknown field "window": this version of orgpatch does not know it yet, so it would do nothing; valid: name, ous, accounts, exclude, regions, select, baselines, approve, untested, conflicts, waves, passes, deadline, gate
    line 12, column 5: stages[0].calendars: unknown field "calendars": this version of orgpatch does not know it yet, so it would do nothing; valid: name, ous, accounts, exclude, regions, select, baselines, approve, untested, conflicts, waves, passes, deadline, gate
    "#);
}

#[test]
fn fields_in_the_wrong_place() {
    assert_snapshot!(mistakes_in("gate: {}\ntags: {}\nselect: {maxErrors: 1, operatingSystem: []}"), @r#"
    line 4, column 1: gate: unknown field "gate": it belongs in stages[]; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 5, column 1: tags: unknown field "tags": it belongs in select or select.exclude or neverReboot; valid: schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages
    line 6, column 10: select.maxErrors: unknown field "maxErrors": it belongs in rate; valid: tags, operatingSystems, exclude
    line 6, column 24: select.operatingSystem: unknown field "operatingSystem" (did you mean operatingSystems?); valid: tags, operatingSystems, exclude
    "#);
}

#[test]
fn versions_other_than_1() {
    for (version, message) in [
        ("2", "the version \"2\" is not known to this version of orgpatch; valid: 1"),
        ("1.0", "the version \"1.0\" is not known to this version of orgpatch; valid: 1"),
        ("\"1\"", "\"1\" is text because of its quotes, not a whole number; valid: 1"),
        ("", "there is no value; valid: 1"),
        ("[1]", "a list is not a whole number; valid: 1"),
    ] {
        let text = format!("schemaVersion: {version}\nname: monthly\nregions: [ap-northeast-1]\n{STAGES}");
        let column = if version.is_empty() { 1 } else { 16 };
        assert_eq!(mistakes(&text), format!("line 1, column {column}: schemaVersion: {message}"));
    }
}

#[test]
fn plan_names() {
    let of = |name: &str| mistakes(&format!("schemaVersion: 1\nregions: [ap-northeast-1]\nname: {name}\n{STAGES}"));
    assert_snapshot!(of("../monthly"), @r#"line 3, column 7: name: "../monthly" is not valid; valid: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit"#);
    assert_snapshot!(of("2026"), @r#"line 3, column 7: name: 2026 is a number in YAML; valid: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit (as text in quotes: "2026")"#);
    assert_snapshot!(of("\"ab\\ncd\""), @r#"line 3, column 7: name: "ab\ncd" is not valid; valid: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit"#);
    assert_snapshot!(of(&"a".repeat(64)), @r#"line 3, column 7: name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" is not valid; valid: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit"#);
    assert_snapshot!(of("\"\""), @r#"line 3, column 7: name: "" is not valid; valid: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit"#);
}

#[test]
fn regions() {
    let of = |list: &str| mistakes(&format!("schemaVersion: 1\nname: monthly\nregions: {list}\n{STAGES}"));
    assert_snapshot!(of("[]"), @"line 3, column 10: regions: the list is empty; valid: a list of Regions, such as [ap-northeast-1, ap-northeast-3]");
    assert_snapshot!(of("ap-northeast-1"), @r#"line 3, column 10: regions: "ap-northeast-1" is not a list; valid: a list of Regions, such as [ap-northeast-1, ap-northeast-3]"#);
    assert_snapshot!(of("[ap-northeast-1, Tokyo, ap-northeast-1a, ap-northeast-1]"), @r#"
    line 3, column 27: regions[1]: "Tokyo" is not valid; valid: the code of a Region, such as ap-northeast-1
    line 3, column 34: regions[2]: "ap-northeast-1a" is not valid; valid: the code of a Region, such as ap-northeast-1
    line 3, column 51: regions[3]: "ap-northeast-1" stands twice in this list, first in line 3; valid: each value once
    "#);
}

#[test]
fn operating_systems() {
    assert_snapshot!(mistakes_in("select: {operatingSystems: []}"), @"line 4, column 28: select.operatingSystems: the list is empty; valid: a list of ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS; or no such field, for all of them");
    assert_snapshot!(mistakes_in("select: {operatingSystems: [WINDOWS, amazon-linux-2023, BeOS, WINDOWS, REDHAT]}"), @r#"
    line 4, column 38: select.operatingSystems[1]: "amazon-linux-2023" is not known (did you mean AMAZON_LINUX_2023?); valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    line 4, column 57: select.operatingSystems[2]: "BeOS" is not known; valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    line 4, column 63: select.operatingSystems[3]: "WINDOWS" stands twice in this list, first in line 4; valid: each value once
    line 4, column 72: select.operatingSystems[4]: "REDHAT" is not known (did you mean REDHAT_ENTERPRISE_LINUX?); valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    "#);
    assert_snapshot!(mistakes_in("select: {operatingSystems: [AMAZON_LINUX, AMAZON_LINUX_2022, RASPBIAN]}"), @r#"
    line 4, column 29: select.operatingSystems[0]: "AMAZON_LINUX" is not valid: Patch Manager no longer supports Amazon Linux 1, which has ended; valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    line 4, column 43: select.operatingSystems[1]: "AMAZON_LINUX_2022" is not valid: Patch Manager no longer supports it; its release is AMAZON_LINUX_2023; valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    line 4, column 62: select.operatingSystems[2]: "RASPBIAN" is not valid: Patch Manager no longer supports it, and it does not run on EC2; valid: ALMA_LINUX, AMAZON_LINUX_2, AMAZON_LINUX_2023, CENTOS, DEBIAN, MACOS, ORACLE_LINUX, REDHAT_ENTERPRISE_LINUX, ROCKY_LINUX, SUSE, UBUNTU, WINDOWS
    "#);
}

#[test]
fn ids_in_the_selection() {
    assert_snapshot!(mistakes_in(
        "
select:
  exclude:
    accounts: [1234, \"11112222333x\", 0x1234567890, \"111122223333\", 111122223333]
    instances: [mi-0123456789abcdef0, i-0123456789ABCDEF0, i-012345, i-01234567]
"), @r#"
    line 6, column 16: select.exclude.accounts[0]: 1234 is not valid; valid: an account id of 12 digits, in quotes, such as "111122223333"
    line 6, column 22: select.exclude.accounts[1]: "11112222333x" is not valid; valid: an account id of 12 digits, in quotes, such as "111122223333"
    line 6, column 38: select.exclude.accounts[2]: 0x1234567890 is not valid; valid: an account id of 12 digits, in quotes, such as "111122223333"
    line 6, column 68: select.exclude.accounts[4]: "111122223333" stands twice in this list, first in line 6; valid: each value once
    line 7, column 17: select.exclude.instances[0]: "mi-0123456789abcdef0" is not valid; valid: the id of an EC2 instance: i- and 8 or 17 characters of 0-9 and a-f
    line 7, column 39: select.exclude.instances[1]: "i-0123456789ABCDEF0" is not valid; valid: the id of an EC2 instance: i- and 8 or 17 characters of 0-9 and a-f
    line 7, column 60: select.exclude.instances[2]: "i-012345" is not valid; valid: the id of an EC2 instance: i- and 8 or 17 characters of 0-9 and a-f
    "#);
}

#[test]
fn tags() {
    assert_snapshot!(mistakes_in("select: {tags: {}}"), @"line 4, column 16: select.tags: there is no tag in it; valid: at least one key with its values; or no such field, for every instance");
    assert_snapshot!(mistakes_in("select: {tags: [Patch]}"), @"line 4, column 16: select.tags: a list is not a mapping of fields to values; valid: tag keys with lists of values, such as {Patch: [enabled]}");
    assert_snapshot!(mistakes_in(
        "
select:
  tags:
    Patch: enabled
    Exempt: true
    Stage: []
    Level: [1, 2.5, no, null, x, x]
    Owner: {team: a}
    Empty:
  exclude:
    tags: {\"\": [x], 7: [y]}
"), @r#"
    line 6, column 12: select.tags.Patch: "enabled" is not a list; valid: a list of the values that match, such as ["enabled"], or any for every value
    line 7, column 13: select.tags.Exempt: true is not a list; valid: a list of the values that match, such as ["true"], or any for every value
    line 8, column 12: select.tags.Stage: the list is empty; valid: a list of the values that match, such as [enabled], or any for every value
    line 9, column 13: select.tags.Level[0]: 1 is a number in YAML; valid: a tag value (as text in quotes: "1")
    line 9, column 16: select.tags.Level[1]: 2.5 is a number in YAML; valid: a tag value (as text in quotes: "2.5")
    line 9, column 25: select.tags.Level[3]: there is no value; valid: a tag value
    line 9, column 34: select.tags.Level[5]: "x" stands twice in this list, first in line 9; valid: each value once
    line 10, column 12: select.tags.Owner: a mapping is not a list; valid: a list of the values that match, such as [enabled], or any for every value
    line 11, column 5: select.tags.Empty: there is no value; valid: a list of the values that match, such as [enabled], or any for every value
    line 13, column 12: select.exclude.tags[""]: the tag key "" has 0 characters; valid: 1 to 128 characters
    line 13, column 21: select.exclude.tags: the key 7 is not a text; valid: keys that are texts; quotes make a number or true a text
    "#);
}

/// Seventeen databases were rebooted because an exclusion with `"*"` matched nothing.
#[test]
fn wildcards_in_tag_values() {
    assert_snapshot!(mistakes_in(
        "
select:
  tags: {Patch: [\"on*\"]}
  exclude:
    tags: {Role: \"*\", Cost Center: [\"*\", db], Tier: db-?}
"), @r#"
    line 5, column 18: select.tags.Patch[0]: "on*" has a wildcard, and tag values are compared as they are, so it would match nothing; valid: Patch: any for every value of this key, or a list of the values in full
    line 7, column 18: select.exclude.tags.Role: "*" has a wildcard, and tag values are compared as they are, so it would match nothing; valid: Role: any for every value of this key, or a list of the values in full
    line 7, column 37: select.exclude.tags["Cost Center"][0]: "*" has a wildcard, and tag values are compared as they are, so it would match nothing; valid: "Cost Center": any for every value of this key, or a list of the values in full
    line 7, column 53: select.exclude.tags.Tier: "db-?" has a wildcard, and tag values are compared as they are, so it would match nothing; valid: Tier: any for every value of this key, or a list of the values in full
    "#);
}

#[test]
fn reboot() {
    assert_snapshot!(mistakes_in("reboot: IfNeeded"), @r#"line 4, column 9: reboot: "IfNeeded" is not known (did you mean if-needed?); valid: if-needed, never"#);
    assert_snapshot!(mistakes_in("reboot: false"), @r#"line 4, column 9: reboot: false is a boolean in YAML; valid: if-needed, never (as text in quotes: "false")"#);
    assert_snapshot!(mistakes_in("neverReboot: {Role: [database]}"), @r#"
    line 4, column 14: neverReboot: the field tags is missing; valid: tags: tag keys with lists of values, such as {Role: [database]}
    line 4, column 15: neverReboot.Role: unknown field "Role"; valid: tags
    "#);
    assert_snapshot!(mistakes_in("neverReboot: {tags: {}}"), @"line 4, column 21: neverReboot.tags: there is no tag in it; valid: at least one key with its values; or no such field, to let every instance reboot");
    assert_snapshot!(mistakes_in("neverReboot: {tags: {Role: [\"db-*\"]}}"), @r#"line 4, column 29: neverReboot.tags.Role[0]: "db-*" has a wildcard, and tag values are compared as they are, so it would match nothing; valid: Role: any for every value of this key, or a list of the values in full"#);
    assert_snapshot!(mistakes_in("reboot: never\nneverReboot: {tags: {Role: any}}"), @"line 5, column 14: neverReboot: it changes nothing, because `reboot: never` holds for every instance; valid: reboot: if-needed, or no neverReboot");
}

#[test]
fn rate() {
    assert_snapshot!(mistakes_in("rate: {targets: 0, maxConcurrency: 0, maxErrors: \"101%\"}"), @r#"
    line 4, column 17: rate.targets: 0 is under 1; valid: a whole number from 1 to 1000
    line 4, column 36: rate.maxConcurrency: 0 is not valid; valid: a count from 1, such as 10, or a percentage from 1% to 100%
    line 4, column 50: rate.maxErrors: "101%" is not valid; valid: a count from 0, such as 10, or a percentage from 0% to 100%
    "#);
    assert_snapshot!(mistakes_in("rate: {targets: 1001, maxConcurrency: 0%, maxErrors: -1}"), @r#"
    line 4, column 17: rate.targets: 1001 is over 1000; valid: a whole number from 1 to 1000
    line 4, column 39: rate.maxConcurrency: "0%" is not valid; valid: a count from 1, such as 10, or a percentage from 1% to 100%
    line 4, column 54: rate.maxErrors: -1 is not valid; valid: a count from 0, such as 10, or a percentage from 0% to 100%
    "#);
    assert_snapshot!(mistakes_in("rate: {targets: many, maxConcurrency: 10000000, maxErrors: 1.5}"), @r#"
    line 4, column 17: rate.targets: "many" is not a whole number; valid: a whole number from 1 to 1000
    line 4, column 39: rate.maxConcurrency: 10000000 is not valid; valid: a count from 1, such as 10, or a percentage from 1% to 100%
    line 4, column 60: rate.maxErrors: 1.5 is not valid; valid: a count from 0, such as 10, or a percentage from 0% to 100%
    "#);
    assert_snapshot!(mistakes_in("rate: {targets: 99999999999999999999, maxConcurrency: true, maxErrors: [1]}"), @r#"
    line 4, column 17: rate.targets: 99999999999999999999 is over 1000; valid: a whole number from 1 to 1000
    line 4, column 55: rate.maxConcurrency: true is a boolean in YAML; valid: a count from 1, such as 10, or a percentage from 1% to 100% (as text in quotes: "true")
    line 4, column 72: rate.maxErrors: a list is not a text; valid: a count from 0, such as 10, or a percentage from 0% to 100%
    "#);
    assert_snapshot!(mistakes_in("rate: {targets: 0x10, maxConcurrency:, maxErrors: ''}"), @r#"
    line 4, column 17: rate.targets: 0x10 is not a whole number; valid: a whole number from 1 to 1000
    line 4, column 23: rate.maxConcurrency: there is no value; valid: a count from 1, such as 10, or a percentage from 1% to 100%
    line 4, column 51: rate.maxErrors: "" is not valid; valid: a count from 0, such as 10, or a percentage from 0% to 100%
    "#);
}
