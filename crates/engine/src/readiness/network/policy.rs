//! Whether the policy of an endpoint lets somebody download from a family of buckets.
//!
//! Only what a policy says without conditions is judged. The real names of the buckets end in suffixes that follow no
//! formula, so a policy admits a family if it admits any bucket whose name begins that way.

use serde_json::Value;

/// What the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// It admits at least one bucket of the family.
    Admits,
    /// It admits none.
    Excludes,
    /// That depends on conditions, or on what only AWS evaluates.
    Depends,
}

/// What `policy` says of downloads from buckets whose names begin with any of `prefixes`. No policy admits everything.
pub(super) fn says(policy: Option<&str>, prefixes: &[String]) -> Says {
    let Some(text) = policy else {
        return Says::Admits;
    };
    let Ok(policy) = serde_json::from_str::<Value>(text) else {
        return Says::Depends;
    };
    let statements: Vec<&Value> = one_or_many(&policy["Statement"]);
    let objects: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}*/*")).collect();
    let mut depends = false;
    let mut admitted = vec![false; objects.len()];
    let mut denied = vec![false; objects.len()];
    for statement in statements {
        let allows = statement["Effect"] == "Allow";
        for (index, object) in objects.iter().enumerate() {
            match concerns(statement, object) {
                Concerns::Not => {}
                Concerns::Perhaps => depends = true,
                Concerns::Surely if allows => admitted[index] = true,
                Concerns::Surely => denied[index] = true,
            }
        }
    }
    let admits = admitted.iter().zip(&denied).any(|(admitted, denied)| *admitted && !denied);
    match (admits, depends) {
        (_, true) => Says::Depends,
        (true, false) => Says::Admits,
        (false, false) => Says::Excludes,
    }
}

enum Concerns {
    Not,
    Perhaps,
    Surely,
}

/// Whether a statement is about downloads of such objects, by everybody.
fn concerns(statement: &Value, object: &str) -> Concerns {
    let actions = texts(&statement["Action"]);
    let resources = texts(&statement["Resource"]);
    let action = actions.iter().any(|action| overlap(&action.to_ascii_lowercase(), "s3:getobject"));
    let resource = resources.iter().any(|resource| names(resource, object));
    let negated = ["NotAction", "NotResource", "NotPrincipal"].iter().any(|key| !statement[*key].is_null());
    if negated {
        return Concerns::Perhaps;
    }
    if !(action && resource) {
        return Concerns::Not;
    }
    let everybody = match &statement["Principal"] {
        Value::String(principal) => principal == "*",
        Value::Object(principal) => principal.get("AWS").is_some_and(|aws| texts(aws).contains(&"*")),
        // Written without one, it is for everybody.
        _ => true,
    };
    let conditions = statement["Condition"].as_object().is_some_and(|conditions| !conditions.is_empty());
    if everybody && !conditions { Concerns::Surely } else { Concerns::Perhaps }
}

/// Whether the pattern of a resource names such an object, `<bucket>/<key>`, in whatever partition.
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

/// Whether two patterns (`*` any text, `?` any letter) have a text in common.
fn overlap(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // common[j]: what is left of `a` and `b[j..]` have a text in common. Filled from the end of `a`.
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

    use super::{Says, overlap, says};

    fn of(statements: &serde_json::Value) -> Says {
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        says(Some(&policy), &["aws-patch-manager-eu-west-1".into(), "aws-ssm-eu-west-1".into()])
    }

    #[test]
    fn policies_as_people_write_them() {
        let allow = |resource: &str| json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource});
        for (statements, expected) in [
            (json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]), Says::Admits),
            (json!(allow("arn:aws:s3:::aws-patch-manager-eu-west-1-5522fb710/*")), Says::Admits),
            (json!(allow("arn:aws:s3:::aws-ssm-eu-west-1/*")), Says::Admits),
            (json!(allow("arn:aws:s3:::aws-ssm-*/*")), Says::Admits),
            (json!(allow("arn:aws:s3:::own-bucket/*")), Says::Excludes),
            (json!(allow("arn:aws:s3:::aws-ssm-us-east-1/*")), Says::Excludes),
            (json!({"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}), Says::Excludes),
            (json!([]), Says::Excludes),
            (
                json!([allow("*"), {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]),
                Says::Excludes,
            ),
            (
                json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*",
                       "Condition": {"StringEquals": {"aws:ResourceOrgID": "o-1"}}}),
                Says::Depends,
            ),
            (
                json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:Get*"], "Resource": ["*"]}),
                Says::Admits,
            ),
            (
                json!({"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:*", "Resource": "*"}),
                Says::Depends,
            ),
            (json!({"Effect": "Allow", "Principal": "*", "NotAction": "s3:Put*", "Resource": "*"}), Says::Depends),
        ] {
            assert_eq!(of(&statements), expected, "{statements}");
        }
        assert_eq!(says(None, &["a".into()]), Says::Admits);
        assert_eq!(says(Some("no JSON"), &["a".into()]), Says::Depends);
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

    /// The plain meaning of a pattern.
    fn matches(pattern: &str, text: &str) -> bool {
        match (pattern.chars().next(), text.chars().next()) {
            (None, None) => true,
            (Some('*'), _) => matches(&pattern[1..], text) || (!text.is_empty() && matches(pattern, &text[1..])),
            (Some(letter), Some(other)) => (letter == '?' || letter == other) && matches(&pattern[1..], &text[1..]),
            _ => false,
        }
    }
}
