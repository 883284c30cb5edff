//! The kill harness: SIGKILL, again and again, at random moments and at moments aimed at a save.
//!
//! After every kill the directory opens, everything that `events.jsonl` acknowledges is there and whole, and when the
//! run is at last let go on, it ends in the very bits of one that nobody touched. 100 kills here; `make proof ONLY=kill`
//! makes 10,000 of them, goes on where it was interrupted, and keeps its tally in `docs/proofs/kill.json`.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use curricle_core::random::{Purpose, Stream};
use curricle_core::record::What;
use curricle_core::run::{self, Follower, RunDirectory, State, catalogue};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use serde::{Deserialize, Serialize};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};
use support::running::{Essence, create, essence, finish, start, unfinished};
use support::small::{ORDERED, STUDY};

const EXPERIMENT: &str = r#"
name = "kills"
[data]
set = "glyphs"
holdout = 0.2
[data.glyphs]
train = 60
test = 10
[network]
kind = "basicconv"
[schedule]
kind = "plateau"
patience = 0
threshold = 0.9
[training]
epochs = 6
batch = 16
device = "cpu"
threads = 1
precision = "f32"
state_every = "1 steps"
keep_every = "5 steps"
"#;

/// Kills of one run, after which it is let go on in peace.
const A_RUN: u64 = 25;

/// What was seen. The committed one is that of the long proof.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    /// Engines killed by SIGKILL while they ran.
    kills: u64,
    /// Of those, killed after the opening of a temporary file in `state/` or `checkpoints/` was seen.
    aimed: u64,
    /// Of all, those that left an unfinished file there: killed between opening it and renaming it.
    inside_a_save: u64,
    /// Engines that had reached the end before they could be killed.
    too_late: u64,
    /// Directories that did not open or hold what they should.
    broken: u64,
    /// Acknowledged states and checkpoints that were gone or not whole.
    lost: u64,
    /// Runs brought to their end.
    runs: u64,
    /// Of those, with other bits than the run that nobody touched.
    different: u64,
}

/// When an engine is killed.
#[derive(Clone, Copy)]
enum Moment {
    /// So long after its start.
    After(Duration),
    /// So long after a temporary file of a save, not the first ones, was opened.
    Save { nth: u64, after: Duration },
}

struct Random(Stream);

impl Random {
    fn moment(&mut self, lifetime: Duration) -> Moment {
        match self.0.below(5) {
            0 | 1 => Moment::After(Duration::from_micros(self.0.below(lifetime.as_micros() as u64))),
            _ => Moment::Save { nth: self.0.below(4), after: Duration::from_micros(self.0.below(2500)) },
        }
    }
}

/// Sees files being opened in the folders of saves.
struct Watch(Inotify);

impl Watch {
    fn new(directory: &RunDirectory) -> Self {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).unwrap();
        for folder in [directory.state(), directory.checkpoints(), directory.scores()].into_iter().filter(|folder| folder.is_dir()) {
            inotify.add_watch(&folder, AddWatchFlags::IN_CREATE).unwrap();
        }
        Self(inotify)
    }

    /// Unfinished files that were opened since the last call.
    fn opened(&self) -> u64 {
        let events = self.0.read_events().unwrap_or_default();
        events.iter().filter(|event| event.name.as_ref().is_some_and(|name| name.to_string_lossy().ends_with(".part"))).count() as u64
    }
}

/// Kills an engine at its moment; says whether it was still alive, and whether the moment was that of a save.
fn kill(engine: &mut Child, watch: &Watch, moment: Moment) -> (bool, bool) {
    let begun = Instant::now();
    let mut aimed = false;
    match moment {
        Moment::After(delay) => std::thread::sleep(delay),
        Moment::Save { nth, after } => {
            let mut seen = 0;
            while engine.try_wait().unwrap().is_none() {
                assert!(begun.elapsed() < Duration::from_secs(120), "the engine hangs");
                seen += watch.opened();
                if seen > nth {
                    aimed = true;
                    let then = Instant::now();
                    while then.elapsed() < after {
                        std::hint::spin_loop();
                    }
                    break;
                }
                std::thread::sleep(Duration::from_micros(100));
            }
        }
    }
    let _ = engine.kill();
    let killed = engine.wait().unwrap().signal() == Some(9);
    (killed, killed && aimed)
}

fn is_whole(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| safetensors::SafeTensors::deserialize(&bytes).is_ok())
}

/// Looks at a directory whose engine was just killed; counts what is broken and lost, and says it.
fn look(directory: &RunDirectory, tally: &mut Tally) {
    let mut broken = Vec::new();
    let mut lost = Vec::new();
    if let Err(error) = RunDirectory::open(directory.path()).and_then(|opened| catalogue::summary(&opened)) {
        broken.push(error.to_string());
    }
    let mut follower = Follower::open(directory);
    let mut acknowledged = (0, false);
    let mut files: Vec<PathBuf> = Vec::new();
    loop {
        match follower.poll() {
            Ok(update) => {
                broken.extend(update.damaged.map(|(count, why)| format!("{count} damaged events: {why}")));
                for event in &update.events {
                    if let What::Checkpoint(checkpoint) = &event.what {
                        if checkpoint.reason == "state" {
                            acknowledged = (event.step, true);
                        } else {
                            files.push(directory.path().join(&checkpoint.file));
                        }
                    }
                }
                if !update.more {
                    break;
                }
            }
            Err(error) => {
                broken.push(error.to_string());
                break;
            }
        }
    }
    let is_done = directory.read_status().ok().flatten().is_some_and(|status| status.state == State::Done);
    let newest = run::states(directory).into_iter().find(|path| is_whole(path));
    let newest = newest.and_then(|path| path.file_stem()?.to_str()?.strip_prefix("step-")?.parse::<u64>().ok());
    if acknowledged.1 && !is_done && newest.is_none_or(|step| step < acknowledged.0) {
        lost.push(format!("the state of step {} is acknowledged, the newest whole one is {newest:?}", acknowledged.0));
    }
    lost.extend(files.iter().filter(|path| !is_whole(path)).map(|path| format!("`{}` is acknowledged and not whole", path.display())));
    tally.broken += u64::from(!broken.is_empty());
    tally.lost += u64::from(!lost.is_empty());
    for line in broken.iter().chain(&lost) {
        eprintln!("{}: {line}", directory.id());
    }
}

/// Starts one run, kills it up to [`A_RUN`] times, lets it end, and compares.
fn one_run(experiment: &str, runs: &Path, most: u64, lifetime: Duration, wanted: &Essence, random: &mut Random, tally: &mut Tally) {
    let directory = create(runs, experiment, &[]);
    for _ in 0..most.min(A_RUN) {
        let moment = random.moment(lifetime);
        let watch = Watch::new(&directory);
        let (killed, aimed) = kill(&mut start(&directory), &watch, moment);
        tally.kills += u64::from(killed);
        tally.aimed += u64::from(aimed);
        tally.inside_a_save += u64::from(killed && !unfinished(&[directory.state(), directory.checkpoints()]).is_empty());
        tally.too_late += u64::from(!killed);
        look(&directory, tally);
        if !killed {
            break;
        }
    }
    finish(&directory);
    look(&directory, tally);
    tally.runs += 1;
    if let Some(difference) = essence(&directory).difference(wanted) {
        tally.different += 1;
        eprintln!("{}: {difference}", directory.id());
    }
    std::fs::remove_dir_all(directory.path()).unwrap();
}

fn prepare(experiment: &str, seed: u64) -> (tempfile::TempDir, Essence, Duration, Random) {
    let folder = tempfile::tempdir().unwrap();
    let untouched = create(folder.path(), experiment, &[]);
    let begun = Instant::now();
    finish(&untouched);
    let lifetime = begun.elapsed();
    (folder, essence(&untouched), lifetime, Random(Stream::new(seed, Purpose::Sampler, 0, 0, 0)))
}

fn judge(tally: &Tally) {
    assert_eq!((tally.broken, tally.lost, tally.different), (0, 0, 0), "{tally:?}");
}

/// So many kills of runs of an experiment.
fn some(experiment: &str, kills: u64) -> Tally {
    let (folder, wanted, lifetime, mut random) = prepare(experiment, 1);
    let mut tally = Tally::default();
    while tally.kills < kills {
        one_run(experiment, folder.path(), kills - tally.kills, lifetime, &wanted, &mut random, &mut tally);
    }
    println!("kills: {tally:?}");
    judge(&tally);
    tally
}

#[test]
fn a_hundred_kills_lose_nothing() {
    let tally = some(EXPERIMENT, 100);
    assert!(tally.inside_a_save >= 5, "too few kills fell inside a save: {tally:?}");
}

#[test]
fn kills_of_an_ordered_run_lose_nothing() {
    some(ORDERED, 20);
}

#[test]
fn kills_of_a_study_of_orders_lose_nothing() {
    some(STUDY, 20);
}

/// `CURRICLE_KILLS` kills in all, counted in the file that `CURRICLE_TALLY` names, from where it stands.
fn many(experiment: &str, most: u64, file: &str) -> Tally {
    let wanted_kills: u64 = std::env::var("CURRICLE_KILLS").map_or(most, |text| text.parse().unwrap());
    let path = std::env::var_os("CURRICLE_TALLY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/proofs").join(file), PathBuf::from);
    let read =
        |path: &Path| -> Tally { std::fs::read(path).map_or_else(|_| Tally::default(), |bytes| serde_json::from_slice(&bytes).unwrap()) };
    let mut tally = read(&path);
    let (folder, wanted, lifetime, mut random) = prepare(experiment, 1000 + tally.kills);
    while tally.kills < wanted_kills {
        one_run(experiment, folder.path(), wanted_kills - tally.kills, lifetime, &wanted, &mut random, &mut tally);
        let mut bytes = serde_json::to_vec_pretty(&tally).unwrap();
        bytes.push(b'\n');
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        run::write_whole(&path, &bytes).unwrap();
        judge(&tally);
        if tally.runs.is_multiple_of(10) {
            println!("{tally:?}");
        }
    }
    println!("kills: {tally:?}");
    judge(&tally);
    tally
}

#[test]
#[ignore = "takes an hour: `make proof ONLY=kill`"]
fn ten_thousand_kills_lose_nothing() {
    let tally = many(EXPERIMENT, 10_000, "kill.json");
    assert!(tally.inside_a_save * 5 >= tally.kills, "too few kills fell inside a save: {tally:?}");
}

#[test]
#[ignore = "takes a quarter of an hour: `make proof ONLY=kill-ordered`"]
fn a_thousand_kills_of_an_ordered_run_lose_nothing() {
    many(ORDERED, 1_000, "kill-ordered.json");
}

#[test]
#[ignore = "takes a quarter of an hour: `make proof ONLY=kill-study`"]
fn a_thousand_kills_of_a_study_of_orders_lose_nothing() {
    many(STUDY, 1_000, "kill-study.json");
}
