//! The resume table: every feature with state is one line, and every line goes on to the same bits from every step.
//!
//! For each line three epochs are trained three times by real engines: without interruption; stopped and resumed at
//! every step, and around evaluations both before and after them; and with three resumes within the second epoch.
//! Equal are θ, momentum, buffers, counters, and all `step`, `evaluation`, `scoring`, `phase` and `attack` events.
//! What is built later enters here with a line of its own; nothing is exempt.
//!
//! With `CURRICLE_PROOF=1` (`make proof ONLY=resume`) these are all steps of all three epochs; without it, for time's
//! sake, those of the second epoch and its ends.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use curricle_core::record::What;
use curricle_core::run::{RunDirectory, State};
use std::path::Path;
use support::running::{code_of, create, engine, essence, events, finish};

const EXPERIMENT: &str = r#"
name = "resume table"
[data]
set = "glyphs"
[data.glyphs]
train = 80
test = 20
[network]
kind = "basicconv"
[schedule]
kind = "constant"
[training]
epochs = 3
batch = 16
device = "cpu"
threads = 1
precision = "f32"
keep_state = true
"#;

type Changes<'a> = &'a [(&'a str, &'a str)];

/// Stops at `step`, before or after what follows it. A run that is over before is not stopped.
fn stop(directory: &RunDirectory, step: u64, before_boundary: bool, data: &Path) {
    let mut command = engine(directory);
    command.arg("--data").arg(data).arg("--stop-at").arg(step.to_string());
    if before_boundary {
        command.arg("--before-boundary");
    }
    assert_eq!(code_of(&mut command), 3, "log:\n{}", std::fs::read_to_string(directory.log()).unwrap_or_default());
    let status = directory.read_status().unwrap().unwrap();
    assert_eq!((status.state, status.step), (State::Stopped, step));
}

fn go_on(directory: &RunDirectory, data: &Path) {
    assert_eq!(code_of(engine(directory).arg("--data").arg(data)), 0, "{}", std::fs::read_to_string(directory.log()).unwrap_or_default());
    assert_eq!(directory.read_status().unwrap().unwrap().state, State::Done);
}

/// One line of the table.
fn check(name: &str, changes: Changes, data: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let whole = create(folder.path(), EXPERIMENT, changes);
    go_on(&whole, data);
    let wanted = essence(&whole);
    assert!(!wanted.state.is_empty() && !wanted.network.is_empty());
    let evaluated: Vec<u64> =
        events(&whole).iter().filter(|event| matches!(event.what, What::Evaluation(_))).map(|event| event.step).collect();
    let last = wanted.events.iter().map(|(step, ..)| *step).max().unwrap();
    let started = events(&whole).iter().find_map(|event| match &event.what {
        What::Started(started) => Some(started.steps_per_epoch),
        _ => None,
    });
    let epoch = started.unwrap();

    let everywhere = create(folder.path(), EXPERIMENT, changes);
    let mut stops = 0;
    let proof = std::env::var_os("CURRICLE_PROOF").is_some();
    let steps = if proof { 1..last } else { epoch..(2 * epoch + 1).min(last) };
    for step in steps {
        if evaluated.contains(&step) || step % epoch == 0 {
            stop(&everywhere, step, true, data);
            stops += 1;
        }
        stop(&everywhere, step, false, data);
        stops += 1;
    }
    go_on(&everywhere, data);
    if let Some(difference) = essence(&everywhere).difference(&wanted) {
        panic!("{name}, resumed at every step: {difference}");
    }

    let thrice = create(folder.path(), EXPERIMENT, changes);
    for step in [epoch + 1, epoch + 2, epoch + 4] {
        stop(&thrice, step.min(last - 1), false, data);
        stops += 1;
    }
    go_on(&thrice, data);
    if let Some(difference) = essence(&thrice).difference(&wanted) {
        panic!("{name}, resumed three times in one epoch: {difference}");
    }
    println!("resume table: {name}: {last} steps, {stops} resumes, equal");
}

/// A line is a test of its own, so that it has a name and lines run beside each other.
macro_rules! table {
    ($($name:ident: [$(($key:literal, $value:literal)),* $(,)?];)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), &[$(($key, $value)),*], Path::new("/nowhere"));
            }
        )*
    };
}

table! {
    // Orderings.
    loss_orderer: [("ordering.scorer", "loss"), ("ordering.candidates", "3")];
    loss_orderer_as_published: [
        ("ordering.scorer", "loss"), ("ordering.candidates", "3"), ("ordering.recipe", "redrawn"), ("ordering.rescore_crops", "fresh"),
        ("ordering.published.position_as_index", "true"),
    ];
    redrawn: [("ordering.scorer", "loss"), ("ordering.candidates", "2"), ("ordering.recipe", "redrawn"), ("training.last_batch", "keep")];
    loss_delta: [("ordering.candidates", "3")];
    loss_delta_relative_in_train_mode: [("ordering.candidates", "3"), ("ordering.measure", "relative"), ("ordering.bn", "train")];
    loss_delta_as_published: [
        ("ordering.candidates", "3"), ("ordering.rescore_crops", "fresh"), ("ordering.published.leftover_gradient", "true"),
    ];
    loss_delta_of_all: [("ordering.candidates", "all"), ("ordering.order", "ascending")];
    loss_delta_external: [
        ("ordering.candidates", "3"), ("ordering.target", "external"), ("ordering.external.size", "12"), ("data.holdout", "0.2"),
    ];
    loss_delta_external_redrawn_at_every_step: [
        ("ordering.candidates", "3"), ("ordering.target", "external"), ("ordering.external.size", "12"),
        ("ordering.external.source", "train"), ("ordering.external.redraw", "step"),
    ];
    first_order: [
        ("ordering.candidates", "3"), ("ordering.target", "external"), ("ordering.external.size", "12"), ("ordering.estimate", "first-order"),
        ("ordering.external.source", "test"), ("ordering.external.redraw", "never"),
    ];
    known_difficulty: [("ordering.scorer", "difficulty"), ("ordering.candidates", "4"), ("ordering.order", "descending")];
    one_of_the_candidates_at_random: [("ordering.scorer", "random"), ("ordering.candidates", "4"), ("ordering.compare", "[\"loss\", \"loss-delta\"]")];
    a_warm_up_that_ends_within_an_epoch: [("ordering.scorer", "loss"), ("ordering.candidates", "3"), ("ordering.warmup", "7 steps")];
    scores_that_hold_for_two_steps: [("ordering.scorer", "loss"), ("ordering.candidates", "4"), ("ordering.rescore", "2 steps")];
    scores_that_hold_for_an_epoch: [("ordering.scorer", "loss"), ("ordering.candidates", "all"), ("ordering.rescore", "1 epoch")];
    single_samples: [("ordering.scorer", "loss"), ("ordering.item", "sample"), ("ordering.candidates", "2")];
    single_samples_by_first_order: [
        ("ordering.item", "sample"), ("ordering.candidates", "2"), ("ordering.target", "external"), ("ordering.estimate", "first-order"),
        ("ordering.external.size", "12"), ("data.holdout", "0.2"), ("ordering.rescore_crops", "fresh"),
    ];
    single_samples_by_exact_loss_delta: [
        ("ordering.item", "sample"), ("ordering.candidates", "2"), ("training.epochs", ""), ("training.steps", "12"),
    ];
    a_weighted_sampler: [
        ("ordering.scorer", "loss"), ("ordering.item", "sample"), ("ordering.candidates", "2"), ("ordering.sampler", "weighted"),
        ("ordering.temperature", "2.0"), ("training.epochs", ""), ("training.steps", "14"),
    ];
    an_inverse_sampler_whose_scores_hold: [
        ("ordering.scorer", "loss"), ("ordering.item", "sample"), ("ordering.candidates", "all"), ("ordering.sampler", "inverse"),
        ("ordering.rescore", "3 steps"), ("training.epochs", ""), ("training.steps", "14"),
    ];
    a_largest_sampler_whose_scores_hold: [
        ("ordering.scorer", "loss"), ("ordering.item", "sample"), ("ordering.candidates", "3"), ("ordering.sampler", "largest"),
        ("ordering.rescore", "3 steps"), ("training.epochs", ""), ("training.steps", "14"),
    ];
    a_sampler_only_at_first: [
        ("ordering.scorer", "loss"), ("ordering.item", "sample"), ("ordering.candidates", "2"), ("ordering.sampler", "smallest"),
        ("ordering.warmup", "6 steps"), ("training.epochs", ""), ("training.steps", "14"),
    ];
    labels_as_scores: [("ordering.scorer", "label"), ("ordering.candidates", "3"), ("ordering.order", "descending")];
    rho: [("ordering.scorer", "rho"), ("ordering.item", "sample"), ("ordering.candidates", "2"), ("data.holdout", "0.2"),
        ("ordering.holdout_epochs", "2")];
    equal_compute: [
        ("ordering.scorer", "equal-compute"), ("ordering.equal_to", "loss"), ("ordering.candidates", "3"), ("training.epochs", "2"),
        ("schedule.kind", "cosine"),
    ];
    grab: [("ordering.scorer", "grab")];
    grab_on_pairs: [("ordering.scorer", "grab"), ("ordering.pairs", "true")];
    pacing_by_difficulty: [("ordering.pacing.by", "difficulty"), ("ordering.pacing.start", "0.3"), ("ordering.pacing.length", "3 steps")];
    pacing_by_its_own_losses: [("ordering.pacing.by", "own"), ("ordering.pacing.epochs", "1"), ("ordering.pacing.length", "1 epoch")];
    pacing_at_random: [("ordering.pacing.by", "random"), ("ordering.pacing.reversed", "true"), ("ordering.pacing.length", "4 steps")];
    scores_that_are_not_kept: [("ordering.scorer", "loss"), ("ordering.candidates", "2"), ("ordering.record_scores", "false")];
    // Optimiser.
    momentum_with_nesterov: [];
    heavy_ball: [("optimizer.nesterov", "false")];
    no_momentum: [("optimizer.momentum", "0"), ("optimizer.nesterov", "false")];
    strong_weight_decay: [("optimizer.weight_decay", "0.01")];
    // Schedules.
    steps: [("schedule.kind", "step"), ("schedule.every", "1"), ("schedule.factor", "0.5")];
    milestones: [("schedule.kind", "milestones"), ("schedule.milestones", "[1, 2]"), ("schedule.factor", "0.2")];
    cosine: [("schedule.kind", "cosine"), ("schedule.minimum", "0.001")];
    one_cycle: [("schedule.kind", "one-cycle")];
    plateau: [("schedule.kind", "plateau"), ("schedule.patience", "0"), ("schedule.threshold", "0.9")];
    plateau_on_the_holdout: [("schedule.kind", "plateau"), ("schedule.patience", "0"), ("schedule.threshold", "0.9"),
        ("data.holdout", "0.2"), ("training.watch", "holdout-loss")];
    // Ends, lengths, evaluation, selection.
    early_stop: [("training.epochs", "6"), ("training.early_stop", "1"), ("optimizer.lr", "0.9")];
    length_in_steps: [("training.epochs", ""), ("training.steps", "13")];
    evaluation_within_epochs: [("training.evaluate_every", "2 steps")];
    evaluation_every_second_epoch: [("training.evaluate_every", "2 epochs")];
    selection_on_the_holdout: [("data.holdout", "0.2"), ("training.evaluate_every", "3 steps")];
    selection_on_the_test_set: [("training.select_on", "test")];
    kept_checkpoints: [("training.keep_every", "2 steps")];
    states_by_steps: [("training.state_every", "2 steps")];
    last_batch_kept: [("data.glyphs.train", "70"), ("training.batch", "16")];
    last_batch_dropped: [("data.glyphs.train", "90"), ("training.last_batch", "drop")];
    // Loss and precision.
    label_smoothing: [("training.label_smoothing", "0.1")];
    double_precision: [("training.precision", "f64")];
    bf16: [("training.precision", "bf16")];
    bf16_preresnet: [("training.precision", "bf16"), ("network.kind", "preresnet"), ("network.block", "basic"), ("network.depth", "8")];
    two_threads: [("training.threads", "2")];
    // Data.
    holdout: [("data.holdout", "0.1")];
    label_noise: [("data.label_noise", "0.3"), ("data.seed", "7")];
    imbalance: [("data.imbalance", "4"), ("data.glyphs.train", "160")];
    subset_of_classes: [("data.classes", "[\"0\", \"3\", \"5\"]"), ("data.glyphs.train", "260"), ("data.per_class", "26")];
    no_augmentation: [("data.augmentation.flip", "false"), ("data.augmentation.crop", "0")];
    crops_alone: [("data.augmentation.flip", "false"), ("data.augmentation.crop", "3")];
    other_seeds: [("seed", "11")];
    // Networks.
    preresnet_basic: [("network.kind", "preresnet"), ("network.block", "basic"), ("network.depth", "8")];
    preresnet_bottleneck: [("network.kind", "preresnet"), ("network.depth", "11")];
    preresnet_window: [("network.kind", "preresnet"), ("network.block", "basic"), ("network.depth", "8"), ("network.head", "{ window = 7 }")];
    wideresnet: [("network.kind", "wideresnet"), ("network.depth", "10"), ("network.width", "2")];
    dropout: [("network.kind", "wideresnet"), ("network.depth", "10"), ("network.width", "1"), ("network.dropout", "0.3")];
}

/// The first images of a real set, in its own format.
#[test]
fn mnist() {
    let data = support::data();
    let subset = data.join("mnist");
    if support::present("mnist", &[&subset]) {
        check("mnist", &[("data.set", "mnist"), ("data.per_class", "8")], &data);
    }
}

#[test]
fn cifar10() {
    let data = support::data();
    let folder = data.join("cifar-10-batches-bin");
    if support::present("cifar10", &[&folder.join("data_batch_1.bin"), &folder.join("test_batch.bin")]) {
        check("cifar10", &[("data.set", "cifar10"), ("data.files", "[\"data_batch_1.bin\"]"), ("data.per_class", "8")], &data);
    }
}

#[test]
fn folder_of_images() {
    let root = tempfile::tempdir().unwrap();
    let set = root.path().join("pictures");
    for (part, count) in [("train", 40), ("test", 10)] {
        for class in ["bright", "dark"] {
            let folder = set.join(part).join(class);
            std::fs::create_dir_all(&folder).unwrap();
            for number in 0..count {
                let base = if class == "bright" { 160 } else { 20 };
                let picture = image::RgbImage::from_fn(32, 32, |x, y| {
                    image::Rgb([base + (x as u8 ^ number) % 64, base + (y as u8).wrapping_mul(number) % 64, base])
                });
                picture.save(folder.join(format!("{number}.png"))).unwrap();
            }
        }
    }
    let path = set.display().to_string();
    check("folder_of_images", &[("data.set", "folder"), ("data.root", &path)], root.path());
}

/// A run that begins with the weights of another one.
#[test]
fn fork() {
    let folder = tempfile::tempdir().unwrap();
    let parent = create(folder.path(), EXPERIMENT, &[("training.epochs", "1")]);
    finish(&parent);
    let checkpoint = parent.last().display().to_string();
    check("fork", &[("network.checkpoint", &checkpoint)], Path::new("/nowhere"));
}

/// Orderings that go by another network, by a file, and by the order of another run.
#[test]
fn orderings_by_other_runs_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new("/nowhere");
    let parent = create(folder.path(), EXPERIMENT, &[("ordering.scorer", "loss"), ("ordering.candidates", "3")]);
    finish(&parent);
    let checkpoint = parent.last().display().to_string();
    let teacher = [
        ("ordering.scorer", "teacher"),
        ("ordering.candidates", "3"),
        ("ordering.student", "0.25"),
        ("ordering.teacher.kind", "basicconv"),
        ("ordering.teacher.checkpoint", checkpoint.as_str()),
    ];
    check("a teacher's loss", &teacher, data);
    let paced = [
        ("ordering.pacing.by", "teacher"),
        ("ordering.pacing.length", "2 steps"),
        ("ordering.teacher.kind", "basicconv"),
        ("ordering.teacher.checkpoint", checkpoint.as_str()),
    ];
    check("pacing by a teacher's losses", &paced, data);
    let column = folder.path().join("scores.csv");
    let rows: String = (0..80).map(|image| format!("{}\n", (image * 37) % 80)).collect();
    std::fs::write(&column, format!("score\n{rows}")).unwrap();
    let column = column.display().to_string();
    check("a column", &[("ordering.scorer", "column"), ("ordering.column.file", &column), ("ordering.candidates", "3")], data);
    let order = parent.order().display().to_string();
    check("a recorded order", &[("ordering.replay", &order), ("seed.weights", "5")], data);
}
