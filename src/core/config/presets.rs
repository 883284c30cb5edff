//! Presets: experiments by name. Those of Curricle are part of the program; a user's own are files beside each other.

use super::experiment::Experiment;
use super::problem::Problems;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Longest name of a preset.
const LONGEST: usize = 80;
/// Most presets of a user's own that are listed.
const MOST: usize = 10_000;

macro_rules! shipped {
    ($($name:literal,)+) => {
        /// Name and text of every shipped preset, in the order in which they are offered.
        const SHIPPED: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../presets/", $name, ".toml"))),)+
        ];
    };
}

shipped! {
    "quickstart",
    "glyphs-baseline",
    "mnist-baseline",
    "cifar10-baseline",
    "orders-glyphs",
    "orders-cifar10",
    "thesis/baseline",
    "thesis/table-2.1",
    "thesis/table-2.2-k8",
    "thesis/table-2.2-k8-corrected",
    "thesis/table-2.2-k16",
    "thesis/table-2.2-k16-corrected",
    "thesis/table-2.2-k32",
    "thesis/table-2.2-k32-corrected",
    "thesis/table-2.2-k64",
    "thesis/table-2.2-k64-corrected",
    "thesis/table-2.2-k8-descending",
    "thesis/table-2.2-k8-descending-corrected",
    "thesis/table-2.2-k8-sampler",
    "thesis/table-2.2-k8-sampler-corrected",
    "thesis/table-2.3-k8",
    "thesis/table-2.3-k8-corrected",
    "thesis/table-2.3-k16",
    "thesis/table-2.3-k16-corrected",
    "thesis/table-2.3-k32",
    "thesis/table-2.3-k32-corrected",
    "thesis/table-2.3-kall",
    "thesis/table-2.3-kall-corrected",
    "thesis/table-2.3-relative-k8",
    "thesis/table-2.3-relative-k8-corrected",
    "thesis/table-2.4-k8",
    "thesis/table-2.4-k8-corrected",
    "thesis/table-2.4-k16",
    "thesis/table-2.4-k16-corrected",
    "thesis/table-2.4-k32",
    "thesis/table-2.4-k32-corrected",
    "thesis/table-2.4-kall",
    "thesis/table-2.4-kall-corrected",
    "thesis/small-loss-k8",
    "thesis/small-loss-k8-descending",
    "thesis/small-loss-k8-sampler",
    "thesis/small-loss-delta-k8",
    "thesis/small-loss-delta-relative-k8",
    "thesis/small-loss-delta-external-k8",
    "thesis/small-first-order-k8",
    "thesis/small-random-k8",
    "thesis/wrn-28-10-baseline",
    "thesis/wrn-28-10-baseline-500",
    "thesis/wrn-28-10-baseline-100",
    "thesis/wrn-40-4-baseline",
    "thesis/wrn-40-4-baseline-500",
    "thesis/wrn-40-4-baseline-100",
    "thesis/cifar100-wrn-28-10-baseline",
    "thesis/cifar100-wrn-28-10-baseline-100",
    "thesis/cifar100-wrn-40-4-baseline",
    "thesis/cifar100-wrn-40-4-baseline-100",
}

/// An experiment by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Name, as `thesis/baseline`.
    pub name: String,
    /// The TOML file.
    pub text: String,
    /// Whether it is the user's own.
    pub own: bool,
    /// Its first comment.
    pub description: String,
    /// The file, for a user's own.
    pub file: Option<PathBuf>,
}

impl Preset {
    fn new(name: &str, text: &str, file: Option<PathBuf>) -> Self {
        let description = description(text);
        Self { name: name.to_owned(), text: text.to_owned(), own: file.is_some(), description, file }
    }

    /// How it is named in messages about its text.
    pub fn origin(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => format!("preset {}", self.name),
        }
    }

    /// Reads it.
    pub fn read(&self) -> Result<Experiment, Problems> {
        super::read(&self.text, &self.origin(), &[])
    }
}

/// Why a preset cannot be saved, found or deleted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is none.
    #[error("`{name}` is no name for a preset: {why}")]
    Name {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is one of the program's.
    #[error("`{0}` belongs to Curricle and stays as it is; save it under another name")]
    Shipped(String),
    /// There is one of this name already.
    #[error("there is a preset `{0}` already")]
    Exists(String),
    /// There is none of this name.
    #[error("there is no preset `{name}`{}", hint.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest known name.
        hint: Option<String>,
    },
    /// The text is no experiment.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The disk refused.
    #[error("cannot {what} `{}`: {error}", path.display())]
    Disk {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// The folder of the user's own presets: `curricle/presets` in the folder for settings (`XDG_CONFIG_HOME`).
pub fn own_folder() -> PathBuf {
    match directories::ProjectDirs::from("", "", "curricle") {
        Some(folders) => folders.config_dir().join("presets"),
        // Without a home folder, beside where one works.
        None => PathBuf::from(".curricle").join("presets"),
    }
}

/// Every preset: the shipped ones, then those in the folder `own`, by name. A file that cannot be read is passed over.
pub fn list(own: &Path) -> Vec<Preset> {
    read_all(own).0
}

/// Every preset as [`list`] has them, and why files in the folder `own` that should be presets cannot be read.
pub fn read_all(own: &Path) -> (Vec<Preset>, Vec<Error>) {
    let mut presets: Vec<Preset> = SHIPPED.iter().map(|(name, text)| Preset::new(name, text, None)).collect();
    let mut unreadable = Vec::new();
    let mut found = Vec::new();
    gather(own, "", &mut found);
    found.sort();
    for (name, file) in found {
        match text_of(&file) {
            Err(error) => unreadable.push(refused("read", &file)(error)),
            // The program's own preset of this name goes before.
            Ok(_) if is_shipped(&name) => {}
            Ok(text) => presets.push(Preset::new(&name, &text, Some(file))),
        }
    }
    (presets, unreadable)
}

/// The preset of this name.
pub fn find(name: &str, own: &Path) -> Option<Preset> {
    if let Some((name, text)) = SHIPPED.iter().find(|(known, _)| *known == name) {
        return Some(Preset::new(name, text, None));
    }
    let file = file_of(name, own).ok()?;
    let text = text_of(&file).ok()?;
    Some(Preset::new(name, &text, Some(file)))
}

/// The preset of this name, or an error that says why it cannot be read, or names the nearest one.
pub fn require(name: &str, own: &Path) -> Result<Preset, Error> {
    find(name, own).ok_or_else(|| {
        if let Some((file, Err(error))) = file_of(name, own).ok().filter(|file| file.is_file()).map(|file| (file.clone(), text_of(&file))) {
            return refused("read", &file)(error);
        }
        let presets = list(own);
        let hint = super::nearest::nearest(name, presets.iter().map(|preset| preset.name.as_str())).map(str::to_owned);
        Error::Unknown { name: name.to_owned(), hint }
    })
}

/// Saves a text as the user's own preset. The text must be a valid experiment; one of the same name is kept unless
/// `replace`.
pub fn save(name: &str, text: &str, own: &Path, replace: bool) -> Result<PathBuf, Error> {
    let file = file_of(name, own)?;
    super::read(text, name, &[])?;
    if !replace && file.exists() {
        return Err(Error::Exists(name.to_owned()));
    }
    let folder = file.parent().unwrap_or(own);
    fs::create_dir_all(folder).map_err(refused("make the folder", folder))?;
    // Whole or not at all: a temporary file in the same folder, then a rename.
    let mut temporary = tempfile::Builder::new().prefix(".preset-").tempfile_in(folder).map_err(refused("write in", folder))?;
    temporary.write_all(text.as_bytes()).and_then(|()| temporary.as_file().sync_all()).map_err(refused("write", &file))?;
    if replace {
        temporary.persist(&file).map_err(|refusal| Error::Disk { what: "write", path: file.clone(), error: refusal.error })?;
    } else {
        temporary.persist_noclobber(&file).map_err(|refusal| match refusal.error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists(name.to_owned()),
            _ => Error::Disk { what: "write", path: file.clone(), error: refusal.error },
        })?;
    }
    if let Ok(folder) = fs::File::open(folder) {
        // The name is on disk once the folder is; where a file system cannot do that, the file is there all the same.
        let _ = folder.sync_all();
    }
    Ok(file)
}

/// Deletes one of the user's own presets.
pub fn delete(name: &str, own: &Path) -> Result<PathBuf, Error> {
    let file = file_of(name, own)?;
    match fs::remove_file(&file) {
        Ok(()) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(require(name, own).err().unwrap_or(Error::Unknown { name: name.to_owned(), hint: None }))
        }
        Err(error) => Err(Error::Disk { what: "delete", path: file, error }),
    }
}

fn refused(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::Disk { what, path, error }
}

fn is_shipped(name: &str) -> bool {
    SHIPPED.iter().any(|(known, _)| *known == name)
}

/// What is wrong with a name, if anything. A name is letters, digits, `-`, `_` and `.`, in parts with `/` between them.
pub fn misnamed(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("it is empty".to_owned());
    }
    if name.len() > LONGEST {
        return Some(format!("at most {LONGEST} characters"));
    }
    for part in name.split('/') {
        if !part.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return Some("each part begins with a letter or a digit".to_owned());
        }
        if let Some(odd) = part.chars().find(|character| !(character.is_ascii_alphanumeric() || "-_.".contains(*character))) {
            return Some(format!("letters, digits, `-`, `_` and `.` only, not `{}`", odd.escape_default()));
        }
        if part.ends_with('.') || part.ends_with(".toml") {
            return Some("without an ending".to_owned());
        }
    }
    None
}

fn file_of(name: &str, own: &Path) -> Result<PathBuf, Error> {
    if let Some(why) = misnamed(name) {
        return Err(Error::Name { name: name.to_owned(), why });
    }
    if is_shipped(name) {
        return Err(Error::Shipped(name.to_owned()));
    }
    Ok(own.join(format!("{name}.toml")))
}

fn text_of(file: &Path) -> io::Result<String> {
    const LONGEST: u64 = super::node::LONGEST as u64;
    let refused = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
    let open = crate::run::disk::open_to_read(file)?;
    if !open.metadata()?.is_file() {
        return refused("no file");
    }
    let mut text = String::new();
    if open.take(LONGEST + 1).read_to_string(&mut text)? as u64 > LONGEST {
        return refused("too large for an experiment");
    }
    Ok(text)
}

/// Names and files below a folder, two levels deep at most.
fn gather(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(file_name) = entry.file_name().into_string() else { continue };
        let Ok(about) = fs::metadata(entry.path()) else { continue };
        if found.len() >= MOST {
            return;
        }
        if about.is_dir() && prefix.matches('/').count() < 2 && misnamed(&file_name).is_none() {
            gather(&entry.path(), &format!("{prefix}{file_name}/"), found);
        } else if let Some(stem) = file_name.strip_suffix(".toml")
            && about.is_file()
        {
            let name = format!("{prefix}{stem}");
            if misnamed(&name).is_none() {
                found.push((name, entry.path()));
            }
        }
    }
}

/// The comment at the head of a file, as one line.
fn description(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
