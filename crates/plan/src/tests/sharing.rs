//! Stages that share an account.

use insta::assert_snapshot;

use super::*;

/// Two stages over one organizational unit. `head` are fields of the plan, the others of a stage each.
fn two(head: &str, test: &str, production: &str) -> String {
    format!(
        "{HEAD}{head}\nstages:\n  - {{name: test, ous: [r-abcd], {test}}}\n  - {{name: production, ous: [r-abcd], {production}}}\n"
    )
}

#[test]
fn stages_that_a_tag_tells_apart_may_name_the_same_units() {
    let shared = [
        ("", "select: {tags: {Env: [test]}}", "select: {tags: {Env: [prod, live]}}"),
        ("", "select: {tags: {Env: [test]}}", "select: {exclude: {tags: {Env: [test, dev]}}}"),
        ("", "select: {exclude: {tags: {Env: any}}}", "select: {tags: {Env: any}}"),
        ("", "select: {tags: {Env: [test], App: [shop]}}", "select: {tags: {App: [shop], Env: [prod]}}"),
        ("select: {tags: {Env: [test]}}", "", "select: {tags: {Env: [prod]}}"),
    ];
    for (head, test, production) in shared {
        let text = two(head, test, production);
        let plan = read(&text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        assert_eq!(plan.may_share(&plan.stages[0], &plan.stages[1]), Ok(()));
        assert_eq!(plan.may_share(&plan.stages[1], &plan.stages[0]), Ok(()));
    }
    let apart = [
        ("", "select: {tags: {Env: [test]}}", "select: {tags: {Env: [prod, test]}}"),
        ("", "select: {tags: {Env: [test]}}", "select: {tags: {Env: any}}"),
        ("", "select: {tags: {Env: [test]}}", "select: {tags: {Role: [prod]}}"),
        ("", "select: {tags: {Env: [test]}}", ""),
        ("", "select: {tags: {Env: [test, dev]}}", "select: {exclude: {tags: {Env: [test]}}}"),
        ("", "select: {tags: {Env: any}}", "select: {exclude: {tags: {Env: [test]}}}"),
        // Upper and lower case are two values, so that one instance cannot have both; the same key is needed.
        ("", "select: {tags: {Env: [test]}}", "select: {tags: {env: [prod]}}"),
        ("select: {tags: {Env: [test]}}", "", ""),
    ];
    for (head, test, production) in apart {
        let found = mistakes(&two(head, test, production));
        assert!(found.contains("\"r-abcd\" is in two stages"), "{test} {production}: {found}");
    }
}

const RULES: &str = "rules: [{product: [\"*\"], approve: {afterDays: 0}}]";

#[test]
fn stages_that_share_an_account_have_no_baselines_or_patch_groups_of_their_own() {
    let of = |stage: &str, group: &str| {
        format!(
            "select: {{operatingSystems: [AMAZON_LINUX_2023], tags: {{Env: [{stage}]}}}}, \
             baselines: {{AMAZON_LINUX_2023: {{{RULES}{group}}}}}"
        )
    };
    let both = |test: &str, production: &str| two("", &of("test", test), &of("prod", production));
    read(&both(", patchGroup: test", ", patchGroup: [prod, live]")).unwrap_or_else(|errors| panic!("{errors}"));
    let without = two("", &of("test", ", patchGroup: test"), "select: {tags: {Env: [prod]}}");
    let refused = [both("", ", patchGroup: prod"), both(", patchGroup: [test, all]", ", patchGroup: all"), without];
    assert_snapshot!(refused.map(|text| mistakes(&text)).join("\n\n"), @r#"
    line 7, column 30: stages[1].ous[0]: "r-abcd" is in two stages: "test" in line 6 and "production" here; a Region of an account has one default baseline, so stages that share an account have either no `baselines` or a `patchGroup` of their own each; the baseline of AMAZON_LINUX_2023 in stage "test" has no `patchGroup`; valid: another patchGroup in each baseline of these stages, or no baselines for them

    line 7, column 30: stages[1].ous[0]: "r-abcd" is in two stages: "test" in line 6 and "production" here; a Region of an account has one default baseline, so stages that share an account have either no `baselines` or a `patchGroup` of their own each; both have a baseline of AMAZON_LINUX_2023 for "all"; valid: another patchGroup in each baseline of these stages, or no baselines for them

    line 7, column 30: stages[1].ous[0]: "r-abcd" is in two stages: "test" in line 6 and "production" here; a Region of an account has one default baseline, so stages that share an account have either no `baselines` or a `patchGroup` of their own each; stage "production" has none, and the other one has; valid: another patchGroup in each baseline of these stages, or no baselines for them
    "#);
}

#[test]
fn what_two_stages_name_is_told_beside_every_other_mistake() {
    assert_snapshot!(mistakes(&two("", "", "deadline: 1h").replace("name: monthly\n", "")), @r#"
    line 1, column 1: the field name is missing; valid: name: 1 to 63 letters, digits, hyphens and underscores, beginning with a letter or digit
    line 6, column 30: stages[1].ous[0]: "r-abcd" is in two stages: "test" in line 5 and "production" here; valid: each organizational unit and account in one stage, or select: {tags: {…}} in both, with other values of one key
    "#);
}
