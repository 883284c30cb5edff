//! `order.safetensors`: the order that a run trained in, for others to train in again.

use super::error::{Error, Result};
use super::layout::RunDirectory;
use super::score_file::{ScoreFile, ScoreHeader, header_of, score_files, serialise};
use super::tensor_file::{Ragged, TensorFile, read_tensor_file};
use super::whole::write_whole;
use std::path::Path;

/// The images of every step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedOrder {
    /// What was ordered.
    pub header: ScoreHeader,
    /// Training images of step 1, 2, …, in the order of the batch.
    pub steps: Ragged,
}

impl RecordedOrder {
    /// The bytes of the file.
    ///
    /// # Errors
    /// If they cannot be made, in words.
    pub fn to_bytes(&self) -> std::result::Result<Vec<u8>, String> {
        serialise(&self.steps.tensors("items"), &self.header)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What does not hold together, in words.
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let file = TensorFile::parse(bytes)?;
        let header = header_of(&file)?;
        let count = file.longs("items.end")?.len();
        let steps = file.ragged("items", count)?;
        match steps.values.iter().find(|&&item| u64::from(item) >= header.images) {
            Some(item) => Err(format!("is damaged: it has image {item} of {} images", header.images)),
            None => Ok(Self { header, steps }),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(&read_tensor_file(path)?).map_err(|text| Error::damaged(path, text))
    }
}

/// Joins the score files of a run into `order.safetensors`. Does nothing where there are none.
///
/// # Errors
/// If a score file is damaged, or the order cannot be written.
pub fn write_order(directory: &RunDirectory) -> Result<()> {
    let Some(order) = joined(directory)? else { return Ok(()) };
    let path = directory.order();
    let bytes = order.to_bytes().map_err(|text| Error::damaged(&path, text))?;
    write_whole(&path, &bytes)
}

/// The order that a run trained in: its `order.safetensors`, or while it has none what its score files hold. `None` if it has
/// neither.
///
/// # Errors
/// If a file is damaged.
pub fn recorded_order(directory: &RunDirectory) -> Result<Option<RecordedOrder>> {
    let path = directory.order();
    if path.exists() { RecordedOrder::read(&path).map(Some) } else { joined(directory) }
}

fn joined(directory: &RunDirectory) -> Result<Option<RecordedOrder>> {
    let mut order: Option<RecordedOrder> = None;
    for (_, path) in score_files(directory) {
        let file = ScoreFile::read(&path)?;
        let order = order.get_or_insert_with(|| RecordedOrder { header: file.header, steps: Ragged::default() });
        for step in &file.steps {
            if step.step != order.steps.len() as u64 + 1 {
                return Err(Error::damaged(&path, format!("step {} follows step {}", step.step, order.steps.len())));
            }
            order.steps.push(&step.items);
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::layout::tests::scratch;
    use crate::run::{OrderedStep, ScoreWriter};

    #[test]
    fn an_order_is_that_of_the_steps() {
        let (_keep, directory) = scratch();
        write_order(&directory).unwrap();
        assert!(!directory.order().exists());
        let header = ScoreHeader { format: 1, images: 10, steps_per_file: 2, ..ScoreHeader::default() };
        let mut writer = ScoreWriter::open(&directory, header, 0).unwrap();
        for step in 1..=5u64 {
            writer.push(OrderedStep { step, epoch: 1, items: vec![step as u32, 9], ..OrderedStep::default() }).unwrap();
        }
        writer.save().unwrap();
        write_order(&directory).unwrap();
        let order = RecordedOrder::read(&directory.order()).unwrap();
        assert_eq!((order.steps.len(), order.steps.of(0), order.steps.of(4)), (5, &[1, 9][..], &[5, 9][..]));
        assert!(order.steps.of(5).is_empty());
    }

    #[test]
    fn an_image_beyond_the_set_is_refused() {
        let mut order =
            RecordedOrder { header: ScoreHeader { format: 1, images: 3, ..ScoreHeader::default() }, ..RecordedOrder::default() };
        order.steps.push(&[2, 3]);
        assert_eq!(RecordedOrder::parse(&order.to_bytes().unwrap()).unwrap_err(), "is damaged: it has image 3 of 3 images");
    }
}
