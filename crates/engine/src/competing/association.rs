//! State Manager associations that run a patch document and belong to no patch policy.

use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::ConflictSettings;

use super::decision::Action;
use super::facts::Association;
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
    let others = associations
        .iter()
        .filter(|association| document::patches(&association.document) && !policy::is_of_policy(association));
    for association in others {
        let what = described(association);
        let (action, text) = if only_scans(association) {
            // An install is safe; but the next scan of the association overwrites the result of orgpatch's scan.
            (Action::Warn, format!("{what} scans this instance too; its results overwrite those of other scans"))
        } else {
            let action = Action::from(settings.patch_policy);
            let verb = if association.operation.is_some() { "patches" } else { "patches or scans" };
            (action, format!("{what} {verb} this instance too"))
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
    document::patches(&association.document) || policy::is_of_policy(association)
}

/// Returns true if only the parameter `Operation` of an association says whether it conflicts: it runs a patch document,
/// belongs to no patch policy, and its name does not say that it only scans.
#[must_use]
pub fn operation_matters(association: &Association) -> bool {
    document::patches(&association.document) && !policy::is_of_policy(association) && !only_scans(association)
}

/// Returns true if the association is known to scan only. Without that knowledge it may install.
fn only_scans(association: &Association) -> bool {
    match &association.operation {
        Some(operation) => operation == "Scan",
        None => association.name.as_ref().is_some_and(|name| name.contains(SCANS)),
    }
}

fn described(association: &Association) -> String {
    let document = document::name(&association.document);
    match &association.name {
        Some(name) => format!("the association {name} ({}, {document})", association.id),
        None => format!("the association {} ({document})", association.id),
    }
}
