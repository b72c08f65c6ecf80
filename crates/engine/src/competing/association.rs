//! State Manager associations that run a patch document and belong to no patch policy.

use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::ConflictSettings;

use super::decision::Action;
use super::document::Installs;
use super::facts::{Association, Parameter};
use super::targets::{Index, Resolved};
use super::{Collected, document, policy};

/// A part of the names of associations that only scan, such as those of Quick Setup host management.
const SCANS: &str = "ScanForPatches";

pub(super) fn collect(
    associations: &[Association],
    index: &Index<'_>,
    settings: ConflictSettings,
    collected: &mut Collected,
) {
    for association in associations.iter().filter(|association| !policy::is_of_policy(association)) {
        let Some(installs) = document::installs(&association.document, association.wraps.as_ref()) else { continue };
        let what = described(association);
        let (action, text) = match may_install(association, &installs) {
            // An install is safe; but the next scan of the association overwrites the result of orgpatch's scan.
            Some(false) if document::overwrites(&association.document, association.wraps.as_ref()) => {
                let text = format!("{what} scans this instance too; its results overwrite those of other scans");
                (Action::Warn, text)
            }
            Some(false) => (Action::Warn, format!("{what} is for this instance too; it installs nothing")),
            Some(true) => (Action::from(settings.patch_policy), format!("{what} patches this instance too")),
            None => (Action::from(settings.patch_policy), format!("{what} patches or scans this instance too")),
        };
        match index.resolve(&association.targets) {
            Resolved::Instances(meant) => {
                for instance in meant {
                    collected.add(instance, action, ReasonCode::ConflictAssociation, text.clone());
                }
            }
            Resolved::Unknown(whom) => {
                collected.note(
                    ReasonCode::ConflictAssociation,
                    format!("{what} is for {whom}; orgpatch cannot see which instances that includes"),
                );
            }
        }
    }
}

/// Returns true if an association can be a conflict: it runs a patch document, or belongs to a patch policy.
#[must_use]
pub fn association_matters(association: &Association) -> bool {
    document::patches(&association.document) || association.wraps.is_some() || policy::is_of_policy(association)
}

/// Returns the parameter of the document, if only that says whether an association conflicts: it runs a patch document,
/// belongs to no patch policy, and its name does not say that it only scans.
#[must_use]
pub fn deciding_parameter(association: &Association) -> Option<String> {
    if policy::is_of_policy(association) || is_named_a_scan(association) {
        return None;
    }
    match document::installs(&association.document, association.wraps.as_ref())?.into_owned() {
        Installs::Unless { parameter, .. } => Some(parameter),
        Installs::Always | Installs::Never => None,
    }
}

/// Returns whether the association installs; None if that is not known.
fn may_install(association: &Association, installs: &Installs) -> Option<bool> {
    match (installs, &association.parameter) {
        (Installs::Always, _) => Some(true),
        (Installs::Never, _) => Some(false),
        (Installs::Unless { is, .. }, Parameter::Value(value)) => Some(!is.contains(value)),
        (Installs::Unless { by_default, .. }, Parameter::Absent) => Some(!by_default),
        (Installs::Unless { .. }, Parameter::NotRead) if is_named_a_scan(association) => Some(false),
        (Installs::Unless { .. }, Parameter::NotRead) => None,
    }
}

fn is_named_a_scan(association: &Association) -> bool {
    association.name.as_ref().is_some_and(|name| name.contains(SCANS))
}

fn described(association: &Association) -> String {
    let document = document::described(&association.document, association.wraps.as_ref());
    match &association.name {
        Some(name) => format!("the association {name} ({}, {document})", association.id),
        None => format!("the association {} ({document})", association.id),
    }
}
