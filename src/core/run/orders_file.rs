//! `orders.csv`: what came of every order of a study, one row an order, a parent's rows in one go.
//!
//! The rows are all that a study remembers of its orders: the parents of the next epoch, the tables and the analysis follow
//! from them. Numbers are written with as many digits as read back to the same bits.

use super::disk;
use super::error::{Error, Result};
use super::layout::RunDirectory;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Longest line that is read: a row of 12 batches has some 400 bytes.
const LONGEST: u64 = 4096;
/// Batches of an order at most.
const BATCHES: usize = 32;
/// Columns before the training losses.
const COLUMNS: [&str; 9] = ["epoch", "parent", "order", "batches", "test_loss", "correct", "accuracy", "norm", "agreement"];

/// What came of one order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderRow {
    /// Epoch, from 1.
    pub epoch: u64,
    /// Number of the parent among those of its epoch, from 1.
    pub parent: u64,
    /// Lexicographic number of the order, from 0.
    pub order: u64,
    /// The batch at each place, from 0.
    pub batches: Vec<u8>,
    /// Test loss per image.
    pub loss: f64,
    /// Correct test images.
    pub correct: u64,
    /// Share of correct test images.
    pub accuracy: f64,
    /// L2 norm of the weights at the end.
    pub norm: f64,
    /// Mean cosine between the gradients of neighbouring steps; not a number where there is one batch alone.
    pub agreement: f64,
    /// Training loss at each place, before its step.
    pub train_losses: Vec<f64>,
}

impl OrderRow {
    fn fields(&self) -> Vec<String> {
        let batches: Vec<String> = self.batches.iter().map(u8::to_string).collect();
        let mut fields = vec![self.epoch.to_string(), self.parent.to_string(), self.order.to_string(), batches.join("-")];
        fields.extend([self.loss.to_string(), self.correct.to_string(), self.accuracy.to_string()]);
        fields.extend([self.norm.to_string(), self.agreement.to_string()]);
        fields.extend(self.train_losses.iter().map(f64::to_string));
        fields
    }

    fn parse(line: &str) -> std::result::Result<Self, String> {
        fn number<T: std::str::FromStr>(fields: &[&str], column: usize) -> std::result::Result<T, String> {
            let text = fields.get(column).copied().unwrap_or_default();
            let name = COLUMNS.get(column).copied().unwrap_or("a training loss");
            text.parse().map_err(|_| format!("`{name}`: expected a number, got `{}`", super::plain(text)))
        }
        let fields: Vec<&str> = line.trim_end_matches(['\r', '\n']).split(',').take(COLUMNS.len() + BATCHES + 1).collect();
        let fields = fields.as_slice();
        let batches = fields.get(3).copied().unwrap_or_default().split('-').take(BATCHES + 1).map(str::parse).collect();
        let batches: std::result::Result<Vec<u8>, _> = batches;
        let row = Self {
            epoch: number(fields, 0)?,
            parent: number(fields, 1)?,
            order: number(fields, 2)?,
            batches: batches.map_err(|_| "`batches`: expected batches as `2-0-1`".to_owned())?,
            loss: number(fields, 4)?,
            correct: number(fields, 5)?,
            accuracy: number(fields, 6)?,
            norm: number(fields, 7)?,
            agreement: number(fields, 8)?,
            train_losses: (COLUMNS.len()..fields.len()).map(|column| number(fields, column)).collect::<std::result::Result<_, _>>()?,
        };
        if row.train_losses.len() == row.batches.len() { Ok(row) } else { Err("it has not one training loss a batch".to_owned()) }
    }
}

/// Appends rows to `orders.csv`. One writer a run: its engine, under the lock.
#[derive(Debug)]
pub struct OrdersWriter {
    file: File,
    path: PathBuf,
    offset: u64,
}

impl OrdersWriter {
    /// Goes on where a saved state stood: what comes after `offset` bytes is cut. A new file gets its head of columns, for
    /// orders of so many `batches`.
    ///
    /// # Errors
    /// If the file is shorter than it was, or cannot be written.
    pub fn open_at(directory: &RunDirectory, offset: u64, batches: usize) -> Result<Self> {
        let path = directory.orders();
        let mut file = disk::open(&path, OpenOptions::new().read(true).write(true).create(true).truncate(false))?;
        let wrap = |error| Error::io("read", &path, error);
        let length = file.metadata().map_err(wrap)?.len();
        if length < offset {
            return Err(Error::damaged(&path, format!("it has {length} bytes, but the saved state was written after {offset}")));
        }
        if length > offset {
            disk::truncate(&file, &path, offset)?;
        }
        file.seek(SeekFrom::Start(offset)).map_err(wrap)?;
        disk::sync_folder(directory.path())?;
        let mut writer = Self { file, path, offset };
        if offset == 0 {
            let places = (1..=batches).map(|place| format!("train_loss_{place}"));
            writer.write(&[COLUMNS.iter().map(|&name| name.to_owned()).chain(places).collect()])?;
        }
        Ok(writer)
    }

    /// Adds rows in one go and makes them durable. After a failure the file is cut back.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn append(&mut self, rows: &[OrderRow]) -> Result<()> {
        self.write(&rows.iter().map(OrderRow::fields).collect::<Vec<_>>())
    }

    fn write(&mut self, rows: &[Vec<String>]) -> Result<()> {
        let mut text = csv::Writer::from_writer(Vec::new());
        for row in rows {
            text.write_record(row).map_err(|error| Error::damaged(&self.path, error.to_string()))?;
        }
        let bytes = text.into_inner().map_err(|error| Error::damaged(&self.path, error.to_string()))?;
        let written = disk::write(&mut self.file, &self.path, &bytes).and_then(|()| disk::sync(&self.file, &self.path));
        if written.is_err() {
            // The first error counts; what stays is cut at the next start.
            let _ = disk::truncate(&self.file, &self.path, self.offset);
            let _ = self.file.seek(SeekFrom::Start(self.offset));
        }
        written?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Bytes of the file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

/// The rows of a run, one after the other; none where it has no `orders.csv`. Only one line is held at a time.
#[derive(Debug)]
pub struct OrderRows {
    file: Option<BufReader<File>>,
    path: PathBuf,
    /// Bytes and lines before the next row.
    at: (u64, u64),
}

impl OrderRows {
    /// Opens the file of a run.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(directory: &RunDirectory) -> Result<Self> {
        Self::open_at(directory, (0, 0))
    }

    /// Opens it where another reading came to, by [`OrderRows::at`].
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open_at(directory: &RunDirectory, at: (u64, u64)) -> Result<Self> {
        let path = directory.orders();
        let mut opened = match disk::open_to_read(&path).map_err(|error| Error::io("open", &path, error)) {
            Err(error) if error.is_missing() => return Ok(Self { file: None, path, at }),
            opened => opened?,
        };
        opened.seek(SeekFrom::Start(at.0)).map_err(|error| Error::io("read", &path, error))?;
        Ok(Self { file: Some(BufReader::new(opened)), path, at })
    }

    /// Bytes and lines that were read.
    #[must_use]
    pub fn at(&self) -> (u64, u64) {
        self.at
    }

    fn row(&mut self) -> Result<Option<OrderRow>> {
        let Some(file) = &mut self.file else { return Ok(None) };
        loop {
            let mut line = Vec::new();
            file.take(LONGEST).read_until(b'\n', &mut line).map_err(|error| Error::io("read", &self.path, error))?;
            let number = self.at.1;
            if !line.ends_with(b"\n") {
                // The end, a line that is being written, or one without measure.
                let text = format!("row {number}: it is longer than {LONGEST} bytes");
                return if line.len() as u64 == LONGEST { Err(Error::damaged(&self.path, text)) } else { Ok(None) };
            }
            self.at = (self.at.0 + line.len() as u64, number + 1);
            // The first line names the columns.
            if number > 0 {
                let row = std::str::from_utf8(&line).map_err(|error| error.to_string()).and_then(OrderRow::parse);
                return row.map(Some).map_err(|text| Error::damaged(&self.path, format!("row {number}: {text}")));
            }
        }
    }
}

impl Iterator for OrderRows {
    type Item = Result<OrderRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row().transpose();
        if !matches!(row, Some(Ok(_))) {
            // Behind a damaged line nothing can be trusted.
            self.file = None;
        }
        row
    }
}

/// The first `most` rows of a run.
///
/// # Errors
/// If the file cannot be read, or is damaged.
pub fn read_orders(directory: &RunDirectory, most: u64) -> Result<Vec<OrderRow>> {
    OrderRows::open(directory)?.take(usize::try_from(most).unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::layout::tests::scratch;

    fn row(order: u64) -> OrderRow {
        OrderRow {
            epoch: 1,
            parent: 1,
            order,
            batches: vec![1, 0, 2],
            loss: 1.0 / 3.0,
            correct: 7,
            accuracy: 0.7,
            norm: 1e-7,
            agreement: -0.25,
            train_losses: vec![0.1 + 0.2, f64::INFINITY, 2.0],
        }
    }

    #[test]
    fn rows_read_back_to_the_same_bits_and_what_follows_a_state_is_cut() {
        let (_keep, directory) = scratch();
        assert_eq!(read_orders(&directory, 9).unwrap(), []);
        let mut writer = OrdersWriter::open_at(&directory, 0, 3).unwrap();
        writer.append(&[row(0), row(1)]).unwrap();
        let offset = writer.offset();
        writer.append(&[row(2)]).unwrap();
        assert_eq!(read_orders(&directory, 9).unwrap(), [row(0), row(1), row(2)]);
        let text = std::fs::read_to_string(directory.orders()).unwrap();
        let head = "epoch,parent,order,batches,test_loss,correct,accuracy,norm,agreement,train_loss_1,train_loss_2,train_loss_3";
        assert_eq!(text.lines().next(), Some(head));
        assert_eq!(text.lines().nth(1).unwrap().split(',').nth(3), Some("1-0-2"));
        drop(writer);
        let mut writer = OrdersWriter::open_at(&directory, offset, 3).unwrap();
        assert_eq!(read_orders(&directory, 9).unwrap(), [row(0), row(1)]);
        writer.append(&[row(3)]).unwrap();
        assert_eq!(read_orders(&directory, 9).unwrap(), [row(0), row(1), row(3)]);
        assert!(OrdersWriter::open_at(&directory, 1 << 20, 3).is_err());
    }

    #[test]
    fn a_loss_that_is_not_a_number_stays_one() {
        let (_keep, directory) = scratch();
        let mut writer = OrdersWriter::open_at(&directory, 0, 3).unwrap();
        writer.append(&[OrderRow { loss: f64::NAN, ..row(0) }]).unwrap();
        assert!(read_orders(&directory, 9).unwrap()[0].loss.is_nan());
        std::fs::write(directory.orders(), "a,b\n1,2\n").unwrap();
        assert!(read_orders(&directory, 9).unwrap_err().to_string().contains("row 1: `order`: expected a number, got ``"));
        std::fs::write(directory.orders(), format!("a,b\n{}", ",".repeat(9000))).unwrap();
        assert!(read_orders(&directory, 9).unwrap_err().to_string().ends_with("row 1: it is longer than 4096 bytes"));
    }

    #[test]
    fn a_row_that_is_being_written_is_not_there_yet() {
        let (_keep, directory) = scratch();
        OrdersWriter::open_at(&directory, 0, 3).unwrap().append(&[row(0), row(1)]).unwrap();
        assert_eq!(read_orders(&directory, 1).unwrap(), [row(0)]);
        let text = std::fs::read_to_string(directory.orders()).unwrap();
        std::fs::write(directory.orders(), text.trim_end()).unwrap();
        assert_eq!(read_orders(&directory, 9).unwrap(), [row(0)]);
    }
}
