//! What saving costs the training thread: PreResNet-56, pairs of runs that save at every step and never.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::record::What;
use support::running::{create, events, finish};

const EXPERIMENT: &str = r#"
name = "save cost"
[data]
set = "glyphs"
[data.glyphs]
train = 510
test = 10
[network]
kind = "preresnet"
depth = 56
[training]
steps = 8
batch = 128
device = "cpu"
precision = "f32"
evaluate_every = "100 steps"
"#;

/// Seconds between two saves by default.
const INTERVAL: f64 = 60.0;

#[test]
#[ignore = "takes minutes: `make proof ONLY=saves`"]
fn saving_costs_under_one_percent() {
    let folder = tempfile::tempdir().unwrap();
    let seconds_a_step = |every: &str| {
        let directory = create(folder.path(), EXPERIMENT, &[("training.state_every", every)]);
        finish(&directory);
        // From the first step's end to the last's, by the engine's own clock.
        let times: Vec<(u64, f64)> =
            events(&directory).iter().filter(|event| matches!(event.what, What::Step(_))).map(|event| (event.step, event.time)).collect();
        let (first, last) = (times.first().unwrap(), times.last().unwrap());
        (last.1 - first.1) / (last.0 - first.0) as f64
    };
    seconds_a_step("1000 steps");
    let mut differences = Vec::new();
    let mut plain = Vec::new();
    for _ in 0..7 {
        let without = seconds_a_step("1000 steps");
        let with = seconds_a_step("1 steps");
        differences.push(with - without);
        plain.push(without);
    }
    differences.sort_by(f64::total_cmp);
    plain.sort_by(f64::total_cmp);
    let (a_save, a_step) = (differences[3].max(0.0), plain[3]);
    println!(
        "a save costs {:.1} ms ({:.1} to {:.1}) of a step of {:.0} ms, median of 7 pairs; every {INTERVAL} s: {:.4} % of the time",
        1e3 * a_save,
        1e3 * differences[0],
        1e3 * differences[6],
        1e3 * a_step,
        100.0 * a_save / INTERVAL
    );
    assert!(a_save / INTERVAL < 0.01);
}
