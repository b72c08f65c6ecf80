//! What is wrong before there is a field: the text, the document, its size.

use insta::assert_snapshot;

use super::{HEAD, STAGES, mistakes, mistakes_in};

#[test]
fn text_that_is_not_yaml() {
    assert_snapshot!(mistakes("schemaVersion: 1\nname: [monthly\n"), @"line 3, column 1: this is not YAML: while parsing a flow sequence, expected ',' or ']'; valid: a YAML document");
    assert_snapshot!(mistakes("stages:\n\t- name: test\n"), @"line 2, column 2: this is not YAML: tabs disallowed within this context (block indentation); valid: a YAML document");
    assert_snapshot!(mistakes("name: \"monthly\n"), @"line 1, column 7: this is not YAML: while scanning a quoted scalar, found unexpected end of stream; valid: a YAML document");
    assert_snapshot!(mistakes("name: *unknown\n"), @"line 1, column 7: this is not YAML: while parsing node, found unknown anchor; valid: a YAML document");
}

#[test]
fn spaces_that_are_none_to_yaml_are_named_where_they_stand() {
    let of = |space: &str| {
        mistakes(&format!("{HEAD}stages:\n  - name: test\n    ous:{space}[r-abcd]\n\n    # All.\n    deadline: 16h\n"))
    };
    assert_snapshot!(of("\u{a0}"), @"line 6, column 9: this is not YAML: simple key expect ':'; the character U+00A0 stands here, which YAML does not take for a space; valid: a YAML document with ordinary spaces (U+0020)");
    assert_snapshot!(of(" \u{3000}"), @r#"line 6, column 10: stages[0].ous: "\u{3000}[r-abcd]" is not a list; valid: a list; each item the id of an organizational unit, such as ou-abcd-11111111, or of the root, such as r-abcd"#);
    assert_snapshot!(of("\u{200b}"), @"line 6, column 9: this is not YAML: simple key expect ':'; the character U+200B stands here, which YAML does not take for a space; valid: a YAML document with ordinary spaces (U+0020)");
    // A byte order mark is none of them, and in quotes and comments any character may stand.
    let after_mark = mistakes("\u{feff}name: [a, \"\u{a0}\" # -\u{a0}\nstages: [\n");
    assert!(after_mark.starts_with("line ") && !after_mark.contains("U+"), "{after_mark}");
    // Behind a letter it separates nothing, and the mistake is another one.
    assert_snapshot!(mistakes("name: mon\u{a0}thly\nstages: [\n"), @"line 3, column 1: this is not YAML: while parsing a node, did not find expected node content; valid: a YAML document");
}

#[test]
fn a_merge_key_is_one_mistake_and_what_it_would_merge_is_none() {
    assert_snapshot!(mistakes(&format!("{HEAD}stages:\n  - &all {{name: test, ous: [r-abcd]}}\n  - <<: *all\n    gate: {{maxFailedPercent: 101}}\n")), @"
    line 6, column 5: stages[1]: the merge key << of YAML 1.1 stands here, and YAML 1.2 has none; valid: the fields written out; an alias may stand for the whole value of a field, as in gate: *strict
    line 7, column 30: stages[1].gate.maxFailedPercent: 101 is over 100; valid: a whole number from 0 to 100
    ");
}

#[test]
fn documents_that_are_empty_or_too_many() {
    assert_snapshot!(mistakes(""), @"line 1, column 1: the document is empty; valid: a plan, which begins with schemaVersion: 1");
    assert_snapshot!(mistakes("# only a comment\n"), @"line 1, column 1: the document is empty; valid: a plan, which begins with schemaVersion: 1");
    assert_snapshot!(mistakes("~\n"), @"line 1, column 1: the document is empty; valid: a plan, which begins with schemaVersion: 1");
    assert_snapshot!(mistakes(&format!("{HEAD}{STAGES}---\n{HEAD}{STAGES}")), @"line 5, column 1: a second document begins here; valid: one plan per file, without a further line ---");
}

#[test]
fn documents_that_are_no_mapping() {
    assert_snapshot!(mistakes("monthly\n"), @r#"line 1, column 1: "monthly" is not a mapping of fields to values; valid: the fields schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages"#);
    assert_snapshot!(mistakes("- schemaVersion: 1\n"), @"line 1, column 1: a list is not a mapping of fields to values; valid: the fields schemaVersion, name, timeZone, regions, allowUnknownRegions, select, reboot, neverReboot, conflicts, rate, gateValidFor, baselines, stages");
}

#[test]
fn a_document_that_is_too_large() {
    assert_snapshot!(mistakes(&format!("{HEAD}{STAGES}#{}", "x".repeat(256 * 1024))), @"line 1, column 1: the document has more than 262144 bytes; valid: at most 262144 bytes");
}

#[test]
fn nesting_without_end() {
    assert_snapshot!(mistakes(&"[".repeat(100)), @"line 1, column 33: this is nested more than 32 levels deep; valid: the fields of a plan, which need eight levels");
    assert_snapshot!(mistakes(&"- ".repeat(100_000)), @"line 1, column 65: this is nested more than 32 levels deep; valid: the fields of a plan, which need eight levels");
}

#[test]
fn aliases_that_grow_or_turn_in_circles() {
    assert_snapshot!(mistakes("name: &a [*a]\n"), @"line 1, column 11: this alias is inside the value that it repeats; valid: an alias of a value that ends before it");
    let doubling: Vec<String> = (1..30).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]", level - 1)).collect();
    assert_snapshot!(mistakes(&format!("a0: &a0 [x, x]\n{}", doubling.join("\n"))), @"line 11, column 6: anchors and aliases repeat more than 20000 values; valid: a plan that is written out");
}

/// 150 KB of text that 20,000 aliases repeat would be 3 GB in memory.
#[test]
fn aliases_of_a_long_text() {
    let aliases = vec!["*a"; 19_000].join(", ");
    let text = format!("name: &a {}\nstages: [{aliases}]\n", "x".repeat(150 * 1024));
    assert_snapshot!(mistakes(&text), @"line 1, column 7: anchors and aliases repeat more than 1048576 bytes; valid: a plan that is written out");
}

#[test]
fn tags_of_yaml() {
    assert_snapshot!(mistakes_in("reboot: !!str never"), @r#"line 4, column 9: the YAML tag "!!str" stands here; valid: the value without a tag; quotes make it text"#);
    assert_snapshot!(mistakes_in("reboot: !Ref Reboot"), @r#"line 4, column 9: the YAML tag "!Ref" stands here; valid: the value without a tag; quotes make it text"#);
}

#[test]
fn a_text_with_a_colon_needs_quotes() {
    assert_snapshot!(mistakes_in("select: {tags: {Name: [web: prod]}}"), @r#"line 4, column 24: select.tags.Name[0]: a mapping is not a text; a text with a colon needs quotes: "web: prod"; valid: a tag value"#);
    assert_snapshot!(mistakes_in("reboot: {if: needed, or: not}"), @"line 4, column 9: reboot: a mapping is not a text; a text with braces or a colon needs quotes; valid: if-needed, never");
}

#[test]
fn keys_that_stand_twice_or_are_no_text() {
    assert_snapshot!(mistakes_in("reboot: never\n1: one\n? [a, b]\n: two\nreboot: if-needed\n? ~\n: three\n"), @r#"
    line 5, column 1: the key 1 is not a text; valid: keys that are texts; quotes make a number or true a text
    line 6, column 3: the key a list is not a text; valid: keys that are texts; quotes make a number or true a text
    line 8, column 1: reboot: "reboot" is written twice, first in line 4; valid: each key once
    line 9, column 3: the key "~" is not a text; valid: keys that are texts; quotes make a number or true a text
    "#);
}
