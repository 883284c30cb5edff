use super::*;
use crate::scores::testing::{Made, ORDERED};
use curricle_core::run::{EventWriter, State, Status};
use proptest::prelude::*;

fn read(reader: &mut Reader) {
    while reader.poll(Duration::from_millis(5)).unwrap().more {}
}

fn made(made: Made) -> (tempfile::TempDir, RunDirectory) {
    let keep = tempfile::tempdir().unwrap();
    let run = made.create(keep.path(), ORDERED);
    (keep, run)
}

/// Where the events are whole lines only as far as some step, as a living run leaves them.
fn fresh(run: &RunDirectory) -> Reader {
    let mut reader = Reader::new(run.clone());
    read(&mut reader);
    reader
}

#[test]
fn numbers_are_those_of_the_run() {
    let run = Made::default();
    let (_keep, directory) = made(run);
    let digest = fresh(&directory).digest(None).unwrap();
    assert_eq!((digest.step, digest.steps, digest.scorings), (35, 60, 32), "35 steps, three of them the last of their epoch");
    assert_eq!((digest.view.step, digest.view.candidates, digest.view.epoch), (35, 6, 4));
    assert_eq!(digest.view.window.scorings, 32);
    let candidates: u64 = (1..=35).map(|step| run.candidates_at(step)).sum();
    assert_eq!(digest.view.window.candidates, candidates);
    assert_eq!(digest.candidates_over_steps.total(), candidates);
    assert_eq!((digest.chosen_over_steps.total(), digest.rank_over_steps.total()), (32, 32));
    assert_eq!(digest.view.rank, Some(0.0), "the highest was chosen");
    let images = digest.images.unwrap();
    assert_eq!((images.step, images.images, images.run.even), (30, 40, Some(3)), "as far as the files go");
    assert!(images.between_epochs.is_some() && images.between.len() == 2);
    assert_eq!(digest.cost.backward, 35.0 + candidates as f64);
    let plain = (35.0 * 3.0 + 4.0 * candidates as f64) / (35.0 * 3.0);
    assert!((digest.cost.step_in_plain_ones.unwrap() - plain).abs() < 1e-9);
    let planned = digest.cost.planned.unwrap();
    assert_eq!((planned.steps, planned.scorings), (60, 54));
    assert_eq!(planned.scoring.backward, 6.0 * (3.0 * 8.0 + 7.0 + 6.0 + 5.0 + 4.0 + 3.0 + 2.0));
    let mean: f64 = (1..=35).filter_map(|step| run.scoring(step)).map(|scoring| scoring.correlation["loss"]).sum::<f64>() / 32.0;
    assert!((digest.correlation["loss"].mean - mean).abs() < 1e-9);
    assert!(digest.facts.ordered && !digest.facts.oracle && digest.facts.line() == "scoring every step · K = 8");
}

#[test]
fn one_goes_to_any_step() {
    let run = Made { steps: 3_000, done: 2_950, saved: 2_900, steps_per_epoch: 50, ..Made::default() };
    let (_keep, directory) = made(run);
    let mut reader = fresh(&directory);
    for step in [1, 2, 49, 64, 701, 999, 1_001, 1_063, 2_001, 2_899, 2_901, 2_949] {
        let view = reader.digest(Some(step)).unwrap().view;
        let scored: Vec<u64> = (1..=step).rev().filter(|step| run.candidates_at(*step) > 0).take(64).collect();
        assert_eq!(view.window.scorings, scored.len() as u64, "{step}");
        assert_eq!(view.window.steps, Some((scored[scored.len() - 1], scored[0])), "{step}");
        assert_eq!(view.window.candidates, scored.iter().map(|step| run.candidates_at(*step)).sum::<u64>(), "{step}");
        assert!(view.scored && view.scores.iter().map(|score| score.unwrap()).eq(run.scores(step)));
        assert_eq!(view.batch.images, (step <= 2_900).then(|| run.items(step)), "{step}");
        assert_eq!(view.batch.classes.iter().map(|(_, count)| u64::from(*count)).sum::<u64>(), 4, "{step}");
    }
    let last = reader.digest(Some(50)).unwrap().view;
    assert!(!last.scored && last.batch.images.is_some(), "the last item of an epoch is handed out unscored");
    assert_eq!(reader.digest(Some(2_951)), Err(Missing::Beyond(2_950)));
    assert_eq!(reader.digest(Some(0)), Err(Missing::Beyond(2_950)));
}

#[test]
fn without_files_the_log_alone_tells() {
    let run = Made { steps: 3_000, done: 2_000, saved: 0, steps_per_epoch: 100, ..Made::default() };
    let (_keep, directory) = made(run);
    let mut reader = fresh(&directory);
    let view = reader.digest(Some(500 - 1)).unwrap().view;
    assert_eq!((view.window.scorings, view.window.steps, view.scored), (64, Some((436, 499)), true));
    assert_eq!(view.batch.images, None);
    assert!(reader.digest(None).unwrap().images.is_none());
}

#[test]
fn large_pools_come_from_the_files() {
    let run = Made { candidates: 200, steps_per_epoch: 400, steps: 400, done: 90, saved: 80, ..Made::default() };
    let (_keep, directory) = made(run);
    let mut reader = fresh(&directory);
    let digest = reader.digest(Some(70)).unwrap();
    assert_eq!(digest.candidates_over_steps.total(), 80 * 200, "events list no scores");
    assert_eq!((digest.chosen_over_steps.total(), digest.rank_over_steps.total()), (90, 80));
    assert_eq!((digest.view.window.scorings, digest.view.window.candidates), (64, 64 * 200));
    assert!(digest.view.scores.is_empty() && digest.view.rank == Some(0.0));
    assert_eq!(reader.digest(Some(85)).unwrap().view.window.steps, Some((22, 85)));
}

#[test]
fn a_run_that_was_not_ordered_or_not_begun_has_nothing_to_show() {
    let keep = tempfile::tempdir().unwrap();
    let text = ORDERED.split("[ordering]").next().unwrap();
    let plain = Made { candidates: 0, saved: 0, ..Made::default() }.create(keep.path(), text);
    let mut reader = fresh(&plain);
    assert_eq!(reader.digest(None), Err(Missing::Nothing));
    assert!(!reader.sums().facts.ordered);
    let young = Made { done: 0, saved: 0, ..Made::default() }.create(keep.path(), ORDERED);
    assert_eq!(fresh(&young).digest(None), Err(Missing::Nothing));
}

#[test]
fn a_damaged_file_is_told_and_the_rest_is_shown() {
    let (_keep, directory) = made(Made::default());
    let (_, path) = score_files(&directory).remove(0);
    std::fs::write(&path, b"no tensors").unwrap();
    let digest = fresh(&directory).digest(None).unwrap();
    assert!(digest.problem.unwrap().contains("step-000000000001.safetensors"));
    assert_eq!(digest.scorings, 32);
    assert!(digest.images.is_none());
}

/// Whatever a resume cuts, and whenever one looks, the numbers are those of the files as they then are.
#[test]
fn nothing_of_a_future_that_was_cut_is_left() {
    for looks in 0..4u8 {
        let before = Made { done: 10, saved: 10, ..Made::default() };
        let (_keep, directory) = made(before);
        let mut reader = fresh(&directory);
        let cut = std::fs::metadata(directory.events()).unwrap().len();
        let seq = std::fs::read_to_string(directory.events()).unwrap().lines().count() as u64;
        let gone = Made { done: 33, saved: 30, salt: 5, ..Made::default() };
        let mut events = EventWriter::open_at(&directory, cut, seq).unwrap();
        gone.write(&directory, &mut events, 10);
        read(&mut reader);
        assert_eq!(reader.digest(None).unwrap().step, 33);
        let mut events = EventWriter::open_at(&directory, cut, seq).unwrap();
        if looks & 1 != 0 {
            read(&mut reader);
        }
        Status { state: State::Training, generation: 1, ..Status::default() }.write(&directory.status()).unwrap();
        if looks & 2 != 0 {
            read(&mut reader);
            assert_eq!(reader.digest(None).unwrap().step, 10);
        }
        let after = Made { done: 27, saved: 20, salt: 9, ..Made::default() };
        after.write(&directory, &mut events, 10);
        Status { state: State::Training, generation: 1, ..Status::default() }.write(&directory.status()).unwrap();
        read(&mut reader);
        let mut other = fresh(&directory);
        assert_eq!(reader.digest(None), other.digest(None), "looks {looks:02b}");
        assert_eq!(reader.digest(Some(15)).unwrap().view.batch.images, Some(after.items(15)));
        assert_eq!(reader.digest(Some(25)).unwrap().view.batch.images, None, "not saved again yet");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// However a run grows, reading it piece by piece gives what reading it at once does.
    #[test]
    fn reading_on_gives_what_reading_anew_does(parts in proptest::collection::vec((1u64..90, 0u64..40), 1..6), candidates in prop_oneof![Just(2u64), Just(8), Just(70)]) {
        let begun = Made { candidates, steps_per_epoch: 80, steps: 640, done: 0, saved: 0, ..Made::default() };
        let (_keep, directory) = made(begun);
        let mut reader = fresh(&directory);
        let mut run = begun;
        for (further, unsaved) in parts {
            let before = run;
            run.done = (run.done + further).min(run.steps);
            run.saved = run.done.saturating_sub(unsaved).max(before.saved);
            let offset = std::fs::metadata(directory.events()).unwrap().len();
            let seq = std::fs::read_to_string(directory.events()).unwrap().lines().count() as u64;
            let mut events = EventWriter::open_at(&directory, offset, seq).unwrap();
            Made { saved: before.saved, ..run }.write_events(&mut events, before.done);
            run.save(&directory, before.saved);
            read(&mut reader);
            prop_assert_eq!(reader.digest(None), fresh(&directory).digest(None));
        }
    }
}

/// Nanoseconds that this thread has had a processor: whatever else the machine does.
fn processor_time() -> u64 {
    let facts = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    facts.split_whitespace().next().unwrap().parse().unwrap()
}

/// A hundred thousand scorings open within a second: they are read once whenever a long run is.
#[test]
fn long_runs_are_read_quickly() {
    let run = Made { steps: 100_000, done: 100_000, saved: 100_000, steps_per_epoch: 400, batch: 128, ..Made::default() };
    let (_keep, directory) = made(run);
    // A processor that is shared is slower; one reading of five must be within the bound.
    let mut times = Vec::new();
    let mut reader = loop {
        let before = processor_time();
        let mut reader = fresh(&directory);
        let digest = reader.digest(None).unwrap();
        times.push(Duration::from_nanos(processor_time() - before));
        assert_eq!((digest.step, digest.images.map(|images| images.step)), (100_000, Some(100_000)));
        println!("100,000 scorings read and shown in {:.0?} of processor time", times[times.len() - 1]);
        if times.last().is_some_and(|time| *time < Duration::from_secs(1)) {
            break reader;
        }
        assert!(times.len() < 5, "{times:?}");
    };
    let begun = Instant::now();
    assert_eq!(reader.poll(Duration::from_millis(40)).unwrap(), Polled::default());
    reader.digest(Some(51_234)).unwrap();
    println!("another step shown after {:.0?}", begun.elapsed());
}
