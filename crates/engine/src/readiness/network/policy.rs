//! Evaluates whether the policy of an endpoint allows downloads from a family of buckets.
//!
//! Only statements without conditions are evaluated. The real names of the buckets end in suffixes that follow no
//! formula, so a policy allows a family if it allows any bucket whose name begins with the prefix.

use serde_json::Value;

/// The effect of a policy on downloads from a family of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyEffect {
    /// It allows at least one bucket of the family.
    Allows,
    /// It allows none.
    DoesNotAllow,
    /// It depends on conditions, or on what only AWS evaluates.
    Depends,
}

/// Returns the effect of `policy` on downloads from buckets whose names begin with any of `prefixes`. An endpoint without
/// a policy allows everything.
pub(super) fn effect_on(policy: Option<&str>, prefixes: &[String]) -> PolicyEffect {
    let Some(text) = policy else {
        return PolicyEffect::Allows;
    };
    let Ok(policy) = serde_json::from_str::<Value>(text) else {
        return PolicyEffect::Depends;
    };
    let statements: Vec<&Value> = one_or_many(&policy["Statement"]);
    let objects: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}*/*")).collect();
    let mut depends = false;
    let mut allowed = vec![false; objects.len()];
    let mut denied = vec![false; objects.len()];
    for statement in statements {
        let allows = statement["Effect"] == "Allow";
        for (index, object) in objects.iter().enumerate() {
            match applies_to(statement, object) {
                Applies::No => {}
                Applies::Perhaps => depends = true,
                Applies::Yes if allows => allowed[index] = true,
                Applies::Yes => denied[index] = true,
            }
        }
    }
    let allows_any = allowed.iter().zip(&denied).any(|(allowed, denied)| *allowed && !denied);
    match (allows_any, depends) {
        (_, true) => PolicyEffect::Depends,
        (true, false) => PolicyEffect::Allows,
        (false, false) => PolicyEffect::DoesNotAllow,
    }
}

enum Applies {
    No,
    Perhaps,
    Yes,
}

/// Returns whether a statement applies to downloads of such objects by every principal.
fn applies_to(statement: &Value, object: &str) -> Applies {
    let actions = texts(&statement["Action"]);
    let resources = texts(&statement["Resource"]);
    let action = actions.iter().any(|action| overlap(&action.to_ascii_lowercase(), "s3:getobject"));
    let resource = resources.iter().any(|resource| names(resource, object));
    let negated = ["NotAction", "NotResource", "NotPrincipal"].iter().any(|key| !statement[*key].is_null());
    if negated {
        return Applies::Perhaps;
    }
    if !(action && resource) {
        return Applies::No;
    }
    let every_principal = match &statement["Principal"] {
        Value::String(principal) => principal == "*",
        Value::Object(principal) => principal.get("AWS").is_some_and(|aws| texts(aws).contains(&"*")),
        // A statement without a principal applies to every principal.
        _ => true,
    };
    let conditions = statement["Condition"].as_object().is_some_and(|conditions| !conditions.is_empty());
    if every_principal && !conditions { Applies::Yes } else { Applies::Perhaps }
}

/// Returns true if the pattern of a resource matches such an object, `<bucket>/<key>`, in any partition.
fn names(resource: &str, object: &str) -> bool {
    match resource.split_once(":s3:::") {
        Some((_, named)) => overlap(named, object),
        None => overlap(resource, &format!("arn:aws:s3:::{object}")),
    }
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(many) => many.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn texts(value: &Value) -> Vec<&str> {
    one_or_many(value).into_iter().filter_map(Value::as_str).collect()
}

/// Returns true if there is a text that two patterns both match (`*` any text, `?` any letter).
fn overlap(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // common[j]: a text matches both the rest of `a` and `b[j..]`. Filled from the end of `a`.
    let mut common = vec![false; b.len() + 1];
    common[b.len()] = true;
    for j in (0..b.len()).rev() {
        common[j] = b[j] == '*' && common[j + 1];
    }
    for letter in a.iter().rev() {
        let next = common.clone();
        for j in (0..=b.len()).rev() {
            let other = b.get(j).copied();
            common[j] = match (*letter, other) {
                ('*', None) => next[j],
                ('*', Some(_)) | (_, Some('*')) => next[j] || common[j + 1],
                (_, None) => false,
                (x, Some(y)) => (x == y || x == '?' || y == '?') && next[j + 1],
            };
        }
    }
    common[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{PolicyEffect, effect_on, overlap};

    fn of(statements: &serde_json::Value) -> PolicyEffect {
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        effect_on(Some(&policy), &["aws-patch-manager-eu-west-1".into(), "aws-ssm-eu-west-1".into()])
    }

    #[test]
    fn policies_as_people_write_them() {
        let allow = |resource: &str| json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource});
        for (statements, expected) in [
            (json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]), PolicyEffect::Allows),
            (json!(allow("arn:aws:s3:::aws-patch-manager-eu-west-1-5522fb710/*")), PolicyEffect::Allows),
            (json!(allow("arn:aws:s3:::aws-ssm-eu-west-1/*")), PolicyEffect::Allows),
            (json!(allow("arn:aws:s3:::aws-ssm-*/*")), PolicyEffect::Allows),
            (json!(allow("arn:aws:s3:::own-bucket/*")), PolicyEffect::DoesNotAllow),
            (json!(allow("arn:aws:s3:::aws-ssm-us-east-1/*")), PolicyEffect::DoesNotAllow),
            (
                json!({"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}),
                PolicyEffect::DoesNotAllow,
            ),
            (json!([]), PolicyEffect::DoesNotAllow),
            (
                json!([allow("*"), {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]),
                PolicyEffect::DoesNotAllow,
            ),
            (
                json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*",
                       "Condition": {"StringEquals": {"aws:ResourceOrgID": "o-1"}}}),
                PolicyEffect::Depends,
            ),
            (
                json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:Get*"], "Resource": ["*"]}),
                PolicyEffect::Allows,
            ),
            (
                json!({"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:*", "Resource": "*"}),
                PolicyEffect::Depends,
            ),
            (
                json!({"Effect": "Allow", "Principal": "*", "NotAction": "s3:Put*", "Resource": "*"}),
                PolicyEffect::Depends,
            ),
        ] {
            assert_eq!(of(&statements), expected, "{statements}");
        }
        assert_eq!(effect_on(None, &["a".into()]), PolicyEffect::Allows);
        assert_eq!(effect_on(Some("no JSON"), &["a".into()]), PolicyEffect::Depends);
    }

    proptest! {
        #[test]
        fn a_text_that_both_patterns_match_is_one_in_common(text in "[ab]{0,6}", a in patterns(), b in patterns()) {
            if matches(&a, &text) && matches(&b, &text) {
                prop_assert!(overlap(&a, &b));
            }
            prop_assert_eq!(overlap(&a, &b), overlap(&b, &a));
            prop_assert_eq!(overlap(&a, &text), matches(&a, &text));
        }
    }

    fn patterns() -> impl Strategy<Value = String> {
        "[ab*?]{0,6}"
    }

    /// Matches a pattern in the simplest way.
    fn matches(pattern: &str, text: &str) -> bool {
        match (pattern.chars().next(), text.chars().next()) {
            (None, None) => true,
            (Some('*'), _) => matches(&pattern[1..], text) || (!text.is_empty() && matches(pattern, &text[1..])),
            (Some(letter), Some(other)) => (letter == '?' || letter == other) && matches(&pattern[1..], &text[1..]),
            _ => false,
        }
    }
}
