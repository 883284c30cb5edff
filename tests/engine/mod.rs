//! Where the scripted engine is: built on first use, so that a single test can be run by itself.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The scripted engine's executable: what `CURRICLE_ENGINE` is set to in tests.
pub fn scripted() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        // Tests lie in target/<profile>/deps, examples in target/<profile>/examples.
        let test = std::env::current_exe().expect("tests know where they are");
        let profile = test.ancestors().nth(2).expect("target/<profile>/deps/test").to_path_buf();
        let path = profile.join("examples/scripted-engine");
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--example", "scripted-engine"]);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "the scripted engine does not build");
        assert!(path.is_file(), "no scripted engine at {}", path.display());
        path
    })
    .clone()
}
