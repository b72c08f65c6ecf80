//! `patches.csv`: a line per patch of an instance.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Table;
use super::instances::Places;
use crate::contract::{InstanceRow, Patch};
use crate::report::TargetReport;

/// The columns, in their order. `result` is what became of the patch in this run: `installed`, `failed` (it was to be
/// installed and is still missing), `held-back` (not tested by the plan's first stage) or `missing`; `state` is Patch
/// Manager's own word for how the patch stands now. The last three are `true` or `false`.
pub const COLUMNS: [&str; 20] = [
    "accountId",
    "accountName",
    "ouPath",
    "region",
    "stage",
    "wave",
    "instanceId",
    "name",
    "os",
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

/// What the lists of an instance say about one patch.
struct Standing<'r> {
    patch: &'r Patch,
    missing_before: bool,
    installed: bool,
    failed: bool,
    missing_after: bool,
    untested: bool,
    held_back: bool,
}

impl Standing<'_> {
    fn result(&self) -> &'static str {
        match (self.installed, self.held_back, self.failed) {
            (true, ..) => "installed",
            (_, true, _) => "held-back",
            (_, _, true) => "failed",
            _ => "missing",
        }
    }

    fn state(&self) -> &'static str {
        if self.installed && !self.missing_after { "Installed" } else { self.patch.state.name() }
    }
}

/// Writes the table of the patches of those instances; `targets` knows the names of their accounts.
pub fn write<'r>(
    out: impl Write,
    targets: &[TargetReport],
    rows: impl IntoIterator<Item = &'r InstanceRow>,
) -> io::Result<()> {
    let places = Places::of(targets);
    let mut table = Table::new(out, &COLUMNS)?;
    for row in rows {
        let (account_name, ou_path) = places.names(row);
        let wave = row.wave.to_string();
        for standing in standings(row).into_values() {
            let patch = standing.patch;
            let cve_ids = patch.cve_ids.join(" ");
            let word = |yes: bool| if yes { "true" } else { "false" };
            let cells: [&str; COLUMNS.len()] = [
                &row.account_id,
                account_name,
                ou_path,
                &row.region,
                &row.stage,
                &wave,
                &row.instance_id,
                row.name.as_deref().unwrap_or_default(),
                row.os.as_deref().unwrap_or_default(),
                row.outcome.name(),
                &patch.id,
                &patch.title,
                &patch.classification,
                &patch.severity,
                &cve_ids,
                standing.result(),
                standing.state(),
                word(standing.missing_before),
                word(standing.missing_after),
                word(standing.untested || standing.held_back),
            ];
            table.row(cells)?;
        }
    }
    table.end()
}

/// Every patch that the instance's lists name, once, in the order of ids. The state is the latest that is known.
fn standings(row: &InstanceRow) -> BTreeMap<(&str, &str), Standing<'_>> {
    let mut standings: BTreeMap<(&str, &str), Standing<'_>> = BTreeMap::new();
    let lists: [(&[Patch], fn(&mut Standing<'_>)); 6] = [
        (&row.missing_before, |standing| standing.missing_before = true),
        (&row.installed, |standing| standing.installed = true),
        (&row.failed, |standing| standing.failed = true),
        (&row.installed_untested, |standing| standing.untested = true),
        (&row.held_back, |standing| standing.held_back = true),
        (&row.missing_after, |standing| standing.missing_after = true),
    ];
    for (patches, set) in lists {
        for patch in patches {
            let standing = standings.entry((&patch.id, &patch.title)).or_insert(Standing {
                patch,
                missing_before: false,
                installed: false,
                failed: false,
                missing_after: false,
                untested: false,
                held_back: false,
            });
            standing.patch = patch;
            set(standing);
        }
    }
    standings
}
