//! Rows of the list: single runs, and seeds of one experiment under one row.

use super::query::Query;
use crate::tui::shared::title;
use curricle_core::run::State;
use curricle_core::run::catalogue::Summary;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// Newest first.
    #[default]
    Started,
    /// By name.
    Name,
    /// By state, what lives first.
    State,
    /// Best accuracy first.
    Accuracy,
}

impl Sort {
    pub(super) fn next(self) -> Sort {
        match self {
            Sort::Started => Sort::Name,
            Sort::Name => Sort::State,
            Sort::State => Sort::Accuracy,
            Sort::Accuracy => Sort::Started,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Sort::Started => "newest first",
            Sort::Name => "by name",
            Sort::State => "by state",
            Sort::Accuracy => "best accuracy first",
        }
    }
}

/// A row. Members are places in the list of runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// One run; `within` names the group it is unfolded from.
    Run { member: Vec<usize>, within: Option<String> },
    /// Seeds of one experiment.
    Group { key: String, members: Vec<usize>, unfolded: bool, seeds: usize, spread: Option<Spread> },
}

/// Accuracy over seeds that are done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation over seeds; none for one seed.
    pub deviation: Option<f64>,
    /// Seeds.
    pub count: usize,
}

impl Row {
    /// The runs of the row.
    pub(super) fn members(&self) -> &[usize] {
        match self {
            Row::Run { member, .. } => member,
            Row::Group { members, .. } => members,
        }
    }

    /// The group's name, if it is one.
    pub(super) fn group(&self) -> Option<&str> {
        match self {
            Row::Group { key, .. } => Some(key),
            Row::Run { .. } => None,
        }
    }

    /// The group that a single run was unfolded from.
    pub(super) fn within(&self) -> Option<&str> {
        match self {
            Row::Run { within, .. } => within.as_deref(),
            Row::Group { .. } => None,
        }
    }

    /// What tells this row from others, whatever comes and goes.
    pub(super) fn key(&self, summaries: &[Summary]) -> String {
        match self {
            Row::Group { key, .. } => key.clone(),
            Row::Run { member, .. } => {
                member.first().and_then(|member| summaries.get(*member)).map(|run| run.id.clone()).unwrap_or_default()
            }
        }
    }
}

/// What makes two runs seeds of one experiment: all but the seed.
fn group_key(run: &Summary) -> String {
    format!(
        "{}\u{1}{}\u{1}{}\u{1}{}\u{1}{:?}\u{1}{}\u{1}{}",
        run.name,
        run.set,
        run.network,
        run.kind,
        run.epochs,
        run.sweep.as_deref().unwrap_or(""),
        run.arm.as_deref().unwrap_or("")
    )
}

/// Mean and standard deviation of the accuracy over seeds that are done, the newest run of each seed.
pub(super) fn spread(summaries: &[Summary], members: &[usize]) -> Option<Spread> {
    let mut by_seed: HashMap<u64, f64> = HashMap::new();
    for run in members.iter().filter_map(|member| summaries.get(*member)).filter(|run| run.state == State::Done) {
        if let Some(accuracy) = run.accuracy.filter(|accuracy| accuracy.is_finite()) {
            by_seed.entry(run.seed).or_insert(accuracy);
        }
    }
    let count = by_seed.len();
    if count == 0 {
        return None;
    }
    let mean = by_seed.values().sum::<f64>() / count as f64;
    let squares: f64 = by_seed.values().map(|accuracy| (accuracy - mean).powi(2)).sum();
    Some(Spread { mean, deviation: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()), count })
}

/// Builds the rows: filtered, grouped, sorted.
pub(super) fn build(summaries: &[Summary], filter: &str, sort: Sort, unfolded: &HashSet<String>) -> Vec<Row> {
    let query = Query::parse(filter);
    let mut order: Vec<String> = Vec::new();
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, run) in summaries.iter().enumerate().filter(|(_, run)| query.fits(run)) {
        let key = group_key(run);
        let members = groups.entry(key.clone()).or_default();
        if members.is_empty() {
            order.push(key);
        }
        members.push(place);
    }
    let mut blocks: Vec<Row> = order
        .into_iter()
        .flat_map(|key| {
            let members = groups.remove(&key).unwrap_or_default();
            let seeds = members.iter().filter_map(|member| Some(summaries.get(*member)?.seed)).collect::<HashSet<u64>>().len();
            if seeds < 2 {
                return members.into_iter().map(|member| Row::Run { member: vec![member], within: None }).collect::<Vec<Row>>();
            }
            let spread = spread(summaries, &members);
            vec![Row::Group { unfolded: unfolded.contains(&key), key, members, seeds, spread }]
        })
        .collect();
    blocks.sort_by(|one, other| compare(one, other, summaries, sort));
    blocks
        .into_iter()
        .flat_map(|row| {
            let seeds = match &row {
                Row::Group { key, members, unfolded: true, .. } => {
                    members.iter().map(|member| Row::Run { member: vec![*member], within: Some(key.clone()) }).collect()
                }
                _ => Vec::new(),
            };
            std::iter::once(row).chain(seeds)
        })
        .collect()
}

fn compare(one: &Row, other: &Row, summaries: &[Summary], sort: Sort) -> Ordering {
    let first = |row: &Row| row.members().first().copied().unwrap_or(usize::MAX);
    let (a, b) = (first(one), first(other));
    let (Some(run_a), Some(run_b)) = (summaries.get(a), summaries.get(b)) else { return a.cmp(&b) };
    let accuracy = |row: &Row, run: &Summary| match row {
        Row::Group { spread: Some(spread), .. } => spread.mean,
        _ => run.accuracy.unwrap_or(f64::NEG_INFINITY),
    };
    let rank = |run: &Summary| match run.state {
        State::Training => 0,
        State::Paused => 1,
        State::Queued => 2,
        State::Failed => 3,
        State::Lost => 4,
        State::Stopped => 5,
        State::Done => 6,
    };
    let by = match sort {
        Sort::Started => Ordering::Equal,
        Sort::Name => title(run_a).to_lowercase().cmp(&title(run_b).to_lowercase()),
        Sort::State => rank(run_a).cmp(&rank(run_b)),
        Sort::Accuracy => accuracy(other, run_b).total_cmp(&accuracy(one, run_a)),
    };
    by.then(a.cmp(&b))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn run(name: &str, seed: u64, state: State, accuracy: Option<f64>) -> Summary {
        Summary {
            id: format!("{name}-{seed}"),
            name: name.into(),
            seed,
            state,
            accuracy,
            step: 100,
            steps: Some(100),
            directory: format!("/runs/{name}-{seed}").into(),
            created: "2026-11-24T13:54:00Z".into(),
            ..Summary::default()
        }
    }

    #[test]
    fn seeds_of_one_experiment_are_one_row_with_their_spread() {
        let runs = [
            run("delta", 0, State::Done, Some(0.90)),
            run("delta", 1, State::Done, Some(0.92)),
            run("delta", 2, State::Training, Some(0.10)),
            run("other", 0, State::Done, Some(0.8)),
        ];
        let rows = build(&runs, "", Sort::Started, &HashSet::new());
        assert_eq!(rows.len(), 2);
        let Row::Group { seeds: 3, spread: Some(spread), .. } = &rows[0] else { panic!("{rows:?}") };
        assert_eq!(spread.count, 2, "only what is done counts");
        assert!((spread.mean - 0.91).abs() < 1e-12);
        assert!((spread.deviation.expect("two seeds") - 0.014_142).abs() < 1e-5);
    }

    #[test]
    fn one_seed_has_no_deviation_and_a_repeat_is_no_seed() {
        let runs = [run("delta", 0, State::Done, Some(0.9)), run("delta", 0, State::Done, Some(0.8))];
        let rows = build(&runs, "", Sort::Started, &HashSet::new());
        assert_eq!(rows.len(), 2, "two runs of one seed are no group");
        let spread = spread(&runs, &[0, 1]).expect("done runs");
        assert_eq!((spread.mean, spread.deviation, spread.count), (0.9, None, 1));
    }

    #[test]
    fn unfolding_and_sorting() {
        let runs = [run("b", 0, State::Done, Some(0.5)), run("b", 1, State::Done, Some(0.6)), run("a", 0, State::Done, Some(0.9))];
        let key = group_key(&runs[0]);
        let rows = build(&runs, "", Sort::Started, &HashSet::from([key.clone()]));
        assert_eq!(rows.iter().map(|row| row.key(&runs)).collect::<Vec<_>>(), [key.as_str(), "b-0", "b-1", "a-0"]);
        let rows = build(&runs, "", Sort::Accuracy, &HashSet::new());
        assert_eq!(rows[0].key(&runs), "a-0");
        let rows = build(&runs, "seed=1", Sort::Name, &HashSet::new());
        assert_eq!(rows.len(), 1);
    }
}
