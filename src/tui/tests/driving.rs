//! What keys do: the work they ask for, and what they leave alone.

use super::scenes::{app, first_start, picture, press, read, runs, text, training, type_text, with_runs, work};
use crate::tui::app::App;
use crate::tui::input::Input;
use crate::tui::keymap::Place;
use crate::tui::message::Message;
use crate::tui::shared::Effect;
use crate::tui::task::{Taken, Task};
use curricle_core::run::{CommandKind, State};
use std::path::PathBuf;

#[test]
fn the_first_enter_starts_quickstart_and_another_key_does_not() {
    let mut app = first_start();
    press(&mut app, "enter");
    let started = work(&mut app).into_iter().find_map(|task| if let Task::Start(start) = task { Some(start) } else { None });
    let start = started.expect("a start");
    assert!(start.text.contains("name = \"quickstart\"") && start.seeds.is_empty());
    let run = PathBuf::from("/runs/new");
    app.update(Message::Started { runs: vec![run.clone()], problem: None, remark: None });
    assert_eq!(app.place, Place::Train);
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Follow(directory) if *directory == run)));

    let mut app = first_start();
    press(&mut app, "down enter");
    assert!(!work(&mut app).iter().any(|task| matches!(task, Task::Start(_))), "Enter means what it means elsewhere");
}

#[test]
fn enter_starts_nothing_where_something_was_run_before() {
    let mut app = with_runs();
    press(&mut app, "1 enter");
    assert!(!work(&mut app).iter().any(|task| matches!(task, Task::Start(_))));
}

#[test]
fn a_second_start_key_does_not_start_a_second_run() {
    let mut app = first_start();
    press(&mut app, "tab s s s");
    assert_eq!(work(&mut app).iter().filter(|task| matches!(task, Task::Start(_))).count(), 1);
    app.update(Message::Started { runs: Vec::new(), problem: Some("no engine".into()), remark: None });
    press(&mut app, "s");
    assert_eq!(work(&mut app).iter().filter(|task| matches!(task, Task::Start(_))).count(), 1, "after a failure it can be tried again");
}

/// An engine costs seconds and hundreds of megabytes: who only looks at runs starts none.
#[test]
fn the_engine_is_asked_only_for_what_is_on_the_screen() {
    let asked = |app: &mut App| {
        app.tick();
        let tasks = work(app);
        let count = |wanted: fn(&Task) -> bool| tasks.iter().filter(|task| wanted(task)).count();
        (count(|task| matches!(task, Task::Doctor)), count(|task| matches!(task, Task::Estimate { .. })))
    };
    let mut app = with_runs();
    assert_eq!(asked(&mut app), (0, 0));
    press(&mut app, "2");
    assert_eq!(asked(&mut app), (0, 0));
    press(&mut app, "1");
    assert_eq!(asked(&mut app), (1, 1));
    assert_eq!(asked(&mut app), (0, 0), "once");
    press(&mut app, "5 1");
    assert_eq!(asked(&mut app), (0, 0), "and not again for the same experiment");
    assert_eq!(asked(&mut first_start()), (1, 1), "the first start shows Configure");
}

#[test]
fn seeds_are_typed() {
    let mut app = first_start();
    press(&mut app, "tab S ctrl-u");
    type_text(&mut app, "3-5");
    press(&mut app, "enter");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Start(start) if start.seeds == [3, 4, 5])));
}

#[test]
fn changes_can_be_undone_and_made_again() {
    let mut app = first_start();
    press(&mut app, "tab tab tab");
    let before = app.configure.text();
    while app.configure.at() != "data.set" {
        press(&mut app, "down");
    }
    press(&mut app, "right");
    let after = app.configure.text();
    assert_ne!(before, after);
    press(&mut app, "u");
    assert_eq!(app.configure.text(), before);
    press(&mut app, "ctrl-r");
    assert_eq!(app.configure.text(), after);
    press(&mut app, "=");
    assert!(!app.configure.text().contains("set ="), "{}", app.configure.text());
    press(&mut app, "u u");
    assert_eq!(app.configure.text(), before);
}

#[test]
fn a_preset_over_changes_can_be_undone() {
    let mut app = first_start();
    press(&mut app, "tab tab tab");
    while app.configure.at() != "data.set" {
        press(&mut app, "down");
    }
    press(&mut app, "right");
    let changed = app.configure.text();
    press(&mut app, "shift-tab down enter");
    assert!(text(&mut app, 80, 24).contains("brings your changes back"));
    assert_ne!(app.configure.text(), changed);
    press(&mut app, "u");
    assert_eq!(app.configure.text(), changed);
}

#[test]
fn saving_never_overwrites_without_a_question() {
    let mut app = first_start();
    press(&mut app, "tab W ctrl-u");
    type_text(&mut app, "mine");
    press(&mut app, "enter");
    let saved = work(&mut app).into_iter().find_map(|task| match task {
        Task::SavePreset { name, text, replace } => Some((name, text, replace)),
        _ => None,
    });
    let (name, preset, replace) = saved.expect("a save");
    assert_eq!((name.as_str(), replace), ("mine", false));
    app.update(Message::PresetExists(name, preset));
    assert!(text(&mut app, 80, 24).contains("Overwrite your preset mine?"));
    press(&mut app, "enter");
    assert!(work(&mut app).is_empty(), "Enter is no answer");
    press(&mut app, "o");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::SavePreset { replace: true, .. })));
}

#[test]
fn steering_keys_write_commands() {
    let directory = runs()[0].directory.clone();
    for (state, keys, wanted) in [
        (State::Training, "p", CommandKind::Pause),
        (State::Paused, "p", CommandKind::Resume),
        (State::Training, "P", CommandKind::Release),
        (State::Training, "K", CommandKind::Checkpoint),
        (State::Training, "x x", CommandKind::Stop),
    ] {
        let mut app = training(state, 100);
        press(&mut app, keys);
        let sent = work(&mut app);
        assert!(sent.iter().any(|task| matches!(task, Task::Send(to, kind) if *to == directory && *kind == wanted)), "{keys}: {sent:?}");
    }
    let mut app = training(State::Training, 100);
    press(&mut app, "x esc");
    assert!(work(&mut app).is_empty(), "no is no");
    let mut app = training(State::Stopped, 100);
    press(&mut app, "p");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Resume(to) if *to == directory)));
    press(&mut app, "f");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Take(_, Taken::Fork))));
}

#[test]
fn runs_are_opened_marked_labelled_and_deleted() {
    let mut app = with_runs();
    press(&mut app, "down space space");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Compare(marked) if marked.len() == 2)));
    press(&mut app, "G d");
    assert!(!work(&mut app).iter().any(|task| matches!(task, Task::Delete(_))));
    press(&mut app, "d");
    let last = runs()[7].directory.clone();
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Delete(directory) if *directory == last)));
    press(&mut app, "t");
    type_text(&mut app, "paper, draft");
    press(&mut app, "enter");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Label(_, labels) if labels.tags == ["paper", "draft"])));
    press(&mut app, "D");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Take(_, Taken::Duplicate))));
    press(&mut app, "enter");
    assert_eq!(app.place, Place::Train);
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Follow(directory) if *directory == last)));
}

#[test]
fn a_training_run_is_not_deleted_and_a_group_not_touched_as_one() {
    let mut app = with_runs();
    press(&mut app, "d");
    assert!(app.shared.question.is_none());
    assert!(text(&mut app, 80, 24).contains("is several runs"));
    press(&mut app, "right down d");
    assert!(app.shared.question.is_none());
    assert!(text(&mut app, 80, 24).contains("stop it first"));
}

#[test]
fn the_cursor_stays_on_its_run_when_others_come() {
    let mut app = with_runs();
    press(&mut app, "down down");
    let mut more = runs();
    let mut new = more[4].clone();
    (new.id, new.name) = ("20261124-9999".into(), "brand new".into());
    new.directory = PathBuf::from("/runs/brand-new");
    more.insert(0, new);
    app.update(Message::Catalogue(Ok(more)));
    let buffer = picture(&mut app, 80, 24);
    let row = (0..24).find(|y| buffer[(2, *y)].modifier.contains(ratatui::style::Modifier::REVERSED)).expect("a selection");
    let line: String = (0..80).map(|x| buffer[(x, row)].symbol()).collect();
    assert!(line.contains("warm-up, two epochs"), "{line}");
}

#[test]
fn a_restarted_log_is_read_from_the_start() {
    let mut app = training(State::Training, 500);
    let mut again = read(State::Training, 200);
    again.restarted = true;
    app.update(Message::Read(Box::new(again)));
    assert!(text(&mut app, 80, 24).contains("step   200 of 4,692"));
}

#[test]
fn a_look_that_finds_what_is_known_asks_for_no_picture() {
    let looked = |state: State| crate::tui::message::Read { events: Vec::new(), ..read(state, 500) };
    let mut app = training(State::Training, 500);
    let before = text(&mut app, 80, 24);
    assert!(!app.update(Message::Read(Box::new(looked(State::Training)))));
    assert!(!app.update(Message::Summary(runs()[0].directory.clone(), Some(Box::new(runs()[0].clone())))));
    assert_eq!(text(&mut app, 80, 24), before);

    let mut asked = looked(State::Training);
    asked.pending = vec!["pause".into()];
    assert!(app.update(Message::Read(Box::new(asked))), "a command waits");
    assert!(app.update(Message::Read(Box::new(looked(State::Lost)))), "the engine is gone");
    assert!(app.update(Message::Read(Box::new(read(State::Lost, 501)))), "an event came");
    let mut further = runs()[0].clone();
    further.step += 1;
    assert!(app.update(Message::Summary(further.directory.clone(), Some(Box::new(further)))), "a line of the list is another one");
    assert!(app.update(Message::Summary(runs()[0].directory.clone(), None)), "the run is gone");
}

#[test]
fn an_end_is_no_longer_said_once_an_engine_is_there_again() {
    let mut app = training(State::Training, 500);
    app.update(Message::Read(Box::new(read(State::Lost, 500))));
    assert!(text(&mut app, 80, 24).contains("engine is gone"));
    let mut again = read(State::Training, 200);
    again.restarted = true;
    app.update(Message::Read(Box::new(again)));
    assert!(!text(&mut app, 80, 24).contains("engine is gone"));
}

#[test]
fn leaving_leaves_and_nothing_else() {
    let mut app = training(State::Training, 100);
    press(&mut app, "q");
    assert_eq!(app.shared.effects, [Effect::Leave]);
    assert!(work(&mut app).is_empty(), "the run is left alone");
}

#[test]
fn commands_are_typed_by_name_and_completed() {
    let mut app = training(State::Training, 100);
    press(&mut app, ":");
    type_text(&mut app, "checkp");
    press(&mut app, "tab enter");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::Send(_, CommandKind::Checkpoint))));
    press(&mut app, ":");
    app.input(Input::Paste("messages\n".into()));
    press(&mut app, "enter");
    assert!(text(&mut app, 80, 24).contains("messages, newest first"));
}

#[test]
fn no_size_and_no_key_brings_it_down() {
    let everything = "1 2 3 4 5 tab shift-tab up down left right g G pgup pgdn / x esc : x esc ? j esc y ctrl-l enter esc s esc S esc w esc W esc u ctrl-r = D \
                      esc p P K x n f z v + - 0 c left X L m o space r t esc N esc i esc";
    for (width, height) in [(1, 1), (5, 3), (59, 20), (60, 20), (61, 21), (79, 24), (80, 24), (81, 25), (119, 36), (120, 36), (300, 100)] {
        for mut app in
            [app(true), first_start(), with_runs(), training(State::Training, 0), training(State::Paused, 5), training(State::Done, 700)]
        {
            for place in ["1", "2", "3", "4", "5"] {
                for key in everything.split_whitespace() {
                    press(&mut app, key);
                    if key == place {
                        picture(&mut app, width, height);
                    }
                }
                press(&mut app, &format!("esc esc {place}"));
                picture(&mut app, width, height);
            }
        }
    }
}
