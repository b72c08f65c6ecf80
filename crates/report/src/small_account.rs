//! What the summaries say of an account in which only few functions may run at the same time.

use crate::RunReport;

/// A limit below this number is worth a sentence. Lambda keeps this number for functions without a reservation ("Configuring
/// reserved concurrency", guide of AWS Lambda), so only an account whose own limit is small is below it. The default limit is
/// 1,000, and new accounts have less ("Lambda quotas").
const ENOUGH: u32 = 100;

/// Returns a sentence with what to do about a small limit; None if the limit is not small or not known.
pub(crate) fn sentence(run: &RunReport) -> Option<String> {
    let limit = run.lambda_concurrency.filter(|limit| *limit < ENOUGH)?;
    Some(format!(
        "This account may run only {limit} Lambda functions at the same time, which makes large runs slower: request an increase of the quota \"Concurrent executions\" of AWS Lambda."
    ))
}

#[cfg(test)]
mod tests {
    use crate::fixtures;

    #[test]
    fn both_summaries_name_a_small_limit_and_no_other() {
        for (limit, named) in
            [(None, false), (Some(10), true), (Some(99), true), (Some(100), false), (Some(1_000), false)]
        {
            let mut report = fixtures::report();
            report.head.run.lambda_concurrency = limit;
            let highlights = report.highlights();
            for text in [
                crate::summary::markdown(&report.head, &highlights),
                report.head.answer(&highlights, "b", "0123").message,
            ] {
                assert_eq!(text.contains("Lambda functions at the same time"), named, "{limit:?}: {text}");
                assert_eq!(limit.is_some_and(|limit| text.contains(&format!("only {limit} "))), named, "{text}");
            }
        }
    }
}
