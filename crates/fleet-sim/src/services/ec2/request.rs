//! Requests to EC2: parameters, filters, and the token of the next page.
use crate::wire::{
    AwsError, Call,
    ec2::{Filter, Xml, filters},
};

pub fn text<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.request.get(name).and_then(serde_json::Value::as_str)
}

/// Returns the filters of a request. EC2 takes 50 filters with 200 values each.
pub fn checked_filters(call: &Call) -> Result<Vec<Filter>, AwsError> {
    let filters = filters(&call.request);
    if filters.len() > 50 || filters.iter().any(|filter| filter.values.len() > 200) {
        return Err(AwsError::new(
            "FilterLimitExceeded",
            "The maximum number of filter values specified on a single call is 200",
        ));
    }
    Ok(filters)
}

pub fn unknown_filter(name: &str) -> AwsError {
    AwsError::new("InvalidParameterValue", format!("The filter '{name}' is invalid"))
}

pub fn write_token(xml: &mut Xml, token: Option<&str>) {
    if let Some(token) = token {
        xml.text("nextToken", token);
    }
}
