//! Writes `events.jsonl`: the engine's only way to say what happened.

use super::disk;
use super::error::{Error, Result};
use super::layout::RunDirectory;
use crate::record::{Event, What};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Buffered bytes after which an append writes by itself.
const BUFFER: usize = 64 << 10;

/// Appends events to the log of a run. One writer a run: its engine, under the lock.
#[derive(Debug)]
pub struct EventWriter {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
    /// Bytes in the file, the buffer not counted.
    written: u64,
    seq: u64,
}

impl EventWriter {
    /// Begins the log of a new run; one that is there already is cut to nothing.
    pub fn create(directory: &RunDirectory) -> Result<Self> {
        Self::open_at(directory, 0, 0)
    }

    /// Goes on where a saved state stood: what comes after `offset` is cut, and the next event has the number `seq`.
    ///
    /// A reader may stand beyond the cut. It starts again when the generation in `status.json` changes: write that
    /// between this call and the first [`EventWriter::flush`].
    pub fn open_at(directory: &RunDirectory, offset: u64, seq: u64) -> Result<Self> {
        let path = directory.events();
        let mut file = disk::open(&path, OpenOptions::new().read(true).write(true).create(true).truncate(false))?;
        let wrap = |error| Error::io("read", &path, error);
        let length = file.metadata().map_err(wrap)?.len();
        if length < offset {
            return Err(Error::damaged(&path, format!("it has {length} bytes, but the saved state was written after {offset}")));
        }
        if offset > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(offset - 1)).map_err(wrap)?;
            file.read_exact(&mut last).map_err(wrap)?;
            if last != *b"\n" {
                return Err(Error::damaged(&path, format!("no event ends at byte {offset}, where the saved state was written")));
            }
        }
        if length > offset {
            disk::truncate(&file, &path, offset)?;
            disk::sync(&file, &path)?;
        }
        file.seek(SeekFrom::Start(offset)).map_err(wrap)?;
        disk::sync_folder(directory.path())?;
        Ok(Self { file, path, buffer: Vec::with_capacity(BUFFER), written: offset, seq })
    }

    /// Adds an event at this moment. It reaches readers at the next [`EventWriter::flush`], or when much has gathered.
    pub fn append(&mut self, step: u64, epoch: u64, what: What) -> Result<()> {
        self.append_at(super::now(), step, epoch, what)
    }

    /// Adds what happened at a moment, in seconds since 1970.
    pub fn append_at(&mut self, time: f64, step: u64, epoch: u64, what: What) -> Result<()> {
        let event = Event { seq: self.seq, step, epoch, time, what };
        let start = self.buffer.len();
        if let Err(error) = serde_json::to_writer(&mut self.buffer, &event) {
            self.buffer.truncate(start);
            return Err(Error::damaged(&self.path, error.to_string()));
        }
        self.buffer.push(b'\n');
        self.seq += 1;
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands everything to the system: readers see it now.
    ///
    /// After a failure (a full disk) the file is cut back to its last whole event, so that a later attempt goes on
    /// cleanly; what could not be written stays in the buffer.
    pub fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if let Err(error) = disk::write(&mut self.file, &self.path, &self.buffer) {
            // The first error counts. If even the cut fails, a torn line stays, which readers and a resume can bear.
            let _ = disk::truncate(&self.file, &self.path, self.written);
            let _ = self.file.seek(SeekFrom::Start(self.written));
            return Err(error);
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Flushes and makes durable: before a state that names [`EventWriter::offset`] is saved.
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        disk::sync(&self.file, &self.path)
    }

    /// Bytes of all events so far, those in the buffer counted.
    pub fn offset(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Number of the next event.
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

impl Drop for EventWriter {
    fn drop(&mut self) {
        // Best effort: whoever needs to know whether it worked calls `flush` or `sync`.
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Message, Step};
    use crate::run::disk::{Call, Verdict};
    use crate::run::layout::tests::scratch;

    fn step(first: u64) -> What {
        What::Step(Step { first, loss: vec![first as f64], ..Step::default() })
    }

    #[test]
    fn what_follows_a_saved_state_is_cut_and_written_again() {
        let (_keep, directory) = scratch();
        let mut writer = EventWriter::create(&directory).unwrap();
        for number in 1..=5 {
            writer.append(number, 1, step(number)).unwrap();
        }
        writer.sync().unwrap();
        let (offset, seq) = (writer.offset(), writer.seq());
        let kept = std::fs::read(directory.events()).unwrap();
        assert_eq!(kept.len() as u64, offset);
        for number in 6..=9 {
            writer.append(number, 1, step(number)).unwrap();
        }
        drop(writer);
        assert!(std::fs::metadata(directory.events()).unwrap().len() > offset);
        let mut writer = EventWriter::open_at(&directory, offset, seq).unwrap();
        assert_eq!(std::fs::read(directory.events()).unwrap(), kept);
        writer.append(6, 1, step(6)).unwrap();
        writer.flush().unwrap();
        let text = std::fs::read_to_string(directory.events()).unwrap();
        let numbers: Vec<u64> = text.lines().map(|line| serde_json::from_str::<Event>(line).unwrap().seq).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_log_that_does_not_fit_the_state_is_refused() {
        let (_keep, directory) = scratch();
        let mut writer = EventWriter::create(&directory).unwrap();
        writer.append(1, 1, step(1)).unwrap();
        writer.flush().unwrap();
        let offset = writer.offset();
        drop(writer);
        let error = EventWriter::open_at(&directory, offset + 10, 2).unwrap_err();
        assert!(error.to_string().contains("but the saved state was written after"), "{error}");
        let error = EventWriter::open_at(&directory, offset - 3, 2).unwrap_err();
        assert!(error.to_string().contains("no event ends at byte"), "{error}");
        assert_eq!(std::fs::metadata(directory.events()).unwrap().len(), offset, "nothing was cut");
    }

    #[test]
    fn a_full_disk_leaves_whole_lines_and_can_be_tried_again() {
        let (_keep, directory) = scratch();
        let mut writer = EventWriter::create(&directory).unwrap();
        writer.append(0, 0, What::Message(Message { text: "first".into(), ..Message::default() })).unwrap();
        writer.flush().unwrap();
        writer.append(1, 1, step(1)).unwrap();
        let enospc = 28;
        {
            let _fault = disk::inject(directory.path(), move |call, _| match call {
                Call::Write => Verdict::Short(10, enospc),
                _ => Verdict::Go,
            });
            let error = writer.flush().unwrap_err();
            assert!(error.is_disk_full());
            assert_eq!(error.exit_code(), 6);
        }
        let text = std::fs::read_to_string(directory.events()).unwrap();
        assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
        writer.flush().unwrap();
        assert_eq!(std::fs::read_to_string(directory.events()).unwrap().lines().count(), 2);
        assert_eq!(std::fs::metadata(directory.events()).unwrap().len(), writer.offset());
    }
}
