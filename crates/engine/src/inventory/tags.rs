//! Which tags of an instance are kept as text.

use std::collections::BTreeMap;

use orgpatch_model::tag::TagDigest;
use orgpatch_model::text::cut;
use orgpatch_plan::TagValues;

use crate::competing::{AUTO_SCALING_TAG, POLICY_TAG};

/// The tag that EC2's console shows as the name of an instance.
pub const NAME_TAG: &str = "Name";

/// The most characters of a value. EC2 allows no more (EC2 User Guide, "Tag restrictions").
const VALUE_CHARACTERS: usize = 256;

/// The most tags of patch policies that an instance keeps as text. Two policies on one instance are a mistake already.
const MOST_POLICY_TAGS: usize = 5;

/// The tags of an instance: as text those that orgpatch reads, all others as digests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KeptTags {
    /// The name, the Auto Scaling group, patch policies, and the tags that the plan names with key and value.
    pub texts: BTreeMap<String, String>,
    /// All others. Associations and maintenance windows may target them.
    pub others: Vec<TagDigest>,
}

/// Keeps what orgpatch reads of the tags of one instance, so that an instance takes a few hundred bytes however long its
/// tags are. `named` are the tags that the plan names. A tag whose key it names with another value is kept as a digest only: the
/// plan compares values.
#[must_use]
pub fn keep(named: &[&BTreeMap<String, TagValues>], tags: impl IntoIterator<Item = (String, String)>) -> KeptTags {
    let mut kept = KeptTags::default();
    let mut of_policies = 0;
    for (key, value) in tags {
        let named_in = |tags: &BTreeMap<String, TagValues>| tags.get(&key).is_some_and(|all| all.matches(&value));
        let is_of_policy = key.starts_with(POLICY_TAG) && of_policies < MOST_POLICY_TAGS;
        of_policies += usize::from(is_of_policy);
        if is_of_policy
            || [NAME_TAG, AUTO_SCALING_TAG].contains(&key.as_str())
            || named.iter().any(|tags| named_in(tags))
        {
            kept.texts.insert(key, cut(value, VALUE_CHARACTERS));
        } else {
            kept.others.push(TagDigest::of(&key, &value));
        }
    }
    kept.others.shrink_to_fit();
    kept
}

#[cfg(test)]
mod tests {
    use orgpatch_model::instance::Ec2Instance;
    use orgpatch_plan::Selection;

    use super::*;
    use crate::selection::left_out;

    fn owned(tags: &[(&str, &str)]) -> Vec<(String, String)> {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn selection() -> Selection {
        let mut select = Selection::default();
        select.tags.insert("Patch".into(), ["enabled", "on"].into());
        select.exclude.tags.insert("Exempt".into(), ["true"].into());
        select
    }

    fn named(select: &Selection) -> [&BTreeMap<String, TagValues>; 2] {
        [&select.tags, &select.exclude.tags]
    }

    #[test]
    fn only_what_is_read_stays_text() {
        let tags = [
            ("Name", "web-1"),
            ("aws:autoscaling:groupName", "web"),
            ("QSConfigName-abc12", "weekly"),
            ("Patch", "enabled"),
            ("Exempt", "false"),
            ("Owner", "shop"),
        ];
        let kept = keep(&named(&selection()), owned(&tags));
        let keys: Vec<&str> = kept.texts.keys().map(String::as_str).collect();
        assert_eq!(keys, ["Name", "Patch", "QSConfigName-abc12", "aws:autoscaling:groupName"]);
        assert_eq!(kept.others, [TagDigest::of("Exempt", "false"), TagDigest::of("Owner", "shop")]);
    }

    #[test]
    fn an_instance_of_fifty_long_tags_stays_small() {
        let value = "日".repeat(256);
        let mut tags: Vec<(String, String)> =
            (0..48).map(|n| (format!("QSConfigName-{n:03}"), value.clone())).collect();
        tags.push(("Patch".into(), value));
        let kept = keep(&named(&selection()), tags);
        assert_eq!((kept.texts.len(), kept.others.len()), (MOST_POLICY_TAGS, 44));
        let bytes: usize = kept.texts.iter().map(|(key, value)| key.len() + value.len()).sum();
        assert!(bytes < 4_000, "{bytes} bytes");
    }

    #[test]
    fn the_plan_selects_the_same_instances_by_what_is_kept() {
        let select = selection();
        for patch in ["enabled", "on", "off", ""] {
            for exempt in ["true", "false"] {
                let all = owned(&[("Patch", patch), ("Exempt", exempt), ("Owner", "shop")]);
                let whole = Ec2Instance { tags: all.clone().into_iter().collect(), ..Ec2Instance::default() };
                let KeptTags { texts, others } = keep(&named(&select), all);
                let small = Ec2Instance { tags: texts, other_tags: others, ..Ec2Instance::default() };
                assert_eq!(left_out(&select, &small, None), left_out(&select, &whole, None), "{patch} {exempt}");
            }
        }
        let mut any = Selection::default();
        any.exclude.tags.insert("Role".into(), TagValues::ANY);
        for tags in [&[("Role", "db")][..], &[("Role", "")], &[("role", "db")], &[]] {
            let whole = Ec2Instance { tags: owned(tags).into_iter().collect(), ..Ec2Instance::default() };
            let KeptTags { texts, others } = keep(&named(&any), owned(tags));
            let small = Ec2Instance { tags: texts, other_tags: others, ..Ec2Instance::default() };
            assert_eq!(left_out(&any, &small, None), left_out(&any, &whole, None), "{tags:?}");
            assert_eq!(left_out(&any, &whole, None).is_some(), whole.tags.contains_key("Role"), "{tags:?}");
        }
    }
}
