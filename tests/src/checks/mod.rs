//! Checks that hold in every run, whatever the case is about. Each returns its complaints.

pub mod closing;
pub mod commands;
pub mod faults;
pub mod files;
pub mod foreign;
pub mod manifest;
pub mod order;
pub mod pacing;
pub mod promotion;
pub mod readiness;
pub mod refusal;
pub mod report;
pub mod rows;
pub mod secrets;

use crate::evidence::Evidence;

/// Returns the complaints of all checks.
#[must_use]
pub fn all(evidence: &Evidence) -> Vec<String> {
    let checks: [fn(&Evidence) -> Vec<String>; 37] = [
        rows::every_instance_of_an_entered_target_is_one_row,
        rows::every_row_is_a_real_instance,
        rows::outcomes_agree_with_the_truth,
        rows::nothing_is_installed_twice,
        rows::nothing_is_installed_beside_a_competing_patcher,
        report::counts_equal_the_rows,
        report::every_target_and_every_account_has_one_place,
        report::the_report_is_what_its_type_says,
        files::a_report_has_all_its_files,
        files::the_page_holds_the_report,
        files::the_table_of_instances_is_the_report,
        files::the_table_of_patches_is_the_report_and_the_truth,
        files::no_cell_is_a_formula,
        files::the_summary_says_what_the_report_says,
        foreign::a_notification_is_short_and_all_of_it_is_orgpatchs,
        foreign::no_foreign_text_is_a_line_or_a_link_of_the_summary,
        manifest::the_manifest_holds_every_object,
        commands::a_scan_run_installs_nothing,
        commands::a_scan_run_changes_no_baseline,
        commands::a_run_about_baselines_asks_no_instance,
        commands::a_call_in_a_member_account_names_its_function_and_run,
        commands::commands_are_as_the_plan_says,
        commands::a_target_has_one_snapshot_per_operating_system,
        order::a_step_begins_after_the_step_before_it_has_ended,
        pacing::no_more_installs_are_in_flight_than_the_plan_allows,
        pacing::an_install_has_the_times_of_its_commands,
        pacing::zones_are_patched_one_after_the_other,
        promotion::nothing_untested_is_installed_where_it_is_blocked,
        readiness::every_scanned_instance_has_one_finding_of_each_check,
        readiness::no_instance_is_not_ready_without_a_finding,
        readiness::a_run_about_readiness_only_reads,
        refusal::a_refused_run_touches_nothing,
        closing::a_run_that_is_closed_sends_nothing_more,
        closing::a_closed_run_stays_closed,
        faults::every_fault_has_struck,
        secrets::no_session_is_written_anywhere,
        secrets::no_configuration_of_a_source_is_told,
    ];
    checks.iter().flat_map(|check| check(evidence)).collect()
}

#[cfg(test)]
mod tests;
