//! Which baselines orgpatch created, and that nothing else proves it.

use std::collections::HashMap;

use orgpatch_model::reason::ReasonCode;
use serde_json::json;

use super::*;

/// Returns the account after a stage as the next run sees it, and what was remembered before and after the changes.
fn run(name: &str, observed: Observed, memory: BaselineMemory) -> (Observed, BaselineMemory, BaselineMemory) {
    let observed = observed.recognized(&memory);
    let changes = difference(&stage(name), &observed);
    let before = memory.before(&changes, &observed, false);
    let after = applied(observed, &changes, &stage(name));
    let new = |name: &String| after.baselines.iter().rev().find(|one| one.name == *name).map(|one| one.id.clone());
    let ids: HashMap<String, String> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Create { baseline } => Some((baseline.name.clone(), new(&baseline.name)?)),
            _ => None,
        })
        .collect();
    let remembered = before.clone().after(&ids, false);
    (after, before, remembered)
}

fn created(memory: &BaselineMemory) -> Vec<(Option<&str>, &str)> {
    let created = memory.created.iter().flatten();
    created.map(|one| (one.id.as_deref(), one.name.as_str())).collect()
}

/// A baseline with the name and the tags of the plan's for Amazon Linux 2023, which orgpatch did not create.
fn tagged() -> Observed {
    let mut observed = untouched();
    let linux = &stage("test")[0];
    let mut tagged = own("pb-0tagged", &linux.name, linux.operating_system);
    tagged.tags = linux.tags.clone();
    observed.baselines.push(tagged);
    observed
}

#[test]
fn the_tags_alone_make_no_baseline_ours() {
    for memory in [BaselineMemory::default(), run("staging", untouched(), BaselineMemory::default()).2] {
        let observed = tagged().recognized(&memory);
        let changes = difference(&stage("test")[..1], &observed);
        let [Change::Foreign { tags_only: true, .. }] = &changes[..] else { panic!("{}", lines(&changes)) };
        assert_eq!(changes[0].reason().expect("a reason").code, ReasonCode::BaselineTagsOnly);
        assert_eq!(blocked(&changes).len(), 1);
        // What it replaced is not ours either: it is given back.
        let mut default = observed;
        default.defaults.insert(Os::AmazonLinux2023, "pb-0tagged".to_owned());
        let changes = difference(&stage("staging")[..1], &default);
        assert_eq!(Previous::of(&changes, &default).defaults[&Os::AmazonLinux2023], "pb-0tagged");
    }
}

#[test]
fn what_was_created_is_recognized_in_the_next_run() {
    let (observed, before, memory) = run("test", untouched(), BaselineMemory::default());
    let names = stage("test").into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(created(&before), [(None, &*names[0]), (None, &*names[1])]);
    assert!(memory.created.iter().flatten().all(|one| one.id.is_some() && one.plan == "monthly"));
    assert_eq!(difference(&stage("test"), &observed.clone().recognized(&memory)), []);
    // A second run has nothing to remember, whichever stage it is of.
    let (_, before, after) = run("test", observed.clone(), memory.clone());
    assert_eq!((&before, &after), (&memory, &memory));
    assert_eq!(created(&run("staging", observed, memory).2).len(), 4);
}

#[test]
fn a_death_before_the_id_is_known_leaves_what_finds_it_again() {
    let (observed, before, memory) = run("test", untouched(), BaselineMemory::default());
    // The ids were never written.
    let seen = observed.clone().recognized(&before);
    assert_eq!(difference(&stage("test"), &seen), []);
    let healed = run("test", observed, before.clone()).2;
    let mut ids = [created(&healed), created(&memory)];
    for ids in &mut ids {
        ids.sort_unstable();
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(healed.previous, memory.previous, "our own baseline is not what was there before");
    // Nothing was created: AWS refused it, and nothing is expected any more.
    assert_eq!(created(&before.after(&HashMap::new(), false)), []);
}

/// AWS refuses to show a baseline that was created before a death: what was expected is still expected.
#[test]
fn what_aws_does_not_show_is_not_forgotten() {
    let (observed, before, _) = run("test", untouched(), BaselineMemory::default());
    let none_shown = Observed { baselines: Vec::new(), ..observed.clone() };
    let kept = before.clone().before(&[], &none_shown, true).after(&HashMap::new(), true);
    assert_eq!(created(&kept), created(&before));
    assert_eq!(difference(&stage("test"), &observed.recognized(&kept)), []);
}

#[test]
fn the_record_of_an_earlier_version_is_completed_once_from_the_tags_of_all_baselines() {
    // Two stages, as an earlier version left them.
    let (observed, ..) = run("test", untouched(), BaselineMemory::default());
    let (observed, ..) = run("production", observed, BaselineMemory::default());
    let old = json!({"defaults": {"WINDOWS": "pb-0theirs"}});
    let old: BaselineMemory = serde_json::from_value(old).expect("a record of an earlier version");
    assert!(old.is_of_earlier_version());
    let (observed, _, memory) = run("test", observed, old);
    assert_eq!(memory.previous.defaults[&Os::Windows], "pb-0theirs");
    assert_eq!(created(&memory).len(), 3, "{:?}", created(&memory));
    // From then on, tags count no more.
    let mut spoiled = observed;
    spoiled.baselines.push(tagged().baselines.pop().expect("one"));
    let seen = spoiled.recognized(&memory);
    assert!(!seen.baseline("pb-0tagged").expect("it is there").is_of_orgpatch());
    // A name that orgpatch would not have given is no name of orgpatch, even for an earlier version.
    let mut renamed = tagged();
    renamed.baselines.last_mut().expect("one").name = "orgpatch-theirs".to_owned();
    let old = BaselineMemory { created: None, ..BaselineMemory::default() };
    assert!(renamed.recognized(&old).baselines.iter().all(|one| !one.is_of_orgpatch()));
}

#[test]
fn the_record_keeps_its_format() {
    let memory = run("test", untouched(), BaselineMemory::default()).2;
    let json = serde_json::to_value(&memory).expect("JSON");
    assert_eq!(json["defaults"]["WINDOWS"], untouched().defaults[&Os::Windows]);
    assert_eq!(json["created"][1]["operatingSystem"], "WINDOWS");
    assert_eq!(serde_json::from_value::<BaselineMemory>(json.clone()).expect("a record"), memory);
    // An earlier version reads it, too.
    assert_eq!(serde_json::from_value::<Previous>(json).expect("a record"), memory.previous);
}

#[test]
fn restoring_leaves_what_only_has_the_tags() {
    let (mut observed, _, memory) = run("test", untouched(), BaselineMemory::default());
    let mut tagged = own("pb-0tagged", "orgpatch-theirs", Os::Windows);
    tagged.tags = stage("test")[1].tags.clone();
    observed.defaults.insert(Os::Windows, tagged.id.clone());
    observed.baselines.push(tagged);
    let observed = observed.recognized(&memory);
    let changes = restore(&memory.previous, &observed);
    let codes: Vec<String> = changes.iter().filter_map(Change::reason).map(|reason| reason.code.to_string()).collect();
    assert_eq!(codes, ["baseline-changed-since", "baseline-kept", "baseline-kept", "baseline-tags-only"]);
    assert_eq!(changes.iter().filter(|change| change.is_write()).count(), 1, "{}", lines(&changes));
}
