//! Pacing: images sorted by a fixed score, batches drawn from the easiest of them, and more and more are open (Hacohen and
//! Weinshall 2019). Step t (from 0) draws at random from the first min(start·increase^⌊t/length⌋, 1)·N.

use super::context::{Chosen, Context};
use super::known::Known;
use crate::plan::Plan;
use curricle_core::config::{self, Interval, PacingBy, Scorer};
use curricle_core::random::{Purpose, Stream};

/// Hands out what is open.
pub struct Pacing {
    settings: config::Pacing,
    /// Training images, the ones that open first in front.
    sorted: Vec<u32>,
    length: u64,
}

impl Pacing {
    /// For `images` training images. Where another network's losses sort them, [`Pacing::sort_by`] comes later.
    #[must_use]
    pub fn new(settings: &config::Pacing, seed: u64, images: usize, plan: &Plan, known: &Known) -> Self {
        let length = match settings.length {
            Interval::Epochs(epochs) => epochs * plan.steps_per_epoch,
            Interval::Steps(steps) => steps,
        };
        let mut pacing = Self { settings: settings.clone(), sorted: (0..images as u32).collect(), length: length.max(1) };
        match settings.by {
            PacingBy::Difficulty => pacing.sort_by(known.scores(Scorer::Difficulty).unwrap_or_default()),
            PacingBy::Column => pacing.sort_by(known.scores(Scorer::Column).unwrap_or_default()),
            // A random score sorts at random: the control.
            PacingBy::Random => pacing.sorted = Stream::new(seed, Purpose::Candidates, 0, 0, 0).permutation(images),
            PacingBy::Teacher | PacingBy::Own => {}
        }
        pacing
    }

    /// Sorts the images by their scores, the smallest first (`reversed`: the largest); what is no number comes last.
    pub fn sort_by(&mut self, scores: &[f64]) {
        let of = |item: &u32| scores.get(*item as usize).copied().unwrap_or(f64::NAN);
        let reversed = self.settings.reversed;
        self.sorted.sort_by(|a, b| {
            let (left, right) = (of(a), of(b));
            let values = if reversed { right.total_cmp(&left) } else { left.total_cmp(&right) };
            left.is_nan().cmp(&right.is_nan()).then(values).then(a.cmp(b))
        });
    }

    /// Images that are open at a step (from 1), never fewer than a batch.
    #[must_use]
    pub fn open(&self, step: u64, batch: usize) -> usize {
        let times = i32::try_from((step - 1) / self.length).unwrap_or(i32::MAX);
        let share = (self.settings.start * self.settings.increase.powi(times)).min(1.0);
        let open = (share * self.sorted.len() as f64).round() as usize;
        open.max(batch).min(self.sorted.len())
    }

    /// The items of a step.
    #[must_use]
    pub fn choose(&self, context: &Context) -> Chosen {
        let open = self.open(context.step, context.batch);
        let mut stream = Stream::new(context.seeds.order, Purpose::Sampler, context.epoch, context.step, 0);
        let items = stream.choose(context.batch, open).into_iter().map(|place| self.sorted[place as usize]).collect();
        Chosen { items, ..Chosen::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pacing(start: f64, increase: f64, length: u64, reversed: bool, images: usize) -> Pacing {
        let settings = config::Pacing { start, increase, reversed, length: Interval::Steps(length), ..config::Pacing::default() };
        Pacing { settings, sorted: (0..images as u32).collect(), length }
    }

    proptest! {
        #[test]
        fn ever_more_is_open(start in 0.01f64..1.0, increase in 1.01f64..3.0, length in 1u64..9, images in 16usize..300) {
            let pacing = pacing(start, increase, length, false, images);
            let open: Vec<usize> = (1..200).map(|step| pacing.open(step, 8)).collect();
            prop_assert!(open.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert!(open.iter().all(|&open| (8..=images).contains(&open)));
            let first = ((start * images as f64).round() as usize).clamp(8, images);
            prop_assert!(open[..length as usize].iter().all(|&open| open == first));
        }

        #[test]
        fn the_easiest_come_first_and_what_is_no_number_last(
            scores in proptest::collection::vec(prop_oneof![5 => -3.0f64..3.0, 1 => Just(f64::NAN)], 1..40), reversed: bool,
        ) {
            let mut pacing = pacing(0.1, 2.0, 1, reversed, scores.len());
            pacing.sort_by(&scores);
            for pair in pacing.sorted.windows(2) {
                let (a, b) = (scores[pair[0] as usize], scores[pair[1] as usize]);
                let in_turn = if reversed { a >= b } else { a <= b };
                prop_assert!(b.is_nan() || in_turn);
            }
        }
    }

    /// The published fixed exponential: 0.04·1.9^⌊t/100⌋ of 2,500 images.
    #[test]
    fn the_published_pace() {
        let pacing = pacing(0.04, 1.9, 100, false, 2500);
        assert_eq!([1, 100, 101, 201, 501, 601].map(|step| pacing.open(step, 100)), [100, 100, 190, 361, 2476, 2500]);
    }
}
