//! Which images were trained on, how often and when in their epochs, and whether an epoch's order repeats the one before.

use serde::Serialize;
use std::collections::VecDeque;

/// Images at either end of a ranking that are kept.
const LISTED: usize = 12;
/// Correlations between epochs that are kept one by one.
const EPOCHS: usize = 64;
/// Most training images that are counted; a damaged header must not ask for more memory.
const IMAGES: u64 = 1 << 22;
/// No place in this epoch yet.
const NOWHERE: u32 = u32::MAX;

/// An image and how often it was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// Its place in the training set.
    pub image: u32,
    /// How often.
    pub times: u64,
}

/// An image and when in its epochs it comes, on the mean: 0 is the first step, 1 the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Place {
    /// Its place in the training set.
    pub image: u32,
    /// Mean place.
    pub place: f64,
}

/// How often images were trained on in some steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Most often, first.
    pub most: Vec<Chosen>,
    /// Least often, first.
    pub least: Vec<Chosen>,
    /// Images that were not trained on.
    pub never: u64,
    /// How often each was, where all were equally often; over a run, in its whole epochs.
    pub even: Option<u64>,
}

/// What is known of the images of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Order {
    /// The last step that is counted: score files come with saved states.
    pub step: u64,
    /// Images of the training set.
    pub images: u64,
    /// Over the whole run.
    pub run: Counts,
    /// Over the newest epoch.
    pub epoch: Counts,
    /// The newest epoch.
    pub epoch_number: u64,
    /// Images that come earliest, over whole epochs.
    pub earliest: Vec<Place>,
    /// Images that come latest.
    pub latest: Vec<Place>,
    /// Rank correlation of the images' places between an epoch and the one before: mean over the run.
    pub between_epochs: Option<f64>,
    /// The newest ones, with the later epoch of each.
    pub between: VecDeque<(u64, f64)>,
}

/// Counts of every image.
#[derive(Debug, Clone, Default)]
pub struct Items {
    steps_per_epoch: u64,
    step: u64,
    epoch: u64,
    run: Vec<u32>,
    newest: Vec<u32>,
    /// First place in the newest epoch and in the one before.
    places: Vec<u32>,
    before: Vec<u32>,
    /// Sum of places, in epochs that were whole, and in how many of them the image was.
    sums: Vec<(f32, u32)>,
    between: VecDeque<(u64, f64)>,
    /// Sum and number of the correlations.
    total: (f64, u64),
}

impl Items {
    /// For so many training images.
    pub fn new(images: u64, steps_per_epoch: u64) -> Items {
        let count = images.min(IMAGES) as usize;
        Items {
            steps_per_epoch: steps_per_epoch.max(1),
            run: vec![0; count],
            newest: vec![0; count],
            places: vec![NOWHERE; count],
            before: Vec::new(),
            sums: vec![(0.0, 0); count],
            ..Items::default()
        }
    }

    /// Takes the images of a step. Steps come in order.
    pub fn push(&mut self, step: u64, epoch: u64, items: &[u32]) {
        if epoch != self.epoch {
            let whole = self.step.is_multiple_of(self.steps_per_epoch) && epoch == self.epoch + 1 && self.epoch > 0;
            let fresh = vec![NOWHERE; self.places.len()];
            let ended = std::mem::replace(&mut self.places, fresh);
            self.before = if whole { ended } else { Vec::new() };
            self.newest.fill(0);
            self.epoch = epoch;
        }
        self.step = step;
        let place = ((step.max(1) - 1) % self.steps_per_epoch) as u32;
        for item in items {
            let item = *item as usize;
            let (Some(run), Some(newest), Some(first)) = (self.run.get_mut(item), self.newest.get_mut(item), self.places.get_mut(item))
            else {
                continue;
            };
            *run = run.saturating_add(1);
            *newest = newest.saturating_add(1);
            *first = (*first).min(place);
        }
        if step.is_multiple_of(self.steps_per_epoch) {
            self.end_epoch();
        }
    }

    fn end_epoch(&mut self) {
        let last = (self.steps_per_epoch - 1).max(1) as f32;
        for (sum, place) in self.sums.iter_mut().zip(&self.places).filter(|(_, place)| **place != NOWHERE) {
            *sum = (sum.0 + *place as f32 / last, sum.1 + 1);
        }
        if let Some(correlation) = rank_correlation(&self.before, &self.places, self.steps_per_epoch) {
            if self.between.len() == EPOCHS {
                self.between.pop_front();
            }
            self.between.push_back((self.epoch, correlation));
            self.total = (self.total.0 + correlation, self.total.1 + 1);
        }
    }

    /// What the pane shows.
    pub fn order(&self) -> Order {
        let mut places: Vec<Place> = Vec::new();
        let known = (0u32..).zip(&self.sums).filter(|(_, (_, count))| *count > 0);
        places.extend(known.map(|(image, (sum, count))| Place { image, place: f64::from(*sum) / f64::from(*count) }));
        let listed = LISTED.min(places.len());
        let earlier = |one: &Place, other: &Place| one.place.total_cmp(&other.place).then(one.image.cmp(&other.image));
        let later = |one: &Place, other: &Place| other.place.total_cmp(&one.place).then(one.image.cmp(&other.image));
        let mut run = counts(&self.run);
        if run.even.is_none() && !self.step.is_multiple_of(self.steps_per_epoch) {
            // In the middle of an epoch that takes each image once, half of them are one ahead of the others.
            let before = self.run.iter().zip(&self.newest).map(|(run, newest)| (run - newest, *newest));
            let first = before.clone().next().map_or(0, |(times, _)| times);
            let is_even = first > 0 && before.clone().all(|(times, newest)| times == first && newest <= 1);
            run.even = is_even.then_some(u64::from(first));
        }
        Order {
            step: self.step,
            images: self.run.len() as u64,
            run,
            epoch: counts(&self.newest),
            epoch_number: self.epoch,
            earliest: first(&mut places, listed, earlier),
            latest: first(&mut places, listed, later),
            between_epochs: (self.total.1 > 0).then(|| self.total.0 / self.total.1 as f64),
            between: self.between.clone(),
        }
    }
}

/// The first few of a ranking, in order; the rest is not sorted.
fn first<T: Copy>(all: &mut [T], count: usize, order: impl Fn(&T, &T) -> std::cmp::Ordering + Copy) -> Vec<T> {
    if count == 0 {
        return Vec::new();
    }
    all.select_nth_unstable_by(count - 1, order);
    let mut few = all[..count].to_vec();
    few.sort_by(order);
    few
}

fn counts(times: &[u32]) -> Counts {
    let mut all: Vec<Chosen> = (0u32..).zip(times).map(|(image, times)| Chosen { image, times: u64::from(*times) }).collect();
    let listed = LISTED.min(all.len());
    let most = |one: &Chosen, other: &Chosen| other.times.cmp(&one.times).then(one.image.cmp(&other.image));
    let least = |one: &Chosen, other: &Chosen| one.times.cmp(&other.times).then(one.image.cmp(&other.image));
    let (most, least) = (first(&mut all, listed, most), first(&mut all, listed, least));
    let even = match (most.first(), least.first()) {
        (Some(most), Some(least)) if most.times == least.times => Some(most.times),
        _ => None,
    };
    Counts { never: times.iter().filter(|times| **times == 0).count() as u64, even, most, least }
}

/// Spearman's rank correlation of the images that both epochs place, equal places sharing their mean rank. Places are
/// numbers below `places`, so ranks come from counting. Nothing where one of both is constant.
fn rank_correlation(one: &[u32], other: &[u32], places: u64) -> Option<f64> {
    let both: Vec<(u32, u32)> = one.iter().copied().zip(other.iter().copied()).filter(|(a, b)| *a != NOWHERE && *b != NOWHERE).collect();
    if both.len() < 2 || places > IMAGES {
        return None;
    }
    let ranks = |of: fn(&(u32, u32)) -> u32| {
        let mut counts = vec![0u32; places as usize];
        both.iter().for_each(|pair| counts[of(pair) as usize] += 1);
        let mut passed = 0.0;
        let ranks: Vec<f64> = counts
            .iter()
            .map(|count| {
                let rank = passed + (f64::from(*count) - 1.0) / 2.0;
                passed += f64::from(*count);
                rank
            })
            .collect();
        ranks
    };
    let (first, second) = (ranks(|pair| pair.0), ranks(|pair| pair.1));
    let mean = (both.len() - 1) as f64 / 2.0;
    let (mut product, mut squares) = (0.0, (0.0, 0.0));
    for (a, b) in &both {
        let (a, b) = (first[*a as usize] - mean, second[*b as usize] - mean);
        product += a * b;
        squares = (squares.0 + a * a, squares.1 + b * b);
    }
    (squares.0 > 0.0 && squares.1 > 0.0).then(|| product / (squares.0 * squares.1).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Counts are those of a plain list of everything trained on.
        #[test]
        fn counts_are_those_of_the_steps(steps in proptest::collection::vec(proptest::collection::vec(0u32..20, 1..5), 1..40)) {
            let mut items = Items::new(20, 7);
            for (step, list) in (1u64..).zip(&steps) {
                items.push(step, step.div_ceil(7), list);
            }
            let order = items.order();
            let times = |image: u32, from: usize| steps[from..].iter().flatten().filter(|item| **item == image).count() as u64;
            let (whole, epoch) = (0, (steps.len() - 1) / 7 * 7);
            let ends = steps.len().is_multiple_of(7);
            for (counts, from) in [(&order.run, whole), (&order.epoch, epoch)] {
                for chosen in counts.most.iter().chain(&counts.least) {
                    prop_assert_eq!(chosen.times, times(chosen.image, from));
                }
                let most = (0..20).map(|image| times(image, from)).max().unwrap();
                let least = (0..20).map(|image| times(image, from)).min().unwrap();
                prop_assert_eq!((counts.most[0].times, counts.least[0].times), (most, least));
                if ends || from > 0 {
                    prop_assert_eq!(counts.even, (most == least).then_some(most));
                }
                prop_assert_eq!(counts.never, (0..20).filter(|image| times(*image, from) == 0).count() as u64);
            }
        }

        /// The same order again correlates with 1, the reversed one with −1, and it stays within them.
        #[test]
        fn orders_correlate_with_themselves(order in Just((0u32..12).collect::<Vec<u32>>()).prop_shuffle(), other in Just((0u32..12).collect::<Vec<u32>>()).prop_shuffle()) {
            let between = |epochs: [Vec<u32>; 3]| {
                let mut items = Items::new(12, 12);
                for (step, item) in (1u64..).zip(epochs.concat()) {
                    items.push(step, step.div_ceil(12), &[item]);
                }
                items.order().between.iter().map(|(epoch, value)| (*epoch, (value * 1e9).round() / 1e9)).collect::<Vec<_>>()
            };
            let reversed: Vec<u32> = order.iter().rev().copied().collect();
            prop_assert_eq!(between([order.clone(), order.clone(), reversed]), vec![(2, 1.0), (3, -1.0)]);
            prop_assert!(between([order.clone(), other, order]).iter().all(|(_, value)| value.abs() <= 1.0));
        }
    }

    #[test]
    fn places_are_told_once_epochs_are_whole() {
        let mut items = Items::new(4, 2);
        items.push(1, 1, &[0, 1]);
        assert!(items.order().earliest.is_empty());
        items.push(2, 1, &[2, 3]);
        let order = items.order();
        assert_eq!(
            (order.run.even, order.earliest[0], order.latest[0]),
            (Some(1), Place { image: 0, place: 0.0 }, Place { image: 2, place: 1.0 })
        );
        assert_eq!(order.between_epochs, None);
    }

    #[test]
    fn every_image_once_an_epoch_is_told_as_that() {
        let mut items = Items::new(4, 2);
        for (step, list) in [(1, [0, 1]), (2, [2, 3]), (3, [1, 2]), (4, [3, 0]), (5, [0, 1])] {
            items.push(step, u64::div_ceil(step, 2), &list);
        }
        let order = items.order();
        assert_eq!((order.run.even, order.epoch.even, order.epoch.never), (Some(2), None, 2));
        items.push(6, 3, &[0, 3]);
        assert_eq!(items.order().run.even, None, "0 came twice in one epoch, and 2 never");
    }

    #[test]
    fn an_image_beyond_the_set_is_passed_over() {
        let mut items = Items::new(2, 1);
        items.push(1, 1, &[0, 9]);
        assert_eq!(items.order().run.most[0], Chosen { image: 0, times: 1 });
    }
}
