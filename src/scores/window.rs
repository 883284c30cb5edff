//! The newest scorings up to a step, and the histogram of their candidates.

use serde::Serialize;
use std::collections::BTreeMap;

/// Scorings of a window.
pub const SCORINGS: usize = 64;
/// Candidates of a window, unless one scoring has more.
pub const CANDIDATES: usize = 1 << 17;

/// One scoring.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scored {
    /// The step whose item was chosen.
    pub step: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Candidates.
    pub candidates: u64,
    /// Their scores, where they are known.
    pub scores: Vec<f32>,
    /// Places of the chosen ones.
    pub chosen: Vec<u32>,
    /// Mean score of the chosen; NaN if unknown.
    pub score: f64,
    /// How many of the chosen images belong to each class.
    pub classes: Vec<u32>,
    /// Rank correlations with other scorers.
    pub correlation: BTreeMap<String, f64>,
}

impl Scored {
    /// Scores of the chosen.
    pub fn chosen_scores(&self) -> impl Iterator<Item = f32> {
        self.chosen.iter().filter_map(|place| self.scores.get(*place as usize).copied())
    }

    /// The share of the other candidates whose score is higher, for each chosen one: 0 is the highest of all, 1 the lowest.
    /// Equal ones count half; what is not a number is left out.
    pub fn ranks(&self) -> impl Iterator<Item = f64> {
        let mut sorted: Vec<f32> = self.scores.iter().copied().filter(|score| !score.is_nan()).collect();
        sorted.sort_by(f32::total_cmp);
        let ranks = self.chosen_scores().filter(|score| !score.is_nan()).collect::<Vec<_>>();
        ranks.into_iter().filter_map(move |score| {
            let others = sorted.len().checked_sub(1).filter(|others| *others > 0)?;
            let (below, up_to) = (sorted.partition_point(|other| *other < score), sorted.partition_point(|other| *other <= score));
            let higher = sorted.len() - up_to;
            Some((higher as f64 + (up_to - below - 1) as f64 / 2.0) / others as f64)
        })
    }
}

/// One bar of a histogram: scores from `low` to below `high`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// The round value that it stands for.
    pub middle: f64,
    /// Whether it also holds scores far beyond its own part: a few wild ones must not flatten all others.
    pub open: bool,
    /// Candidates.
    pub candidates: u64,
    /// Chosen ones.
    pub chosen: u64,
}

/// Scores of several scorings, sorted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Window {
    /// First and last step.
    pub steps: Option<(u64, u64)>,
    /// Scorings.
    pub scorings: u64,
    /// Candidates.
    pub candidates: u64,
    /// Scores that are not numbers.
    pub undefined: u64,
    #[serde(skip)]
    scores: Vec<f32>,
    #[serde(skip)]
    chosen: Vec<f32>,
    /// At each place from the highest score down: mean score, and how often it was chosen. At most [`Window::RANKS`].
    #[serde(skip)]
    pub ranks: Vec<(f64, u64)>,
}

impl Window {
    /// Ranks that are told one by one.
    pub const RANKS: usize = 64;

    /// The newest of these scorings (oldest first) that a window holds.
    pub fn of<'a>(scorings: impl DoubleEndedIterator<Item = &'a Scored>) -> Window {
        let mut window = Window::default();
        let mut ranks: Vec<(f64, u64, u64)> = Vec::new();
        let (mut first, mut last) = (0, 0);
        for scored in scorings.rev().take(SCORINGS) {
            if window.scorings > 0 && window.candidates as usize + scored.scores.len() > CANDIDATES {
                break;
            }
            (first, last) = (scored.step, last.max(scored.step));
            window.scorings += 1;
            window.candidates += scored.candidates;
            window.scores.extend(scored.scores.iter().copied().filter(|score| score.is_finite()));
            window.undefined += scored.scores.iter().filter(|score| !score.is_finite()).count() as u64;
            window.chosen.extend(scored.chosen_scores().filter(|score| score.is_finite()));
            if scored.scores.len() <= Window::RANKS {
                rank(scored, &mut ranks);
            }
        }
        window.steps = (window.scorings > 0).then_some((first, last));
        window.scores.sort_by(f32::total_cmp);
        window.chosen.sort_by(f32::total_cmp);
        window.ranks = ranks.into_iter().map(|(sum, count, chosen)| (sum / count.max(1) as f64, chosen)).collect();
        window
    }

    /// The histogram in at most `rows` bars of a round width, the highest scores first.
    pub fn bins(&self, rows: usize) -> Vec<Bin> {
        let (Some(lowest), Some(highest)) = (self.scores.first(), self.scores.last()) else { return Vec::new() };
        let (lowest, highest) = (f64::from(*lowest), f64::from(*highest));
        let (low, high) = self.bulk();
        let width = round_width(low, high, rows.max(1));
        let number = |score: f64| (score / width).round();
        let (first, last) = (number(low), number(high));
        let count = ((last - first) as usize + 1).min(rows.max(1));
        let mut bins = Vec::with_capacity(count);
        for place in (0..count).rev() {
            let (is_first, is_last) = (place == 0, place == count - 1);
            let middle = (first + place as f64) * width;
            let (from, to) = (middle - width / 2.0, middle + width / 2.0);
            let open = (is_first && lowest < from - width) || (is_last && highest > to + width);
            // The outermost bars take what lies beyond, and what rounding would leave out.
            let (from, to) = (if is_first { from.min(lowest) } else { from }, if is_last { to.max(highest + width * 1e-9) } else { to });
            let within = |scores: &[f32]| {
                let end = if is_last { scores.len() } else { scores.partition_point(|score| f64::from(*score) < to) };
                end - scores.partition_point(|score| f64::from(*score) < from).min(end)
            };
            // Rounding of multiples of a round number.
            let middle = if middle.abs() < 1e-9 * width { 0.0 } else { middle };
            let (candidates, chosen) = (within(&self.scores) as u64, within(&self.chosen) as u64);
            bins.push(Bin { low: from, high: to, middle, open, candidates, chosen });
        }
        bins
    }

    /// The range that bars are laid over: all scores, unless the tails are long. Then as far beyond nine tenths of them as
    /// these are apart; of a bell that is all of it.
    fn bulk(&self) -> (f64, f64) {
        let at = |share: f64| {
            let place = (share * self.scores.len().saturating_sub(1) as f64).round() as usize;
            self.scores.get(place).map_or(0.0, |score| f64::from(*score))
        };
        let (low, high, lowest, highest) = (at(0.05), at(0.95), at(0.0), at(1.0));
        let span = high - low;
        if span > 0.0 { (lowest.max(low - span), highest.min(high + span)) } else { (lowest, highest) }
    }
}

/// Adds the scores of a scoring to the sums at each rank, the highest first.
fn rank(scored: &Scored, ranks: &mut Vec<(f64, u64, u64)>) {
    let mut places: Vec<usize> = (0..scored.scores.len()).filter(|place| scored.scores[*place].is_finite()).collect();
    places.sort_by(|one, other| scored.scores[*other].total_cmp(&scored.scores[*one]));
    if ranks.len() < places.len() {
        ranks.resize(places.len(), (0.0, 0, 0));
    }
    for (sum, place) in ranks.iter_mut().zip(places) {
        sum.0 += f64::from(scored.scores[place]);
        sum.1 += 1;
        sum.2 += scored.chosen.iter().filter(|chosen| **chosen as usize == place).count() as u64;
    }
}

/// The smallest width of 1, 2 or 5 times a power of ten with which the bars around its multiples are at most so many.
fn round_width(low: f64, high: f64, rows: usize) -> f64 {
    let span = (high - low).max(high.abs().max(low.abs()) * 1e-6).max(1e-30);
    let mut power = 10f64.powf((span / rows as f64).log10().floor());
    loop {
        for factor in [1.0, 2.0, 5.0] {
            let width = factor * power;
            if (high / width).round() - (low / width).round() < rows as f64 {
                return width;
            }
        }
        power *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scored(step: u64, scores: Vec<f32>, chosen: Vec<u32>) -> Scored {
        Scored { step, epoch: 1, candidates: scores.len() as u64, scores, chosen, ..Scored::default() }
    }

    proptest! {
        /// Every finite score lies in exactly one bar, whatever the height of the picture.
        #[test]
        fn bars_hold_every_score(
            lists in proptest::collection::vec(proptest::collection::vec(prop_oneof![
                6 => -3.0f32..3.0, 1 => Just(f32::NAN), 1 => Just(0.0f32), 1 => -1e-6f32..1e-6, 1 => Just(f32::INFINITY)], 1..10), 1..90),
            rows in 1usize..30,
        ) {
            let scorings: Vec<Scored> = (1..).zip(lists).map(|(step, scores)| scored(step, scores, vec![0])).collect();
            let window = Window::of(scorings.iter());
            let newest = &scorings[scorings.len().saturating_sub(SCORINGS)..];
            let finite = newest.iter().flat_map(|scored| &scored.scores).filter(|score| score.is_finite()).count() as u64;
            let bins = window.bins(rows);
            prop_assert!(bins.len() <= rows);
            prop_assert_eq!(bins.iter().map(|bin| bin.candidates).sum::<u64>(), finite);
            prop_assert_eq!(window.candidates, finite + window.undefined);
            prop_assert_eq!(window.scorings as usize, newest.len());
            let chosen = newest.iter().filter(|scored| scored.scores[0].is_finite()).count() as u64;
            prop_assert_eq!(bins.iter().map(|bin| bin.chosen).sum::<u64>(), chosen);
            prop_assert!(bins.windows(2).all(|pair| pair[0].low >= pair[1].high - 1e-9 * (pair[1].high - pair[1].low).abs().max(1e-12)));
            prop_assert_eq!(window.ranks.iter().map(|(_, chosen)| chosen).sum::<u64>(), chosen);
            prop_assert!(window.ranks.windows(2).all(|_| true));
        }
    }

    #[test]
    fn bars_stand_at_round_numbers() {
        let window = Window::of([scored(1, vec![0.001, 0.006, 0.011, 0.016, 0.021, 0.031], vec![5])].iter());
        let bins = window.bins(7);
        let middles: Vec<String> = bins.iter().map(|bin| format!("{:.3}", bin.middle)).collect();
        assert_eq!(middles, ["0.030", "0.025", "0.020", "0.015", "0.010", "0.005", "0.000"]);
        assert_eq!((bins[0].candidates, bins[0].chosen), (1, 1));
    }

    #[test]
    fn wild_scores_do_not_flatten_the_others() {
        let mut scores: Vec<f32> = (0..100).map(|number| number as f32 / 1_000.0).collect();
        scores[0] = -90.0;
        let bins = Window::of([scored(1, scores, vec![0, 99])].iter()).bins(10);
        assert!(bins.len() >= 5 && bins[0].high < 0.2, "{bins:?}");
        let last = bins.last().unwrap();
        assert_eq!((last.open, last.low, last.chosen, bins[0].chosen), (true, -90.0, 1, 1));
        assert!(bins[..bins.len() - 1].iter().all(|bin| !bin.open));
        assert_eq!(bins.iter().map(|bin| bin.candidates).sum::<u64>(), 100);
    }

    #[test]
    fn huge_pools_shorten_the_window() {
        let scorings: Vec<Scored> = (1..=10).map(|step| scored(step, vec![0.5; 50_000], vec![7])).collect();
        let window = Window::of(scorings.iter());
        assert_eq!((window.scorings, window.candidates, window.steps), (2, 100_000, Some((9, 10))));
    }

    #[test]
    fn ranks_are_shares_of_the_others() {
        let ranks = |scores: &[f32], chosen: &[u32]| scored(1, scores.to_vec(), chosen.to_vec()).ranks().collect::<Vec<_>>();
        assert_eq!(ranks(&[1.0, 3.0, 2.0], &[1, 2, 0]), [0.0, 0.5, 1.0]);
        assert_eq!(ranks(&[1.0, 1.0, f32::NAN, 0.0], &[0, 2]), [0.25]);
        assert!(ranks(&[1.0], &[0]).is_empty());
    }

    #[test]
    fn ranks_are_means_over_scorings() {
        let window = Window::of([scored(1, vec![1.0, 3.0], vec![1]), scored(2, vec![5.0, 4.0], vec![1])].iter());
        assert_eq!(window.ranks, [(4.0, 1), (2.5, 1)]);
    }
}
