//! Reading what is new in the run that Train shows.

use super::said;
use crate::tui::message::Read;
use curricle_core::config;
use curricle_core::run::{self, Follower, Lock, Pulse, RunDirectory, shown_state};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Events of one answer.
const EVENTS: usize = 8_000;
/// How long one answer may take before it is given with what there is.
const PATIENCE: Duration = Duration::from_millis(40);

/// A place in the event log of a run, and its heart.
#[derive(Debug)]
pub struct Reader {
    directory: PathBuf,
    opened: Option<(RunDirectory, Follower)>,
    pulse: Pulse,
    here: String,
    recorded: bool,
}

impl Reader {
    /// Begins before the first event.
    pub fn new(directory: PathBuf) -> Reader {
        Reader { directory, opened: None, pulse: Pulse::default(), here: run::host(), recorded: false }
    }

    /// What is new. A run that cannot be read answers with the reason.
    pub fn read(&mut self) -> Read {
        let mut answer = Read { directory: self.directory.clone(), ..Read::default() };
        if let Err(error) = self.try_read(&mut answer) {
            answer.problem = Some(said(&error));
        }
        answer.gone = !self.directory.exists();
        answer
    }

    fn try_read(&mut self, answer: &mut Read) -> run::Result<()> {
        if self.opened.is_none() {
            let run = RunDirectory::open(&self.directory)?;
            let follower = Follower::open(&run);
            self.opened = Some((run, follower));
        }
        let Some((run, follower)) = &mut self.opened else { return Ok(()) };
        if !self.recorded {
            let record = run.record()?;
            // The machine is added at the first start of an engine; then nothing changes any more.
            self.recorded = record.machine.is_some();
            answer.record = Some(record);
            // A run whose experiment this version cannot read is shown without published figures.
            let resolved = run.read_resolved().ok().and_then(|text| config::read(&text, "resolved.toml", &[]).ok());
            answer.published = resolved.and_then(|experiment| experiment.published);
        }
        // The lock before the status: an engine that ends between the two has written its last word by then.
        answer.held = Lock::is_held(run);
        let status = run.read_status()?;
        let silent = status.as_ref().map_or(Duration::ZERO, |status| self.pulse.silent(status, Instant::now()));
        answer.state = shown_state(status.as_ref(), answer.held, &self.here, silent);
        answer.status = status;
        answer.pending = run::pending(run)?.into_iter().map(|(_, kind)| kind.word().to_string()).collect();
        let begun = Instant::now();
        loop {
            let update = follower.poll()?;
            if update.restarted {
                answer.restarted = true;
                answer.events.clear();
            }
            answer.events.extend(update.events);
            answer.damaged += update.damaged.map_or(0, |(count, _)| count);
            answer.more = update.more;
            if !update.more || answer.events.len() >= EVENTS || begun.elapsed() >= PATIENCE {
                return Ok(());
            }
        }
    }
}
