//! Writes a run's lines of the history: one compressed file per table and stage, with the same key and bytes each time.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::upload::{Upload, written};
use orgpatch_model::error::RunError;
use orgpatch_report::history::HistoryTable;
use orgpatch_report::{ReportedChunk, RunReport, history};

/// Athena and DuckDB recognize a compressed file by this suffix, not by its media type.
const ENDING: &str = ".gz";
const MEDIA_TYPE: &str = "application/gzip";

/// The history while the files of one stage are written.
pub struct History {
    store: Store,
    stage: Option<StageFiles>,
}

struct StageFiles {
    name: String,
    files: Vec<(HistoryTable, GzEncoder<Upload>)>,
}

impl History {
    /// Begins a history without a stage.
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone(), stage: None }
    }

    /// Begins the files of a stage, unless it is the current one: the steps of a stage follow one another.
    pub async fn begin_stage(&mut self, run: &RunReport, stage: &str) -> Result<(), RunError> {
        if !history::has(run) || self.stage.as_ref().is_some_and(|known| known.name == stage) {
            return Ok(());
        }
        self.end_stage().await?;
        let file = |table: HistoryTable| {
            let upload = self.store.upload(table.key(run, stage) + ENDING, MEDIA_TYPE);
            // Without a time in the header, so that the same lines give the same bytes.
            (table, GzEncoder::new(upload, Compression::default()))
        };
        self.stage = Some(StageFiles { name: stage.to_owned(), files: HistoryTable::ALL.map(file).into() });
        Ok(())
    }

    /// Writes the lines of the next chunk of a target.
    pub async fn add(&mut self, run: &RunReport, chunk: &ReportedChunk) -> Result<(), RunError> {
        for (table, file) in self.stage.iter_mut().flat_map(|stage| &mut stage.files) {
            // Each write clears an output buffer of 32 KiB, so all lines are written at once.
            let mut lines = Vec::new();
            written("the history", table.lines(&mut lines, run, chunk).and_then(|()| file.write_all(&lines)))?;
            file.get_mut().settle().await?;
        }
        Ok(())
    }

    /// Ends the current files.
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

    /// Aborts the uploads of the current files.
    pub async fn give_up(self) {
        for (_, file) in self.stage.into_iter().flat_map(|stage| stage.files) {
            if let Ok(upload) = file.finish() {
                upload.give_up().await;
            }
        }
    }
}
