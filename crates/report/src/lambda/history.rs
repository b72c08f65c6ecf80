//! Writes a run's lines of the history: one compressed file per table and stage, the same keys and bytes each time.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::upload::{Upload, written};
use orgpatch_model::error::RunError;
use orgpatch_report::history::Table;
use orgpatch_report::{ReportedTarget, RunReport, history};

/// Athena and DuckDB tell a compressed file by this ending, and not by its media type.
const ENDING: &str = ".gz";
const MEDIA_TYPE: &str = "application/gzip";

/// The history, of which one stage's files are being written.
pub struct History {
    store: Store,
    stage: Option<Stage>,
}

struct Stage {
    name: String,
    files: Vec<(Table, GzEncoder<Upload>)>,
}

impl History {
    /// Nothing is written yet.
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone(), stage: None }
    }

    /// Targets of that stage follow, unless they do already: the steps of a stage follow one another.
    pub async fn begin_stage(&mut self, run: &RunReport, stage: &str) -> Result<(), RunError> {
        if !history::has(run) || self.stage.as_ref().is_some_and(|known| known.name == stage) {
            return Ok(());
        }
        self.end_stage().await?;
        let file = |table: Table| {
            let upload = self.store.upload(table.key(run, stage) + ENDING, MEDIA_TYPE);
            // Without a time in the header: the same lines are the same bytes.
            (table, GzEncoder::new(upload, Compression::default()))
        };
        self.stage = Some(Stage { name: stage.to_owned(), files: Table::ALL.map(file).into() });
        Ok(())
    }

    /// The lines of one more target.
    pub async fn add(&mut self, run: &RunReport, target: &ReportedTarget) -> Result<(), RunError> {
        for (table, file) in self.stage.iter_mut().flat_map(|stage| &mut stage.files) {
            // All at once: each write clears an output buffer of 32 KiB, and JSON is written word by word.
            let mut lines = Vec::new();
            written("the history", table.lines(&mut lines, run, target).and_then(|()| file.write_all(&lines)))?;
            file.get_mut().settle().await?;
        }
        Ok(())
    }

    /// Ends the files that are being written.
    pub async fn end(mut self) -> Result<(), RunError> {
        self.end_stage().await
    }

    async fn end_stage(&mut self) -> Result<(), RunError> {
        let mut ended = Ok(());
        for (_, file) in self.stage.take().into_iter().flat_map(|stage| stage.files) {
            match (&ended, written("the history", file.finish())) {
                (Ok(()), Ok(upload)) => ended = upload.end().await,
                (Err(_), Ok(upload)) => upload.give_up().await,
                (_, Err(error)) => ended = Err(error),
            }
        }
        ended
    }

    /// Gives back what was sent of files that are not ended.
    pub async fn give_up(self) {
        for (_, file) in self.stage.into_iter().flat_map(|stage| stage.files) {
            if let Ok(upload) = file.finish() {
                upload.give_up().await;
            }
        }
    }
}
