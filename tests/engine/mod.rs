//! Where the scripted engine is: built if need be, so that a single test can be run by itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The scripted engine's executable: what `CURRICLE_ENGINE` is set to in tests.
pub fn scripted() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        // Tests lie in target/<profile>/deps, examples in target/<profile>/examples.
        let test = std::env::current_exe().expect("tests know where they are");
        let profile = test.ancestors().nth(2).expect("target/<profile>/deps/test").to_path_buf();
        let path = profile.join("examples/scripted-engine");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        // `cargo test` builds examples too; `cargo test --test cli` does not.
        let built = std::fs::metadata(&path).and_then(|facts| facts.modified()).ok();
        if built.is_none_or(|built| newest(&root.join("src/core")).max(newest(&root.join("tests/engine"))) > built) {
            let mut build = Command::new(env!("CARGO"));
            build.current_dir(root).args(["build", "--quiet", "--package", "curricle", "--example", "scripted-engine"]);
            if profile.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().expect("cargo runs").success(), "the scripted engine does not build");
        }
        assert!(path.is_file(), "no scripted engine at {}", path.display());
        path
    })
    .clone()
}

/// When a file below a folder was last changed.
fn newest(folder: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(facts) = entry.metadata() else { continue };
        newest = newest.max(if facts.is_dir() { self::newest(&entry.path()) } else { facts.modified().unwrap_or(newest) });
    }
    newest
}
