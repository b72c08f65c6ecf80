//! `orgpatch report`: fetches the report of a run from the bucket, filters it, and shows it.

mod failure;
mod filter;
mod text;
mod unreported;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use failure::Failure;
use filter::Filter;
use orgpatch_aws::store::bucket::Store;
use orgpatch_records::keys;
use orgpatch_records::latest_run::LatestRun;
use orgpatch_report::csv::CsvFile;
use orgpatch_report::{Report, summary};
use unreported::Unreported;

use crate::args::{ReportArguments, ReportFormat};
use crate::{REFUSED, credentials, mistakes, print, progress, stack, wait_for};

/// The Region of Amazon S3 if none is configured.
const FALLBACK_REGION: &str = "us-east-1";

/// Runs `orgpatch report` and returns its exit status.
pub fn run(arguments: &ReportArguments) -> ExitCode {
    match wait_for(progress::shown("fetching the report", result(arguments))) {
        Err(status) => status,
        Ok(Ok(output)) => {
            print(&output);
            ExitCode::SUCCESS
        }
        Ok(Err(failure)) => {
            eprintln!("{}", failure.render(&mistakes::renderer(&io::stderr())));
            ExitCode::from(REFUSED)
        }
    }
}

/// Returns the text to print.
async fn result(arguments: &ReportArguments) -> Result<String, Failure> {
    let found = stack::bucket(&arguments.deployment, arguments.profile.as_deref()).await;
    let (region, bucket) = found.map_err(Failure::NoDeployment)?;
    let config = credentials::connect(arguments.profile.as_deref(), region.as_deref(), FALLBACK_REGION)
        .await
        .map_err(Failure::NoCredentials)?;
    let store = Store::new(&config, bucket);
    let run_id = match &arguments.run {
        Some(run_id) => run_id.clone(),
        None => latest(&store, arguments.plan.as_deref()).await?,
    };
    if arguments.opens(io::stdout().is_terminal()) {
        let page = store.text(&keys::report_file(&run_id, "report.html")).await?;
        let Some(page) = page else { return Err(no_report(&store, run_id).await?) };
        let file = write_page(&page, &run_id, arguments.output.as_deref())?;
        open::that_detached(&file).map_err(|error| Failure::NotOpened { file: shown(&file), error })?;
        return Ok(format!("{}\n", shown(&file)));
    }
    let report: Option<Report> = store.find_large(&keys::report(&run_id)).await?;
    let Some(mut report) = report else { return Err(no_report(&store, run_id).await?) };
    let all = report.instances.len();
    Filter::of(arguments).apply(&mut report);
    let text = match arguments.format.unwrap_or(ReportFormat::Table) {
        ReportFormat::Table => text::render(&report, all),
        ReportFormat::Json => {
            serde_json::to_string_pretty(&report).expect("texts, numbers and lists are always JSON") + "\n"
        }
        ReportFormat::Csv => csv(report),
        ReportFormat::Md => summary::markdown(&report.head, &report.highlights()),
    };
    match &arguments.output {
        None => Ok(text),
        Some(file) => {
            write_private(file, &text).map_err(|error| Failure::NotWritten { file: shown(file), error })?;
            // Not to standard output, which scripts read.
            eprintln!("The report is in {}.", shown(file));
            Ok(String::new())
        }
    }
}

/// Returns why there is no report of a run.
async fn no_report(store: &Store, run_id: String) -> Result<Failure, Failure> {
    Ok(match Unreported::read(store, &run_id).await? {
        Some(run) => Failure::NoReportYet { run_id, run },
        None => Failure::NoReport { run_id, bucket: store.bucket().to_owned() },
    })
}

/// Returns the latest run of that plan, or of all plans.
async fn latest(store: &Store, plan: Option<&str>) -> Result<String, Failure> {
    let known: Vec<LatestRun> = if let Some(plan) = plan {
        store.find(&keys::latest(plan)).await?.into_iter().collect()
    } else {
        let keys = store.list(&keys::all_latest()).await?;
        Store::for_each(keys, |key| async move { store.get(&key).await }).await?
    };
    let latest = known.into_iter().max_by_key(|run| run.started_at);
    latest
        .map(|run| run.run_id)
        .ok_or_else(|| Failure::NoRunYet { plan: plan.map(str::to_owned), bucket: store.bucket().to_owned() })
}

fn csv(report: Report) -> String {
    let mut bytes = Vec::new();
    let memory = "writing to memory cannot fail";
    CsvFile::Instances.head(&mut bytes).expect(memory);
    let zone = report.head.run.zone();
    for target in report.into_reported() {
        CsvFile::Instances.lines(&mut bytes, &target, zone.as_ref()).expect(memory);
    }
    String::from_utf8(bytes).expect("CSV is UTF-8")
}

/// Writes the page to the named file, or to a temporary file that stays, because the browser reads it after this program
/// has ended.
fn write_page(page: &str, run_id: &str, file: Option<&Path>) -> Result<PathBuf, Failure> {
    let failed = |file: &Path, error| Failure::NotWritten { file: shown(file), error };
    if let Some(file) = file {
        write_private(file, page).map_err(|error| failed(file, error))?;
        return Ok(file.to_owned());
    }
    let folder = std::env::temp_dir();
    let prefix = format!("orgpatch-{run_id}-");
    let made = tempfile::Builder::new().prefix(&prefix).suffix(".html").tempfile();
    let (_, path) =
        made.and_then(|file| file.keep().map_err(|error| error.error)).map_err(|error| failed(&folder, error))?;
    std::fs::write(&path, page).map_err(|error| failed(&path, error))?;
    Ok(path)
}

/// Writes a file that only its owner can read, because a report names every instance and what it lacks. A file that was there
/// before becomes private, too; what is no regular file, such as a pipe, keeps its mode.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
    let mut opened = options.open(file)?;
    #[cfg(unix)]
    if opened.metadata()?.is_file() {
        opened.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(PRIVATE))?;
    }
    std::io::Write::write_all(&mut opened, text.as_bytes())
}

#[cfg(unix)]
const PRIVATE: u32 = 0o600;

fn shown(file: &Path) -> String {
    file.display().to_string()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_its_owner_can_read_a_written_report() {
        let folder = tempfile::tempdir().expect("a folder");
        let (new, old) = (folder.path().join("new.csv"), folder.path().join("old.csv"));
        std::fs::write(&old, "an older and longer report").expect("a file");
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        for file in [&new, &old] {
            write_private(file, "report").expect("written");
            let mode = std::fs::metadata(file).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
            assert_eq!(std::fs::read_to_string(file).expect("text"), "report");
        }
        let page = folder.path().join("page.html");
        write_page("page", "run", Some(&page)).expect("written");
        assert_eq!(std::fs::metadata(&page).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}
