//! Follows `events.jsonl` of a run, whether its engine lives or not.
//!
//! A poll hands out new whole lines only: a torn last line is "not yet". When the engine resumes from a saved state it
//! cuts the log and writes on; a reader that stood beyond the cut must start again. Three signs are watched, any of
//! which suffices: the file is shorter than what was read, the bytes before our place are others than we read there, or
//! `status.json` names another generation.

use super::error::{Error, Result};
use super::layout::RunDirectory;
use super::line::{LONGEST, parse};
use super::status::Status;
use crate::record::Event;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

/// Events that one poll hands out at most.
const MOST: usize = 2_000;
/// Bytes read at once.
const CHUNK: usize = 256 << 10;
/// Bytes before our place that are remembered, to notice that the file was cut and has grown again.
const TAIL: usize = 96;

/// What a poll found.
#[derive(Debug, Default)]
pub struct Update {
    /// Forget everything read before: the log was cut below it. `events` begin with the run's first.
    pub restarted: bool,
    /// New events, in order.
    pub events: Vec<Event>,
    /// More is there already: poll again at once.
    pub more: bool,
    /// Whole lines that could not be read since the last poll, with the reason for the first of them.
    pub damaged: Option<(u64, String)>,
}

/// A place in the event log of a run.
#[derive(Debug)]
pub struct Follower {
    events: PathBuf,
    status: PathBuf,
    generation: Option<u64>,
    /// Bytes of the file taken into `held` so far.
    offset: u64,
    /// Bytes read that are not handed out yet; the part before `start` is.
    held: Vec<u8>,
    start: usize,
    /// End of the part of `held` that is known to hold no line end.
    searched: usize,
    /// The last bytes of the file before `offset`.
    tail: Vec<u8>,
    /// Inode, length and time of change of the file when it was read to its end.
    seen: Option<(u64, u64, i64, i64)>,
}

impl Follower {
    /// Starts before the first event. The log need not be there yet.
    pub fn open(directory: &RunDirectory) -> Self {
        Self {
            events: directory.events(),
            status: directory.status(),
            generation: None,
            offset: 0,
            held: Vec::new(),
            start: 0,
            searched: 0,
            tail: Vec::new(),
            seen: None,
        }
    }

    /// What is new, at most 2,000 events. If nothing is, this costs one `stat`.
    pub fn poll(&mut self) -> Result<Update> {
        self.poll_at_most(MOST)
    }

    /// The same with a bound of one's own.
    pub fn poll_at_most(&mut self, most: usize) -> Result<Update> {
        let mut update = Update::default();
        self.take_lines(&mut update, most);
        if update.events.len() >= most {
            update.more = true;
            return Ok(update);
        }
        let facts = match std::fs::metadata(&self.events) {
            Ok(facts) => facts,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.offset == 0 => return Ok(update),
            Err(error) => return Err(Error::io("read", &self.events, error)),
        };
        if self.seen == Some(mark(&facts)) {
            return Ok(update);
        }
        let file = File::open(&self.events).map_err(|error| Error::io("read", &self.events, error))?;
        let facts = file.metadata().map_err(|error| Error::io("read", &self.events, error))?;
        let length = facts.len();
        if length < self.offset || !self.tail_is_there(&file)? {
            self.restart(&mut update);
        }
        while self.offset < length && update.events.len() < most {
            if !self.read_chunk(&file, length)? {
                // Cut this very moment: start again at the next poll.
                self.restart(&mut update);
                update.more = true;
                return Ok(update);
            }
            // The engine names a new generation after the cut and before it writes on. So if the generation is still
            // ours after the bytes were read, they belong to it.
            if self.generation_changed() {
                self.restart(&mut update);
                continue;
            }
            self.take_lines(&mut update, most);
        }
        if self.offset >= length {
            self.seen = Some(mark(&facts));
        }
        update.more = self.offset < length || self.has_line();
        Ok(update)
    }

    /// Bytes of the log taken so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn restart(&mut self, update: &mut Update) {
        update.restarted = true;
        update.events.clear();
        update.damaged = None;
        self.offset = 0;
        self.held.clear();
        self.start = 0;
        self.searched = 0;
        self.tail.clear();
        self.seen = None;
    }

    /// Whether the generation is another than the one that was read under; takes note of the new one.
    fn generation_changed(&mut self) -> bool {
        // A status that cannot be read says nothing new; the other two signs still hold.
        let Ok(Some(status)) = Status::read(&self.status) else { return false };
        let before = self.generation.replace(status.generation);
        before.is_some_and(|before| before != status.generation)
    }

    fn tail_is_there(&self, file: &File) -> Result<bool> {
        if self.tail.is_empty() {
            return Ok(true);
        }
        let mut bytes = vec![0; self.tail.len()];
        match file.read_exact_at(&mut bytes, self.offset - self.tail.len() as u64) {
            Ok(()) => Ok(bytes == self.tail),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(Error::io("read", &self.events, error)),
        }
    }

    /// Reads on; `false` if the file has become shorter than our place.
    fn read_chunk(&mut self, file: &File, length: u64) -> Result<bool> {
        if self.start > 0 {
            self.held.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        if self.held.len() > LONGEST {
            return Err(Error::damaged(&self.events, format!("a line is longer than {}", super::disk::size(LONGEST as u64))));
        }
        let want = CHUNK.min((length - self.offset) as usize);
        let old = self.held.len();
        self.held.resize(old + want, 0);
        let got = file.read_at(&mut self.held[old..], self.offset);
        self.held.truncate(old + *got.as_ref().unwrap_or(&0));
        let got = got.map_err(|error| Error::io("read", &self.events, error))?;
        if got == 0 {
            return Ok(false);
        }
        self.offset += got as u64;
        let from = self.held.len().saturating_sub(TAIL).max(self.held.len().saturating_sub(self.offset as usize));
        self.tail = self.held[from..].to_vec();
        Ok(true)
    }

    fn has_line(&self) -> bool {
        self.held[self.searched..].contains(&b'\n')
    }

    fn take_lines(&mut self, update: &mut Update, most: usize) {
        while update.events.len() < most {
            let Some(length) = self.held[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.held.len();
                break;
            };
            let end = self.searched + length;
            let line = &self.held[self.start..end];
            match parse(line) {
                Ok(event) => update.events.push(event),
                Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
                Err(reason) => match &mut update.damaged {
                    Some((count, _)) => *count += 1,
                    none => *none = Some((1, reason)),
                },
            }
            self.start = end + 1;
            self.searched = self.start;
        }
    }
}

fn mark(facts: &Metadata) -> (u64, u64, i64, i64) {
    (facts.ino(), facts.len(), facts.mtime(), facts.mtime_nsec())
}
