//! State Manager associations that run a patch document, and belong to no patch policy.

use orgpatch_model::reason::ReasonCode;
use orgpatch_plan::{ConflictSettings, SkipOrWarn};

use super::decision::Action;
use super::facts::Association;
use super::targets::{Index, Meant};
use super::{Found, document, policy};

/// A part of the names of associations that only scan, such as those of Quick Setup host management.
const SCANS: &str = "ScanForPatches";

pub(super) fn find(associations: &[Association], index: &Index<'_>, settings: ConflictSettings, found: &mut Found) {
    let others = associations
        .iter()
        .filter(|association| document::patches(&association.document) && !policy::is_of_policy(association));
    for association in others {
        let what = described(association);
        let (action, text) = if only_scans(association) {
            // Installing beside it does no harm; but its next scan replaces what ours has found.
            (Action::Warn, format!("{what} scans this instance too, and overwrites the results of others"))
        } else {
            let action = match settings.patch_policy {
                SkipOrWarn::Skip => Action::Skip,
                SkipOrWarn::Warn => Action::Warn,
            };
            (action, format!("{what} patches this instance too"))
        };
        match index.meant(&association.targets) {
            Meant::Instances(meant) => {
                for instance in meant {
                    found.add(instance, action, ReasonCode::ConflictAssociation, text.clone());
                }
            }
            Meant::Elsewhere(whom) => {
                found.note(
                    ReasonCode::ConflictAssociation,
                    format!("{what} is for {whom}; who that is cannot be seen from here"),
                );
            }
        }
    }
}

/// True if parameter `Operation` of an association says whether it is in the way: it runs a patch document, is of no patch
/// policy, and its name does not say it.
#[must_use]
pub fn operation_matters(association: &Association) -> bool {
    document::patches(&association.document) && !policy::is_of_policy(association) && !only_scans(association)
}

/// True if it is known to scan only. What is not known may install.
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
