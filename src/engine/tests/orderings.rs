//! Orderings in whole runs: what they change, and what they must not.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::record::{Scoring, What};
use curricle_core::run::RunDirectory;
use support::running::{create, engine, essence, events, finish};

const EXPERIMENT: &str = r#"
name = "orderings"
[data]
set = "glyphs"
[data.glyphs]
train = 160
test = 40
[network]
kind = "preresnet"
block = "basic"
depth = 8
[training]
epochs = 2
batch = 16
device = "cpu"
threads = 1
precision = "f32"
keep_state = true
"#;

fn trained(folder: &std::path::Path, changes: &[(&str, &str)]) -> RunDirectory {
    let directory = create(folder, EXPERIMENT, changes);
    finish(&directory);
    directory
}

fn scorings(directory: &RunDirectory) -> Vec<Scoring> {
    let all = events(directory).into_iter().filter_map(|event| match event.what {
        What::Scoring(scoring) => Some(scoring),
        _ => None,
    });
    all.collect()
}

/// By the bits of θ, momentum and buffers: scoring leaves training as it would have been, whatever is scored.
#[test]
fn scoring_changes_nothing_but_the_choice() {
    let folder = tempfile::tempdir().unwrap();
    for count in ["1", "4", "all"] {
        let random = [("ordering.scorer", "random"), ("ordering.candidates", count)];
        let unscored = essence(&trained(folder.path(), &random));
        let compared = [random[0], random[1], ("ordering.compare", "[\"loss\", \"loss-delta\", \"difficulty\"]")];
        let scored = essence(&trained(folder.path(), &compared));
        assert!(scored.network == unscored.network, "{count} candidates");
        let tensors = |state: &[(String, Vec<u8>)]| state.iter().filter(|(name, _)| name != "progress").cloned().collect::<Vec<_>>();
        assert!(tensors(&scored.state) == tensors(&unscored.state), "{count} candidates");
    }
}

#[test]
fn what_is_scored_and_chosen_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let directory = trained(folder.path(), &[("ordering.candidates", "4"), ("ordering.compare", "[\"loss\"]")]);
    let scorings = scorings(&directory);
    // Ten batches an epoch: the last one is handed out unscored.
    assert_eq!(scorings.len(), 18);
    let counts: Vec<usize> = scorings[..9].iter().map(|scoring| scoring.scores.len()).collect();
    assert_eq!(counts, [4, 4, 4, 4, 4, 4, 4, 3, 2]);
    for scoring in &scorings {
        let best = scoring.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(scoring.scores[scoring.chosen[0] as usize], best);
        // Loss delta: two forward passes and a backward one a candidate; the loss beside it: one more.
        let count = scoring.scores.len() as f64;
        assert_eq!((scoring.forward, scoring.backward), (3.0 * count, count));
        assert!(scoring.correlation.contains_key("loss"));
    }
    let last = events(&directory).into_iter().rev().find_map(|event| match event.what {
        What::Step(step) => Some(step),
        _ => None,
    });
    let spent: f64 = scorings.iter().map(|scoring| scoring.forward).sum();
    assert_eq!(last.unwrap().forward, 20.0 + spent);
}

#[test]
fn a_choice_by_test_data_is_an_oracle() {
    let folder = tempfile::tempdir().unwrap();
    let external = |source| [("ordering.target", "external"), ("ordering.external.size", "20"), ("ordering.external.source", source)];
    for (source, oracle) in [("test", true), ("train", false)] {
        let directory = trained(folder.path(), &external(source));
        let started = events(&directory).into_iter().find_map(|event| match event.what {
            What::Started(started) => Some(started.oracle),
            _ => None,
        });
        assert_eq!(started, Some(oracle), "{source}");
        assert_eq!(directory.read_status().unwrap().unwrap().selected.unwrap().oracle, oracle, "{source}");
    }
}

#[test]
fn an_external_batch_larger_than_its_pool_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let changes = [("ordering.target", "external"), ("ordering.external.size", "41"), ("ordering.external.source", "test")];
    let directory = create(folder.path(), EXPERIMENT, &changes);
    assert_eq!(engine(&directory).status().unwrap().code(), Some(2));
    let message = directory.read_status().unwrap().unwrap().message.unwrap();
    assert_eq!(message, "ordering.external.size: 41 images are asked for, and the test set has 40; use 40 at most");
}
