//! Writes all files of a report at the same time: each chunk of a target is added to every file when its turn comes.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::upload::{Upload, written};
use orgpatch_model::error::RunError;
use orgpatch_records::keys;
use orgpatch_report::csv::CsvFile;
use orgpatch_report::document::Document;
use orgpatch_report::html::HtmlPage;
use orgpatch_report::{Head, Highlights, ReportedChunk, RunReport, summary};

use crate::history::History;
use crate::targets::Targets;

/// The built page. Its sources are in `crates/report/page`.
const PAGE: &str = include_str!("../../page.html");

/// The files while they are written.
pub struct Files {
    document: Document,
    json: Upload,
    page: HtmlPage<'static>,
    html: Upload,
    instances: Upload,
    patches: Upload,
    summary: Upload,
    zone: Option<TimeZone>,
    history: History,
    targets: Targets,
}

impl Files {
    /// Begins all files. The report itself goes to `evidence`, which may keep it longer; the history goes to `store`.
    pub fn begin(store: &Store, evidence: &Store, run: &RunReport) -> Result<Self, RunError> {
        let key = |name: &str| keys::report_file(&run.id, name);
        let mut html = evidence.upload(key("report.html"), "text/html; charset=utf-8");
        let mut instances = evidence.upload(key("instances.csv"), "text/csv; charset=utf-8");
        let mut patches = evidence.upload(key("patches.csv"), "text/csv; charset=utf-8");
        written(
            "a CSV file",
            CsvFile::Instances.head(&mut instances).and_then(|()| CsvFile::Patches.head(&mut patches)),
        )?;
        Ok(Self {
            document: Document::default(),
            // It begins with how the run ended, which is written last.
            json: evidence.upload_beginning_last(key("report.json"), "application/json"),
            page: written("report.html", HtmlPage::begin(PAGE, &mut html))?,
            html,
            instances,
            patches,
            summary: evidence.upload(key("summary.md"), "text/markdown; charset=utf-8"),
            zone: run.zone(),
            history: History::new(store),
            targets: Targets::new(),
        })
    }

    /// Begins the files of a stage, whose targets follow.
    pub async fn begin_stage(&mut self, run: &RunReport, stage: &str) -> Result<(), RunError> {
        self.history.begin_stage(run, stage).await
    }

    /// Adds the next chunk of a target to every file.
    pub async fn add(&mut self, run: &RunReport, chunk: &ReportedChunk) -> Result<(), RunError> {
        written("a target", self.write(chunk))?;
        self.settle().await?;
        self.history.add(run, chunk).await
    }

    fn write(&mut self, chunk: &ReportedChunk) -> io::Result<()> {
        for row in &chunk.instances {
            let json = serde_json::to_string(row)?;
            self.document.entry(&mut self.json, &json)?;
            self.page.instance(&mut self.html, &json)?;
        }
        CsvFile::Instances.lines(&mut self.instances, chunk, self.zone.as_ref())?;
        CsvFile::Patches.lines(&mut self.patches, chunk, self.zone.as_ref())?;
        match &chunk.whole {
            Some(target) => self.targets.add(&serde_json::to_string(target)?),
            None => Ok(()),
        }
    }

    /// Writes the parts that are known last, and ends all files.
    pub async fn end(mut self, head: &Head, highlights: &Highlights) -> Result<(), RunError> {
        if let Err(error) = self.write_ends(head, highlights).await {
            self.give_up().await;
            return Err(error);
        }
        let uploads = [self.json, self.html, self.instances, self.patches, self.summary];
        let mut ended = self.history.end().await;
        for upload in uploads {
            match ended {
                Ok(()) => ended = upload.end().await,
                Err(_) => upload.give_up().await,
            }
        }
        ended
    }

    async fn write_ends(&mut self, head: &Head, highlights: &Highlights) -> Result<(), RunError> {
        written("report.json", self.document.targets(&mut self.json))?;
        written("report.html", self.page.targets(&mut self.html))?;
        for target in written("targets", self.targets.read())? {
            let json = written("targets", target)?;
            written("report.json", self.document.entry(&mut self.json, &json))?;
            written("report.html", self.page.target(&mut self.html, &json))?;
            self.json.settle().await?;
            self.html.settle().await?;
        }
        let beginning = written("report.json", self.document.end(&mut self.json, head))?;
        self.json.set_beginning(beginning);
        written("report.html", self.page.end(&mut self.html, head))?;
        written("summary.md", self.summary.write_all(summary::markdown(head, highlights).as_bytes()))
    }

    async fn settle(&mut self) -> Result<(), RunError> {
        for upload in [&mut self.json, &mut self.html, &mut self.instances, &mut self.patches] {
            upload.settle().await?;
        }
        Ok(())
    }

    /// Aborts all uploads.
    pub async fn give_up(self) {
        for upload in [self.json, self.html, self.instances, self.patches, self.summary] {
            upload.give_up().await;
        }
        self.history.give_up().await;
    }
}
