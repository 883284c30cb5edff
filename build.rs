//! Tells the program which commit it was built from, for `--version` and for the record of each run.

use std::path::Path;
use std::process::Command;

fn main() {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_string())
    };
    println!("cargo:rerun-if-changed=build.rs");
    // HEAD's log changes with every commit and checkout. A source tree without git has no commit to name.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
        println!("cargo:rerun-if-changed={log}");
    }
    println!("cargo:rustc-env=CURRICLE_COMMIT={}", git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_default());
}
