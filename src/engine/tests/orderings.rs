//! Orderings in whole runs: what they change, and what they must not.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::record::{Scoring, What};
use curricle_core::run::{self, RunDirectory};
use curricle_core::{config, passes};
use curricle_engine::ordering::ranks::rank_correlation;
use support::running::{code_of, create, engine, essence, events, finish};

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

/// What is scored is what is trained on: with each image's own number as its score, scores and items say the same.
#[test]
fn the_images_that_are_scored_are_those_that_are_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("numbers.csv");
    std::fs::write(&file, (0..160).fold("number\n".to_owned(), |text, number| text + &format!("{number}\n"))).unwrap();
    let name = file.display().to_string();
    let column = [("ordering.scorer", "column"), ("ordering.column.file", name.as_str()), ("ordering.column.name", "number")];
    let ascending = [("ordering.item", "sample"), ("ordering.candidates", "all"), ("ordering.order", "ascending")];
    let variants: [&[(&str, &str)]; 6] = [
        &ascending,
        &[("ordering.item", "sample"), ("ordering.candidates", "3"), ("ordering.rescore", "2 steps")],
        &[("ordering.item", "sample"), ("ordering.sampler", "weighted"), ("training.epochs", ""), ("training.steps", "7")],
        &[("ordering.candidates", "all")],
        &[("ordering.candidates", "4"), ("ordering.rescore", "3 steps")],
        &[("ordering.candidates", "3"), ("ordering.recipe", "redrawn")],
    ];
    for changes in variants {
        let directory = trained(folder.path(), &[&column[..], changes].concat());
        let samples = changes.contains(&("ordering.item", "sample"));
        let mut scorings = 0;
        for (_, path) in run::score_files(&directory) {
            for step in run::ScoreFile::read(&path).unwrap().steps {
                let Some(scored) = &step.scored else { continue };
                scorings += 1;
                let scores: Vec<f32> = scored.chosen.iter().map(|&place| scored.scores[place as usize]).collect();
                let numbers: Vec<f32> = step.items.iter().map(|&item| item as f32).collect();
                if samples {
                    assert_eq!(scores, numbers, "{changes:?}, step {}", step.step);
                    assert!(scored.numbers.iter().zip(&scored.scores).all(|(&number, &score)| number as f32 == score), "{changes:?}");
                } else {
                    let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
                    assert!((scores[0] - mean).abs() < 1e-4, "{changes:?}, step {}: {} and {mean}", step.step, scores[0]);
                }
            }
        }
        assert!(scorings > 2, "{changes:?}");
    }
    let directory = trained(folder.path(), &[&column[..], &ascending].concat());
    let order = run::recorded_order(&directory).unwrap().unwrap();
    assert_eq!(order.steps.of(0), (0..16).collect::<Vec<u32>>());
    assert_eq!(order.steps.of(8), (128..144).collect::<Vec<u32>>());
}

/// A short batch that is to be dropped is never trained on, whatever its score.
#[test]
fn a_short_batch_is_left_out_where_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let drop =
        [("data.glyphs.train", "170"), ("training.last_batch", "drop"), ("ordering.scorer", "label"), ("ordering.candidates", "all")];
    let order = run::recorded_order(&trained(folder.path(), &drop)).unwrap().unwrap();
    assert_eq!(order.steps.len(), 20);
    assert!((0..20).all(|step| order.steps.of(step).len() == 16));
}

/// Equal compute is a random order of whole batches, whatever the arm is whose passes it matches.
#[test]
fn equal_compute_trains_in_a_random_order_of_batches() {
    let folder = tempfile::tempdir().unwrap();
    let like = [("ordering.scorer", "equal-compute"), ("ordering.equal_to", "loss"), ("ordering.item", "sample")];
    let sampler = [("ordering.sampler", "weighted"), ("ordering.rescore", "1 epoch"), ("training.epochs", ""), ("training.steps", "20")];
    for changes in [like.to_vec(), [&like[..], &sampler].concat()] {
        let order = run::recorded_order(&trained(folder.path(), &changes)).unwrap().unwrap();
        assert!(order.steps.len() > 10, "{changes:?}");
        let mut seen: Vec<u32> = (0..10).flat_map(|step| order.steps.of(step).to_vec()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..160).collect::<Vec<_>>(), "{changes:?}");
    }
}

/// Each compared scorer is asked as its words say, not as the one that chooses; what is beside them is theirs, too.
#[test]
fn scorers_are_compared_as_their_words_say() {
    let folder = tempfile::tempdir().unwrap();
    let others = "[\"loss-delta external first-order\", \"loss-delta\", \"loss-delta relative\"]";
    let external = [("ordering.target", "external"), ("ordering.external.source", "train"), ("ordering.external.size", "16")];
    let exact = [&external[..], &[("ordering.candidates", "6"), ("ordering.compare", others)]].concat();
    for scoring in scorings(&trained(folder.path(), &exact)) {
        let names: Vec<&str> = scoring.correlation.keys().map(String::as_str).collect();
        assert_eq!(names, ["loss-delta", "loss-delta external first-order", "loss-delta relative"]);
        // Exact on an external batch of one batch: 2K + 1 and K; first order: 2K + 1 and 1; twice on the candidate: 2K and K.
        let count = scoring.scores.len() as f64;
        assert_eq!((scoring.forward, scoring.backward), (8.0 * count + 2.0, 3.0 * count + 1.0));
    }
    let first = scorings(&trained(folder.path(), &exact)).remove(0);
    assert!(first.correlation["loss-delta external first-order"] > 0.7, "{first:?}");
    // The very scores that the compared one has where it chooses.
    let chooses = [&external[..], &[("ordering.candidates", "6"), ("ordering.estimate", "first-order")]].concat();
    let alone = scorings(&trained(folder.path(), &chooses)).remove(0);
    let expected = rank_correlation(&first.scores, &alone.scores).unwrap();
    assert!((first.correlation["loss-delta external first-order"] - expected).abs() < 1e-12, "{expected} {first:?}");
    // Its external batch may be described though the scorer that chooses has none.
    let beside = [("ordering.scorer", "loss"), external[1], external[2], ("ordering.compare", "[\"loss-delta external\"]")];
    assert!(scorings(&trained(folder.path(), &beside))[0].correlation.contains_key("loss-delta external"));
}

/// What a run is planned to take, before it starts, is what it took in the end.
#[test]
fn passes_are_those_that_were_counted_beforehand() {
    let folder = tempfile::tempdir().unwrap();
    let steps = [("training.epochs", ""), ("training.steps", "23")];
    let samples = [("ordering.scorer", "loss"), ("ordering.item", "sample"), ("ordering.candidates", "3")];
    let sampled = |sampler, rescore| [&samples[..], &[("ordering.sampler", sampler), ("ordering.rescore", rescore)], &steps].concat();
    let paced = |by| [("ordering.pacing.by", by), ("ordering.pacing.start", "0.3"), ("ordering.pacing.length", "4 steps")];
    let external = [("ordering.target", "external"), ("ordering.external.source", "train"), ("ordering.external.size", "24")];
    let cases: Vec<Vec<(&str, &str)>> = vec![
        samples.to_vec(),
        [&samples[..], &[("ordering.rescore", "3 steps")], &steps].concat(),
        [&samples[..2], &[("ordering.candidates", "all"), ("ordering.rescore", "1 epoch")]].concat(),
        sampled("weighted", "1 step"),
        sampled("inverse", "4 steps"),
        sampled("largest", "5 steps"),
        sampled("smallest", "1 epoch"),
        vec![("ordering.candidates", "5"), ("ordering.rescore", "3 steps"), ("ordering.warmup", "14 steps")],
        vec![("ordering.scorer", "loss"), ("ordering.recipe", "redrawn"), ("ordering.candidates", "3"), ("ordering.warmup", "1 epoch")],
        [&external[..], &[("ordering.candidates", "4"), ("ordering.estimate", "first-order")]].concat(),
        [&external[..], &[("ordering.candidates", "4")], &steps].concat(),
        vec![("ordering.scorer", "grab")],
        vec![("data.glyphs.train", "170"), ("training.last_batch", "drop"), ("ordering.candidates", "4")],
        vec![("data.glyphs.train", "170"), ("training.last_batch", "drop"), ("ordering.candidates", "4"), ("ordering.recipe", "redrawn")],
        vec![("ordering.scorer", "rho"), ("ordering.candidates", "2"), ("data.holdout", "0.2"), ("ordering.holdout_epochs", "3")],
        paced("difficulty").to_vec(),
        [&paced("own")[..], &[("ordering.pacing.epochs", "2")]].concat(),
    ];
    for changes in cases {
        let directory = trained(folder.path(), &changes);
        let events = events(&directory);
        let started = events.iter().find_map(|event| if let What::Started(started) = &event.what { Some(started) } else { None }).unwrap();
        let last = events.iter().rev().find_map(|event| if let What::Step(step) = &event.what { Some(step) } else { None }).unwrap();
        let resolved = config::read(&directory.read_resolved().unwrap(), "resolved.toml", &[]).unwrap();
        let planned = passes::of_run(&resolved, started.train_images).unwrap();
        assert_eq!(planned.scorings, scorings(&directory).len() as u64, "{changes:?}");
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9 * b.max(1.0);
        let all = planned.all();
        assert!(close(all.forward, last.forward) && close(all.backward, last.backward), "{changes:?}: {planned:?}, and it took {last:?}");
    }
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
        // The mark goes with the order, from run to run.
        let mut id = directory.id();
        for _ in 0..2 {
            let again = trained(folder.path(), &[("ordering.replay", &id)]);
            assert_eq!(again.read_status().unwrap().unwrap().selected.unwrap().oracle, oracle, "{source}, replayed");
            id = again.id();
        }
    }
}

/// What the files of a run hold is what its events say, and another network trains in the same order.
#[test]
fn a_recorded_order_is_trained_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = trained(folder.path(), &[("ordering.candidates", "4"), ("ordering.scorer", "loss")]);
    let order = run::recorded_order(&first).unwrap().unwrap();
    assert_eq!(order.steps.len(), 20);
    for epoch in 0..2 {
        let mut seen: Vec<u32> = (epoch * 10..epoch * 10 + 10).flat_map(|step| order.steps.of(step).to_vec()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..160).collect::<Vec<_>>());
    }
    let files = run::score_files(&first);
    assert_eq!(files.len(), 1);
    let steps = run::ScoreFile::read(&files[0].1).unwrap().steps;
    let scorings = scorings(&first);
    let scored: Vec<_> = steps.iter().filter_map(|step| step.scored.as_ref().map(|scored| (step, scored))).collect();
    assert_eq!(scored.len(), scorings.len());
    for ((step, scored), said) in scored.iter().zip(&scorings) {
        assert_eq!((&scored.chosen, &step.classes), (&said.chosen, &said.classes));
        assert!(scored.scores.iter().zip(&said.scores).all(|(kept, said)| *kept == *said as f32));
    }
    let id = first.id();
    let again = trained(folder.path(), &[("ordering.replay", &id), ("seed.weights", "7"), ("network.depth", "14")]);
    assert_eq!(run::recorded_order(&again).unwrap().unwrap().steps, order.steps);
    // A run without an ordering has an order, too: that of its seed.
    let plain = trained(folder.path(), &[("training.epochs", "1")]);
    let id = plain.id();
    let same = trained(folder.path(), &[("training.epochs", "1"), ("ordering.replay", &id), ("seed.order", "99")]);
    assert!(essence(&same).network == essence(&plain).network);
}

/// Every problem that only the engine can find is said, all at once.
/// A file that the ordering reads is part of what the bits depend on.
#[test]
fn a_resume_with_another_column_is_not_exact() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scores.csv");
    let write = |sign: i64| {
        let rows: String = (0..160).map(|row| format!("{}\n", sign * (row * 37 % 160))).collect();
        std::fs::write(&file, format!("score\n{rows}")).unwrap();
    };
    write(1);
    let name = file.display().to_string();
    let changes = [
        ("ordering.scorer", "column"),
        ("ordering.column.file", name.as_str()),
        ("ordering.column.name", "score"),
        ("ordering.candidates", "all"),
    ];
    let directory = create(folder.path(), EXPERIMENT, &changes);
    let mut resumed = Vec::new();
    for (stop, sign) in [("3", 1), ("5", 1), ("7", -1)] {
        write(sign);
        let code = code_of(engine(&directory).args(["--stop-at", stop]));
        assert_eq!(code, 3, "{}", std::fs::read_to_string(directory.log()).unwrap());
        resumed = events(&directory)
            .into_iter()
            .filter_map(|event| if let What::Resumed(what) = event.what { Some(what) } else { None })
            .collect();
    }
    assert_eq!(resumed.iter().map(|what| what.exact).collect::<Vec<_>>(), [true, false]);
    assert!(resumed[1].reason.contains("what the ordering reads was") && resumed[1].reason.contains("scores.csv"), "{}", resumed[1].reason);
}

/// Of a run that is done, but whose order was not written any more, a resume writes it.
#[test]
fn an_order_that_a_kill_prevented_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let directory = trained(folder.path(), &[("ordering.scorer", "loss")]);
    let whole = std::fs::read(directory.order()).unwrap();
    std::fs::remove_file(directory.order()).unwrap();
    finish(&directory);
    assert!(std::fs::read(directory.order()).unwrap() == whole);
    // What is lost of the scores takes the order away, not the run.
    std::fs::remove_file(directory.order()).unwrap();
    for (_, path) in run::score_files(&directory) {
        std::fs::write(path, b"").unwrap();
    }
    finish(&directory);
    assert!(!directory.order().exists());
}

#[test]
fn what_an_ordering_cannot_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parent = trained(folder.path(), &[("training.epochs", "1"), ("ordering.scorer", "random")]);
    let (id, order) = (parent.id(), parent.order().display().to_string());
    let refusal = |changes: &[(&str, &str)]| {
        let directory = create(folder.path(), EXPERIMENT, changes);
        assert_eq!(engine(&directory).status().unwrap().code(), Some(2), "{changes:?}");
        directory.read_status().unwrap().unwrap().message.unwrap()
    };
    assert_eq!(refusal(&[("ordering.replay", &id)]), "ordering.replay: 10 steps are recorded, this run has 20");
    let other = [("ordering.replay", order.as_str()), ("training.epochs", "1"), ("training.batch", "20"), ("data.glyphs.train", "200")];
    assert_eq!(
        refusal(&other),
        "ordering.replay: the recorded order is of batches of 16, this run has 20; the recorded order is of training images: 160, this \
         run has 200"
    );
    let seed = [("ordering.replay", order.as_str()), ("training.epochs", "1"), ("data.glyphs.seed", "3")];
    assert_eq!(refusal(&seed), "ordering.replay: the recorded order is of other images of the set: `[data]` differs");
    assert!(refusal(&[("ordering.replay", "nowhere")]).starts_with("ordering.replay: "));
    // A run without an ordering is held to the same.
    let plain = trained(folder.path(), &[("training.epochs", "1")]).id();
    assert_eq!(refusal(&[("ordering.replay", &plain)]), "ordering.replay: 10 steps are recorded, this run has 20");
    let seed = [("ordering.replay", plain.as_str()), ("training.epochs", "1"), ("data.glyphs.seed", "3")];
    assert_eq!(refusal(&seed), "ordering.replay: the recorded order is of other images of the set: `[data]` differs");
    let more = [("ordering.replay", plain.as_str()), ("training.epochs", "1"), ("data.glyphs.train", "320")];
    assert_eq!(
        refusal(&more),
        "ordering.replay: the recorded order is of training images: 160, this run has 320; 10 steps are recorded, this run has 20"
    );
    let study = EXPERIMENT
        .replace("[data]\n", "kind = \"perfect-ordering\"\n[data]\n")
        .replace("epochs = 2\n", "")
        .replace("train = 160", "train = 40");
    let study = create(folder.path(), &study, &[("permutation.epochs", "1"), ("training.batch", "20")]);
    finish(&study);
    let study = study.id();
    assert_eq!(
        refusal(&[("ordering.replay", &study)]),
        format!("ordering.replay: {study} is a study that tried every order, and trained in none alone")
    );
    let last = parent.last().display().to_string();
    let teacher = [
        ("ordering.scorer", "teacher"),
        ("ordering.teacher.kind", "basicconv"),
        ("ordering.teacher.checkpoint", last.as_str()),
        ("ordering.compare", "[\"column\"]"),
        ("ordering.column.file", "/nowhere.csv"),
    ];
    let both = refusal(&teacher);
    assert!(both.contains("ordering.column: ") && both.contains("\nordering.teacher.checkpoint: "), "{both}");
    let scores = folder.path().join("scores.csv");
    std::fs::write(&scores, format!("score\n{}", "-1\n".repeat(160))).unwrap();
    let scores = scores.display().to_string();
    let negative = [
        ("ordering.scorer", "column"),
        ("ordering.column.file", scores.as_str()),
        ("ordering.item", "sample"),
        ("ordering.sampler", "weighted"),
        ("training.epochs", ""),
        ("training.steps", "4"),
    ];
    assert_eq!(
        refusal(&negative),
        "ordering.column: sampler `weighted` takes scores as weights, and negative are -1 of image 0, -1 of image 1, -1 of image 2, -1 \
         of image 3, -1 of image 4 and 155 more; use `ordering.sampler = \"smallest\"` or `\"largest\"`"
    );
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
