//! Real data, a real network: PreResNet-20 on CIFAR-10, killed twenty times within two epochs.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::random::{Purpose, Stream};
use std::time::{Duration, Instant};
use support::running::{create, engine, essence, events, steps_done};

const EXPERIMENT: &str = r#"
name = "cifar kills"
[data]
set = "cifar10"
files = ["data_batch_1.bin"]
[network]
kind = "preresnet"
depth = 20
[training]
epochs = 2
batch = 128
device = "cpu"
precision = "f32"
state_every = "1 s"
keep_state = true
"#;

#[test]
#[ignore = "takes minutes: `make proof ONLY=cifar`"]
fn killed_twenty_times_the_network_is_the_same() {
    let data = support::data();
    if !support::present("cifar kills", &[&data.join("cifar-10-batches-bin/data_batch_1.bin")]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let train = |directory| {
        let mut command = engine(directory);
        command.arg("--data").arg(&data);
        command
    };
    let whole = create(folder.path(), EXPERIMENT, &[]);
    let begun = Instant::now();
    assert!(train(&whole).status().unwrap().success());
    let seconds = begun.elapsed().as_secs_f64();
    let steps = steps_done(&events(&whole));
    let directory = create(folder.path(), EXPERIMENT, &[]);
    let mut random = Stream::new(20, Purpose::Sampler, 0, 0, 0);
    let mut kills = 0;
    let mut seen = Vec::new();
    while kills < 20 {
        let mut running = train(&directory).spawn().unwrap();
        // Spread over both epochs, the evaluations in between included.
        let wanted = (kills + 1) * steps / 21;
        while running.try_wait().unwrap().is_none() && steps_done(&events(&directory)) < wanted {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_secs_f64(random.unit() * seconds / 60.0));
        let ended = running.try_wait().unwrap();
        assert!(ended.is_none(), "the run was over after {kills} kills");
        running.kill().unwrap();
        running.wait().unwrap();
        kills += 1;
        seen.push(steps_done(&events(&directory)));
    }
    assert!(train(&directory).status().unwrap().success());
    println!("cifar kills: killed {kills} times, at steps {seen:?}; uninterrupted {seconds:.0} s");
    assert_eq!(essence(&directory).difference(&essence(&whole)), None);
}
