//! Lists of network parts: ids, filters, pages, and what all parts have in common.
use super::request::{checked_filters, text, unknown_filter};
use crate::{
    wire::{
        AwsError, Call,
        ec2::{Xml, list},
        paging::{Page, page},
    },
    world::World,
};

/// What differs between the operations that list parts of a network.
pub struct Listing {
    /// The operation's name.
    pub operation: &'static str,
    /// The parameter with ids, and the error for an id that does not exist.
    pub ids: (&'static str, &'static str),
    /// The bounds of `MaxResults`. Without it a page has the largest size.
    pub sizes: (usize, usize),
}

impl Listing {
    /// Returns the page that a request asks for. `values` returns the values of an item for a filter, or None for an
    /// unknown filter.
    pub fn page<T: Copy>(
        &self,
        world: &World,
        call: &Call,
        items: impl Iterator<Item = T>,
        id: impl Fn(T) -> String,
        values: impl Fn(T, &str) -> Option<Vec<String>>,
    ) -> Result<Page<T>, AwsError> {
        let (least, most) = self.sizes;
        let size = match text(call, "MaxResults").map(str::parse::<usize>) {
            None => most,
            Some(Ok(size)) if (least..=most).contains(&size) => size,
            Some(_) => {
                return Err(AwsError::new(
                    "InvalidParameterValue",
                    format!("Value for parameter maxResults is invalid. Expecting a value between {least} and {most}."),
                ));
            }
        };
        let (wanted, filters) = (list(&call.request, self.ids.0), checked_filters(call)?);
        let items: Vec<T> = items.collect();
        if let Some(missing) = wanted.iter().find(|wanted| !items.iter().any(|item| id(*item) == **wanted)) {
            return Err(AwsError::new(self.ids.1, format!("The ID '{missing}' does not exist")));
        }
        let mut chosen = Vec::new();
        for item in items {
            let mut fits = wanted.is_empty() || wanted.contains(&id(item));
            for filter in &filters {
                let values = values(item, &filter.name).ok_or_else(|| unknown_filter(&filter.name))?;
                fits &= values.iter().any(|value| filter.matches(value));
            }
            if fits {
                chosen.push(item);
            }
        }
        page(self.operation, chosen, size, text(call, "NextToken"), world.organization.empty_pages)
            .map_err(|_| AwsError::new("InvalidParameterValue", "Unable to parse pagination token"))
    }
}

/// Returns the positions of items in VPCs of the caller's account and Region.
pub fn here(world: &World, call: &Call, vpcs: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
    let networks = &world.fleet.networks;
    vpcs.enumerate().filter(|(_, vpc)| networks.is_at(*vpc, &call.account, &call.region)).map(|(position, _)| position)
}

/// Returns the values of filters that every part of a VPC has: its owner, and the tag `Name`.
pub fn common_values(world: &World, vpc: usize, name: &str, filter: &str) -> Option<Vec<String>> {
    let vpc = &world.fleet.networks.vpcs[vpc];
    Some(vec![match filter {
        "vpc-id" => vpc.id.clone(),
        "owner-id" => vpc.account.clone(),
        "tag:Name" => name.to_owned(),
        "tag-key" => "Name".to_owned(),
        other if other.starts_with("tag:") => return Some(Vec::new()),
        _ => return None,
    }])
}

pub fn write_name(xml: &mut Xml, name: &str) {
    xml.items("tagSet", [name], |xml, name| {
        xml.text("key", "Name");
        xml.text("value", name);
    });
}
