//! `patches.csv`: a line per patch of an instance.

use std::collections::BTreeMap;
use std::io::{self, Write};

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::patch::Patch;

use super::{Lines, which};
use crate::TargetReport;

/// The columns behind those that say which instance it is, in their order. `result` is what became of the patch in this
/// run: `installed`, `failed` (it was to be installed and is still missing), `held-back` (not tested by the plan's first
/// stage) or `missing`; `state` is Patch Manager's own word for how the patch stands now. The last three are `true` or
/// `false`.
pub const COLUMNS: [&str; 11] = [
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
];

/// The lists of an instance that a patch can stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    MissingBefore,
    Installed,
    Failed,
    InstalledUntested,
    HeldBack,
    MissingAfter,
}

/// What the lists of an instance say about one patch.
struct Eligibility<'r> {
    patch: &'r Patch,
    lists: Vec<List>,
}

impl Eligibility<'_> {
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
    for eligibility in eligibilities(row).into_values() {
        let patch = eligibility.patch;
        let cve_ids = patch.cve_ids.join(" ");
        let word = |yes: bool| if yes { "true" } else { "false" };
        let cells: [&str; COLUMNS.len()] = [
            row.outcome.name(),
            &patch.id,
            &patch.title,
            &patch.classification,
            &patch.severity,
            &cve_ids,
            eligibility.result(),
            eligibility.state(),
            word(eligibility.is_in(List::MissingBefore)),
            word(eligibility.is_in(List::MissingAfter)),
            word(eligibility.is_in(List::InstalledUntested) || eligibility.is_in(List::HeldBack)),
        ];
        lines.add(which(target, row, &wave).into_iter().chain(cells))?;
    }
    Ok(())
}

/// Every patch that the instance's lists name, once, in the order of ids. The state is the latest that is known.
fn eligibilities(row: &InstanceRow) -> BTreeMap<(&str, &str), Eligibility<'_>> {
    let mut eligibilities: BTreeMap<(&str, &str), Eligibility<'_>> = BTreeMap::new();
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
            let eligibility =
                eligibilities.entry((&patch.id, &patch.title)).or_insert(Eligibility { patch, lists: Vec::new() });
            eligibility.patch = patch;
            eligibility.lists.push(list);
        }
    }
    eligibilities
}
