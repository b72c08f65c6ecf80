//! What is written is found again, by one writer each, and the committed list of writers is what the code says.

use std::path::Path;

use serde_json::{Map, Value};

use super::*;
use crate::fixtures;

const RUN: &str = "monthly-2026-11";
const STEP: &str = "01-test-1";

#[test]
fn what_is_written_for_a_target_is_found_again() {
    let target = fixtures::target();
    for object in TargetObject::ALL {
        let key = of_target(RUN, STEP, &target, object);
        let in_step = key.strip_prefix(&step(RUN, STEP)).expect("in the step");
        let place = (target.account_id.as_str(), target.region.as_str());
        assert_eq!(place_and_object(in_step), Some((place, OfTarget::Whole(object))));
    }
    for (object, chunk) in ChunkObject::ALL.into_iter().flat_map(|object| [1, 42, 9_999, 10_000].map(|n| (object, n))) {
        let key = of_chunk(RUN, STEP, &target, object, chunk);
        let in_step = key.strip_prefix(&step(RUN, STEP)).expect("in the step");
        let place = (target.account_id.as_str(), target.region.as_str());
        assert_eq!(place_and_object(in_step), Some((place, OfTarget::Chunk(object, chunk))), "{key}");
    }
    let others = [
        "targets.json",
        "gate.json",
        "children/scan/uuid/FAILED_0.json",
        "targets/222200000001/ap-northeast-1/02/inventory/0001.json",
        "targets/222200000001/ap-northeast-1/01/unknown.json",
        "targets/222200000001/ap-northeast-1/01/unknown/0001.json",
        "targets/222200000001/ap-northeast-1/01/inventory/0000.json",
        "targets/222200000001/ap-northeast-1/01/inventory/1.json",
        "targets/222200000001/ap-northeast-1/01/inventory/0001",
        "targets/222200000001/ap-northeast-1/01/inventory.json",
        "targets/222200000001/chunks.json",
    ];
    for other in others {
        assert_eq!(place_and_object(other), None, "{other}");
    }
}

#[test]
fn every_function_that_works_on_targets_has_a_record_of_its_own() {
    use orgpatch_model::target::Phase;
    let file = |owner, phase| TargetObject::record(owner, phase).map(TargetObject::file);
    assert_eq!(file(Owner::AssumeRole, Phase::RestoreBaselines), Some("scan-ended-by-assume-role.json"));
    assert_eq!(file(Owner::AssumeRole, Phase::Install), Some("install-ended-by-assume-role.json"));
    assert_eq!(file(Owner::Scan, Phase::Inventory), Some("scan-ended-by-scan.json"));
    assert_eq!(file(Owner::Scan, Phase::PreInstallScan), Some("install-ended-by-scan.json"));
    assert_eq!(file(Owner::Scan, Phase::Verify), Some("install-ended-by-scan.json"));
    assert_eq!(file(Owner::Install, Phase::Install), Some("install-ended-by-install.json"));
    assert_eq!(file(Owner::CollectResults, Phase::Scan), None);
    assert_eq!(ChunkObject::record(Phase::Scan), ChunkObject::Scan);
    assert_eq!(ChunkObject::record(Phase::Verify), ChunkObject::Install);
    assert_eq!(file(Owner::Install, Phase::Scan), None);
    assert_eq!(file(Owner::Gate, Phase::Scan), None);
}

#[test]
fn the_committed_list_of_writers_is_what_the_code_says() {
    let keys = owners(RUN, STEP, &fixtures::target(), "monthly");
    let written: Map<String, Value> = keys.iter().map(|(key, owner)| (key.clone(), owner.name().into())).collect();
    assert_eq!(written.len(), keys.len(), "two kinds of object have the same key");
    let text = serde_json::to_string_pretty(&written).expect("JSON") + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/keys.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &text).expect("written");
    }
    assert_eq!(
        std::fs::read_to_string(&file).unwrap_or_default(),
        text,
        "golden/keys.json is not what the code says; to write it anew: UPDATE_GOLDEN=1 cargo test -p orgpatch-records"
    );
}
