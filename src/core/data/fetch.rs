//! Downloads a public set from its canonical address, or from a mirror, checks it, and installs it.
//!
//! A mirror may have packed the files anew: where the sum of a download is not the official one, the sums of its
//! contents decide. What passes neither is removed.

use super::check;
use super::download::{Download, Received};
use super::error::Error;
use super::install::{Staging, room};
use super::official::{Archive, Format, Official};
use super::{unpack, verify};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to fetch, and how.
#[derive(Debug, Clone, Copy)]
pub struct Fetch<'a> {
    /// The set.
    pub set: &'a Official,
    /// The data root that it goes into.
    pub root: &'a Path,
    /// Address to use in place of the canonical one: files lie directly under it, or in a folder named as the set's.
    pub mirror: Option<&'a str>,
    /// Fetch even if the set is there.
    pub force: bool,
    /// Wait before trying again after a broken connection.
    pub pause: Duration,
}

/// How a fetch is coming on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of a file came.
    Download {
        /// Name of the file.
        file: String,
        /// How much is there.
        received: Received,
    },
    /// A file is being checked and unpacked.
    Checking {
        /// Name of the file.
        file: String,
    },
    /// Something worth a line.
    Note(String),
}

/// What came of a fetch or an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Name of the set.
    pub set: &'static str,
    /// Where it is.
    pub folder: PathBuf,
    /// Whether it was there already.
    pub already: bool,
}

impl Fetch<'_> {
    /// Downloads, checks, installs.
    pub fn run(&self, report: &mut dyn FnMut(Progress)) -> Result<Installed, Error> {
        let set = self.set;
        if !self.force
            && let Some(folder) = verify::complete(set, self.root)
        {
            return Ok(Installed { set: set.name, folder, already: true });
        }
        std::fs::create_dir_all(self.root).map_err(|error| Error::disk("write to", self.root, &error))?;
        let contents: u64 = set.files().map(|file| file.bytes).sum();
        // An archive and its contents lie side by side for a while; gzip files stay as they are.
        room(self.root, set.download_bytes() + if set.format == Format::Idx { 0 } else { contents })?;
        let staging = Staging::open(set, self.root)?;
        let mut vouched = true;
        for archive in set.archives {
            vouched &= self.one(archive, &staging, report)?;
        }
        let folder = staging.install(set, self.root, vouched)?;
        Ok(Installed { set: set.name, folder, already: false })
    }

    /// Downloads one file into the set in the making. Whether it is the official one, byte for byte.
    fn one(&self, archive: &Archive, staging: &Staging, report: &mut dyn FnMut(Progress)) -> Result<bool, Error> {
        let file = archive.name.to_owned();
        let to = staging.downloads.join(archive.name);
        if !to.is_file() {
            let addresses = self.addresses(archive);
            // A mirror that packs worse than the authors did still passes.
            let download = Download { addresses: &addresses, to: &to, most: archive.bytes * 2 + (16 << 20), pause: self.pause };
            download.run(&mut |received| report(Progress::Download { file: file.clone(), received }))?;
        }
        report(Progress::Checking { file: file.clone() });
        let sum = check::sha256_of(&to)?;
        let official = sum == archive.sha256;
        let outcome = match self.set.format {
            Format::Cifar { .. } => unpack::unpack(&to, self.set, &staging.made).and_then(|()| self.contents(&staging.made)),
            Format::Idx => self.gzip(archive, &to, &staging.made, official),
        };
        match outcome {
            Ok(()) => {}
            // The archive is the official one, so the trouble lies on this side: a full disk, most likely.
            Err(error) if official => return Err(error),
            Err(error) => {
                std::fs::remove_file(&to).map_err(|error| Error::disk("remove", &to, &error))?;
                staging.clear()?;
                let mut details = vec![format!("SHA-256 expected {}", archive.sha256), format!("SHA-256 found    {sum}")];
                details.push(error.text);
                return Err(Error::damaged(format!("`{}` is not the official file, and was removed", archive.name))
                    .details(details)
                    .hint("try again, or another server with `--mirror URL`"));
            }
        }
        if !official {
            report(Progress::Note(format!("{file} was packed anew; its contents are the official ones")));
        }
        Ok(official)
    }

    /// Checks that unpacked files have the official sums.
    fn contents(&self, made: &Path) -> Result<(), Error> {
        for file in self.set.files() {
            let path = made.join(file.name);
            check::contents(file, &path, &check::sha256_of(&path)?, self.set.name)?;
        }
        Ok(())
    }

    /// Checks one gzip file of an IDX set and copies it into the set in the making.
    fn gzip(&self, archive: &Archive, from: &Path, made: &Path, official: bool) -> Result<(), Error> {
        let Some(file) = self.set.files().find(|file| archive.name.strip_suffix(".gz") == Some(file.name)) else {
            return Err(Error::damaged(format!("`{}` is no file of {}", archive.name, self.set.title)));
        };
        let (_, trust) = super::install::read(self.set, file, from)?;
        if !official && trust != check::Trust::Official {
            return Err(Error::damaged("its contents have no published sum to go by"));
        }
        let to = made.join(archive.name);
        std::fs::copy(from, &to).map_err(|error| Error::disk("write", &to, &error))?;
        Ok(())
    }

    /// Where to ask for a file.
    fn addresses(&self, archive: &Archive) -> Vec<String> {
        match self.mirror {
            None => vec![format!("{}/{}", self.set.base, archive.name)],
            Some(mirror) => {
                let mirror = mirror.trim_end_matches('/');
                vec![format!("{mirror}/{}", archive.name), format!("{mirror}/{}/{}", self.set.folder, archive.name)]
            }
        }
    }
}

#[cfg(test)]
mod tests;
