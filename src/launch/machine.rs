//! What the engine said of this machine, kept from one start of the screen to the next: to ask it takes seconds of the
//! processor and hundreds of megabytes, and the answer seldom changes.

use super::engine::Engine;
use super::error::Error;
use curricle_core::run::{self, disk};
use serde_json::{Value, json};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Variables on which the answer depends.
const VARIABLES: [&str; 5] = ["LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "CURRICLE_VECTORS"];
/// Files that are there where a driver for GPUs is.
const DRIVER: [&str; 2] = ["/dev/nvidiactl", "/proc/driver/nvidia/version"];
/// The most that is read of a kept answer.
const LIMIT: u64 = 1 << 20;

impl Engine {
    /// What [`Engine::doctor`] says, from the cache of the user where the engine, its libtorch and the CPU are what they were.
    /// Where there is a driver for GPUs it is asked anew: they come and go.
    ///
    /// # Errors
    /// Those of [`Engine::doctor`]; a cache that cannot be read or written is none.
    pub fn machine(&self) -> Result<Value, Error> {
        let folder = directories::ProjectDirs::from("", "", "curricle").map(|folders| folders.cache_dir().to_path_buf());
        match folder.filter(|_| !DRIVER.iter().any(|path| Path::new(path).exists())) {
            Some(folder) => self.machine_kept_in(&folder),
            None => self.doctor(),
        }
    }

    fn machine_kept_in(&self, folder: &Path) -> Result<Value, Error> {
        // Machines that share a home have a file each.
        let file = folder.join(format!("machine-{}.json", run::host().replace('/', "_")));
        if let Some(answer) = kept(&file, self.path()) {
            return Ok(answer);
        }
        let answer = self.doctor()?;
        let text = json!({ "of": of(self.path(), &answer), "answer": &answer }).to_string();
        // Without a cache the next start asks again, and that is all.
        let _ = disk::create_folders(folder).and_then(|()| run::replace_quick(&file, text.as_bytes()));
        Ok(answer)
    }
}

/// The kept answer, if what it was of is still so.
fn kept(file: &Path, engine: &Path) -> Option<Value> {
    let mut text = Vec::new();
    std::fs::File::open(file).ok()?.take(LIMIT).read_to_end(&mut text).ok()?;
    let mut kept: Value = serde_json::from_slice(&text).ok()?;
    let answer = kept.get_mut("answer")?.take();
    (answer.is_object() && kept["of"] == of(engine, &answer)).then_some(answer)
}

/// What an answer is of: the engine's file, that of its libtorch (of which the answer tells where it is), the CPU, how much
/// of it may be used, variables.
fn of(engine: &Path, answer: &Value) -> Value {
    let libtorch =
        answer["folder"].as_str().filter(|folder| !folder.is_empty()).map(|folder| PathBuf::from(folder).join("libtorch_cpu.so"));
    let described = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = |name: &str| described.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    json!({
        "version": crate::VERSION,
        "engine": file_facts(engine),
        "libtorch": libtorch.as_deref().map(file_facts),
        "cpu": (["model name", "flags", "Features"].map(line)),
        "threads": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "variables": (VARIABLES.map(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))),
    })
}

/// Where a file is, its length, and when it was changed.
fn file_facts(path: &Path) -> Value {
    let facts = std::fs::metadata(path).ok().map(|facts| (facts.len(), facts.mtime(), facts.mtime_nsec()));
    json!([path.to_string_lossy(), facts])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_as_long_as_what_it_is_of_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (engine, library, file) = (path("engine"), path("libtorch_cpu.so"), path("machine.json"));
        std::fs::write(&engine, "one").unwrap();
        std::fs::write(&library, "one").unwrap();
        let answer = json!({ "folder": folder.path(), "threads": 2 });
        let keep = || std::fs::write(&file, json!({ "of": of(&engine, &answer), "answer": &answer }).to_string()).unwrap();
        assert_eq!(kept(&file, &engine), None);
        keep();
        assert_eq!(kept(&file, &engine), Some(answer.clone()));
        std::fs::write(&engine, "another").unwrap();
        assert_eq!(kept(&file, &engine), None, "another engine");
        keep();
        std::fs::write(&library, "another").unwrap();
        assert_eq!(kept(&file, &engine), None, "another libtorch");
        keep();
        assert_eq!(kept(&file, &library), None, "an engine elsewhere");
        for damaged in ["", "{", "[]", "{\"answer\":3}", "{\"of\":null,\"answer\":null}"] {
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(kept(&file, &engine), None, "{damaged}");
        }
    }
}
