//! `[published]`: figures that a preset stands beside. Shown and compared, never read by the engine.

use super::declare::section;
use super::values::Figures;

section! {
    /// Published figures of this experiment: shown beside ours, never read by the engine.
    Published {
        /// Where they are printed.
        table: String = String::new(), "table";
        /// Which row or column of it.
        row: String = String::new(), "row";
        /// Figures, each a number or a series with one number an epoch.
        values: Figures = Figures::default(), "values";
        /// Figures that were printed otherwise than their own logs say.
        printed: Figures = Figures::default(), "as printed";
        /// What to know before comparing.
        note: String = String::new(), "note";
    }
}
