//! Systems Manager: `GetInventory`. `Aggregators` are not simulated.
use super::super::pages::with_token;
use super::request::ssm;
use crate::{
    fleet::{
        Node,
        inventory::{TYPES, capture_time, captured, rows},
    },
    scenario::Answer,
    scenario::InstanceState,
    wire::{AwsError, Call, fields::Fields, paging::page},
    world::World,
};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// Answers `GetInventory` with the managed instances, running or not, and one type of inventory.
///
/// An instance without the type is listed with empty `Data`. No documentation says what AWS does, so callers must be
/// ready for both.
pub fn get_inventory(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let request = ssm(call);
    let size = request.page_size(1..=50, 50)?;
    if request.get("Aggregators").is_some() {
        return Err(AwsError::new("InvalidAggregatorException", "Aggregators are not simulated."));
    }
    let wanted = match request.structures("ResultAttributes")?.as_slice() {
        [] => "AWS:InstanceInformation",
        [attribute] => attribute.required("TypeName")?,
        _ => return Err(request.refuse("ResultAttributes", "Member must have length less than or equal to 1")),
    };
    if wanted == "AWS:Application" && world.in_doubt.inventory_of_applications == Answer::Refused {
        let text = format!(
            "Result type name {wanted} is not supported. Supported type names are: AWS:InstanceInformation, \
             AWS:PatchSummary. Default result type name is AWS:InstanceInformation."
        );
        return Err(AwsError::new("InvalidResultAttributeException", text));
    }
    let (name, schema) = match TYPES.iter().find(|(name, _, _)| *name == wanted) {
        Some((name, schema, _)) => (*name, *schema),
        None => return Err(AwsError::new("InvalidTypeNameException", format!("{wanted} is not a valid type name."))),
    };
    let filters = request.structures("Filters")?.into_iter().map(Filter::read).collect::<Result<Vec<_>, _>>()?;
    if request.get("Filters").is_some() && !(1..=5).contains(&filters.len()) {
        return Err(request.refuse("Filters", "Member must have length between 1 and 5"));
    }
    let managed = world
        .fleet
        .instances_in(&call.account, &call.region)
        .filter(|node| node.abilities.managed && node.state != InstanceState::Absent);
    let chosen = managed.filter_map(|node| Some((node, captured(node, world.fleet.start, world.now)?)));
    let chosen = chosen.filter(|(node, _)| filters.iter().all(|filter| filter.passes(node)));
    let token = request.text("NextToken")?;
    let page = page(&format!("GetInventory {name}"), chosen, size, token, world.organization.empty_pages)?;
    let entity = |(node, at): (&Node, i64)| {
        let item =
            |rows| json!({"TypeName": name, "SchemaVersion": schema, "CaptureTime": capture_time(at), "Content": rows});
        let data: Map<_, _> = rows(node, name).map(|rows| (name.to_owned(), item(rows))).into_iter().collect();
        json!({"Id": node.id, "Data": data})
    };
    let entities: Vec<Value> = page.items.into_iter().map(entity).collect();
    Ok(with_token(json!({"Entities": entities}), page.next))
}

/// A filter, such as: `AWS:Application.Name` begins with `python`.
struct Filter {
    kind: &'static str,
    attribute: &'static str,
    values: Vec<String>,
    comparison: Comparison,
}

#[derive(Clone, Copy)]
enum Comparison {
    Equal,
    NotEqual,
    BeginWith,
    LessThan,
    GreaterThan,
}

impl Filter {
    fn read(fields: Fields<'_>) -> Result<Self, AwsError> {
        let invalid = |text: String| AwsError::new("InvalidFilter", text);
        let key = fields.required("Key")?;
        let known = key.rsplit_once('.').and_then(|(kind, attribute)| {
            let (kind, _, attributes) = TYPES.iter().find(|(name, _, _)| *name == kind)?;
            Some((*kind, *attributes.iter().find(|known| **known == attribute)?))
        });
        let (kind, attribute) = known.ok_or_else(|| invalid(format!("The filter key {key} isn't valid.")))?;
        let comparison = match fields.text("Type")?.unwrap_or("Equal") {
            "Equal" => Comparison::Equal,
            "NotEqual" => Comparison::NotEqual,
            "BeginWith" => Comparison::BeginWith,
            "LessThan" => Comparison::LessThan,
            "GreaterThan" => Comparison::GreaterThan,
            other => return Err(invalid(format!("The filter type {other} isn't valid without an aggregator."))),
        };
        Ok(Self { kind, attribute, values: fields.texts("Values", 40)?, comparison })
    }

    /// Returns whether a row of the instance passes. `NotEqual` passes if no row is equal.
    fn passes(&self, node: &Node) -> bool {
        let rows = rows(node, self.kind).unwrap_or_default();
        let mut have = rows.iter().filter_map(|row| row.get(self.attribute));
        let one = |text: &str, fits: fn(&str, &str) -> bool| self.values.iter().any(|value| fits(text, value));
        match self.comparison {
            Comparison::Equal => have.any(|text| one(text, |text, value| text == value)),
            Comparison::NotEqual => !have.any(|text| one(text, |text, value| text == value)),
            Comparison::BeginWith => have.any(|text| one(text, |text, value| text.starts_with(value))),
            Comparison::LessThan => have.any(|text| one(text, |text, value| by_numbers(text, value) == Ordering::Less)),
            Comparison::GreaterThan => {
                have.any(|text| one(text, |text, value| by_numbers(text, value) == Ordering::Greater))
            }
        }
    }
}

/// Compares versions number by number.
fn by_numbers(one: &str, other: &str) -> Ordering {
    let numbers = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u64>>();
    numbers(one).cmp(&numbers(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Lab, MEMBER, REGION};

    fn lab() -> Lab {
        let node = |n: usize, fields: &str| {
            format!("  - {{account: \"{MEMBER}\", region: {REGION}, id: i-0000000{n}, {fields}}}\n")
        };
        let fleet = [
            "os: AMAZON_LINUX_2023, inventory: true, installed: [bash]",
            "os: UBUNTU, inventory: true, python: absent",
            "os: REDHAT_ENTERPRISE_LINUX, inventory: true, python: \"3.12.1\", state: stopped",
            "os: WINDOWS, inventory: true, ping: connection-lost",
            "os: AMAZON_LINUX_2023",
            "os: AMAZON_LINUX_2023, inventory: true, agent: stopped",
        ];
        Lab::with(
            &fleet.iter().enumerate().map(|(n, fields)| node(n, fields)).collect::<String>(),
            "emptyPages: false\ninDoubt: {inventoryOfApplications: taken}",
        )
    }

    fn names(entity: &Value) -> Vec<&str> {
        let rows = entity["Data"]["AWS:Application"]["Content"].as_array();
        rows.into_iter().flatten().map(|row| row["Name"].as_str().expect("text")).collect()
    }

    fn ids(answer: &Value) -> Vec<&str> {
        answer["Entities"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|entity| entity["Id"].as_str().expect("text"))
            .collect()
    }

    #[test]
    fn applications_are_told_where_they_are_collected() {
        let mut lab = lab();
        let request = json!({"ResultAttributes": [{"TypeName": "AWS:Application"}]});
        let answer = lab.at(1_900).ssm("GetInventory", request.clone());
        assert_eq!(ids(&answer), ["i-00000000", "i-00000001", "i-00000002", "i-00000003", "i-00000004"]);
        assert_eq!(names(&answer["Entities"][0]), ["amazon-ssm-agent", "python3", "python3-libs", "bash"]);
        assert_eq!(names(&answer["Entities"][1]), ["amazon-ssm-agent"], "no Python");
        assert_eq!(names(&answer["Entities"][2])[1], "python3.12");
        assert_eq!(answer["Entities"][4]["Data"], json!({}), "not collected");
        let time = |n: usize| answer["Entities"][n]["Data"]["AWS:Application"]["CaptureTime"].clone();
        assert_eq!(
            [time(0), time(2), time(3)],
            ["2026-11-10T00:30:00Z", "2026-11-10T00:00:00Z", "2026-11-10T00:00:00Z"]
        );
        let later = lab.at(31 * 86_400).ssm("GetInventory", request);
        assert_eq!(
            ids(&later),
            ["i-00000000", "i-00000001", "i-00000004"],
            "the others were not collected for 30 days"
        );
    }

    #[test]
    fn applications_are_refused_as_aws_refused_other_types_unless_the_scenario_says_otherwise() {
        let request = json!({"ResultAttributes": [{"TypeName": "AWS:Application"}]});
        let node =
            format!("  - {{account: \"{MEMBER}\", region: {REGION}, id: i-00000000, os: UBUNTU, inventory: true}}\n");
        let mut strict = Lab::with(&node, "emptyPages: false");
        assert_eq!(strict.ssm_error("GetInventory", request), "InvalidResultAttributeException");
        let usual = json!({"ResultAttributes": [{"TypeName": "AWS:InstanceInformation"}]});
        assert_eq!(ids(&strict.ssm("GetInventory", usual)), ["i-00000000"]);
    }

    #[test]
    fn filters_compare_attributes() {
        let mut lab = lab();
        let mut ask = |key: &str, kind: &str, value: &str| {
            let request = json!({"Filters": [{"Key": key, "Type": kind, "Values": [value]}]});
            let answer = lab.ssm("GetInventory", request);
            ids(&answer).iter().map(|id| id.replace("i-0000000", "")).collect::<String>()
        };
        assert_eq!(ask("AWS:Application.Name", "BeginWith", "python"), "02");
        assert_eq!(ask("AWS:Application.Version", "GreaterThan", "3.9.20"), "2", "by numbers: 12 is more than 9");
        assert_eq!(ask("AWS:InstanceInformation.InstanceStatus", "Equal", "Stopped"), "2");
        assert_eq!(ask("AWS:InstanceInformation.InstanceStatus", "NotEqual", "Active"), "23");
        assert_eq!(ask("AWS:InstanceInformation.PlatformVersion", "LessThan", "9.5"), "2");
    }

    #[test]
    fn requests_are_checked() {
        let mut lab = lab();
        for (request, code) in [
            (json!({"Filters": [{"Key": "AWS:Application.Colour", "Values": ["red"]}]}), "InvalidFilter"),
            (json!({"Filters": [{"Key": "AWS:Application.Name", "Type": "Exists", "Values": ["x"]}]}), "InvalidFilter"),
            (json!({"ResultAttributes": [{"TypeName": "Custom:Rack"}]}), "InvalidTypeNameException"),
            (json!({"Aggregators": [{"Expression": "AWS:Application.Name"}]}), "InvalidAggregatorException"),
            (json!({"MaxResults": 51}), "ValidationException"),
            (json!({"NextToken": "x"}), "InvalidNextToken"),
        ] {
            assert_eq!(lab.ssm_error("GetInventory", request.clone()), code, "{request}");
        }
    }
}
