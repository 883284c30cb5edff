//! What the screen says and asks, in one place, so that a test can hold every sentence against the room there is. Names
//! come from outside: they are made safe and cut to a length that leaves room for what matters.

use super::text::{cut, safe};
use curricle_core::run::State;

/// Columns of a name within a sentence.
const NAME: usize = 40;

fn name(text: &str) -> String {
    cut(&safe(text), NAME)
}

/// May the run be stopped?
pub fn stop(run: &str) -> String {
    format!("Stop {}? The state is saved; resume goes on from it.", name(run))
}

/// May the run be deleted?
pub fn delete(run: &str, seed: u64) -> String {
    format!("Delete {}, seed {seed}? Its checkpoints, curves and log are lost.", name(run))
}

/// May the preset be overwritten?
pub fn overwrite(preset: &str) -> String {
    format!("Overwrite your preset {}? What it holds now is lost.", name(preset))
}

/// How a run ended: well.
pub fn done(run: &str, accuracy: &str) -> String {
    format!("{} is done: test accuracy {accuracy}", name(run))
}

/// How a run ended: stopped.
pub fn stopped(run: &str, resume: &str) -> String {
    format!("{} has stopped, its state is saved; {resume} resumes it", name(run))
}

/// How a run ended: its engine is gone.
pub fn lost(run: &str, resume: &str) -> String {
    format!("{}'s engine is gone; {resume} resumes from the last saved state", name(run))
}

/// How a run ended: with an error.
pub fn failed(run: &str, why: &str) -> String {
    format!("{} failed: {}", name(run), safe(why))
}

/// The run that is watched has been deleted.
pub fn deleted_while_watched(run: &str, runs: &str) -> String {
    format!("{} has been deleted; {runs} shows the runs that are there", name(run))
}

/// A key asks something of a run that is in no state for it.
pub fn not_now(run: &str, state: State, held: bool, wanted: &str) -> String {
    let run = name(run);
    match state {
        State::Done => format!("{run} is done: nothing to {wanted}"),
        State::Queued => format!("{run} is only starting: nothing to {wanted} yet"),
        State::Training => format!("{run} is training: nothing to {wanted}"),
        State::Paused if held => format!("{run} is paused: nothing to {wanted}"),
        state => format!("{run} is {state} and has no engine: nothing to {wanted}"),
    }
}

/// The run that should be deleted lives.
pub fn stop_first(run: &str, stop: &str) -> String {
    format!("{} has a living engine: stop it first ({stop})", name(run))
}

/// The row is several runs.
pub fn several(run: &str, unfold: &str) -> String {
    format!("{} is several runs: {unfold} unfolds them, then choose one", name(run))
}

/// The device of a paused run is free already.
pub fn already_free(run: &str, resume: &str) -> String {
    format!("{}'s device is free already; {resume} resumes it", name(run))
}

/// A run is laid under this one.
pub fn overlaid(run: &str, marked: bool) -> String {
    let how = if marked { "marked in Runs" } else { "the newest other run; mark one in Runs to choose" };
    format!("overlay: {} ({how})", name(run))
}

/// A run goes on.
pub fn goes_on(run: &str) -> String {
    format!("{} goes on in the background", name(run))
}

/// A preset was loaded over changes.
pub fn loaded(preset: &str, undo: &str) -> String {
    format!("{} loaded; {undo} brings your changes back", name(preset))
}

/// A preset was saved.
pub fn saved(preset: &str) -> String {
    format!("saved as preset {}", name(preset))
}

/// A preset was not saved: its name is none.
pub fn no_name(preset: &str, why: &str) -> String {
    format!("not saved, `{}` is no name: {why}", name(preset))
}

/// A field is at its default.
pub fn at_default(path: &str) -> String {
    format!("{} is at its default", name(path))
}

/// No command has this name.
pub fn unknown_command(typed: &str, near: Option<&str>) -> String {
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    format!("no command is called `{}` here{near}", name(typed))
}

/// The first start.
pub fn welcome(enter: &str, about: &str, tab: &str) -> String {
    format!("{enter} starts quickstart, about {about}; {tab} looks around")
}

/// One run was started.
pub const STARTED: &str = "started in the background; leaving the screen leaves it training";

/// No run is open in Train.
pub fn nothing_open(runs: &str) -> String {
    format!("no run is open here; {runs} goes to Runs, where one is opened")
}

/// A step was typed that a run does not have.
pub fn no_step(unit: &str, typed: &str, last: &str) -> String {
    format!("there is no {unit} {}: type a number from 1 to {last}", name(typed))
}

/// The step that was shown is gone.
pub fn step_gone(unit: &str, step: &str, last: &str) -> String {
    format!("{unit} {step} is gone: the run went on from before it, and has {last} {unit}s now")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::notice::Notice;

    /// Every sentence with names as long as they are shown.
    fn all() -> Vec<(String, Vec<(String, String)>)> {
        let run = "a run whose name takes all forty columns";
        assert_eq!(run.len(), NAME);
        let plain = |text: String| (text, Vec::new());
        let asked =
            |text: String, key: &str, label: &str| (text, vec![(key.to_string(), label.to_string()), ("n".to_string(), "no".to_string())]);
        let mut all = vec![
            asked(stop(run), "x", "stop"),
            asked(delete(run, 1_234_567), "d", "delete"),
            asked(overwrite(run), "o", "overwrite"),
            plain(done(run, "0.1234")),
            plain(stopped(run, "p")),
            plain(lost(run, "p")),
            plain(failed(run, "out of memory: 512 images of 224 × 224 do not fit on the device; halve training.batch")),
            plain(deleted_while_watched(run, "5")),
            plain(stop_first(run, "x")),
            plain(several(run, "Right")),
            plain(already_free(run, "p")),
            plain(overlaid(run, true)),
            plain(overlaid(run, false)),
            plain(goes_on(run)),
            plain(loaded(run, "Ctrl-R")),
            plain(saved(run)),
            plain(no_name(run, "letters, digits, `-`, `_`, `.` and `/` for folders")),
            plain(at_default("training.evaluate_every_so_many_steps.of")),
            plain(unknown_command(run, Some("previous-box"))),
            plain(welcome("Enter", "15 min", "Shift-Tab")),
            plain(STARTED.into()),
            plain(nothing_open("5")),
            plain(no_step("epoch", run, "1,234,567")),
            plain(step_gone("epoch", "1,234,567", "1,234,000")),
        ];
        for state in State::ALL {
            for held in [false, true] {
                all.push(plain(not_now(run, state, held, "checkpoint")));
            }
        }
        all
    }

    #[test]
    fn no_sentence_is_cut_at_60_or_80_columns() {
        for (text, answers) in all() {
            for columns in [60, 80] {
                let notice = Notice { sign: "? ", role: None, text: text.clone(), answers: answers.clone() };
                assert!(notice.fits(columns) && !text.contains('…'), "at {columns}: {text}");
            }
        }
    }

    #[test]
    fn a_name_from_outside_can_neither_steer_nor_crowd_out() {
        let text = delete(&"\u{1b}[2J long ".repeat(20), 3);
        assert!(
            text.starts_with("Delete ·[2J long")
                && text.ends_with("… , seed 3? Its checkpoints, curves and log are lost.".replace("… ,", "…,").as_str()),
            "{text}"
        );
    }
}
