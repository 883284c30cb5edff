//! What is chosen by scores: ordering strategies choose one candidate, sampler strategies build a batch of samples.

use curricle_core::random::Stream;

/// What 1/score is floored at, so that a sample of loss 0 does not take the whole batch.
pub const SMALLEST_SCORE: f64 = 1e-8;

/// Which of several equal scores is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// The one drawn first (loss orderer, as published).
    First,
    /// The one drawn last (loss delta, as published: its comparison was `>=`).
    Last,
}

/// Ordering strategy: hand out the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Whether the largest score is the best.
    pub descending: bool,
    /// Which of several best is taken.
    pub ties: Ties,
}

impl Order {
    /// Place of the best of `scores`; what is not a number is worse than anything. `None` without scores.
    #[must_use]
    pub fn best(self, scores: &[f64]) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (place, &score) in scores.iter().enumerate() {
            let wins = best.is_none_or(|held| {
                let held = scores[held];
                match (score.is_nan(), held.is_nan()) {
                    (true, false) => false,
                    (false, true) => true,
                    (true, true) => self.ties == Ties::Last,
                    (false, false) if score == held => self.ties == Ties::Last,
                    (false, false) => (score > held) == self.descending,
                }
            });
            if wins {
                best = Some(place);
            }
        }
        best
    }

    /// Places of the `count` best, the best first: what taking the best again and again would give.
    #[must_use]
    pub fn first(self, scores: &[f64], count: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..scores.len()).collect();
        places.sort_by(|&a, &b| {
            let (left, right) = (scores[a], scores[b]);
            let values = match (left.is_nan(), right.is_nan()) {
                // −0 and 0 are equal.
                (false, false) => left.partial_cmp(&right).unwrap_or(std::cmp::Ordering::Equal),
                (left, right) => return left.cmp(&right).then(self.tie(a, b)),
            };
            let values = if self.descending { values.reverse() } else { values };
            values.then(self.tie(a, b))
        });
        places.truncate(count);
        places
    }

    fn tie(self, a: usize, b: usize) -> std::cmp::Ordering {
        if self.ties == Ties::Last { b.cmp(&a) } else { a.cmp(&b) }
    }
}

/// Sampler strategy: how a batch is taken from scored samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampler {
    /// With replacement, with weights score^(1/T).
    Weighted {
        /// T.
        temperature: f64,
    },
    /// With replacement, with weights 1/score.
    Inverse,
    /// The smallest scores, each sample once.
    Smallest,
    /// The largest scores, each sample once.
    Largest,
}

/// A score that cannot be a weight.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "the score {score} of candidate {place} is negative and cannot be a weight; use `ordering.sampler = \"smallest\"` or `\"largest\"`"
)]
pub struct NegativeWeight {
    /// Its place among the candidates.
    pub place: usize,
    /// The score.
    pub score: f64,
}

impl Sampler {
    /// Places of `count` samples in `scores`. Scores that are no numbers rank last and have no weight; if nothing has a
    /// weight, all numbers have the same, and without numbers everything has.
    ///
    /// # Errors
    /// A negative score where scores are weights.
    pub fn take(self, scores: &[f64], count: usize, stream: &mut Stream) -> Result<Vec<usize>, NegativeWeight> {
        match self {
            Self::Weighted { temperature } => draw(scores, count, stream, |score| score.powf(1.0 / temperature)),
            Self::Inverse => draw(scores, count, stream, |score| 1.0 / score.max(SMALLEST_SCORE)),
            Self::Smallest => Ok(Order { descending: false, ties: Ties::First }.first(scores, count)),
            Self::Largest => Ok(Order { descending: true, ties: Ties::First }.first(scores, count)),
        }
    }
}

/// Draws with replacement.
fn draw(scores: &[f64], count: usize, stream: &mut Stream, weight: impl Fn(f64) -> f64) -> Result<Vec<usize>, NegativeWeight> {
    if let Some(place) = scores.iter().position(|&score| score < 0.0) {
        return Err(NegativeWeight { place, score: scores[place] });
    }
    if scores.is_empty() {
        return Ok(Vec::new());
    }
    let usable = |weight: f64| if weight.is_finite() { weight } else { 0.0 };
    let mut weights: Vec<f64> = scores.iter().map(|&score| if score.is_nan() { 0.0 } else { usable(weight(score)) }).collect();
    if weights.iter().all(|&weight| weight == 0.0) {
        let numbers = scores.iter().any(|score| !score.is_nan());
        weights = scores.iter().map(|score| if numbers && score.is_nan() { 0.0 } else { 1.0 }).collect();
    }
    let mut total = 0.0;
    let sums: Vec<f64> = weights
        .iter()
        .map(|weight| {
            total += weight;
            total
        })
        .collect();
    let last = weights.iter().rposition(|&weight| weight > 0.0).unwrap_or(0);
    let draws = (0..count).map(|_| {
        let drawn = stream.unit() * total;
        sums.partition_point(|&sum| sum <= drawn).min(last)
    });
    Ok(draws.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use curricle_core::random::Purpose;
    use proptest::prelude::*;

    fn stream(seed: u64) -> Stream {
        Stream::new(seed, Purpose::Sampler, 0, 0, 0)
    }

    #[test]
    fn ties_go_where_each_published_code_sends_them() {
        let order = |descending, ties| Order { descending, ties };
        assert_eq!(order(true, Ties::Last).best(&[0.5, 0.25, 0.5, -1.0]), Some(2));
        assert_eq!(order(true, Ties::Last).best(&[-0.5, -0.5, -0.5]), Some(2));
        assert_eq!(order(false, Ties::First).best(&[2.0, 1.0, 1.0]), Some(1));
        assert_eq!(order(false, Ties::First).best(&[f64::NAN, f64::NAN]), Some(0));
        assert_eq!(order(true, Ties::Last).best(&[]), None);
        // −0 and 0 are equal.
        assert_eq!(order(true, Ties::Last).best(&[0.0, -0.0]), Some(1));
    }

    fn scores() -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec(prop_oneof![6 => -3.0f64..3.0, 1 => Just(f64::NAN), 1 => Just(0.0)], 1..40)
    }

    proptest! {
        #[test]
        fn nothing_is_better_than_the_best(scores in scores(), descending in any::<bool>(), last in any::<bool>()) {
            let ties = if last { Ties::Last } else { Ties::First };
            let best = Order { descending, ties }.best(&scores).unwrap();
            if scores.iter().all(|score| score.is_nan()) {
                prop_assert_eq!(best, if last { scores.len() - 1 } else { 0 });
            } else {
                prop_assert!(!scores[best].is_nan());
                for (place, &score) in scores.iter().enumerate().filter(|(_, score)| !score.is_nan()) {
                    let no_better = if descending { score <= scores[best] } else { score >= scores[best] };
                    let in_turn = if last { place <= best } else { place >= best };
                    prop_assert!(no_better && (score != scores[best] || in_turn));
                }
            }
        }

        #[test]
        fn the_first_are_the_best_again_and_again(scores in scores(), descending in any::<bool>(), last in any::<bool>(), count in 0usize..50) {
            let order = Order { descending, ties: if last { Ties::Last } else { Ties::First } };
            let mut left: Vec<usize> = (0..scores.len()).collect();
            let mut expected = Vec::new();
            while expected.len() < count && !left.is_empty() {
                let there: Vec<f64> = left.iter().map(|&place| scores[place]).collect();
                expected.push(left.remove(order.best(&there).unwrap()));
            }
            prop_assert_eq!(order.first(&scores, count), expected);
        }

        #[test]
        fn smallest_and_largest_take_each_once_and_numbers_first(scores in scores(), count in 0usize..50) {
            for (sampler, sign) in [(Sampler::Smallest, 1.0), (Sampler::Largest, -1.0)] {
                let taken = sampler.take(&scores, count, &mut stream(0)).unwrap();
                prop_assert_eq!(taken.len(), count.min(scores.len()));
                let different: std::collections::HashSet<_> = taken.iter().collect();
                prop_assert_eq!(different.len(), taken.len());
                for pair in taken.windows(2) {
                    let (a, b) = (sign * scores[pair[0]], sign * scores[pair[1]]);
                    prop_assert!(b.is_nan() || a <= b);
                }
            }
        }

        #[test]
        fn what_has_no_weight_is_not_drawn(scores in scores(), seed in any::<u64>()) {
            let scores: Vec<f64> = scores.iter().map(|score| score.abs()).collect();
            let numbers = scores.iter().filter(|score| !score.is_nan()).count();
            let positive = scores.iter().any(|&score| score > 0.0);
            for place in (Sampler::Weighted { temperature: 1.0 }).take(&scores, 200, &mut stream(seed)).unwrap() {
                let is_number = !scores[place].is_nan();
                prop_assert!(numbers == 0 || is_number);
                prop_assert!(!positive || scores[place] > 0.0);
            }
        }

        #[test]
        fn a_negative_score_is_no_weight(mut scores in proptest::collection::vec(0.0f64..3.0, 1..9), place in 0usize..9) {
            let place = place % scores.len();
            scores[place] = -0.5;
            for sampler in [Sampler::Weighted { temperature: 2.0 }, Sampler::Inverse] {
                prop_assert_eq!(sampler.take(&scores, 3, &mut stream(0)), Err(NegativeWeight { place, score: -0.5 }));
            }
        }
    }

    /// χ² of draws against the weights, over 40 seeds: four degrees of freedom each, 160 in all, whose sum exceeds 221 (or
    /// falls below 110) once in a thousand times.
    #[test]
    fn frequencies_follow_the_weights() {
        let scores = [0.5, 1.0, 2.0, 4.0, 0.25];
        type Weight = fn(f64) -> f64;
        let cases: [(Sampler, Weight); 4] = [
            (Sampler::Weighted { temperature: 1.0 }, |score| score),
            (Sampler::Weighted { temperature: 2.0 }, f64::sqrt),
            (Sampler::Weighted { temperature: 0.5 }, |score| score * score),
            (Sampler::Inverse, |score| 1.0 / score),
        ];
        for (sampler, weight) in cases {
            let total: f64 = scores.iter().map(|&score| weight(score)).sum();
            let chi2 = |seed: u64| -> f64 {
                let draws = sampler.take(&scores, 5_000, &mut stream(seed)).unwrap();
                let of = |place: usize| {
                    let expected = 5_000.0 * weight(scores[place]) / total;
                    let seen = draws.iter().filter(|&&drawn| drawn == place).count() as f64;
                    (seen - expected).powi(2) / expected
                };
                (0..scores.len()).map(of).sum()
            };
            let sum: f64 = (0..40).map(chi2).sum();
            assert!((110.0..221.0).contains(&sum), "{sampler:?}: {sum}");
        }
    }

    #[test]
    fn a_loss_of_zero_is_floored_in_inverse_weights() {
        // 1e8 against 1: the other one is drawn about once in 1e8 times.
        let draws = Sampler::Inverse.take(&[0.0, 1.0], 1000, &mut stream(1)).unwrap();
        assert!(draws.iter().all(|&place| place == 0));
        let draws = Sampler::Inverse.take(&[0.0, 1e-9], 1000, &mut stream(1)).unwrap();
        assert!(draws.contains(&1), "both are floored alike");
    }

    #[test]
    fn without_any_weight_all_numbers_weigh_the_same() {
        let draws = (Sampler::Weighted { temperature: 1.0 }).take(&[0.0, f64::NAN, 0.0], 300, &mut stream(1)).unwrap();
        assert!(draws.contains(&0) && draws.contains(&2) && !draws.contains(&1));
    }
}
