//! Starting engines: new runs, one for each seed, and runs that go on.

use super::{Worker, one_line, said};
use crate::launch::{self, Engine, room, start_background, survival};
use crate::tui::message::Message;
use crate::tui::sentences;
use crate::tui::shared::title;
use crate::tui::task::Start;
use curricle_core::config::{self, Draft};
use curricle_core::run::{Origin, Parent, RunDirectory, catalogue};
use std::path::{Path, PathBuf};

/// An error of launching with its hint, on one line.
fn launch_said(error: &launch::Error) -> String {
    one_line(&match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    })
}

impl Worker {
    fn launching(&self) -> launch::Start {
        launch::Start { data: self.data.clone() }
    }

    /// Starts a run, or one for each seed. What has started stays, whatever becomes of the rest.
    pub(super) fn start(&self, start: &Start) -> Message {
        let mut runs = Vec::new();
        let seeds: Vec<Option<u64>> = if start.seeds.is_empty() { vec![None] } else { start.seeds.iter().copied().map(Some).collect() };
        let mut problem = None;
        for seed in seeds {
            match self.start_one(start, seed) {
                Ok(directory) => runs.push(directory),
                Err((directory, text)) => {
                    // A run whose engine failed at once is there to be looked at.
                    runs.extend(directory);
                    problem = Some(text);
                    break;
                }
            }
        }
        let survival = survival::check();
        let remark = (survival.survives == Some(false)).then(|| {
            format!("started; {}{}", survival.sentence(), survival.advice.map(|advice| format!("; {advice}")).unwrap_or_default())
        });
        Message::Started { runs, problem, remark }
    }

    fn start_one(&self, start: &Start, seed: Option<u64>) -> Result<PathBuf, (Option<PathBuf>, String)> {
        let plainly = |text: String| (None, one_line(&text));
        let mut draft = Draft::new(&start.text, &start.origin).map_err(|problems| plainly(problems.to_string()))?;
        if let Some(seed) = seed {
            draft.set("seed", &seed.to_string()).map_err(|problem| plainly(problem.sentence()))?;
        }
        let text = draft.text();
        let experiment = config::read(&text, &start.origin, &[]).map_err(|problems| plainly(problems.to_string()))?;
        if let Some(problem) = experiment.not_built().first() {
            return Err(plainly(problem.sentence()));
        }
        room::check(&experiment, &self.runs).map_err(|error| (None, launch_said(&error)))?;
        let engine = Engine::find().map_err(|error| (None, launch_said(&error)))?;
        let parent =
            start.parent.as_ref().map(|(id, checkpoint)| Parent { kind: "fork".into(), id: id.clone(), checkpoint: checkpoint.clone() });
        let origin = Origin { parent, version: crate::VERSION.into(), commit: crate::COMMIT.into(), ..Origin::default() };
        let directory = RunDirectory::create(&self.runs, &experiment, &text, origin).map_err(|error| (None, said(&error)))?;
        let path = directory.path().to_path_buf();
        start_background(&engine, &directory, &self.launching()).map_err(|error| {
            let error = launch::withdraw(&directory, error);
            (path.exists().then(|| path.clone()), launch_said(&error))
        })?;
        Ok(path)
    }

    /// Goes on with a run that no engine has.
    pub(super) fn resume(&self, path: &Path) -> Message {
        let begin = || -> Result<String, String> {
            let directory = RunDirectory::open(path).map_err(|error| said(&error))?;
            let summary = catalogue::summary(&directory).map_err(|error| said(&error))?;
            let engine = Engine::find().map_err(|error| launch_said(&error))?;
            start_background(&engine, &directory, &self.launching()).map_err(|error| launch_said(&error))?;
            Ok(sentences::goes_on(&title(&summary)))
        };
        match begin() {
            Ok(text) => Message::Changed(path.to_path_buf(), text),
            Err(problem) => Message::Failed(problem),
        }
    }
}
