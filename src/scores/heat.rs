//! How often scores lay where, over the steps of a run: a grid of counts whose columns are spans of steps and whose rows
//! are spans of scores. Both double when the grid is too small, so its memory is fixed and every count is exact.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// Spans of steps at most.
const COLUMNS: usize = 256;
/// Spans of scores.
const ROWS: usize = 128;
/// Share of the scores that a picture may leave out at each end: a single wild one must not flatten all others.
const TRIM: f64 = 0.005;

/// The grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// Steps of a column.
    span: u64,
    /// Scores of a row: a power of two.
    width: f64,
    /// Number of the lowest row: it begins at `base · width`.
    base: i64,
    /// Lowest and highest row that anything lies in, counted as `base` is.
    used: Option<(i64, i64)>,
    cells: Vec<u32>,
}

/// Scores of a span of steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// First step.
    pub first: u64,
    /// Last step.
    pub last: u64,
    /// Mean score.
    pub mean: f64,
    /// Lowest score.
    pub low: f64,
    /// Highest score.
    pub high: f64,
}

impl Default for Heat {
    fn default() -> Heat {
        Heat { span: 1, width: 1.0, base: 0, used: None, cells: Vec::new() }
    }
}

impl Heat {
    /// Takes the score of a step; what is not finite is left out.
    pub fn push(&mut self, step: u64, score: f64) {
        if !score.is_finite() {
            return;
        }
        while step / self.span >= COLUMNS as u64 {
            self.halve_columns();
        }
        let column = (step / self.span) as usize;
        if self.cells.len() < (column + 1) * ROWS {
            self.cells.resize((column + 1) * ROWS, 0);
        }
        let row = self.make_room(score);
        let cell = &mut self.cells[column * ROWS + (row - self.base) as usize];
        *cell = cell.saturating_add(1);
    }

    fn halve_columns(&mut self) {
        let mut halved = vec![0u32; self.cells.len().div_ceil(2 * ROWS) * ROWS];
        for (place, count) in self.cells.iter().enumerate() {
            let cell = &mut halved[place / ROWS / 2 * ROWS + place % ROWS];
            *cell = cell.saturating_add(*count);
        }
        (self.cells, self.span) = (halved, self.span * 2);
    }

    /// The row of a score, once the grid reaches it.
    fn make_room(&mut self, score: f64) -> i64 {
        if self.used.is_none() {
            // Fine at first: it doubles soon enough.
            self.width = (score.abs().max(1e-30).log2().floor() - 16.0).exp2();
        }
        loop {
            let row = (score / self.width).floor() as i64;
            let (low, high) = self.used.map_or((row, row), |(low, high)| (low.min(row), high.max(row)));
            let spread = i128::from(high) - i128::from(low);
            if spread >= ROWS as i128 {
                self.double_rows();
                continue;
            }
            if row < self.base || row >= self.base + ROWS as i64 {
                self.move_rows(low - (ROWS as i64 - 1 - spread as i64) / 2);
            }
            self.used = Some((low, high));
            return row;
        }
    }

    /// Puts the lowest row elsewhere; everything used stays within.
    fn move_rows(&mut self, base: i64) {
        let Some((low, high)) = self.used else {
            self.base = base;
            return;
        };
        for column in self.cells.chunks_mut(ROWS) {
            let mut moved = [0u32; ROWS];
            for row in low..=high {
                moved[(row - base) as usize] = column[(row - self.base) as usize];
            }
            column.copy_from_slice(&moved);
        }
        self.base = base;
    }

    fn double_rows(&mut self) {
        let base = self.base.div_euclid(2);
        for column in self.cells.chunks_mut(ROWS) {
            let mut merged = [0u32; ROWS];
            for (place, count) in column.iter().enumerate().filter(|(_, count)| **count > 0) {
                let cell = &mut merged[((self.base + place as i64).div_euclid(2) - base) as usize];
                *cell = cell.saturating_add(*count);
            }
            column.copy_from_slice(&merged);
        }
        self.base = base;
        self.width *= 2.0;
        self.used = self.used.map(|(low, high)| (low.div_euclid(2), high.div_euclid(2)));
    }

    /// Whether nothing was taken.
    pub fn is_empty(&self) -> bool {
        self.used.is_none()
    }

    /// Scores taken.
    pub fn total(&self) -> u64 {
        self.cells.iter().map(|count| u64::from(*count)).sum()
    }

    /// The range of scores that a picture shows: all but the outermost half per cent at each end.
    pub fn range(&self) -> Option<(f64, f64)> {
        let (low, high) = self.used?;
        let mut sums = [0u64; ROWS];
        for column in self.cells.chunks(ROWS) {
            sums.iter_mut().zip(column).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        let most = (sums.iter().sum::<u64>() as f64 * TRIM) as u64;
        let end = |rows: &mut dyn Iterator<Item = i64>| {
            let mut passed = 0;
            for row in rows {
                passed += sums[(row - self.base) as usize];
                if passed > most {
                    return row;
                }
            }
            low
        };
        let (first, last) = (end(&mut (low..=high)), end(&mut (low..=high).rev()));
        Some((first as f64 * self.width, (last + 1) as f64 * self.width))
    }

    /// Counts of the steps `0 ..= last` and the scores `low .. high` in so many columns and rows, the highest scores first.
    /// What lies outside of `low .. high` belongs to the outermost rows.
    pub fn picture(&self, last: u64, (low, high): (f64, f64), columns: usize, rows: usize) -> Vec<Vec<f64>> {
        let mut picture = vec![vec![0.0; columns]; rows];
        if columns == 0 || rows == 0 || high <= low {
            return picture;
        }
        let step_share = columns as f64 / (last + 1) as f64;
        let score_share = rows as f64 / (high - low);
        for (number, column) in self.cells.chunks(ROWS).enumerate() {
            // A column of the grid may lie over several columns of the picture, or the other way round.
            let from = (number as u64 * self.span) as f64 * step_share;
            let to = ((number as u64 + 1) * self.span) as f64 * step_share;
            let first = (from as usize).min(columns - 1);
            let past = (to.ceil() as usize).clamp(first + 1, columns);
            for (place, count) in column.iter().enumerate().filter(|(_, count)| **count > 0) {
                let middle = ((self.base + place as i64) as f64 + 0.5) * self.width;
                let row = (((high - middle) * score_share).max(0.0) as usize).min(rows - 1);
                for (at, cell) in picture[row][first..past].iter_mut().enumerate() {
                    let column = (first + at) as f64;
                    let covered = (to.min(column + 1.0) - from.max(column)).max(0.0) / (to - from);
                    *cell += f64::from(*count) * covered;
                }
            }
        }
        picture
    }

    /// The steps `0 ..= last` in at most `parts` equal spans: mean, lowest and highest score of each that has any. Exact to a
    /// row's height.
    pub fn spans(&self, last: u64, parts: u64) -> Vec<Span> {
        let columns = last / self.span + 1;
        let each = columns.div_ceil(parts.max(1)).max(1);
        let middle = |place: usize| ((self.base + place as i64) as f64 + 0.5) * self.width;
        let mut spans = Vec::new();
        for (number, block) in self.cells.chunks(ROWS * each as usize).enumerate() {
            let (mut sum, mut count, mut low, mut high) = (0.0, 0u64, f64::INFINITY, f64::NEG_INFINITY);
            for (place, times) in block.iter().enumerate().filter(|(_, times)| **times > 0) {
                let score = middle(place % ROWS);
                sum += score * f64::from(*times);
                count += u64::from(*times);
                (low, high) = (low.min(score), high.max(score));
            }
            if count > 0 {
                let first = number as u64 * each * self.span;
                spans.push(Span { first, last: (first + each * self.span - 1).min(last), mean: sum / count as f64, low, high });
            }
        }
        spans
    }

    /// Columns of the grid with anything in them: first and last step, and counts from the lowest used row up.
    fn columns(&self) -> impl Iterator<Item = &[u32]> {
        let (low, high) = self.used.unwrap_or((self.base, self.base - 1));
        self.cells.chunks(ROWS).map(move |column| &column[(low - self.base) as usize..(high + 1 - self.base) as usize])
    }
}

/// `{ steps, score, from, counts }`: a column covers `steps` steps, beginning at 0; a row `score` scores, beginning at `from`.
impl Serialize for Heat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Heat", 4)?;
        object.serialize_field("steps", &self.span)?;
        object.serialize_field("score", &self.width)?;
        object.serialize_field("from", &self.used.map(|(low, _)| low as f64 * self.width))?;
        object.serialize_field("counts", &self.columns().collect::<Vec<_>>())?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn score() -> impl Strategy<Value = f64> {
        prop_oneof![4 => -1.0..1.0f64, 2 => -1e-6..1e-6f64, 1 => -1e9..1e9f64, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(-3.5e300)]
    }

    proptest! {
        /// No count is lost or moved to another span, whatever comes in whatever order.
        #[test]
        fn every_score_lies_in_its_row(scores in proptest::collection::vec((0u64..100_000, score()), 0..200)) {
            let mut heat = Heat::default();
            scores.iter().for_each(|(step, score)| heat.push(*step, *score));
            let finite: Vec<(u64, f64)> = scores.into_iter().filter(|(_, score)| score.is_finite()).collect();
            prop_assert_eq!(heat.total(), finite.len() as u64);
            prop_assert!(heat.cells.len() <= COLUMNS * ROWS);
            let mut expected = vec![0u32; heat.cells.len()];
            for (step, score) in &finite {
                let row = (score / heat.width).floor() as i64 - heat.base;
                prop_assert!((0..ROWS as i64).contains(&row));
                expected[(step / heat.span) as usize * ROWS + row as usize] += 1;
            }
            prop_assert_eq!(&heat.cells, &expected);
        }

        #[test]
        fn a_picture_holds_every_score_once(
            scores in proptest::collection::vec((0u64..5_000, -2.0..2.0f64), 1..100), columns in 1usize..80, rows in 1usize..20,
        ) {
            let mut heat = Heat::default();
            scores.iter().for_each(|(step, score)| heat.push(*step, *score));
            let range = heat.range().unwrap();
            let picture = heat.picture(8_191, range, columns, rows);
            let sum: f64 = picture.iter().flatten().sum();
            prop_assert!((sum - scores.len() as f64).abs() < 1e-6, "{sum}");
        }
    }

    #[test]
    fn a_wild_score_does_not_flatten_the_others() {
        let mut heat = Heat::default();
        (0..1_000).for_each(|step| heat.push(step, 0.01 + (step % 10) as f64 * 0.001));
        heat.push(1_000, 50.0);
        let (low, high) = heat.range().unwrap();
        assert!(low <= 0.01 && high < 1.0, "{low} {high}");
        assert_eq!(Heat::default().range(), None);
    }

    #[test]
    fn a_long_run_is_no_larger() {
        let mut heat = Heat::default();
        (0..1_000_000u64).for_each(|step| heat.push(step, (step as f64).sin()));
        assert!(heat.cells.len() <= COLUMNS * ROWS);
        assert_eq!(heat.total(), 1_000_000);
    }
}
