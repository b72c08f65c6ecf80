//! Renders a preview for people: a tree of stages and steps, with a line for each account.

use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use orgpatch_model::english;
use orgpatch_plan::Wave;

use super::descriptions;
use super::model::{AccountPreview, Preview, PreviewCounts, StagePreview, StepPreview};

/// Renders the whole text. Writing into a string cannot fail, so the results of `writeln!` are ignored.
pub fn render(preview: &Preview) -> String {
    let mut out = String::new();
    head(&mut out, preview);
    // One table for all steps, so that their columns are aligned. Each account is one line of it.
    let accounts = preview.stages.iter().flat_map(|stage| &stage.steps).flat_map(|step| &step.accounts);
    let mut lines = lines(accounts.map(account_cells)).into_iter();
    for (place, stage) in (1..).zip(&preview.stages) {
        stage_head(&mut out, place, stage);
        for step in &stage.steps {
            let _ = writeln!(out, "\n  Step {}, {}: {}", step.id, wave(stage, step), counted(step.counts));
            for line in lines.by_ref().take(step.accounts.len()) {
                let _ = writeln!(out, "   {line}");
            }
        }
        if !stage.empty_waves.is_empty() {
            let waves: Vec<String> = stage.empty_waves.iter().map(u32::to_string).collect();
            let _ = writeln!(out, "\n  No step for wave {}: no account is left for it.", waves.join(", "));
        }
    }
    left_out(&mut out, preview);
    if !preview.matched_nothing.is_empty() {
        out.push_str("\nWarning: these parts of the plan match nothing, and may be misspelt:\n");
    }
    for part in &preview.matched_nothing {
        let _ = writeln!(out, "   {part}");
    }
    out.push_str("\nPreview does not enter accounts, so only a run finds out which instances match.\n");
    out
}

fn head(out: &mut String, preview: &Preview) {
    let counts = preview.counts;
    let _ = writeln!(
        out,
        "Plan {} in organization {}: {}, {}, {}\n",
        preview.plan,
        preview.organization_id,
        english::counted(preview.stages.len(), "stage"),
        english::counted(counts.steps, "step"),
        counted(counts),
    );
    let order: Vec<&str> = preview.stages.iter().map(|stage| stage.name.as_str()).collect();
    let _ = writeln!(out, "  Order      {}", order.join(" → "));
    if !preview.stages_not_in_run.is_empty() {
        let _ = writeln!(out, "  Not run    {}", preview.stages_not_in_run.join(", "));
    }
    before(out, preview);
    let _ = writeln!(out, "  Reboot     {}", descriptions::reboot(preview.reboot, &preview.never_reboot));
    let rate = &preview.rate;
    let _ = writeln!(
        out,
        "  Rate       {} at the same time; in each target {} of its instances install at the same time, until more than {} fail",
        english::counted(rate.targets, "target"),
        rate.max_concurrency,
        rate.max_errors,
    );
}

/// Says what an install run finds of the stages before it.
fn before(out: &mut String, preview: &Preview) {
    let Some(earlier) = &preview.earlier_stages else {
        let text =
            "an install run starts only if each stage before its own has passed; --bucket NAME looks whether it has";
        let _ = writeln!(out, "  Before     {text}");
        return;
    };
    for stage in earlier {
        let standing = stage.standing("has NOT passed, so an install run is refused");
        let _ = writeln!(out, "  Before     {} {}", stage.stage, printable(&standing));
    }
}

fn stage_head(out: &mut String, place: usize, stage: &StagePreview) {
    let _ = writeln!(out, "\nStage {place}, {}: {}", stage.name, counted(stage.counts));
    let _ = writeln!(out, "  Select     {}", printable(&stage.select_text));
    if stage.baselines.is_empty() {
        let _ = writeln!(out, "  Baselines  each account's own");
    }
    for baseline in &stage.baselines {
        let _ = writeln!(out, "  Baseline   {}", printable(&baseline.to_string()));
    }
    let promotion = stage.promotion.as_ref();
    if let Some(frozen) = promotion.and_then(|promotion| promotion.frozen_text.as_ref()) {
        let _ = writeln!(out, "  Frozen     {frozen}");
    }
    if let Some(promotion) = promotion {
        let _ = writeln!(out, "  Untested   {}", promotion.untested_text);
    }
    for caution in stage.baseline_cautions.iter().chain(promotion.iter().flat_map(|promotion| &promotion.cautions)) {
        let _ = writeln!(out, "  Caution    {}", caution.text);
    }
    if !stage.two_passes.is_empty() {
        let _ = writeln!(out, "  Passes     {}", descriptions::two_passes(&stage.two_passes));
    }
    let _ = writeln!(out, "  Deadline   {}", stage.deadline_text);
    let _ = writeln!(out, "  Gate       {}", stage.gate_text);
}

fn counted(counts: PreviewCounts) -> String {
    let all =
        format!("{}, {}", english::counted(counts.accounts, "account"), english::counted(counts.targets, "target"));
    match counts.accounts_not_entered {
        0 => all,
        n => format!("{all} ({} not entered)", english::counted(n, "account")),
    }
}

fn wave(stage: &StagePreview, step: &StepPreview) -> String {
    match step.up_to {
        None if stage.waves == 1 => "all accounts".to_owned(),
        None => format!("wave {} of {}, the rest", step.wave, stage.waves),
        Some(share) => {
            let share = match share {
                Wave::Accounts(n) => english::counted(n, "account"),
                Wave::Percent(percent) => format!("{percent} of the accounts"),
            };
            format!("wave {} of {}, up to {share}", step.wave, stage.waves)
        }
    }
}

fn account_cells(account: &AccountPreview) -> [String; 4] {
    let regions = account.regions.join(", ");
    let last = match &account.not_entered {
        None if account.shared_with.is_empty() => regions,
        None => format!("{regions}; shared with {}", account.shared_with.join(", ")),
        Some(reason) => format!(
            "not entered: {}; its {} ({regions}) will be inactive",
            printable(&reason.text),
            english::counted(account.regions.len(), "target"),
        ),
    };
    [account.account_id.clone(), printable(&account.account_name), unit(&account.ou_path), last]
}

fn left_out(out: &mut String, preview: &Preview) {
    let outside = &preview.accounts_outside_plan;
    if outside.is_empty() {
        out.push_str("\nLeft out: no account of the organization\n");
        return;
    }
    let _ = writeln!(out, "\nLeft out: {}", english::counted(outside.len(), "account"));
    let rows = outside.iter().map(|account| {
        let name = printable(&account.account_name);
        let state = account.account_state.filter(|state| !state.can_be_entered());
        let why = match state {
            Some(state) => format!("{}; the account is {state}", printable(&account.reason.text)),
            None => printable(&account.reason.text),
        };
        [account.account_id.clone(), name, unit(&account.ou_path), why]
    });
    for line in lines(rows) {
        let _ = writeln!(out, "   {line}");
    }
}

/// Returns rows in columns, one line each.
pub fn lines(rows: impl Iterator<Item = [String; 4]>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).add_rows(rows);
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn unit(path: &str) -> String {
    if path.is_empty() { "(root)".to_owned() } else { printable(path) }
}

/// Replaces control characters. Names of units may contain any character, and a terminal would execute control sequences.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
