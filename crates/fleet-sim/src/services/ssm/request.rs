//! A request to Systems Manager.
use crate::wire::{Call, fields::Fields};

/// Returns the fields of a request. Wrong values are a `ValidationException`.
pub fn ssm(call: &Call) -> Fields<'_> {
    Fields::new(&call.request, "ValidationException")
}
