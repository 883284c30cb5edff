//! When an ordering scores, and how many candidates: the loader and the choice played through, with counts for items.

use super::lengths::{Lengths, MOST};
use super::{Passes, of_choice};
use crate::config::{Candidates, Interval, ItemKind, Ordering, Recipe, Sampler};

/// The items of an epoch, as they are scored and taken.
pub struct Items<'a> {
    ordering: &'a Ordering,
    lengths: &'a Lengths,
    /// Items of an epoch. Of redrawn batches, what their images come to.
    all: u64,
    /// Items that a step takes.
    needed: u64,
    /// Candidates to draw, if not all.
    most: Option<u64>,
    /// Whole batches that an item is.
    size: f64,
}

impl<'a> Items<'a> {
    /// Of an ordering that chooses by scores.
    pub fn new(ordering: &'a Ordering, lengths: &'a Lengths) -> Self {
        let (all, needed, size) = match (ordering.item, ordering.recipe) {
            (ItemKind::Sample, _) => (lengths.images, lengths.batch, 1.0 / lengths.batch as f64),
            (ItemKind::Batch, Recipe::Fixed) => (lengths.cut, 1, lengths.mean_size()),
            (ItemKind::Batch, Recipe::Redrawn) => (lengths.pieces, 1, 1.0),
        };
        let most = match ordering.candidates {
            Candidates::All => None,
            Candidates::Of(count) => Some(count.saturating_mul(needed)),
        };
        Self { ordering, lengths, all, needed, most, size }
    }

    fn draws_without_end(&self) -> bool {
        self.ordering.sampler != Sampler::Off
    }

    /// Candidates that are drawn while so many items are left.
    fn drawn(&self, left: u64) -> u64 {
        match self.ordering.recipe {
            // Draws overlap. A remainder smaller than a batch is handed out as it is.
            Recipe::Redrawn if left == 1 && !self.lengths.images.is_multiple_of(self.lengths.batch) => 1,
            Recipe::Redrawn => self.most.unwrap_or(1),
            Recipe::Fixed => self.most.map_or(left, |most| most.min(left)),
        }
    }

    /// Scorings of the first `steps` steps of the epoch that so many steps come before, and their passes.
    fn of_epoch(&self, before: u64, steps: u64) -> Option<(u64, Passes)> {
        let (mut left, mut scored_left) = (self.all, 0);
        let mut sum = (0, Passes::default());
        for step in before..before + steps {
            let due = match self.ordering.rescore {
                Interval::Steps(interval) => step.is_multiple_of(interval.max(1)),
                Interval::Epochs(_) => false,
            };
            let mut is_settled = false;
            if due || scored_left < self.needed {
                let drawn = self.drawn(left);
                is_settled = !self.draws_without_end() && drawn <= self.needed;
                if !is_settled {
                    sum = (sum.0 + 1, sum.1 + of_choice(self.ordering, drawn, drawn as f64 * self.size, self.lengths.batch)?);
                }
                scored_left = drawn;
            }
            if !self.draws_without_end() {
                left = left.saturating_sub(self.needed);
            }
            scored_left = match self.ordering.sampler {
                _ if is_settled => 0,
                // These put back what they take.
                Sampler::Weighted | Sampler::Inverse => scored_left,
                Sampler::Off | Sampler::Smallest | Sampler::Largest => scored_left.saturating_sub(self.needed),
            };
        }
        Some(sum)
    }

    /// Scorings of a run whose first `active` steps are ordered. `None` if that cannot be counted.
    pub fn scorings(&self, active: u64) -> Option<(u64, Passes)> {
        let epoch = self.lengths.steps_per_epoch;
        // Scores that hold for some steps are renewed at other places of the next epoch, until it all comes again.
        let interval = if let Interval::Steps(steps) = self.ordering.rescore { steps.max(1) } else { 1 };
        let period = interval / common_divisor(interval, epoch);
        let (whole, rest) = (active / epoch, active % epoch);
        if period.min(whole + 1).saturating_mul(epoch) > MOST {
            return None;
        }
        let mut sum = (0, Passes::default());
        for phase in 0..period.min(whole) {
            let times = (whole - phase).div_ceil(period);
            let (count, passes) = self.of_epoch(phase * epoch, epoch)?;
            sum = (sum.0 + count * times, sum.1 + passes * times as f64);
        }
        let (count, passes) = self.of_epoch(whole % period * epoch, rest)?;
        Some((sum.0 + count, sum.1 + passes))
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
