//! The first picture comes at once, however many runs there are.

use super::terminal::{Home, Terminal};
use curricle_core::config;
use curricle_core::run::{Origin, RunDirectory, State, Status};
use std::time::Duration;

#[test]
fn two_hundred_runs_do_not_hold_up_the_first_picture() {
    let home = Home::new();
    let text = "name = \"many\"\n[data]\nset = \"glyphs\"\n[network]\nkind = \"basicconv\"\n";
    for number in 0..200 {
        let experiment = config::read(text, "test", &[("name".into(), format!("many {number}"))]).expect("an experiment");
        let run = RunDirectory::create(&home.runs(), &experiment, text, Origin::default()).expect("a run");
        let status = Status { state: State::Done, step: 10, steps: 10, accuracy: Some(0.5), ..Status::default() };
        status.write(&run.status()).expect("written");
    }
    // The best of several starts: how fast it is, not how busy the machine.
    let times = (0..8).map(|_| {
        let mut terminal = Terminal::open(&home, "", 80, 24);
        terminal.until("the first picture", |screen| screen.contains("[5 Runs]") && screen.contains("? help"));
        let time = terminal.started.elapsed();
        terminal.wait("200 runs");
        terminal.leave();
        time
    });
    let best = times.min().unwrap_or_default();
    println!("first picture after {} ms", best.as_millis());
    assert!(best <= Duration::from_millis(150), "the first picture took {best:?}");
}
