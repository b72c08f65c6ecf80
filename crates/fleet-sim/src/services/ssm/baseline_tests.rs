//! Operations on patch baselines, their groups and their tags: one behaviour of AWS per test.
use crate::testing::{Lab, MEMBER, REGION};
use serde_json::{Value, json};

const AL: &str = "AMAZON_LINUX_2023";
const TAGS: &str = "PatchBaseline";

fn lab() -> Lab {
    Lab::linux(1, "")
}

fn create(lab: &mut Lab, os: &str, more: &Value) -> String {
    let mut request = json!({"Name": "mine", "OperatingSystem": os});
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    lab.ssm("CreatePatchBaseline", request)["BaselineId"].as_str().expect("an id").to_owned()
}

fn default_of(lab: &mut Lab, os: &str) -> String {
    lab.ssm("GetDefaultPatchBaseline", json!({"OperatingSystem": os}))["BaselineId"].as_str().expect("an id").to_owned()
}

fn names(lab: &mut Lab, key: &str, value: &str) -> Vec<String> {
    let request = json!({"Filters": [{"Key": key, "Values": [value]}]});
    let answer = lab.ssm("DescribePatchBaselines", request);
    let list = answer["BaselineIdentities"].as_array().expect("a list");
    list.iter().map(|identity| identity["BaselineName"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn the_default_baseline_is_that_of_windows_unless_asked_otherwise() {
    let mut lab = lab();
    assert_eq!(lab.ssm("GetDefaultPatchBaseline", json!({}))["OperatingSystem"], "WINDOWS");
    assert_eq!(names(&mut lab, "OPERATING_SYSTEM", "UBUNTU"), ["AWS-UbuntuDefaultPatchBaseline"]);
    let arn = default_of(&mut lab, "UBUNTU");
    let full = lab.ssm("GetPatchBaseline", json!({"BaselineId": arn}));
    assert_eq!((&full["Name"], &full["BaselineId"]), (&json!("AWS-UbuntuDefaultPatchBaseline"), &json!(arn)));
    assert_eq!(full["ApprovalRules"]["PatchRules"][0]["ApproveAfterDays"], 7, "without effect");
    let short = arn.rsplit_once('/').map(|(_, id)| id).expect("an ARN");
    for (id, code) in [
        (short, "DoesNotExistException"),
        ("pb-00000000000000000", "DoesNotExistException"),
        ("abcdefghijklmnopqrst", "InvalidResourceId"),
        ("pb-1", "ValidationException"),
    ] {
        assert_eq!(lab.ssm_error("GetPatchBaseline", json!({"BaselineId": id})), code, "{id}");
        assert_eq!(lab.ssm_error("RegisterDefaultPatchBaseline", json!({"BaselineId": id})), code, "{id}");
    }
}

#[test]
fn a_new_baseline_is_told_with_everything_that_aws_fills_in() {
    let mut lab = lab();
    let rule = json!({
        "PatchFilterGroup": {"PatchFilters": [{"Key": "CLASSIFICATION", "Values": ["Security"]}]}, "ApproveAfterDays": 3,
    });
    let id =
        create(&mut lab, AL, &json!({"ApprovalRules": {"PatchRules": [rule]}, "Tags": [{"Key": "a", "Value": "b"}]}));
    let full = lab.ssm("GetPatchBaseline", json!({"BaselineId": id}));
    let told = &full["ApprovalRules"]["PatchRules"][0];
    assert_eq!((&told["ComplianceLevel"], &told["EnableNonSecurity"]), (&json!("UNSPECIFIED"), &json!(false)));
    assert!(told["ApproveUntilDate"].is_null());
    assert_eq!(full["RejectedPatchesAction"], "ALLOW_AS_DEPENDENCY");
    assert_eq!((&full["GlobalFilters"], &full["PatchGroups"]), (&json!({"PatchFilters": []}), &json!([])));
    assert!(full["Description"].is_null() && full["AvailableSecurityUpdatesComplianceStatus"].is_null());
    assert!(full["Tags"].is_null(), "tags are told by another operation");
    let windows = lab.ssm("CreatePatchBaseline", json!({"Name": "mine"}))["BaselineId"].take();
    let full = lab.ssm("GetPatchBaseline", json!({"BaselineId": windows}));
    assert_eq!(full["OperatingSystem"], "WINDOWS", "unless asked otherwise");
    assert_eq!(full["AvailableSecurityUpdatesComplianceStatus"], "COMPLIANT");
    assert_eq!(names(&mut lab, "OWNER", "Self"), ["mine", "mine"], "a name may be there twice");
}

#[test]
fn what_aws_refuses_makes_no_baseline() {
    let mut lab = lab();
    let filter = |key: &str| json!([{"PatchFilterGroup": {"PatchFilters": [{"Key": key, "Values": ["*"]}]}, "ApproveAfterDays": 1}]);
    for (more, code) in [
        (json!({"Name": null}), "ValidationException"),
        (json!({"OperatingSystem": "OS2"}), "ValidationException"),
        (json!({"ApprovalRules": {"PatchRules": filter("PRIORITY")}}), "ValidationException"),
        (json!({"ApprovalRules": {"PatchRules": filter("COLOUR")}}), "ValidationException"),
        (json!({"ApprovalRules": {"PatchRules": [{"ApproveAfterDays": 1}]}}), "ValidationException"),
        (json!({"ApprovedPatchesComplianceLevel": "GRAVE"}), "ValidationException"),
        (json!({"RejectedPatches": vec!["x"; 51]}), "ValidationException"),
        (json!({"Tags": [{"Key": "a"}]}), "ValidationException"),
        (json!({"Tags": [{"Key": "a{", "Value": ""}]}), "ValidationException"),
        (json!({"ClientToken": ""}), "ValidationException"),
        (json!({"RejectedPatches": "x"}), "SerializationException"),
        (json!({"OperatingSystem": "WINDOWS", "Sources": []}), "ValidationException"),
        (
            json!({"OperatingSystem": "UBUNTU", "ApprovalRules": {"PatchRules": [{"PatchFilterGroup": {"PatchFilters": []}}]}}),
            "ValidationException",
        ),
    ] {
        let mut request = json!({"Name": "mine", "OperatingSystem": AL});
        for (name, value) in more.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        assert_eq!(lab.ssm_error("CreatePatchBaseline", request), code, "{more}");
    }
    assert!(names(&mut lab, "OWNER", "Self").is_empty());
}

#[test]
fn the_values_of_filters_are_listed_by_property_and_patch_set() {
    let mut lab = lab();
    let mut list = |request: Value| {
        let answer = lab.ssm("DescribePatchProperties", request);
        let names = answer["Properties"].as_array().expect("a list").iter().map(|entry| entry["Name"].as_str());
        (names.map(|name| name.expect("text").to_owned()).collect::<Vec<_>>().join(" "), answer["NextToken"].clone())
    };
    let request = |os: &str, property: &str| json!({"OperatingSystem": os, "Property": property});
    assert_eq!(list(request("AMAZON_LINUX_2", "SEVERITY")).0, "Critical Important Medium Low");
    assert_eq!(list(request("UBUNTU", "PRIORITY")).0, "Required Important Standard Optional Extra");
    assert_eq!(list(request("WINDOWS", "PRODUCT_FAMILY")).0, "Windows");
    let mut applications = request("WINDOWS", "PRODUCT_FAMILY");
    applications["PatchSet"] = json!("APPLICATION");
    assert_eq!(list(applications).0, "Active Directory Office SQL Server");
    let mut paged = request("WINDOWS", "CLASSIFICATION");
    paged["MaxResults"] = json!(9);
    let (first, token) = list(paged.clone());
    assert!(first.ends_with("UpdateRollups Updates"), "{first}");
    paged["NextToken"] = token;
    assert_eq!(list(paged), ("Upgrades".to_owned(), Value::Null));
    for wrong in [
        json!({"OperatingSystem": AL}),
        json!({"Property": "PRODUCT"}),
        request(AL, "PRIORITY"),
        request(AL, "PATCH_SET"),
        json!({"OperatingSystem": "WINDOWS", "Property": "PRODUCT", "PatchSet": "ALL"}),
        json!({"OperatingSystem": AL, "Property": "PRODUCT", "MaxResults": 51}),
    ] {
        assert_eq!(lab.ssm_error("DescribePatchProperties", wrong.clone()), "ValidationException", "{wrong}");
    }
}

#[test]
fn a_value_that_is_not_listed_is_refused_when_a_baseline_is_made_and_when_it_is_changed() {
    let mut lab = lab();
    let rules = |value: &str| {
        json!({"PatchRules": [{
            "PatchFilterGroup": {"PatchFilters": [{"Key": "SEVERITY", "Values": [value]}]}, "ApproveAfterDays": 1,
        }]})
    };
    let id = create(&mut lab, AL, &json!({"ApprovalRules": rules("Low")}));
    let update = json!({"BaselineId": id, "ApprovalRules": rules("High")});
    assert_eq!(lab.ssm_error("UpdatePatchBaseline", update), "ValidationException");
    let new = json!({"Name": "mine", "OperatingSystem": AL, "ApprovalRules": rules("High")});
    assert_eq!(lab.ssm_error("CreatePatchBaseline", new), "ValidationException");
}

#[test]
fn a_client_token_makes_one_baseline_however_often_it_is_sent() {
    let mut lab = lab();
    let token = json!({"ClientToken": "t", "Tags": [{"Key": "a", "Value": "b"}]});
    let first = create(&mut lab, AL, &token);
    assert_eq!(create(&mut lab, AL, &token), first);
    for (name, value) in [("Name", json!("other")), ("OperatingSystem", json!("SUSE")), ("Tags", json!([]))] {
        let mut request = json!({"Name": "mine", "OperatingSystem": AL, "ClientToken": "t", "Tags": token["Tags"]});
        request[name] = value;
        assert_eq!(lab.ssm_error("CreatePatchBaseline", request), "IdempotentParameterMismatch", "{name}");
    }
    assert_ne!(create(&mut lab, AL, &json!({})), first, "without a token every call makes one");
    lab.ssm("DeletePatchBaseline", json!({"BaselineId": first}));
    assert_ne!(create(&mut lab, AL, &token), first, "the token goes with its baseline");
}

#[test]
fn fifty_baselines_are_the_quota_of_an_account_in_a_region() {
    let mut lab = lab();
    let ids: Vec<_> = (0..50).map(|_| create(&mut lab, AL, &json!({}))).collect();
    let more = json!({"Name": "mine", "OperatingSystem": "SUSE"});
    assert_eq!(lab.ssm_error("CreatePatchBaseline", more.clone()), "ResourceLimitExceededException");
    assert!(lab.raw("ssm", "CreatePatchBaseline", crate::testing::MANAGEMENT, more.clone()).is_ok(), "another account");
    lab.ssm("DeletePatchBaseline", json!({"BaselineId": ids[7]}));
    let new = lab.ssm("CreatePatchBaseline", more)["BaselineId"].take();
    assert!(!ids.iter().any(|id| new == id.as_str()), "ids are not used again");
}

#[test]
fn an_update_keeps_what_it_does_not_name_and_replace_does_not() {
    let mut lab = lab();
    let id = create(
        &mut lab,
        AL,
        &json!({"Description": "d", "RejectedPatches": ["vim"], "RejectedPatchesAction": "BLOCK"}),
    );
    lab.at(60);
    let kept = lab.ssm("UpdatePatchBaseline", json!({"BaselineId": id, "ApprovedPatches": ["bash"]}));
    assert_eq!((&kept["Description"], &kept["RejectedPatches"]), (&json!("d"), &json!(["vim"])));
    assert_eq!((&kept["ApprovedPatches"], &kept["RejectedPatchesAction"]), (&json!(["bash"]), &json!("BLOCK")));
    assert_eq!(kept["ModifiedDate"].as_f64().zip(kept["CreatedDate"].as_f64()).map(|(m, c)| m - c), Some(60.0));
    assert_eq!(lab.ssm_error("UpdatePatchBaseline", json!({"BaselineId": id, "Replace": true})), "ValidationException");
    let replaced = lab.ssm("UpdatePatchBaseline", json!({"BaselineId": id, "Replace": true, "Name": "new"}));
    assert_eq!((&replaced["Name"], &replaced["OperatingSystem"]), (&json!("new"), &json!(AL)));
    assert!(replaced["Description"].is_null());
    assert_eq!(
        (&replaced["RejectedPatches"], &replaced["RejectedPatchesAction"]),
        (&json!([]), &json!("ALLOW_AS_DEPENDENCY"))
    );
    let wrong = json!({"BaselineId": id, "RejectedPatches": [""]});
    assert_eq!(lab.ssm_error("UpdatePatchBaseline", wrong), "ValidationException");
    let nothing = json!({"BaselineId": "pb-00000000000000000"});
    assert_eq!(lab.ssm_error("UpdatePatchBaseline", nothing), "DoesNotExistException");
    let arn = default_of(&mut lab, AL);
    assert_eq!(lab.ssm_error("UpdatePatchBaseline", json!({"BaselineId": arn, "Name": "new"})), "ValidationException");
}

#[test]
fn what_is_in_use_cannot_be_deleted_and_what_is_gone_can() {
    let mut lab = lab();
    let id = create(&mut lab, AL, &json!({}));
    let this = json!({"BaselineId": id});
    let predefined = default_of(&mut lab, AL);
    lab.ssm("RegisterDefaultPatchBaseline", this.clone());
    assert_eq!(lab.ssm_error("DeletePatchBaseline", this.clone()), "ResourceInUseException");
    lab.ssm("RegisterDefaultPatchBaseline", json!({"BaselineId": predefined}));
    let group = json!({"BaselineId": id, "PatchGroup": "web"});
    lab.ssm("RegisterPatchBaselineForPatchGroup", group.clone());
    assert_eq!(lab.ssm_error("DeletePatchBaseline", this.clone()), "ResourceInUseException");
    lab.ssm("DeregisterPatchBaselineForPatchGroup", group);
    assert_eq!(lab.ssm("DeletePatchBaseline", this.clone())["BaselineId"], id.as_str());
    assert_eq!(lab.ssm_error("GetPatchBaseline", this.clone()), "DoesNotExistException");
    assert_eq!(lab.ssm("DeletePatchBaseline", this)["BaselineId"], id.as_str(), "twice is no error");
    assert_eq!(lab.ssm_error("DeletePatchBaseline", json!({"BaselineId": predefined})), "ValidationException");
}

#[test]
fn every_system_has_one_default_and_it_can_be_given_back() {
    let mut lab = lab();
    let predefined = default_of(&mut lab, AL);
    let (first, second) = (create(&mut lab, AL, &json!({})), create(&mut lab, AL, &json!({})));
    for id in [&first, &second] {
        assert_eq!(lab.ssm("RegisterDefaultPatchBaseline", json!({"BaselineId": id}))["BaselineId"], id.as_str());
        assert_eq!(default_of(&mut lab, AL), *id);
    }
    let all = lab.ssm("DescribePatchBaselines", json!({}))["BaselineIdentities"].take();
    let defaults = all.as_array().expect("a list").iter().filter(|identity| identity["DefaultBaseline"] == true);
    let of_al: Vec<_> = defaults.clone().filter(|identity| identity["OperatingSystem"] == AL).collect();
    assert_eq!((defaults.count(), of_al.len(), &of_al[0]["BaselineId"]), (15, 1, &json!(second)));
    assert!(default_of(&mut lab, "SUSE").starts_with("arn:"), "other systems keep theirs");
    lab.ssm("RegisterDefaultPatchBaseline", json!({"BaselineId": predefined}));
    assert_eq!(default_of(&mut lab, AL), predefined);
}

#[test]
fn baselines_are_listed_by_owner_name_and_system_and_in_pages() {
    let mut lab = lab();
    for name in ["orgpatch-a", "orgpatch-b", "other"] {
        create(&mut lab, AL, &json!({"Name": name}));
    }
    assert_eq!(names(&mut lab, "NAME_PREFIX", "orgpatch-"), ["orgpatch-a", "orgpatch-b"]);
    assert_eq!(names(&mut lab, "OWNER", "Self").len(), 3);
    assert_eq!(names(&mut lab, "OWNER", "AWS").len(), 17);
    assert_eq!(names(&mut lab, "OWNER", "All").len(), 20);
    assert_eq!(names(&mut lab, "OPERATING_SYSTEM", AL).len(), 4);
    let first = lab.ssm("DescribePatchBaselines", json!({"MaxResults": 15}));
    assert_eq!(first["BaselineIdentities"].as_array().map(Vec::len), Some(15));
    let rest = lab.ssm("DescribePatchBaselines", json!({"NextToken": first["NextToken"]}));
    assert_eq!((rest["BaselineIdentities"].as_array().map(Vec::len), &rest["NextToken"]), (Some(5), &Value::Null));
    let unknown = json!({"Filters": [{"Key": "COLOUR", "Values": ["red"]}]});
    assert_eq!(lab.ssm_error("DescribePatchBaselines", unknown), "ValidationException");
}

#[test]
fn a_patch_group_has_one_baseline_for_each_system() {
    let mut lab = lab();
    let (first, second, suse) =
        (create(&mut lab, AL, &json!({})), create(&mut lab, AL, &json!({})), create(&mut lab, "SUSE", &json!({})));
    let web = |id: &str| json!({"BaselineId": id, "PatchGroup": "web"});
    lab.ssm("RegisterPatchBaselineForPatchGroup", web(&first));
    lab.ssm("RegisterPatchBaselineForPatchGroup", web(&first));
    lab.ssm("RegisterPatchBaselineForPatchGroup", web(&suse));
    assert_eq!(lab.ssm_error("RegisterPatchBaselineForPatchGroup", web(&second)), "AlreadyExistsException");
    let of = |lab: &mut Lab, group: &str, os: &str| {
        let request = json!({"PatchGroup": group, "OperatingSystem": os});
        lab.ssm("GetPatchBaselineForPatchGroup", request)["BaselineId"].as_str().expect("an id").to_owned()
    };
    assert_eq!((of(&mut lab, "web", AL), of(&mut lab, "web", "SUSE")), (first.clone(), suse.clone()));
    assert_eq!(of(&mut lab, "db", AL), default_of(&mut lab, AL), "no baseline: the default");
    assert_eq!(lab.ssm("GetPatchBaseline", json!({"BaselineId": first}))["PatchGroups"], json!(["web"]));
    let groups =
        |lab: &mut Lab, filters: Value| lab.ssm("DescribePatchGroups", json!({"Filters": filters}))["Mappings"].take();
    assert_eq!(groups(&mut lab, json!([])).as_array().map(Vec::len), Some(2));
    let narrowed = groups(&mut lab, json!([{"Key": "OPERATING_SYSTEM", "Values": ["SUSE"]}]));
    assert_eq!(
        (&narrowed[0]["PatchGroup"], &narrowed[0]["BaselineIdentity"]["BaselineId"]),
        (&json!("web"), &json!(suse))
    );
    assert_eq!(groups(&mut lab, json!([{"Key": "NAME_PREFIX", "Values": ["x"]}])), json!([]));

    lab.ssm("DeregisterPatchBaselineForPatchGroup", web(&second));
    assert_eq!(of(&mut lab, "web", AL), first, "that one was not registered");
    lab.ssm("DeregisterPatchBaselineForPatchGroup", web(&first));
    assert_eq!(of(&mut lab, "web", AL), default_of(&mut lab, AL));
    let unknown = web("pb-00000000000000000");
    assert_eq!(lab.ssm_error("DeregisterPatchBaselineForPatchGroup", unknown.clone()), "InvalidResourceId");
    assert_eq!(lab.ssm_error("RegisterPatchBaselineForPatchGroup", unknown), "DoesNotExistException");
    let empty = json!({"BaselineId": first, "PatchGroup": ""});
    assert_eq!(lab.ssm_error("RegisterPatchBaselineForPatchGroup", empty), "ValidationException");
}

#[test]
fn a_baseline_has_at_most_twenty_five_patch_groups() {
    let mut lab = lab();
    let id = create(&mut lab, AL, &json!({}));
    let request = |n: usize| json!({"BaselineId": id, "PatchGroup": format!("g{n}")});
    for n in 0..25 {
        lab.ssm("RegisterPatchBaselineForPatchGroup", request(n));
    }
    lab.ssm("RegisterPatchBaselineForPatchGroup", request(0));
    assert_eq!(lab.ssm_error("RegisterPatchBaselineForPatchGroup", request(25)), "ResourceLimitExceededException");
}

#[test]
fn tags_are_added_replaced_and_removed() {
    let mut lab = lab();
    let id = create(&mut lab, AL, &json!({"Tags": [{"Key": "owner", "Value": "me"}]}));
    let this = |more: Value| {
        let mut request = json!({"ResourceType": TAGS, "ResourceId": id});
        for (name, value) in more.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        request
    };
    let tags = |lab: &mut Lab| {
        let list = lab.ssm("ListTagsForResource", this(json!({})))["TagList"].take();
        list.as_array()
            .expect("a list")
            .iter()
            .map(|t| format!("{}={}", t["Key"], t["Value"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(tags(&mut lab), ["owner=me"]);
    lab.ssm(
        "AddTagsToResource",
        this(json!({"Tags": [{"Key": "owner", "Value": "you"}, {"Key": "hash", "Value": "1"}]})),
    );
    assert_eq!(tags(&mut lab), ["hash=1", "owner=you"]);
    lab.ssm("RemoveTagsFromResource", this(json!({"TagKeys": ["owner", "nothing"]})));
    assert_eq!(tags(&mut lab), ["hash=1"]);
    let many: Vec<_> = (0..50).map(|n| json!({"Key": format!("k{n}"), "Value": ""})).collect();
    assert_eq!(lab.ssm_error("AddTagsToResource", this(json!({"Tags": many}))), "TooManyTagsError");
    let arn = default_of(&mut lab, AL);
    let own_arn = format!("arn:aws:ssm:{REGION}:{MEMBER}:patchbaseline/{id}");
    assert_eq!(lab.ssm("GetPatchBaseline", json!({"BaselineId": own_arn}))["BaselineId"], id.as_str());
    let foreign = own_arn.replace(MEMBER, "999999999999");
    assert_eq!(lab.ssm_error("GetPatchBaseline", json!({"BaselineId": foreign})), "DoesNotExistException");
    for (name, value, code) in [
        ("ResourceId", json!("pb-00000000000000000"), "InvalidResourceId"),
        ("ResourceId", json!(arn), "InvalidResourceId"),
        ("ResourceId", json!(own_arn), "InvalidResourceId"),
        ("ResourceType", json!("Parameter"), "InvalidResourceType"),
        ("ResourceType", json!("Baseline"), "ValidationException"),
    ] {
        let mut request = this(json!({"Tags": [{"Key": "a", "Value": "b"}], "TagKeys": ["a"]}));
        request[name] = value;
        for operation in ["AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"] {
            assert_eq!(lab.ssm_error(operation, request.clone()), code, "{operation} {name}");
        }
    }
    assert_eq!(lab.ssm_error("AddTagsToResource", this(json!({}))), "ValidationException");
}
