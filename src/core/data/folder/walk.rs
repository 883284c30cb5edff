//! Which files a folder of images holds.

use super::super::error::{Error, grouped};
use std::path::{Path, PathBuf};

/// Names of image files that are read.
const READ: [&str; 3] = ["png", "jpg", "jpeg"];
/// Names of image files that are not, so that nobody loses them unawares.
const NOT_READ: [&str; 8] = ["bmp", "gif", "webp", "tif", "tiff", "avif", "heic", "ppm"];
/// More images than this do not fit the numbers that records use.
const MOST: usize = u32::MAX as usize;

/// The files of both splits, each with its label.
#[derive(Debug)]
pub(super) struct Listing {
    pub classes: Vec<String>,
    pub train: Vec<(PathBuf, u16)>,
    pub test: Vec<(PathBuf, u16)>,
}

impl Listing {
    /// Walks `root`.
    pub fn of(root: &Path) -> Result<Self, Error> {
        let layout = "expected `train/<class>/*.png` (or jpg, jpeg) and `test/<class>/…`";
        if !root.is_dir() {
            let what = if root.exists() { "is no folder" } else { "does not exist" };
            return Err(
                Error::missing(format!("the image folder `{}` {what}", root.display())).hint(format!("`data.root` names it; {layout}"))
            );
        }
        for split in ["train", "test"] {
            if !root.join(split).is_dir() {
                return Err(Error::missing(format!("the image folder `{}` has no folder `{split}`", root.display())).hint(layout));
            }
        }
        let mut walk = Walk { home: root.canonicalize().map_err(|error| Error::disk("read", root, &error))?, problems: Vec::new() };
        let classes: Vec<String> = walk.folders(&root.join("train"))?;
        let test_classes = walk.folders(&root.join("test"))?;
        for class in test_classes.iter().filter(|class| !classes.contains(class)) {
            walk.problems.push(format!("class `{class}` is in `test` and not in `train`"));
        }
        if classes.len() > usize::from(u16::MAX) {
            walk.problems.push(format!("{} classes, at most {}", classes.len(), u16::MAX));
        }
        let mut split = |name: &str| -> Result<Vec<(PathBuf, u16)>, Error> {
            let mut files = Vec::new();
            for (label, class) in classes.iter().enumerate() {
                let folder = root.join(name).join(class);
                if folder.is_dir() {
                    files.extend(walk.images(&folder)?.into_iter().map(|path| (path, label as u16)));
                }
            }
            if files.len() > MOST {
                walk.problems.push(format!("{} images in `{name}`, at most {}", files.len(), grouped(MOST as u64)));
            }
            if files.is_empty() {
                walk.problems.push(format!("no images in `{name}`"));
            }
            Ok(files)
        };
        let (train, test) = (split("train")?, split("test")?);
        if classes.len() < 2 {
            walk.problems.push(format!("{} in `train`: nothing to tell apart", if classes.is_empty() { "no class" } else { "one class" }));
        }
        if walk.problems.is_empty() {
            return Ok(Self { classes, train, test });
        }
        Err(Error::choice(format!("the image folder `{}` cannot be used", root.display())).details(walk.problems).hint(layout))
    }
}

/// A walk under way.
struct Walk {
    /// The root without links: nothing outside it is read.
    home: PathBuf,
    problems: Vec<String>,
}

impl Walk {
    /// Names of the folders in `folder`, sorted by bytes; hidden ones are skipped.
    fn folders(&mut self, folder: &Path) -> Result<Vec<String>, Error> {
        Ok(self.entries(folder)?.into_iter().filter(|path| path.is_dir()).filter_map(|path| file_name(&path)).collect())
    }

    /// The image files in `folder`, sorted by bytes; hidden ones and files of other kinds are skipped.
    fn images(&mut self, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut files = Vec::new();
        let mut lost = Vec::new();
        for path in self.entries(folder)? {
            let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase).unwrap_or_default();
            if path.is_dir() {
                self.problems.push(format!("`{}` is a folder inside a class", self.shown(&path)));
            } else if READ.contains(&ending.as_str()) {
                files.push(path);
            } else if NOT_READ.contains(&ending.as_str()) {
                lost.push(path);
            }
        }
        if let Some(first) = lost.first() {
            self.problems.push(format!("{} images of a kind that is not read, as `{}`", grouped(lost.len() as u64), self.shown(first)));
        }
        if files.is_empty() {
            self.problems.push(format!("no images in `{}`", self.shown(folder)));
        }
        Ok(files)
    }

    /// What lies in `folder`, sorted, without hidden entries and without links that lead out of the root.
    fn entries(&mut self, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        let list = std::fs::read_dir(folder).map_err(|error| Error::disk("read", folder, &error))?;
        let mut paths = Vec::new();
        for entry in list {
            let entry = entry.map_err(|error| Error::disk("read", folder, &error))?;
            let path = entry.path();
            let Some(name) = file_name(&path) else {
                self.problems.push(format!("`{}` has a name that is not UTF-8", self.shown(&path)));
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                match path.canonicalize() {
                    Ok(target) if target.starts_with(&self.home) => {}
                    Ok(target) => {
                        self.problems.push(format!("`{}` is a link that leaves the folder, to `{}`", self.shown(&path), target.display()));
                        continue;
                    }
                    Err(_) => {
                        self.problems.push(format!("`{}` is a link to nothing", self.shown(&path)));
                        continue;
                    }
                }
            }
            paths.push(path);
        }
        paths.sort_unstable();
        Ok(paths)
    }

    /// A path as the user sees it: split, class, file.
    fn shown(&self, path: &Path) -> String {
        let parts: Vec<_> = path.iter().collect();
        let split = parts.iter().rposition(|part| *part == "train" || *part == "test").unwrap_or(0);
        parts[split..].iter().collect::<PathBuf>().display().to_string()
    }
}

/// The last part of a path, if it is UTF-8.
fn file_name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}
