//! All runs of a folder: what the list shows, and how a run is found by its name.
//!
//! Reads `run.json`, `status.json`, `labels.json` and asks the lock of each run, nothing else; no index is kept that
//! could be wrong.

use super::disk;
use super::error::{Error, Result};
use super::labels::Labels;
use super::layout::{RunDirectory, id_of};
use super::lock::{Lock, host, is_held_at};
use super::plain;
use super::run_record::{Parent, RunRecord};
use super::status::{State, shown_state};
use crate::record::Selected;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Beginning of the hidden names that runs get while they are deleted.
const DELETED: &str = ".deleted-";

/// One run in a list. These names are those of `runs list --json`, and stay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Name of the run directory.
    pub id: String,
    /// Name of the experiment.
    pub name: String,
    /// What it is doing, as concluded from its engine's word and the lock.
    pub state: State,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run; `null` while unknown.
    pub steps: Option<u64>,
    /// Epoch of the last step.
    pub epoch: u64,
    /// Epochs of the whole run; `null` while unknown.
    pub epochs: Option<u64>,
    /// Seed of the weights.
    pub seed: u64,
    /// Last loss.
    pub loss: Option<f64>,
    /// Last accuracy on the test set, a fraction.
    pub accuracy: Option<f64>,
    /// The network selected so far.
    pub selected: Option<Selected>,
    /// When it was created, RFC 3339 in UTC.
    pub created: String,
    /// Seconds spent training.
    pub seconds: f64,
    /// The run directory.
    pub directory: PathBuf,
    /// Kind of the experiment.
    pub kind: String,
    /// Image set.
    pub set: String,
    /// Network.
    pub network: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Notes.
    pub notes: String,
    /// The run it came from.
    pub parent: Option<Parent>,
    /// Its sweep.
    pub sweep: Option<String>,
    /// Its arm.
    pub arm: Option<String>,
    /// Process of its engine; `null` where none lives.
    pub pid: Option<u32>,
    /// Host of its engine.
    pub host: String,
    /// Why it failed, or why it cannot be read.
    pub message: Option<String>,
    /// Bytes on disk; `null` where they were not asked for.
    pub bytes: Option<u64>,
    /// Whether its files could not be read, or are those of a newer version.
    pub unreadable: bool,
}

impl Summary {
    /// Whether test data chose the network whose accuracy this is.
    #[must_use]
    pub fn is_oracle(&self) -> bool {
        self.selected.as_ref().is_some_and(|selected| selected.oracle)
    }
}

/// All runs of a folder, newest first. A folder that is not there has none.
pub fn list(runs: &Path) -> Result<Vec<Summary>> {
    let here = host();
    let mut found: Vec<Summary> = folders(runs)?.into_iter().filter_map(|path| summary_at(path, &here)).collect();
    found.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
    Ok(found)
}

/// One run.
pub fn summary(directory: &RunDirectory) -> Result<Summary> {
    directory.record()?;
    summary_at(directory.path().to_path_buf(), &host()).ok_or_else(|| Error::NoRun { path: directory.path().to_path_buf() })
}

/// Fills in what each run takes on disk.
pub fn measure(summaries: &mut [Summary]) {
    for summary in summaries {
        summary.bytes = Some(disk::used(&summary.directory));
    }
}

/// Finds a run: `last` for the newest, an id, or the beginning of one that fits no other.
pub fn find(runs: &Path, wanted: &str) -> Result<RunDirectory> {
    let unknown = |near| Error::UnknownRun { wanted: plain(wanted), runs: runs.to_path_buf(), near };
    if wanted == "last" {
        let newest = list(runs)?.into_iter().next().ok_or_else(|| unknown(Vec::new()))?;
        return RunDirectory::open(&newest.directory);
    }
    let mut ids: Vec<(String, PathBuf)> = folders(runs)?
        .into_iter()
        .filter(|path| path.join("run.json").exists())
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_string(), path)))
        .collect();
    ids.sort_by(|a, b| b.cmp(a));
    if let Some((_, path)) = ids.iter().find(|(id, _)| id == wanted) {
        return RunDirectory::open(path);
    }
    let fitting: Vec<&(String, PathBuf)> = ids.iter().filter(|(id, _)| !wanted.is_empty() && id.starts_with(wanted)).collect();
    match fitting.as_slice() {
        [(_, path)] => RunDirectory::open(path),
        [] => {
            let near = |id: &str| id.contains(wanted) || strsim::jaro_winkler(id, wanted) > 0.9;
            Err(unknown(ids.iter().filter(|(id, _)| !wanted.is_empty() && near(id)).take(5).map(|(id, _)| plain(id)).collect()))
        }
        several => Err(Error::AmbiguousRun { wanted: plain(wanted), candidates: several.iter().map(|(id, _)| plain(id)).collect() }),
    }
}

/// Deletes a run that no engine holds. It vanishes at once, under a hidden name, so that a crash leaves no half of it.
pub fn delete(directory: &RunDirectory) -> Result<()> {
    if is_held_at(&directory.lock()) {
        return Err(Error::Locked { path: directory.path().to_path_buf(), holder: Lock::holder(directory) });
    }
    let path = directory.path();
    let runs = path.parent().unwrap_or(path);
    if path.is_symlink() {
        return disk::remove(path);
    }
    let hidden = runs.join(format!("{DELETED}{}", path.file_name().unwrap_or_default().to_string_lossy()));
    disk::rename(path, &hidden)?;
    disk::remove_folder(&hidden)
}

/// Whether an engine has ever begun with a run: it left an event or a state.
pub fn has_begun(directory: &RunDirectory) -> bool {
    let events = fs::metadata(directory.events()).is_ok_and(|facts| facts.len() > 0);
    events || fs::read_dir(directory.state()).is_ok_and(|mut entries| entries.next().is_some())
}

/// What takes room in a run and is not needed to look at it: states, scores, checkpoints; the best one stays if asked.
pub fn large(directory: &RunDirectory, keep_best: bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let best = directory.best();
    // A folder that is a link leads to what is not this run's to delete.
    let folders = [directory.state(), directory.checkpoints(), directory.scores()];
    for folder in folders.into_iter().filter(|folder| !folder.is_symlink()) {
        let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        found.extend(files.filter(|path| !(keep_best && *path == best)));
    }
    if directory.order().exists() {
        found.push(directory.order());
    }
    found.sort();
    found
}

/// Removes [`large`] files of a run that no engine holds. It can be looked at afterwards, but not resumed.
pub fn slim(directory: &RunDirectory, keep_best: bool) -> Result<()> {
    if Lock::is_held(directory) {
        return Err(Error::Locked { path: directory.path().to_path_buf(), holder: Lock::holder(directory) });
    }
    for path in large(directory, keep_best) {
        if path.is_dir() && !path.is_symlink() { disk::remove_folder(&path)? } else { disk::remove(&path)? }
    }
    Ok(())
}

/// Removes what crashes left in a folder of runs: half-deleted ones, and directories that never became runs.
pub fn sweep(runs: &Path) -> Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let Some(name) = name.to_str() else { continue };
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let old = || {
            let time = entry.metadata().ok().and_then(|facts| facts.modified().ok());
            time.and_then(|time| time.elapsed().ok()).is_some_and(|age| age > Duration::from_secs(3600))
        };
        let unborn = || looks_like_id(name) && !path.join("run.json").exists() && !path.join("events.jsonl").exists() && old();
        if name.starts_with(DELETED) || unborn() {
            disk::remove_folder(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn looks_like_id(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() > 16 && bytes[..8].iter().all(u8::is_ascii_digit) && bytes[8] == b'-' && bytes[9..15].iter().all(u8::is_ascii_digit)
}

fn folders(runs: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", runs, error)),
    };
    let visible = entries.flatten().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    Ok(visible.map(|entry| entry.path()).collect())
}

/// `None` for what is no run directory.
fn summary_at(path: PathBuf, here: &str) -> Option<Summary> {
    let directory = RunDirectory::at(path);
    let record = match RunRecord::read(&directory.record_file(), directory.path()) {
        Ok(record) => record,
        Err(error) if error.is_missing() => return None,
        // A plain file in the folder is no run.
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotADirectory => return None,
        Err(error) => return Some(unreadable(&directory, &error)),
    };
    let status = match directory.read_status() {
        Ok(status) => status,
        Err(error) => return Some(unreadable(&directory, &error)),
    };
    let labels = Labels::read(&directory.labels_file()).ok().flatten();
    let Labels { tags, notes } = labels.unwrap_or(Labels { tags: record.tags, notes: record.notes });
    let held = is_held_at(&directory.lock());
    let state = shown_state(status.as_ref(), held, here, Duration::ZERO);
    let status = status.unwrap_or_default();
    let known = |number: u64, planned: Option<u64>| if number > 0 { Some(number) } else { planned };
    Some(Summary {
        id: id_of(directory.path()),
        name: short(&record.name),
        state,
        step: status.step,
        steps: known(status.steps, record.steps),
        epoch: status.epoch,
        epochs: known(status.epochs, record.epochs),
        seed: record.seeds.weights,
        loss: status.loss.filter(|loss| loss.is_finite()),
        accuracy: status.accuracy.filter(|accuracy| accuracy.is_finite()),
        selected: status.selected.map(|selected| Selected { by: short(&selected.by), ..selected }),
        created: short(&record.created),
        seconds: status.seconds,
        directory: directory.path().to_path_buf(),
        kind: short(&record.kind),
        set: short(&record.set),
        network: short(&record.network),
        tags: tags.iter().map(|tag| short(tag)).collect(),
        notes: super::plain_lines(&notes),
        parent: record.parent.map(|parent| Parent {
            kind: plain(&parent.kind),
            id: plain(&parent.id),
            checkpoint: plain(&parent.checkpoint),
        }),
        sweep: record.sweep.map(|sweep| short(&sweep)),
        arm: record.arm.map(|arm| short(&arm)),
        pid: (held && status.pid > 0).then_some(status.pid),
        host: short(&status.host),
        message: status.message.map(|message| plain(&message)),
        bytes: None,
        unreadable: false,
    })
}

/// What stands in a line of a list: an experiment's name has 200 letters at most, a foreign one may have a million.
fn short(text: &str) -> String {
    plain(text).chars().take(200).collect()
}

fn unreadable(directory: &RunDirectory, error: &Error) -> Summary {
    Summary {
        id: id_of(directory.path()),
        name: id_of(directory.path()),
        state: State::Failed,
        directory: directory.path().to_path_buf(),
        message: Some(plain(&error.to_string())),
        unreadable: true,
        ..Summary::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Status;
    use crate::run::layout::{Origin, Outline};

    fn make(runs: &Path, name: &str) -> RunDirectory {
        let outline = Outline { name: name.into(), set: "glyphs".into(), epochs: Some(3), ..Outline::default() };
        RunDirectory::create_from(runs, &outline, Origin::default()).unwrap()
    }

    fn set_created(directory: &RunDirectory, created: &str) {
        let mut record = directory.record().unwrap();
        record.created = created.into();
        std::fs::write(directory.record_file(), serde_json::to_vec(&record).unwrap()).unwrap();
    }

    #[test]
    fn the_list_is_newest_first_and_says_how_each_stands() {
        let keep = tempfile::tempdir().unwrap();
        let runs = keep.path();
        let (old, new) = (make(runs, "old"), make(runs, "new"));
        set_created(&old, "2026-01-01T00:00:00.000Z");
        let status = Status { state: State::Training, host: host(), pid: 9, step: 5, steps: 30, epoch: 1, epochs: 3, ..Status::default() };
        status.write(&old.status()).unwrap();
        std::fs::write(runs.join("notes.txt"), b"not a run").unwrap();
        std::fs::create_dir(runs.join("a folder")).unwrap();
        let all = list(runs).unwrap();
        assert_eq!(all.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!((all[0].state, all[0].epochs, all[0].steps, all[0].pid), (State::Queued, Some(3), None, None));
        assert_eq!((all[1].state, all[1].step, all[1].steps, all[1].pid), (State::Lost, 5, Some(30), None));
        let _lock = Lock::acquire(&old).unwrap();
        let run = summary(&old).unwrap();
        assert_eq!((run.state, run.pid), (State::Training, Some(9)));
        assert!(list(&runs.join("absent")).unwrap().is_empty());
        assert_eq!(find(runs, "last").unwrap(), new);
    }

    #[test]
    fn damaged_and_newer_runs_are_listed_with_the_reason() {
        let keep = tempfile::tempdir().unwrap();
        let (damaged, newer) = (make(keep.path(), "damaged"), make(keep.path(), "newer"));
        std::fs::write(damaged.status(), b"{").unwrap();
        std::fs::write(newer.record_file(), br#"{"format":99}"#).unwrap();
        let all = list(keep.path()).unwrap();
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|run| run.message.is_some()));
        // Without its status a run is one whose engine is gone: it can be resumed.
        assert!(all.iter().any(|run| run.name == "damaged" && run.state == State::Lost && !run.unreadable));
        assert!(all.iter().any(|run| run.message.as_ref().unwrap().contains("has format 99")));
    }

    #[test]
    fn what_lies_behind_a_link_is_not_pruned() {
        let keep = tempfile::tempdir().unwrap();
        let run = make(&keep.path().join("runs"), "linked");
        let outside = keep.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("mine.safetensors"), b"x").unwrap();
        std::fs::remove_dir(run.checkpoints()).unwrap();
        std::os::unix::fs::symlink(&outside, run.checkpoints()).unwrap();
        std::os::unix::fs::symlink(outside.join("mine.safetensors"), run.state().join("step-1.safetensors")).unwrap();
        assert_eq!(large(&run, false), [run.state().join("step-1.safetensors")]);
        slim(&run, false).unwrap();
        delete(&run).unwrap();
        assert!(outside.join("mine.safetensors").exists() && !run.path().exists());
    }

    /// A pipe without a writer would hold a reader for ever.
    #[test]
    fn pipes_and_devices_in_place_of_files_are_refused_at_once() {
        let keep = tempfile::tempdir().unwrap();
        let run = make(keep.path(), "pipes");
        let mode = nix::sys::stat::Mode::from_bits_truncate(0o600);
        for path in [run.status(), run.events(), run.lock(), run.log(), run.labels_file(), run.commands().join("1.json")] {
            nix::unistd::mkfifo(&path, mode).unwrap();
        }
        assert!(summary(&run).unwrap().message.unwrap().ends_with("not a plain file"));
        assert!(super::super::Follower::open(&run).poll().unwrap_err().to_string().ends_with("not a plain file"));
        assert!(!Lock::is_held(&run));
        assert_eq!(run.read_log_end(100).unwrap(), "");
        assert_eq!(super::super::pending(&run).unwrap().len(), 1);
        std::fs::remove_file(run.record_file()).unwrap();
        std::os::unix::fs::symlink("/dev/zero", run.record_file()).unwrap();
        assert!(run.record().unwrap_err().to_string().ends_with("not a plain file"));
    }

    #[test]
    fn names_from_a_run_cannot_steer_the_terminal() {
        let keep = tempfile::tempdir().unwrap();
        let run = make(keep.path(), "evil \u{1b}]0;title\u{7}\u{1b}[2J");
        Status { message: Some("\u{1b}[31mred\r".into()), host: "\u{9b}1A".into(), ..Status::default() }.write(&run.status()).unwrap();
        let text = serde_json::to_string(&list(keep.path()).unwrap()).unwrap();
        assert!(!text.contains("\\u001b") && !text.contains('\u{9b}') && text.contains("evil ]0;title[2J"), "{text}");
    }

    #[test]
    fn a_run_is_found_by_the_beginning_of_its_name() {
        let keep = tempfile::tempdir().unwrap();
        let runs = keep.path();
        for id in ["20260101-000000-glyphs-aaaa", "20260101-000000-glyphs-bbbb", "20260102-000000-deep-cccc"] {
            std::fs::rename(make(runs, "x").path(), runs.join(id)).unwrap();
        }
        assert_eq!(find(runs, "20260102").unwrap().id(), "20260102-000000-deep-cccc");
        assert_eq!(find(runs, "20260101-000000-glyphs-aaaa").unwrap().id(), "20260101-000000-glyphs-aaaa");
        let error = find(runs, "20260101").unwrap_err();
        assert_eq!(error.to_string(), "`20260101` may be any of 2 runs");
        assert_eq!(error.hint().unwrap(), "write more of the name: `20260101-000000-glyphs-bbbb`, `20260101-000000-glyphs-aaaa`");
        let error = find(runs, "deep").unwrap_err();
        assert_eq!(error.to_string(), format!("no run `deep` in `{}`", runs.display()));
        assert_eq!(error.hint().unwrap(), "did you mean `20260102-000000-deep-cccc`?");
        assert!(find(runs, "../x").is_err() && find(runs, "").is_err() && find(runs, ".").is_err());
    }

    #[test]
    fn a_deleted_run_is_gone_and_a_held_one_stays() {
        let keep = tempfile::tempdir().unwrap();
        let run = make(keep.path(), "x");
        {
            let _lock = Lock::acquire(&run).unwrap();
            assert!(matches!(delete(&run).unwrap_err(), Error::Locked { .. }));
        }
        std::fs::create_dir(keep.path().join(".deleted-half")).unwrap();
        let elsewhere = make(&keep.path().join("elsewhere"), "y");
        std::os::unix::fs::symlink(elsewhere.path(), keep.path().join("link")).unwrap();
        delete(&find(keep.path(), "link").unwrap()).unwrap();
        assert!(elsewhere.record().is_ok(), "only the link goes");
        delete(&run).unwrap();
        assert!(!run.path().exists());
        assert_eq!(sweep(keep.path()).unwrap(), 1);
        assert!(list(keep.path()).unwrap().is_empty());
    }

    /// Prints how long a thousand runs take: `cargo test --release -p curricle-core thousand -- --nocapture`.
    #[test]
    fn a_thousand_runs_are_listed_at_once() {
        let keep = tempfile::tempdir().unwrap();
        let runs = keep.path();
        let first = make(runs, "template");
        Status { state: State::Done, step: 100, loss: Some(0.5), host: host(), ..Status::default() }.write(&first.status()).unwrap();
        drop(Lock::acquire(&first).unwrap());
        for number in 0..1_000 {
            let path = runs.join(format!("20260101-{number:06}-template-aaaa"));
            std::fs::create_dir(&path).unwrap();
            for file in ["run.json", "status.json", "lock"] {
                std::fs::copy(first.path().join(file), path.join(file)).unwrap();
            }
        }
        let best = (0..5)
            .map(|_| {
                let start = std::time::Instant::now();
                assert_eq!(list(runs).unwrap().len(), 1_001);
                start.elapsed()
            })
            .min()
            .unwrap();
        println!("1,001 runs listed in {best:.1?}");
        assert!(best < Duration::from_millis(300), "{best:?}");
    }
}
