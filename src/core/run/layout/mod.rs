//! A run directory: how one is made and opened, and what is read of it.

use super::clock::{stamp, timestamp};
use super::disk;
use super::error::{Error, Result};
use super::labels::Labels;
use super::lock::host;
use super::run_record::{FORMAT, Machine, Parent, RunRecord, Seeds};
use super::status::{State, Status};
use super::whole::write_whole;
use crate::config::Experiment;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

/// Largest experiment file that is read back.
const LIMIT: u64 = 16 << 20;

/// Letters of random names: without those that look alike.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A run on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

/// What the run directory keeps of an experiment.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// Name of the experiment.
    pub name: String,
    /// Kind of the experiment.
    pub kind: String,
    /// Image set.
    pub set: String,
    /// Network in few words.
    pub network: String,
    /// Seeds.
    pub seeds: Seeds,
    /// Epochs planned, where the length is given so.
    pub epochs: Option<u64>,
    /// Steps planned, where the length is given so.
    pub steps: Option<u64>,
    /// Tags.
    pub tags: Vec<String>,
    /// Notes.
    pub notes: String,
    /// `experiment.toml`: as the user wrote it, overrides applied.
    pub text: String,
    /// `resolved.toml`: every field.
    pub resolved: String,
}

/// Where a run comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The run it was made from.
    pub parent: Option<Parent>,
    /// The sweep it belongs to.
    pub sweep: Option<String>,
    /// Its arm in that sweep.
    pub arm: Option<String>,
    /// Folder of image sets that was named by a flag. One that the environment names is noted without being told.
    pub data: Option<PathBuf>,
    /// Version of the program.
    pub version: String,
    /// Commit of the program.
    pub commit: String,
}

impl RunDirectory {
    /// Makes a run directory for an experiment in `runs`; `text` is the experiment as the user wrote it.
    pub fn create(runs: &Path, experiment: &Experiment, text: &str, origin: Origin) -> Result<Self> {
        Self::create_from(runs, &Outline::of(experiment, text, &experiment.placed().to_toml()), origin)
    }

    /// Makes a run directory in `runs` under a name of its own. `run.json` is written last: a directory without it is
    /// none.
    pub fn create_from(runs: &Path, outline: &Outline, origin: Origin) -> Result<Self> {
        disk::create_folders(runs)?;
        let stem = format!("{}-{}", stamp(), slug(&outline.name));
        let (id, path) = loop {
            let id = format!("{stem}-{}", letters(4));
            let path = runs.join(&id);
            match disk::create_folder(&path) {
                Ok(()) => break (id, path),
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        let record = RunRecord {
            format: FORMAT,
            id,
            name: outline.name.clone(),
            created: timestamp(),
            version: origin.version,
            commit: origin.commit,
            kind: outline.kind.clone(),
            set: outline.set.clone(),
            network: outline.network.clone(),
            seeds: outline.seeds,
            epochs: outline.epochs,
            steps: outline.steps,
            tags: outline.tags.clone(),
            notes: outline.notes.clone(),
            parent: origin.parent,
            sweep: origin.sweep,
            arm: origin.arm,
            data_root: named_data_root(origin.data),
            machine: None,
            more: serde_json::Map::new(),
        };
        let directory = Self { path };
        let filled = directory.fill(outline, &record);
        if filled.is_err() {
            // Nothing of it was a run yet.
            let _ = disk::remove_folder(&directory.path);
        }
        filled?;
        disk::sync_folder(runs)?;
        Ok(directory)
    }

    fn fill(&self, outline: &Outline, record: &RunRecord) -> Result<()> {
        self.make_folders()?;
        write_whole(&self.experiment(), outline.text.as_bytes())?;
        write_whole(&self.resolved(), outline.resolved.as_bytes())?;
        record.write(&self.record_file())
    }

    /// Opens a run directory. One of a newer format is refused.
    pub fn open(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|error| Error::io("open", path, error))?;
        let directory = Self { path };
        directory.record()?;
        Ok(directory)
    }

    /// The same without looking: for a directory that was just seen.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes the folders of the run that are not there: all of a new one, those of another that someone has removed.
    ///
    /// # Errors
    /// If one cannot be made.
    pub fn make_folders(&self) -> Result<()> {
        for folder in [self.commands(), self.checkpoints(), self.state()] {
            if !folder.is_dir() {
                disk::create_folders(&folder)?;
            }
        }
        Ok(())
    }

    /// Refuses a run in which something that an engine writes, cuts or sweeps is a link, for what lies behind it is not the run's;
    /// or no file or folder as it should be, such as a pipe, which would be waited for without end.
    ///
    /// # Errors
    /// If there is one.
    pub fn refuse_foreign(&self) -> Result<()> {
        let folders = [self.state(), self.scores(), self.checkpoints(), self.commands()];
        let files = [self.events(), self.status(), self.log(), self.lock(), self.orders(), self.orders_report(), self.order()];
        for (path, folder) in folders.into_iter().map(|path| (path, true)).chain(files.into_iter().map(|path| (path, false))) {
            // What is not there will be made.
            let Ok(facts) = path.symlink_metadata() else { continue };
            if facts.is_symlink() {
                return Err(Error::Link { path });
            }
            if facts.is_dir() != folder || !(facts.is_dir() || facts.is_file()) {
                return Err(Error::Foreign { path, wanted: if folder { "folder" } else { "file" } });
            }
        }
        Ok(())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name.
    pub fn id(&self) -> String {
        id_of(&self.path)
    }

    /// What the run is: `run.json`.
    pub fn record(&self) -> Result<RunRecord> {
        match RunRecord::read(&self.record_file(), &self.path) {
            Err(error) if error.is_missing() => Err(Error::NoRun { path: self.path.clone() }),
            other => other,
        }
    }

    /// How it stands: `status.json`. `None` if no engine has begun.
    pub fn read_status(&self) -> Result<Option<Status>> {
        match Status::read(&self.status()) {
            // The status is written without waiting for the disk, so a power cut may leave none of it. Everything else of the run
            // is whole then, and says how to go on: it is a run whose engine is gone.
            Err(error) if error.is_damaged() => Ok(Some(Status {
                state: State::Training,
                host: host(),
                message: Some(format!("its status cannot be read: {error}")),
                ..Status::default()
            })),
            outcome => outcome,
        }
    }

    /// Adds where the run trains to `run.json`: the engine's, once, at the first start.
    pub fn set_machine(&self, machine: Machine) -> Result<()> {
        let mut record = self.record()?;
        record.machine = Some(machine);
        record.write(&self.record_file())
    }

    /// Tags and notes: the user's later ones, else the experiment's.
    pub fn labels(&self) -> Result<Labels> {
        match Labels::read(&self.labels_file())? {
            Some(labels) => Ok(labels),
            None => self.record().map(|record| Labels { tags: record.tags, notes: record.notes }),
        }
    }

    /// Replaces tags and notes.
    pub fn set_labels(&self, labels: &Labels) -> Result<()> {
        labels.write(&self.labels_file())
    }

    /// The experiment as the user wrote it.
    pub fn read_experiment(&self) -> Result<String> {
        read_text(&self.experiment())
    }

    /// The experiment with every field.
    pub fn read_resolved(&self) -> Result<String> {
        read_text(&self.resolved())
    }

    /// The last lines of the engine's log, at most `bytes` of them, made safe for a terminal.
    pub fn read_log_end(&self, bytes: u64) -> Result<String> {
        use std::os::unix::fs::FileExt;
        let path = self.log();
        let wrap = |error| Error::io("read", &path, error);
        let file = disk::open_to_read(&path).map_err(wrap)?;
        let length = file.metadata().map_err(wrap)?.len();
        let from = length.saturating_sub(bytes);
        let mut end = vec![0; (length - from) as usize];
        file.read_exact_at(&mut end, from).map_err(wrap)?;
        let text = super::plain_lines(&String::from_utf8_lossy(&end));
        Ok(match text.split_once('\n') {
            Some((_, rest)) if from > 0 => rest.to_string(),
            _ => text,
        })
    }
}

/// The folder of image sets that was named, by a flag or in the environment, as an absolute path.
fn named_data_root(flag: Option<PathBuf>) -> Option<PathBuf> {
    let named = flag.or_else(crate::data::root_in_environment)?;
    Some(std::path::absolute(&named).unwrap_or(named))
}

/// The folder of runs: `--runs`, else `CURRICLE_RUNS`, else `$XDG_DATA_HOME/curricle/runs`.
pub fn runs_folder(flag: Option<&Path>) -> PathBuf {
    let given =
        flag.map(Path::to_path_buf).or_else(|| std::env::var_os("CURRICLE_RUNS").filter(|value| !value.is_empty()).map(PathBuf::from));
    let folder = given.unwrap_or_else(|| match directories::ProjectDirs::from("", "", "curricle") {
        Some(folders) => folders.data_dir().join("runs"),
        None => PathBuf::from("curricle-runs"),
    });
    std::path::absolute(&folder).unwrap_or(folder)
}

/// The last part of a path as text that a terminal can show.
pub(super) fn id_of(path: &Path) -> String {
    path.file_name().map(|name| super::plain(&name.to_string_lossy())).unwrap_or_default()
}

/// The name as part of a file name: small ASCII letters, digits and hyphens, at most 32 of them.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 32 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "run".into() } else { slug.into() }
}

/// Random letters for names. Uniqueness never rests on them alone.
pub(super) fn letters(count: usize) -> String {
    let mut text = String::with_capacity(count);
    let mut value = 0;
    for place in 0..count {
        if place % 8 == 0 {
            // Keys of the standard library's hash maps: random for each process, and other ones at each call.
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u32(std::process::id());
            value = hasher.finish();
        }
        text.push(char::from(LETTERS[(value % LETTERS.len() as u64) as usize]));
        value /= LETTERS.len() as u64;
    }
    text
}

fn read_text(path: &Path) -> Result<String> {
    let bytes = disk::read(path, LIMIT)?;
    String::from_utf8(bytes).map_err(|_| Error::damaged(path, "it is not UTF-8"))
}

#[cfg(test)]
pub(super) mod tests;
