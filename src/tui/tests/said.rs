//! What is said and asked: nothing of it is cut, and the key line offers what would do something.

use super::scenes::{app as begun, first_start, press, read, runs, text, training, type_text, with_runs};
use crate::tui::app::App;
use crate::tui::message::{Message, Read};
use crate::tui::notice::Notice;
use curricle_core::run::{RunRecord, State};

/// A name of forty columns.
const LONG: &str = "per-sample ordering of wrn-28-10, third k";

/// The screen with its lines joined, so that a sentence is found where it breaks.
fn flat(app: &mut App, width: u16, height: u16) -> String {
    text(app, width, height).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Before anything was read.
fn empty() -> App {
    begun(false)
}

/// The words above the key line, whether asked or said.
fn notice(app: &App) -> Option<Notice> {
    app.shared.question.as_ref().map(|question| question.notice()).or_else(|| app.shared.messages.notice())
}

fn holds(app: &App, after: &str) {
    if let Some(notice) = notice(app) {
        for columns in [60, 80] {
            assert!(notice.fits(columns) && !notice.text.trim_end_matches(" …").contains('…'), "after {after}, at {columns}: {notice:?}");
        }
    }
}

/// Train with a run of a long name in a state.
fn long(state: State) -> App {
    let mut app = training(state, 100);
    let record = RunRecord { name: LONG.chars().take(40).collect(), ..read(state, 0).record.expect("a record") };
    app.update(Message::Read(Box::new(Read { record: Some(record), events: Vec::new(), ..read(state, 100) })));
    app
}

#[test]
fn nothing_that_is_said_is_cut_whatever_the_state_and_the_key() {
    for state in State::ALL {
        for held in [true, false] {
            for key in ["p", "P", "K", "x", "f", "o", "m", "L", "X", "/", "y"] {
                let mut app = long(state);
                app.update(Message::Read(Box::new(Read { held, events: Vec::new(), ..read(state, 100) })));
                app.shared.messages.clear();
                press(&mut app, key);
                holds(&app, &format!("{key} while {state}"));
            }
            let mut app = long(State::Training);
            app.update(Message::Read(Box::new(Read { held, events: Vec::new(), ..read(state, 200) })));
            holds(&app, &format!("the end as {state}"));
        }
    }
    for place in 0..runs().len() {
        for key in ["r", "x", "d", "D", "t", "N", "s", "y", "/"] {
            let mut app = empty();
            let mut list = runs();
            list.iter_mut().for_each(|run| run.name = format!("{} {}", LONG.chars().take(38).collect::<String>(), run.id.len() % 10));
            app.update(Message::Catalogue(Ok(list)));
            press(&mut app, "right");
            for _ in 0..=place {
                press(&mut app, "down");
            }
            press(&mut app, key);
            holds(&app, &format!("{key} on run {place}"));
        }
    }
    for keys in ["s", "w", "u", "ctrl-r", "=", "D", "i", "n", "S"] {
        let mut app = first_start();
        press(&mut app, "tab");
        holds(&app, "the first start");
        press(&mut app, keys);
        holds(&app, keys);
    }
}

#[test]
fn the_question_and_its_answers_are_on_the_screen() {
    for (width, height) in [(60, 20), (80, 24)] {
        let mut app = long(State::Training);
        press(&mut app, "x");
        let screen = flat(&mut app, width, height);
        for word in ["resume goes on from it", "x stop", "n no"] {
            assert!(screen.contains(word), "{word} at {width}:\n{screen}");
        }
    }
}

/// The key line.
fn keys(app: &mut App) -> String {
    text(app, 80, 24).trim_end().lines().last().unwrap_or_default().to_string()
}

#[test]
fn the_key_line_offers_what_the_state_allows() {
    for (state, offered, missing) in [
        (State::Training, vec!["p pause", "K checkpoint", "x stop"], vec!["resume"]),
        (State::Paused, vec!["p resume", "x stop"], vec!["pause "]),
        (State::Done, vec!["f fork"], vec!["p pause", "resume", "x stop", "K checkpoint"]),
        (State::Failed, vec!["p resume"], vec!["p pause", "x stop", "K checkpoint"]),
        (State::Stopped, vec!["p resume"], vec!["p pause", "x stop", "K checkpoint"]),
        (State::Lost, vec!["p resume"], vec!["p pause", "x stop", "K checkpoint"]),
    ] {
        let line = keys(&mut training(state, 100));
        assert!(offered.iter().all(|word| line.contains(word)) && missing.iter().all(|word| !line.contains(word)), "{state}: {line}");
    }
    let mut app = with_runs();
    press(&mut app, "right down");
    let line = keys(&mut app);
    assert!(line.contains("x stop") && !line.contains("r resume") && !line.contains("d delete"), "training: {line}");
    press(&mut app, "down");
    let line = keys(&mut app);
    assert!(line.contains("d delete") && !line.contains("r resume") && !line.contains("x stop"), "done: {line}");
    press(&mut app, "down down");
    let line = keys(&mut app);
    assert!(line.contains("d delete") && line.contains("r resume") && !line.contains("x stop"), "lost: {line}");
}

#[test]
fn a_key_that_does_not_apply_says_why() {
    let mut app = training(State::Done, 100);
    for (key, why) in [("p", "is done: nothing to pause"), ("K", "is done: nothing to save"), ("x", "is done: nothing to stop")] {
        press(&mut app, key);
        assert!(text(&mut app, 80, 24).contains(why), "{key}");
    }
    let mut app = empty();
    press(&mut app, "2 x");
    assert!(text(&mut app, 80, 24).contains("no run is open here; 5 goes to Runs"));
}

#[test]
fn a_lost_run_says_how_it_goes_on_and_the_key_does_it() {
    let mut app = training(State::Training, 100);
    app.update(Message::Read(Box::new(Read { held: false, events: Vec::new(), ..read(State::Lost, 100) })));
    let screen = flat(&mut app, 60, 20);
    assert!(screen.contains("p resumes from the last saved"), "{screen}");
    app.shared.tasks.clear();
    press(&mut app, "p");
    assert!(app.shared.tasks.iter().any(|task| matches!(task, crate::tui::task::Task::Resume(_))));
}

#[test]
fn a_run_deleted_while_it_is_watched_is_said() {
    let mut app = training(State::Training, 100);
    let directory = runs()[0].directory.clone();
    app.update(Message::Read(Box::new(Read { directory, gone: true, ..Read::default() })));
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("loss delta, K = 8 has been deleted; 5 shows the runs") && screen.contains("No run is open."), "{screen}");
}

#[test]
fn a_field_is_found_by_its_name_wherever_it_lies() {
    let mut app = first_start();
    press(&mut app, "down /");
    type_text(&mut app, "momentum");
    assert_eq!(app.configure.at(), "optimizer.momentum", "the section unfolds");
    press(&mut app, "esc");
    assert_eq!(app.configure.at(), "seed", "given up: back to where it began");
    press(&mut app, "/");
    type_text(&mut app, "train");
    let first = app.configure.at();
    assert!(text(&mut app, 80, 24).contains("1 of "));
    press(&mut app, "down");
    assert_ne!(app.configure.at(), first);
    press(&mut app, "up enter n");
    assert_ne!(app.configure.at(), first);
    press(&mut app, "N");
    assert_eq!(app.configure.at(), first);
}

#[test]
fn commands_are_listed_while_one_is_typed() {
    let mut app = training(State::Training, 100);
    press(&mut app, ":");
    assert!(text(&mut app, 80, 24).contains("─ commands ─"));
    type_text(&mut app, "check");
    let screen = text(&mut app, 80, 24);
    assert!(screen.lines().any(|line| line.contains("checkpoint") && line.contains("Save a checkpoint at the next step")), "{screen}");
    press(&mut app, "enter");
    assert!(app.shared.tasks.iter().any(|task| matches!(task, crate::tui::task::Task::Send(..))), "a beginning is enough");
}

#[test]
fn a_run_without_a_name_is_called_by_what_it_trains() {
    let mut app = empty();
    let mut list = runs();
    list.iter_mut().for_each(|run| run.name.clear());
    app.update(Message::Catalogue(Ok(list)));
    assert!(text(&mut app, 80, 24).contains("preresnet 20 on glyphs"));
}
