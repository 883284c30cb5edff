//! Published figures beside ours.

use super::{Overlay, Train};
use crate::tui::format;
use crate::tui::history::History;
use curricle_core::config::Figure;
use std::path::PathBuf;

impl Train {
    fn figure(&self, name: &str) -> Option<&Figure> {
        let values = &self.published.as_ref()?.values.0;
        values.iter().find(|(known, _)| known == name).map(|(_, figure)| figure)
    }

    /// The published accuracy of the epoch that was evaluated last, or of the end where only that is published.
    pub(super) fn published_accuracy(&self) -> Option<String> {
        let epoch = self.history.evaluated.checked_sub(1)? as usize;
        let accuracy = match (self.figure("test_accuracy"), self.figure("error")) {
            (Some(Figure::Series(values)), _) => *values.get(epoch)?,
            (Some(Figure::One(value)), _) => *value,
            (None, Some(Figure::One(error))) => 1.0 - error,
            _ => return None,
        };
        Some(format!("published {accuracy:.4}"))
    }

    /// The published sum of norms, where one is.
    pub(super) fn published_norm(&self) -> Option<String> {
        match self.figure("norm_sum") {
            Some(Figure::One(value)) => Some(format!("published {}", format::short(*value))),
            _ => None,
        }
    }

    /// Lays the published curve under the run's; answers whether there is one.
    pub(super) fn overlay_published(&mut self) -> bool {
        let Some(Figure::Series(values)) = self.figure("test_accuracy") else { return false };
        let per_epoch = self.history.started.as_ref().map_or(0, |started| started.steps_per_epoch);
        if values.is_empty() || per_epoch == 0 {
            return false;
        }
        let mut history = Box::<History>::default();
        for (number, value) in values.iter().enumerate() {
            history.test_accuracy.push((number as u64 + 1) * per_epoch, *value);
        }
        self.overlay = Some(Overlay { directory: PathBuf::new(), name: "published".into(), history: Some(history) });
        true
    }
}
