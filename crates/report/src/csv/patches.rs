//! `patches.csv`: a line per patch of an instance.

use std::collections::BTreeMap;
use std::io::{self, Write};

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::patch::Patch;

use super::{Lines, which};
use crate::TargetReport;

/// The columns after those that identify the instance, in their order. `result` is the result of the patch in this run:
/// `installed`, `failed` (it was to be installed and is still missing), `held-back` (the plan's first stage did not test
/// it) or `missing`. `state` is Patch Manager's own word for the state of the patch now. `missingBefore`,
/// `missingAfter` and `untested` are `true` or `false`. `moreCveIds` is the number of CVE ids that `cveIds` does not list.
pub const COLUMNS: [&str; 12] = [
    "outcome",
    "patchId",
    "title",
    "classification",
    "severity",
    "cveIds",
    "result",
    "state",
    "missingBefore",
    "missingAfter",
    "untested",
    "moreCveIds",
];

/// The lists of an instance that can contain a patch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    MissingBefore,
    Installed,
    Failed,
    InstalledUntested,
    HeldBack,
    MissingAfter,
}

/// A patch, and the lists of an instance that contain it.
struct PatchLists<'r> {
    patch: &'r Patch,
    lists: Vec<List>,
}

impl PatchLists<'_> {
    fn is_in(&self, list: List) -> bool {
        self.lists.contains(&list)
    }

    fn result(&self) -> &'static str {
        let results = [(List::Installed, "installed"), (List::HeldBack, "held-back"), (List::Failed, "failed")];
        results.into_iter().find(|(list, _)| self.is_in(*list)).map_or("missing", |(_, word)| word)
    }

    fn state(&self) -> &'static str {
        let gone = self.is_in(List::Installed) && !self.is_in(List::MissingAfter);
        if gone { "Installed" } else { self.patch.state.name() }
    }
}

/// Writes the lines of an instance.
pub fn lines(lines: &mut Lines<impl Write>, target: &TargetReport, row: &InstanceRow) -> io::Result<()> {
    let wave = row.wave.to_string();
    for lists_of_patch in patch_lists(row).into_values() {
        let patch = lists_of_patch.patch;
        let cve_ids = patch.cve_ids.join(" ");
        let more_cve_ids = patch.more_cve_ids.to_string();
        let word = |yes: bool| if yes { "true" } else { "false" };
        let cells: [&str; COLUMNS.len()] = [
            row.outcome.name(),
            &patch.id,
            &patch.title,
            &patch.classification,
            &patch.severity,
            &cve_ids,
            lists_of_patch.result(),
            lists_of_patch.state(),
            word(lists_of_patch.is_in(List::MissingBefore)),
            word(lists_of_patch.is_in(List::MissingAfter)),
            word(lists_of_patch.is_in(List::InstalledUntested) || lists_of_patch.is_in(List::HeldBack)),
            &more_cve_ids,
        ];
        lines.add(which(target, row, &wave).into_iter().chain(cells))?;
    }
    Ok(())
}

/// Returns every patch in the instance's lists once, sorted by id. The state is the latest that is known.
fn patch_lists(row: &InstanceRow) -> BTreeMap<(&str, &str), PatchLists<'_>> {
    let mut patch_lists: BTreeMap<(&str, &str), PatchLists<'_>> = BTreeMap::new();
    // The latest list comes last: its patch has the state of now.
    for (list, patches) in [
        (List::MissingBefore, &row.missing_before),
        (List::Installed, &row.installed),
        (List::Failed, &row.failed),
        (List::InstalledUntested, &row.installed_untested),
        (List::HeldBack, &row.held_back),
        (List::MissingAfter, &row.missing_after),
    ] {
        for patch in patches {
            let lists_of_patch =
                patch_lists.entry((&patch.id, &patch.title)).or_insert(PatchLists { patch, lists: Vec::new() });
            lists_of_patch.patch = patch;
            lists_of_patch.lists.push(list);
        }
    }
    patch_lists
}
