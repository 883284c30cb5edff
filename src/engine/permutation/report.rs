//! What a study of orders came to: a table of the epochs, how often the thesis's three statements hold, and in what the best
//! orders differ from the others. All of it follows from the rows of `orders.csv`.

use crate::ordering::ranks::rank_correlation;
use crate::ordering::strategy::{Order, Ties};
use curricle_core::data::ImageSet;
use curricle_core::record::SelectorOrder;
use curricle_core::run::{OrderRow, SelectedOrder};
use curricle_core::statistics::{EpochSpread, Spread, mean};
use serde::Serialize;

/// `orders.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Orders trained and tested.
    pub runs: u64,
    /// Test images of each.
    pub test_images: u64,
    /// Every epoch.
    pub epochs: Vec<EpochReport>,
    /// The thesis's statements (2.2), by test accuracy.
    pub by_accuracy: Claims,
    /// The same by test loss.
    pub by_loss: Claims,
}

/// One epoch, over the runs of all of its parents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EpochReport {
    /// Its losses and accuracies.
    #[serde(flatten)]
    pub spread: EpochSpread,
    /// Parents that its orders went on from.
    pub parents: u64,
    /// The order with the lowest test loss.
    pub best: Named,
    /// The tenth of the runs with the lowest test losses.
    pub best_tenth: Group,
    /// The tenth around the median.
    pub median_tenth: Group,
    /// The tenth with the highest.
    pub worst_tenth: Group,
    /// All that are not of the best tenth.
    pub rest: Group,
    /// Spearman's rank correlations with the test loss over the runs of the epoch.
    pub rank_correlation: Correlations,
    /// Where the orders that selectors would take lie, parent by parent.
    pub selectors: Vec<SelectorPlaces>,
    /// What the epoch's batches hold.
    #[serde(flatten)]
    pub split: Split,
}

/// What the batches of an epoch hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Split {
    /// Images of each batch, by their numbers in the training set; none where they are more than [`Split::LISTED`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub batch_images: Vec<Vec<u32>>,
    /// How many images of each class each batch holds.
    pub batch_classes: Vec<Vec<u32>>,
}

impl Split {
    /// Images of an epoch that are listed at most.
    pub const LISTED: usize = 4096;

    /// Of an epoch's batches, as places in a set.
    #[must_use]
    pub fn of(batches: &[Vec<u32>], set: &ImageSet, classes: usize) -> Self {
        let count = |items: &Vec<u32>| {
            let mut counts = vec![0; classes];
            let labels = items.iter().filter_map(|&item| set.labels.get(item as usize));
            labels.for_each(|&label| counts.get_mut(usize::from(label)).into_iter().for_each(|count: &mut u32| *count += 1));
            counts
        };
        let numbers = |items: &Vec<u32>| items.iter().filter_map(|&item| set.index.get(item as usize).copied()).collect();
        let few = batches.iter().map(Vec::len).sum::<usize>() <= Self::LISTED;
        Self {
            batch_images: if few { batches.iter().map(numbers).collect() } else { Vec::new() },
            batch_classes: batches.iter().map(count).collect(),
        }
    }

    /// Share of a class among the images of a batch.
    fn share(&self, batch: u8, class: usize) -> f64 {
        let Some(counts) = self.batch_classes.get(usize::from(batch)) else { return f64::NAN };
        f64::from(counts.get(class).copied().unwrap_or(0)) / f64::from(counts.iter().sum::<u32>())
    }

    /// Share of a class in the batch that an order has at a place.
    fn share_at(&self, row: &OrderRow, place: usize, class: usize) -> f64 {
        row.batches.get(place).map_or(f64::NAN, |&batch| self.share(batch, class))
    }

    fn classes(&self) -> usize {
        self.batch_classes.first().map_or(0, Vec::len)
    }

    /// How far the class mixes of neighbouring batches are apart in an order: half the sum of the shares' differences, on the
    /// mean. 0: all batches have the same mix; 1: neighbours have no class in common.
    fn class_change(&self, batches: &[u8]) -> f64 {
        let apart = |one: u8, other: u8| {
            (0..self.classes()).map(|class| (self.share(one, class) - self.share(other, class)).abs()).sum::<f64>() / 2.0
        };
        mean(&batches.windows(2).map(|pair| apart(pair[0], pair[1])).collect::<Vec<_>>())
    }
}

/// Where a selector's orders lie among all from the same parent, by test loss: 0 is the best place, 0.5 that of chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelectorPlaces {
    /// The selector.
    pub selector: String,
    /// Whether it chooses by test data.
    pub oracle: bool,
    /// Mean over the parents of the epoch of the share of other orders that are better.
    pub mean_place: f64,
    /// Each parent.
    pub parents: Vec<SelectorOrder>,
}

/// The order that a selector would take from each of these rows' parent, among all of them.
#[must_use]
pub fn ranked(rows: &[OrderRow], selected: &[SelectedOrder], names: &[(String, bool)]) -> Vec<SelectorOrder> {
    let of = |one: &SelectedOrder| {
        let row = rows.iter().find(|row| row.order == one.order)?;
        let (selector, oracle) = names.get(one.selector as usize)?.clone();
        // What is not a number is behind all that is.
        let better = |other: &&OrderRow| other.loss < row.loss || (row.loss.is_nan() && !other.loss.is_nan());
        let equal = |other: &&OrderRow| other.loss == row.loss || (row.loss.is_nan() && other.loss.is_nan());
        Some(SelectorOrder {
            selector,
            oracle,
            order: one.order,
            loss: row.loss,
            accuracy: row.accuracy,
            better: rows.iter().filter(better).count() as u64,
            equal: rows.iter().filter(equal).count() as u64 - 1,
            of: rows.len() as u64 - 1,
            forward: one.forward,
            backward: one.backward,
        })
    };
    selected.iter().filter_map(of).collect()
}

fn places(rows: &[OrderRow], selected: &[SelectedOrder], names: &[(String, bool)]) -> Vec<SelectorPlaces> {
    let epoch = rows.first().map_or(0, |row| row.epoch);
    let mut found: Vec<SelectorPlaces> = names
        .iter()
        .map(|(selector, oracle)| SelectorPlaces { selector: selector.clone(), oracle: *oracle, mean_place: f64::NAN, parents: Vec::new() })
        .collect();
    for rows in rows.chunk_by(|a, b| a.parent == b.parent) {
        let parent = rows.first().map_or(0, |row| row.parent);
        let here: Vec<SelectedOrder> = selected.iter().filter(|one| (one.epoch, one.parent) == (epoch, parent)).cloned().collect();
        for order in ranked(rows, &here, names) {
            found.iter_mut().filter(|one| one.selector == order.selector).for_each(|one| one.parents.push(order.clone()));
        }
    }
    for one in &mut found {
        one.mean_place = mean(&one.parents.iter().map(SelectorOrder::place).collect::<Vec<_>>());
    }
    found
}

/// One order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// Number of the parent, from 1.
    pub parent: u64,
    /// Lexicographic number of the order.
    pub order: u64,
    /// The batch at each place.
    pub batches: Vec<u8>,
    /// Test loss per image.
    pub loss: f64,
    /// Share of correct test images.
    pub accuracy: f64,
}

/// Means over a group of runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Runs.
    pub runs: u64,
    /// Test loss per image.
    pub test_loss: f64,
    /// Share of correct test images.
    pub accuracy: f64,
    /// Training loss at each place, before its step.
    pub train_losses: Vec<f64>,
    /// L2 norm of the weights at the end.
    pub norm: f64,
    /// Cosine between gradients of neighbouring steps.
    pub agreement: f64,
    /// At each place: the share of each class among the images of the batch there.
    pub class_shares: Vec<Vec<f64>>,
    /// How far the class mixes of neighbouring batches are apart, from 0 to 1.
    pub class_change: f64,
}

/// Rank correlations with the test loss; `null` where one side does not vary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Correlations {
    /// Of the training loss at each place.
    pub train_losses: Vec<Option<f64>>,
    /// Of the norm of the weights.
    pub norm: Option<f64>,
    /// Of the agreement of gradients.
    pub agreement: Option<f64>,
    /// Of the share of each class at each place.
    pub class_shares: Vec<Vec<Option<f64>>>,
    /// Of how far the class mixes of neighbouring batches are apart.
    pub class_change: Option<f64>,
}

/// In how many of how many cases something holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Cases in which it holds.
    pub holds: u64,
    /// Cases.
    pub of: u64,
}

impl Count {
    fn over(cases: impl Iterator<Item = bool>) -> Self {
        cases.fold(Self::default(), |count, holds| Self { holds: count.holds + u64::from(holds), of: count.of + 1 })
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "in {} of {}", self.holds, self.of)
    }
}

/// The thesis's three statements, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The best run after n epochs is better than the mean after n + 1.
    pub best_above_next_mean: Count,
    /// The best run after n epochs is better than the worst after n + 1, n + 2, ….
    pub best_above_later_worst: Vec<Count>,
    /// Largest number of epochs j for which the best after some n beats the worst after n + j; 0 if there is none.
    pub farthest: u64,
    /// The range from the worst to the best is smaller after n + 1 epochs than after n.
    pub range_shrinks: Count,
}

impl Claims {
    /// Of the epochs' figures; `sign` is 1 where more is better, −1 where less is.
    #[must_use]
    pub fn of(epochs: &[Spread], sign: f64) -> Self {
        let best = |spread: &Spread| if sign > 0.0 { spread.max } else { -spread.min };
        let worst = |spread: &Spread| if sign > 0.0 { spread.min } else { -spread.max };
        let later = |j: usize| Count::over(epochs.iter().zip(&epochs[j..]).map(|(n, later)| best(n) > worst(later)));
        let best_above_later_worst: Vec<Count> = (1..epochs.len()).map(later).collect();
        let farthest = best_above_later_worst.iter().rposition(|count| count.holds > 0).map_or(0, |place| place as u64 + 1);
        let pairs = || epochs.windows(2);
        Self {
            best_above_next_mean: Count::over(pairs().map(|pair| best(&pair[0]) > sign * pair[1].mean)),
            best_above_later_worst,
            farthest,
            range_shrinks: Count::over(pairs().map(|pair| pair[1].max - pair[1].min < pair[0].max - pair[0].min)),
        }
    }
}

/// Places of the rows from the lowest test loss to the highest, what is not a number last; equal ones as they come.
fn by_loss(rows: &[OrderRow]) -> Vec<usize> {
    let losses: Vec<f64> = rows.iter().map(|row| row.loss).collect();
    Order { descending: false, ties: Ties::First }.first(&losses, rows.len())
}

/// The row with the lowest test loss, of several the first; and the one with the highest.
#[must_use]
pub fn extremes(rows: &[OrderRow]) -> Option<(&OrderRow, &OrderRow)> {
    let places = by_loss(rows);
    let finite = places.iter().rev().find(|&&place| !rows[place].loss.is_nan());
    let worst = finite.or(places.last())?;
    Some((&rows[*places.first()?], &rows[*worst]))
}

impl Report {
    /// Of all rows of a study, the orders that its selectors would have taken, and the split of an epoch by its number.
    #[must_use]
    pub fn of(
        rows: &[OrderRow],
        selected: &[SelectedOrder],
        names: &[(String, bool)],
        split: impl Fn(u64) -> Split,
        test_images: u64,
    ) -> Self {
        let report =
            |rows: &[OrderRow]| EpochReport::of(rows, places(rows, selected, names), split(rows.first().map_or(0, |row| row.epoch)));
        let epochs: Vec<EpochReport> = rows.chunk_by(|a, b| a.epoch == b.epoch).filter_map(report).collect();
        let of = |get: fn(&EpochReport) -> Spread| epochs.iter().map(get).collect::<Vec<_>>();
        Self {
            runs: rows.len() as u64,
            test_images,
            by_accuracy: Claims::of(&of(|epoch| epoch.spread.accuracy), 1.0),
            by_loss: Claims::of(&of(|epoch| epoch.spread.loss), -1.0),
            epochs,
        }
    }

    /// The table of the epochs and the statements, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![EpochSpread::HEADING.to_owned()];
        lines.extend(self.epochs.iter().map(|epoch| epoch.spread.to_string()));
        lines.extend(self.selector_lines());
        if self.epochs.len() < 2 {
            return lines;
        }
        for (what, claims) in [("accuracy", &self.by_accuracy), ("loss", &self.by_loss)] {
            let far = match claims.farthest {
                0 => "the worst of no later epoch".to_owned(),
                j => format!("the worst of up to {j} epochs later"),
            };
            let next = claims.best_above_later_worst.first().copied().unwrap_or_default();
            lines.push(format!(
                "by {what}: the best is above the mean of the next epoch {}, above its worst {next}, and above {far}; the range shrinks {}",
                claims.best_above_next_mean, claims.range_shrinks
            ));
        }
        lines
    }
}

impl Report {
    /// Where each selector's orders lie, a line each.
    fn selector_lines(&self) -> Vec<String> {
        let Some(first) = self.epochs.first() else { return Vec::new() };
        let line = |(number, selector): (usize, &SelectorPlaces)| {
            let begin = selector.parents.first().cloned().unwrap_or_default();
            let all: Vec<f64> = self
                .epochs
                .iter()
                .filter_map(|epoch| epoch.selectors.get(number))
                .flat_map(|places| places.parents.iter().map(SelectorOrder::place))
                .collect();
            let later = match all.len() {
                0 | 1 => String::new(),
                count => format!("; over all {count} parents {:.1} % on average", 100.0 * mean(&all)),
            };
            let oracle = if selector.oracle { " (oracle)" } else { "" };
            let better = format!("{} of {} other orders are better in epoch 1", begin.better, begin.of);
            format!("selector {}{oracle}: {better} ({:.1} %){later}", selector.selector, 100.0 * begin.place())
        };
        first.selectors.iter().enumerate().map(line).collect()
    }
}

impl EpochReport {
    /// Of the rows of one epoch; none without rows.
    fn of(rows: &[OrderRow], selectors: Vec<SelectorPlaces>, split: Split) -> Option<Self> {
        let column = |get: fn(&OrderRow) -> f64| rows.iter().map(get).collect::<Vec<f64>>();
        let losses = column(|row| row.loss);
        let places = by_loss(rows);
        let tenth = rows.len().div_ceil(10);
        let (best, _) = extremes(rows)?;
        let rank = |values: &[f64]| rank_correlation(values, &losses);
        let along = |place: usize| rows.iter().filter_map(|row| row.train_losses.get(place).copied()).collect::<Vec<f64>>();
        Some(Self {
            spread: EpochSpread {
                epoch: best.epoch,
                runs: rows.len() as u64,
                loss: Spread::of(losses.iter().copied()),
                accuracy: Spread::of(column(|row| row.accuracy)),
            },
            parents: rows.iter().map(|row| row.parent).max().unwrap_or(0),
            best: Named { parent: best.parent, order: best.order, batches: best.batches.clone(), loss: best.loss, accuracy: best.accuracy },
            best_tenth: Group::of(rows, &places[..tenth], &split),
            median_tenth: Group::of(rows, &places[(places.len() - tenth) / 2..][..tenth], &split),
            worst_tenth: Group::of(rows, &places[places.len() - tenth..], &split),
            rest: Group::of(rows, &places[tenth..], &split),
            rank_correlation: Correlations {
                train_losses: (0..best.train_losses.len()).map(|place| rank(&along(place))).collect(),
                norm: rank(&column(|row| row.norm)),
                agreement: rank(&column(|row| row.agreement)),
                class_shares: (0..best.batches.len())
                    .map(|place| {
                        let of = |class: usize| rows.iter().map(|row| split.share_at(row, place, class)).collect::<Vec<f64>>();
                        (0..split.classes()).map(|class| rank(&of(class))).collect()
                    })
                    .collect(),
                class_change: rank(&rows.iter().map(|row| split.class_change(&row.batches)).collect::<Vec<f64>>()),
            },
            selectors,
            split,
        })
    }
}

impl Group {
    fn of(rows: &[OrderRow], places: &[usize], split: &Split) -> Self {
        let over = |get: &dyn Fn(&OrderRow) -> f64| mean(&places.iter().map(|&place| get(&rows[place])).collect::<Vec<f64>>());
        let length = rows.first().map_or(0, |row| row.train_losses.len());
        Self {
            runs: places.len() as u64,
            test_loss: over(&|row| row.loss),
            accuracy: over(&|row| row.accuracy),
            train_losses: (0..length).map(|at| over(&|row| row.train_losses.get(at).copied().unwrap_or(f64::NAN))).collect(),
            norm: over(&|row| row.norm),
            agreement: over(&|row| row.agreement),
            class_shares: (0..length)
                .map(|at| (0..split.classes()).map(|class| over(&|row| split.share_at(row, at, class))).collect())
                .collect(),
            class_change: over(&|row| split.class_change(&row.batches)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curricle_core::config::{self, Figure};

    /// The notebook's own figures, as the preset has them: the first statement holds in 8 of 12 epochs, the second up to
    /// six epochs later.
    #[test]
    fn the_published_figures_are_counted_as_published() {
        let text = include_str!("../../../presets/thesis/table-2.1.toml");
        let published = config::read(text, "table-2.1", &[]).unwrap().published.unwrap();
        let column = |name: &str| match &published.values.0.iter().find(|(other, _)| other == name).unwrap().1 {
            Figure::Series(values) => values.clone(),
            Figure::One(value) => vec![*value],
        };
        let (min, median, mean, max) = (column("accuracy_min"), column("accuracy_median"), column("accuracy_mean"), column("accuracy_max"));
        let epochs: Vec<Spread> = (0..13).map(|at| Spread { min: min[at], median: median[at], mean: mean[at], max: max[at] }).collect();
        let claims = Claims::of(&epochs, 1.0);
        assert_eq!(claims.best_above_next_mean, Count { holds: 8, of: 12 });
        assert_eq!(claims.farthest, 6);
        assert_eq!(claims.range_shrinks.of, 12);
    }

    fn row(order: u64, loss: f64) -> OrderRow {
        OrderRow { epoch: 1, parent: 1, order, loss, norm: -loss, train_losses: vec![loss, 1.0], batches: vec![0, 1], ..Default::default() }
    }

    #[test]
    fn groups_and_correlations_follow_the_loss() {
        let rows: Vec<OrderRow> = (0..20).map(|order| row(order, order as f64)).collect();
        let names = [("loss".to_owned(), false), ("random".to_owned(), false)];
        let one = |selector, order| SelectedOrder { epoch: 1, parent: 1, selector, order, forward: 2.0, backward: 0.0 };
        let selected = [one(0, 5), one(1, 19)];
        let report = Report::of(&rows, &selected, &names, |_| Split::default(), 10);
        let epoch = &report.epochs[0];
        assert_eq!((epoch.best_tenth.test_loss, epoch.worst_tenth.test_loss, epoch.rest.runs), (0.5, 18.5, 18));
        assert_eq!(epoch.rank_correlation.norm, Some(-1.0));
        assert_eq!(epoch.rank_correlation.train_losses, [Some(1.0), None]);
        assert_eq!(report.by_loss, Claims::default());
        let place = |number: usize| (epoch.selectors[number].parents[0].better, epoch.selectors[number].mean_place);
        assert_eq!((place(0), place(1)), ((5, 5.0 / 19.0), (19, 1.0)));
        assert!(
            report.lines().contains(&"selector loss: 5 of 19 other orders are better in epoch 1 (26.3 %)".to_owned()),
            "{:?}",
            report.lines()
        );
    }

    #[test]
    fn class_order_is_told_of_groups_and_ranks() {
        let set = ImageSet { labels: vec![0, 0, 0, 1, 1, 1], index: vec![10, 11, 12, 13, 14, 15], ..ImageSet::default() };
        let split = Split::of(&[vec![0, 1], vec![2, 3], vec![5, 4]], &set, 2);
        assert_eq!(split.batch_classes, [[2, 0], [1, 1], [0, 2]]);
        assert_eq!(split.batch_images, [[10, 11], [12, 13], [15, 14]]);
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        // The loss grows with how far neighbours are apart.
        let of = |(order, batches): (u64, [u8; 3])| OrderRow { batches: batches.to_vec(), ..row(order, split.class_change(&batches)) };
        let rows: Vec<OrderRow> = (0..).zip(orders).map(of).collect();
        assert_eq!(rows.iter().map(|row| row.loss).collect::<Vec<_>>(), [0.5, 0.75, 0.75, 0.75, 0.75, 0.5]);
        let report = Report::of(&rows, &[], &[], |_| split.clone(), 10);
        let epoch = &report.epochs[0];
        assert_eq!((epoch.rank_correlation.class_change, epoch.best_tenth.class_change), (Some(1.0), 0.5));
        assert_eq!(epoch.best_tenth.class_shares[0], [1.0, 0.0]);
        assert_eq!(epoch.median_tenth.runs, 1);
        assert_eq!(epoch.rank_correlation.class_shares.len(), 3);
    }

    #[test]
    fn what_is_not_a_number_is_never_an_extreme_if_something_is_one() {
        let rows = [row(0, f64::NAN), row(1, 2.0), row(2, 1.0), row(3, 1.0)];
        let (best, worst) = extremes(&rows).unwrap();
        assert_eq!((best.order, worst.order), (2, 1));
        assert!(extremes(&[]).is_none());
    }
}
