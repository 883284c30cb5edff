//! Reading a run's scorings, and the images of a batch.

use super::{Worker, one_line, said};
use crate::scores::Reader;
use crate::tui::message::{BatchImage, BatchImages, Message, ScoresRead};
use curricle_core::config;
use curricle_core::data::{self, Images};
use curricle_core::run::RunDirectory;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one answer may take before it is given with what there is.
const PATIENCE: Duration = Duration::from_millis(40);
/// Images of a batch that are shown at most.
const IMAGES: usize = 256;

/// A place in a run's scorings, and the step that was answered last.
#[derive(Debug)]
pub struct Scored {
    reader: Reader,
    answered: Option<Option<u64>>,
}

/// The image set of a run that is looked at.
#[derive(Debug)]
pub struct Set {
    directory: PathBuf,
    images: Images,
}

impl Worker {
    /// What is new in a run's scorings.
    pub(super) fn scores(&self, directory: PathBuf, step: Option<u64>, known: bool) -> Option<Message> {
        let mut held = self.scored.lock().ok()?;
        if held.as_ref().is_none_or(|scored| scored.reader.directory().path() != directory) {
            *held = match RunDirectory::open(&directory) {
                Ok(run) => Some(Scored { reader: Reader::new(run), answered: None }),
                Err(error) => {
                    let outcome = Err(said(&error));
                    return Some(Message::Scores(Box::new(ScoresRead { directory, outcome, more: false })));
                }
            };
        }
        let scored = held.as_mut()?;
        let answer = match scored.reader.poll(PATIENCE) {
            Err(error) => ScoresRead { directory, outcome: Err(said(&error)), more: false },
            Ok(polled) if !polled.changed && known && scored.answered == Some(step) => {
                ScoresRead { directory, outcome: Ok(None), more: polled.more }
            }
            Ok(polled) => {
                scored.answered = Some(step);
                let (digest, missing) = match scored.reader.digest(step) {
                    Ok(digest) => (digest, None),
                    Err(missing) => (scored.reader.digest(None).unwrap_or_else(|_| scored.reader.sums()), Some(missing)),
                };
                ScoresRead { directory, outcome: Ok(Some((Box::new(digest), missing))), more: polled.more }
            }
        };
        Some(Message::Scores(Box::new(answer)))
    }

    /// Images of a run's training set. The set is kept until it is given back or another is asked for.
    pub(super) fn batch_images(&self, directory: &Path, step: u64, items: &[u32]) -> Result<Box<BatchImages>, String> {
        let mut held = self.looked_at.lock().map_err(|_| "the images could not be read".to_string())?;
        if held.as_ref().is_none_or(|set| set.directory != directory) {
            *held = None;
            *held = Some(Set { directory: directory.to_path_buf(), images: self.set(directory)? });
        }
        let images = held.as_ref().map(|set| &set.images).ok_or("the images could not be read")?;
        let set = &images.train;
        let known = items.iter().filter(|item| (**item as usize) < set.len()).take(IMAGES);
        let image = |item: &u32| BatchImage {
            number: *item,
            class: images.classes.get(usize::from(set.labels[*item as usize])).cloned().unwrap_or_default(),
            pixels: set.image(*item as usize).to_vec(),
        };
        Ok(Box::new(BatchImages { step, height: set.height, width: set.width, channels: set.channels, images: known.map(image).collect() }))
    }

    /// The image set of a run, as it trained on it.
    fn set(&self, directory: &Path) -> Result<Images, String> {
        let run = RunDirectory::open(directory).map_err(|error| said(&error))?;
        let text = run.read_resolved().map_err(|error| said(&error))?;
        let experiment = config::read(&text, "resolved.toml", &[]).map_err(|problems| one_line(&problems.to_string()))?;
        let flag = self.data.clone().or_else(|| run.record().ok()?.data_root);
        data::load(&experiment.data, &data::root(&experiment.data, flag.as_deref())).map_err(|error| one_line(&error.to_string()))
    }

    /// Gives the memory of the images back.
    pub(super) fn drop_images(&self) {
        if let Ok(mut held) = self.looked_at.lock() {
            *held = None;
        }
    }
}
