//! Follows `events.jsonl` of a run, whether its engine lives or not.
//!
//! A poll hands out new whole lines only: a torn last line is "not yet". When the engine resumes from a saved state it
//! cuts the log and writes on; a reader that stood beyond the cut must start again. Three signs are watched, any of
//! which suffices: the file is shorter than what was read, the bytes before our place are others than we read there, or
//! `status.json` names another generation.

use super::disk;
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
/// Bytes of lines after which a poll hands out what it has, however few events: they take several times as much memory.
const BYTES: usize = 1 << 20;
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
    /// Bytes of lines that this poll may still hand out.
    budget: usize,
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
            budget: BYTES,
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
        self.budget = BYTES;
        self.take_lines(&mut update, most);
        if update.events.len() >= most || self.budget == 0 {
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
        let file = disk::open_to_read(&self.events).map_err(|error| Error::io("read", &self.events, error))?;
        let facts = file.metadata().map_err(|error| Error::io("read", &self.events, error))?;
        if !facts.is_file() {
            return Err(Error::damaged(&self.events, "not a plain file"));
        }
        let length = facts.len();
        if length < self.offset || !self.tail_is_there(&file)? {
            self.restart(&mut update);
        }
        while self.offset < length && update.events.len() < most && self.budget > 0 {
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
            return Err(Error::damaged(&self.events, format!("a line is longer than {}", disk::size(LONGEST as u64))));
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
        while update.events.len() < most && self.budget > 0 {
            let Some(length) = self.held[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.held.len();
                break;
            };
            let end = self.searched + length;
            let line = &self.held[self.start..end];
            self.budget = self.budget.saturating_sub(line.len() + 1);
            let read = if line.iter().all(u8::is_ascii_whitespace) { None } else { Some(parse(line)) };
            match read {
                None => {}
                Some(Ok(event)) => update.events.push(event),
                Some(Err(reason)) => match &mut update.damaged {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Message, Step, What};
    use crate::run::EventWriter;
    use crate::run::layout::tests::scratch;
    use proptest::prelude::*;
    use std::io::Write;

    fn step(first: u64) -> What {
        What::Step(Step { first, loss: vec![first as f64], accuracy: vec![0.5], ..Step::default() })
    }

    fn numbers(events: &[Event]) -> Vec<u64> {
        events.iter().map(|event| event.seq).collect()
    }

    fn generation(directory: &RunDirectory, generation: u64) {
        Status { generation, ..Status::default() }.write(&directory.status()).unwrap();
    }

    #[test]
    fn new_events_come_once_and_in_order() {
        let (_keep, directory) = scratch();
        let mut follower = Follower::open(&directory);
        assert!(follower.poll().unwrap().events.is_empty(), "no log yet");
        let mut writer = EventWriter::create(&directory).unwrap();
        generation(&directory, 0);
        assert!(follower.poll().unwrap().events.is_empty());
        for number in 1..=3 {
            writer.append(number, 1, step(number)).unwrap();
        }
        assert!(follower.poll().unwrap().events.is_empty(), "not flushed");
        writer.flush().unwrap();
        let update = follower.poll().unwrap();
        assert_eq!((numbers(&update.events), update.restarted, update.more), (vec![0, 1, 2], false, false));
        assert_eq!(update.events[2].what, step(3));
        assert!(follower.poll().unwrap().events.is_empty());
        writer.append(4, 1, step(4)).unwrap();
        writer.flush().unwrap();
        assert_eq!(numbers(&follower.poll().unwrap().events), [3]);
    }

    #[test]
    fn a_torn_last_line_is_not_yet() {
        let (_keep, directory) = scratch();
        let line = serde_json::to_string(&Event { seq: 0, step: 1, epoch: 1, time: 0.0, what: step(1) }).unwrap();
        let mut file = File::create(directory.events()).unwrap();
        let mut follower = Follower::open(&directory);
        for byte in line.as_bytes() {
            file.write_all(&[*byte]).unwrap();
            let update = follower.poll().unwrap();
            assert!(update.events.is_empty() && update.damaged.is_none() && !update.more);
        }
        file.write_all(b"\n").unwrap();
        assert_eq!(numbers(&follower.poll().unwrap().events), [0]);
    }

    #[test]
    fn a_poll_is_bounded_and_says_that_there_is_more() {
        let (_keep, directory) = scratch();
        let mut writer = EventWriter::create(&directory).unwrap();
        for number in 0..5_000 {
            writer.append(number, 1, step(number)).unwrap();
        }
        writer.flush().unwrap();
        let mut follower = Follower::open(&directory);
        let mut all = Vec::new();
        for expected in [2_000, 2_000, 1_000] {
            let update = follower.poll().unwrap();
            assert_eq!(update.events.len(), expected);
            assert_eq!(update.more, expected == 2_000);
            all.extend(numbers(&update.events));
        }
        assert_eq!(all, (0..5_000).collect::<Vec<_>>());
        // Exactly at the bound nothing more is promised.
        let mut follower = Follower::open(&directory);
        assert!(!follower.poll_at_most(5_000).unwrap().more);
    }

    /// What a resume does to a reader that stood beyond the cut, for each order in which the reader may look.
    #[test]
    fn a_cut_is_noticed_whenever_one_looks() {
        for looks in 0..8_u8 {
            let (_keep, directory) = scratch();
            let mut writer = EventWriter::create(&directory).unwrap();
            generation(&directory, 0);
            for number in 1..=3 {
                writer.append(number, 1, step(number)).unwrap();
            }
            writer.sync().unwrap();
            let (offset, seq) = (writer.offset(), writer.seq());
            for number in 4..=6 {
                writer.append(number, 1, step(number)).unwrap();
            }
            drop(writer);
            let mut follower = Follower::open(&directory);
            let mut seen = Vec::new();
            let mut look = |follower: &mut Follower| loop {
                let update = follower.poll().unwrap();
                if update.restarted {
                    seen.clear();
                }
                seen.extend(update.events.into_iter().map(|event| (event.seq, event.what)));
                if !update.more {
                    return;
                }
            };
            look(&mut follower);
            let mut writer = EventWriter::open_at(&directory, offset, seq).unwrap();
            if looks & 1 != 0 {
                look(&mut follower);
            }
            generation(&directory, 1);
            if looks & 2 != 0 {
                look(&mut follower);
            }
            writer
                .append(3, 1, What::Message(Message { text: "a line longer than the others were".into(), ..Message::default() }))
                .unwrap();
            writer.append(4, 1, step(4)).unwrap();
            writer.flush().unwrap();
            if looks & 4 != 0 {
                look(&mut follower);
            }
            for number in 5..=9 {
                writer.append(number, 1, step(number)).unwrap();
            }
            writer.flush().unwrap();
            look(&mut follower);
            let mut fresh = Vec::new();
            let mut other = Follower::open(&directory);
            fresh.extend(other.poll().unwrap().events.into_iter().map(|event| (event.seq, event.what)));
            assert_eq!(seen, fresh, "looks {looks:03b}");
            assert_eq!(fresh.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_deleted_run_is_an_error_and_damage_is_counted() {
        let (_keep, directory) = scratch();
        let good = serde_json::to_string(&Event { seq: 0, step: 1, epoch: 1, time: 0.0, what: step(1) }).unwrap();
        std::fs::write(directory.events(), format!("{good}\n\0\0\0\n{{\"seq\":\n\n{good}\n")).unwrap();
        let mut follower = Follower::open(&directory);
        let update = follower.poll().unwrap();
        assert_eq!(update.events.len(), 2);
        assert_eq!(update.damaged.unwrap().0, 2);
        std::fs::remove_file(directory.events()).unwrap();
        assert!(follower.poll().unwrap_err().is_missing());
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let (_keep, directory) = scratch();
        std::fs::write(directory.events(), vec![b'['; LONGEST + 2 * CHUNK]).unwrap();
        let error = Follower::open(&directory).poll().unwrap_err();
        assert!(error.to_string().contains("a line is longer than 4.2 MB"), "{error}");
    }

    /// Prints how long a hundred thousand events take: they are read once whenever a long run is opened.
    #[test]
    fn long_logs_are_read_quickly() {
        let (_keep, directory) = scratch();
        let mut writer = EventWriter::create(&directory).unwrap();
        for number in 0..100_000 {
            let what = Step { first: number, loss: vec![0.123_456_789; 10], accuracy: vec![0.5; 10], norm_sum: 729.8, ..Step::default() };
            writer.append(number, number / 100, What::Step(what)).unwrap();
        }
        writer.flush().unwrap();
        let start = std::time::Instant::now();
        let mut follower = Follower::open(&directory);
        let mut count = 0;
        loop {
            let update = follower.poll().unwrap();
            count += update.events.len();
            if !update.more {
                break;
            }
        }
        let elapsed = start.elapsed();
        println!("100,000 events of 10 steps read in {elapsed:.0?}");
        assert_eq!(count, 100_000);
        assert!(elapsed.as_secs() < 5, "{elapsed:?}");
    }

    proptest! {
        /// Foreign bytes never panic, and what is read does not depend on how the bytes arrived.
        #[test]
        fn arrival_in_pieces_changes_nothing(
            lines in proptest::collection::vec(prop_oneof![
                Just(r#"{"seq":1,"step":2,"epoch":1,"time":0,"kind":"paused","released":true}"#.as_bytes().to_vec()),
                Just(r#"{"seq":1,"step":2,"epoch":1,"time":0,"kind":"novel"}"#.as_bytes().to_vec()),
                proptest::collection::vec(any::<u8>(), 0..40),
            ], 0..20),
            pieces in proptest::collection::vec(1_usize..50, 1..40),
        ) {
            let bytes = lines.join(&b'\n');
            let (_keep, directory) = scratch();
            std::fs::write(directory.events(), &bytes).unwrap();
            let whole = Follower::open(&directory).poll().unwrap();
            std::fs::write(directory.events(), b"").unwrap();
            let mut file = std::fs::OpenOptions::new().append(true).open(directory.events()).unwrap();
            let mut follower = Follower::open(&directory);
            let (mut events, mut damaged, mut rest) = (Vec::new(), 0, &bytes[..]);
            for piece in pieces.into_iter().chain([usize::MAX]) {
                let (now, later) = rest.split_at(piece.min(rest.len()));
                file.write_all(now).unwrap();
                rest = later;
                let update = follower.poll().unwrap();
                prop_assert!(!update.restarted);
                events.extend(update.events);
                damaged += update.damaged.map_or(0, |(count, _)| count);
            }
            prop_assert_eq!(events, whole.events);
            prop_assert_eq!(damaged, whole.damaged.map_or(0, |(count, _)| count));
        }
    }
}
