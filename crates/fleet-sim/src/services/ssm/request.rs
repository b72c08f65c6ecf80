//! A request to Systems Manager.
use crate::wire::{Call, fields::Fields};

/// The fields of a request; wrong values are a `ValidationException`.
pub fn ssm(call: &Call) -> Fields<'_> {
    Fields::new(&call.request, "ValidationException")
}
