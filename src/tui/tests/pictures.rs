//! Snapshots of whole screens. Each was looked at beside the drawing of its pane.

use super::scenes::{first_start, picture, press, read, runs, text, training, type_text, warning, with_runs};
use crate::tui::app::App;
use crate::tui::history::History;
use crate::tui::message::{Estimate, Message};
use crate::tui::symbols::Symbols;
use curricle_core::config::{Figure, Figures, Published};
use curricle_core::record::{Event, Permutation, Scoring, What};
use curricle_core::run::State;
use curricle_core::statistics::Spread;

/// The three sizes.
const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (120, 36)];

/// Holds a scene against its snapshots at all sizes.
fn at_all_sizes(name: &str, app: &mut App) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(app, width, height));
    }
}

fn at_80(name: &str, app: &mut App) {
    insta::assert_snapshot!(name, text(app, 80, 24));
}

/// `quickstart` with two changes: one is fine, the other leaves fields that do not fit together.
fn changed() -> App {
    let mut app = first_start();
    press(&mut app, "tab tab tab");
    for (path, value) in [("training.epochs", "6"), ("optimizer.lr", "0.1")] {
        set(&mut app, path, value);
    }
    app
}

/// Goes to a field by the form alone and types a value.
fn set(app: &mut App, path: &str, value: &str) {
    go_to(app, path);
    press(app, "enter");
    type_text(app, value);
    press(app, "enter");
}

fn go_to(app: &mut App, path: &str) {
    let (section, _) = path.rsplit_once('.').expect("a field of a section");
    press(app, "g");
    for wanted in [section, path] {
        for _ in 0..200 {
            if app.configure.at() == wanted {
                break;
            }
            press(app, "down");
        }
        assert_eq!(app.configure.at(), wanted);
        if wanted == section {
            press(app, "right");
        }
    }
}

#[test]
fn configure_at_the_first_start() {
    at_all_sizes("configure_first", &mut first_start());
}

#[test]
fn configure_with_changes_and_their_cost() {
    let mut app = changed();
    let estimate = Estimate {
        steps: 300,
        memory_bytes: 429_496_729,
        disk_bytes: 12_000_000,
        seconds: 182.0,
        parameters: 219_482,
        source: "measured on 8 steps".into(),
        precision: "f32".into(),
        precision_reason: "no bf16 here".into(),
        ..Estimate::default()
    };
    let generation = app.configure.generation();
    app.update(Message::Estimated(generation, Ok(estimate)));
    go_to(&mut app, "training.epochs");
    at_all_sizes("configure_changed", &mut app);
}

#[test]
fn configure_refuses_a_wrong_value_beside_its_field() {
    let mut app = changed();
    set(&mut app, "training.batch", "0");
    at_all_sizes("configure_refused", &mut app);
    press(&mut app, "esc");
    assert!(!text(&mut app, 80, 24).contains('✗'), "giving the edit up takes the problem away");
}

#[test]
fn configure_says_what_keeps_it_from_starting() {
    let mut app = changed();
    go_to(&mut app, "mixing.k");
    press(&mut app, "enter");
    type_text(&mut app, "4");
    press(&mut app, "enter");
    at_80("configure_problem", &mut app);
    press(&mut app, "s");
    at_80("configure_start_is_off", &mut app);
}

#[test]
fn configure_warns_of_what_is_pointless() {
    let mut app = changed();
    set(&mut app, "training.early_stop", "12");
    at_80("configure_warning", &mut app);
}

#[test]
fn configure_filters_its_presets() {
    let mut app = first_start();
    press(&mut app, "tab tab /");
    type_text(&mut app, "wrn 500");
    at_80("configure_filter", &mut app);
    press(&mut app, "enter enter");
}

#[test]
fn configure_shows_the_difference_to_the_preset() {
    let mut app = changed();
    press(&mut app, "D");
    at_80("configure_difference", &mut app);
}

#[test]
fn train_without_a_run() {
    let mut app = first_start();
    press(&mut app, "tab 2");
    at_80("train_empty", &mut app);
}

#[test]
fn train_live() {
    at_all_sizes("train_live", &mut training(State::Training, 611));
}

#[test]
fn train_views_and_zoom() {
    let mut app = training(State::Training, 611);
    press(&mut app, "v");
    at_80("train_sparklines", &mut app);
    press(&mut app, "v");
    at_80("train_charts", &mut app);
    press(&mut app, "v z");
    at_80("train_zoomed", &mut app);
    press(&mut app, "z c left left X");
    at_80("train_crosshair", &mut app);
    press(&mut app, "X X X + + L m m");
    at_80("train_axis", &mut app);
}

#[test]
fn train_as_it_begins_and_ends() {
    let mut app = training(State::Training, 0);
    at_80("train_starting", &mut app);
    at_80("train_done", &mut training(State::Done, 4_692));
    at_80("train_paused", &mut training(State::Paused, 611));
    at_80("train_lost", &mut training(State::Lost, 611));
    let mut app = training(State::Training, 400);
    let mut failed = read(State::Failed, 0);
    failed.events.clear();
    failed.held = false;
    app.update(Message::Read(Box::new(failed)));
    at_80("train_failed", &mut app);
}

#[test]
fn train_warns_at_the_top() {
    let mut app = training(State::Training, 500);
    let mut more = read(State::Training, 500);
    more.events = vec![warning(500, "the loss has not fallen for 3 epochs")];
    more.pending = vec!["checkpoint".into()];
    app.update(Message::Read(Box::new(more)));
    at_80("train_warning", &mut app);
}

#[test]
fn train_lays_a_run_under_another() {
    let mut app = training(State::Training, 611);
    press(&mut app, "o");
    let mut history = Box::<History>::default();
    read(State::Done, 2_000).events.iter().for_each(|event| history.apply(event));
    app.update(Message::Course(runs()[1].directory.clone(), Ok(history)));
    at_80("train_overlay", &mut app);
}

#[test]
fn train_stands_beside_published_figures() {
    let mut app = training(State::Training, 800);
    let mut more = read(State::Training, 0);
    more.events.clear();
    let series = Figure::Series(vec![0.41, 0.6005, 0.5616, 0.6415]);
    let values = Figures(vec![("test_accuracy".into(), series), ("norm_sum".into(), Figure::One(902.6))]);
    more.published = Some(Published { values, ..Published::default() });
    app.update(Message::Read(Box::new(more)));
    press(&mut app, "o o");
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("published 0.6005") && screen.contains("published 902.6"), "{screen}");
    at_80("train_published", &mut app);
}

#[test]
fn train_of_an_ordered_run_says_what_it_costs_and_whether_it_is_an_oracle() {
    let mut app = training(State::Training, 0);
    let mut ordered = read(State::Training, 611);
    ordered.restarted = true;
    let mut events = Vec::new();
    for mut event in ordered.events {
        let at = event.step;
        let scoring = Scoring { scorer: "loss-delta".into(), candidates: 8, score: 0.03, seconds: 0.91, ..Scoring::default() };
        let before = Event { what: What::Scoring(scoring), ..event.clone() };
        match &mut event.what {
            What::Started(started) => started.oracle = true,
            What::Step(step) => {
                events.push(before);
                (step.forward, step.backward) = (17.0 * at as f64, 9.0 * at as f64);
            }
            _ => {}
        }
        events.push(event);
    }
    ordered.events = events;
    app.update(Message::Read(Box::new(ordered)));
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("loss delta, K = 8 oracle · seed 0"), "{screen}");
    assert!(screen.contains("K = 8, 11.7 plain steps") && screen.contains("score 91 %, train  9 %"), "{screen}");
    at_80("train_ordered", &mut app);
}

#[test]
fn train_of_a_study_shows_the_spread_of_its_orders_and_counts_them() {
    let mut app = training(State::Training, 0);
    let mut study = read(State::Training, 0);
    study.restarted = true;
    if let Some(record) = &mut study.record {
        record.kind = "perfect-ordering".into();
    }
    let spread = |min, max| Spread { min, max, ..Spread::default() };
    for parent in 1..=3_u64 {
        let better = 0.02 * parent as f64;
        let found = Permutation {
            parent,
            parents: 3,
            orders: 720,
            steps: 4_320,
            loss: spread(0.5 - better, 0.6 - better),
            accuracy: spread(0.7 + better, 0.9 + better),
            ..Permutation::default()
        };
        let time = study.events[0].time + 20.0 * parent as f64;
        study.events.push(Event { seq: parent, step: 720 * parent, epoch: 1, time, what: What::Permutation(found) });
    }
    app.update(Message::Read(Box::new(study)));
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("order 2,160") && screen.contains("orders per second     36.0"), "{screen}");
    at_80("train_study", &mut app);
}

#[test]
fn configure_counts_the_passes_of_an_ordering() {
    let mut app = changed();
    set(&mut app, "ordering.candidates", "4");
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("2,616 forward, 1,458 backward passes"), "{screen}");
    at_80("configure_ordered", &mut app);
}

#[test]
fn train_asks_before_it_stops() {
    let mut app = training(State::Training, 611);
    press(&mut app, "x");
    at_80("train_question", &mut app);
}

#[test]
fn runs_list() {
    let mut app = with_runs();
    press(&mut app, "right");
    at_all_sizes("runs", &mut app);
}

#[test]
fn runs_without_a_run_or_a_fit() {
    let mut app = first_start();
    press(&mut app, "tab 5");
    at_80("runs_empty", &mut app);
    let mut app = with_runs();
    press(&mut app, "/");
    type_text(&mut app, "state=done accuracy>0.99");
    at_80("runs_no_fit", &mut app);
}

#[test]
fn runs_compared() {
    let mut app = with_runs();
    press(&mut app, "down space space");
    let marked: Vec<_> = [5, 4].into_iter().map(|place: usize| runs()[place].directory.clone()).collect();
    let differences = vec![("ordering.warmup".to_string(), vec!["2 epochs".to_string(), "1 epoch".to_string()])];
    app.update(Message::Compared(marked.clone(), Ok(differences)));
    for (number, directory) in marked.into_iter().enumerate() {
        let mut history = Box::<History>::default();
        read(State::Done, 3_000 + 1_500 * number as u64).events.iter().for_each(|event| history.apply(event));
        app.update(Message::Course(directory, Ok(history)));
    }
    at_all_sizes("runs_compared", &mut app);
}

#[test]
fn runs_asks_before_it_deletes() {
    let mut app = with_runs();
    press(&mut app, "G d");
    at_80("runs_question", &mut app);
}

#[test]
fn attacks_say_what_they_will_show() {
    let mut app = with_runs();
    press(&mut app, "4");
    at_all_sizes("attacks", &mut app);
}

#[test]
fn help_lists_every_key_of_the_place() {
    let mut app = with_runs();
    press(&mut app, "?");
    at_all_sizes("help_runs", &mut app);
}

#[test]
fn messages_are_kept() {
    let mut app = with_runs();
    press(&mut app, ":");
    type_text(&mut app, "mesages");
    press(&mut app, "enter");
    at_80("command_unknown", &mut app);
    press(&mut app, "y y");
    assert!(text(&mut app, 80, 24).contains("copied: curricle runs list"));
}

#[test]
fn too_small() {
    insta::assert_snapshot!("too_small", text(&mut with_runs(), 40, 10));
}

#[test]
fn ascii_alone() {
    let mut app = training(State::Training, 611);
    app.shared.look.symbols = Symbols::Ascii;
    let buffer = picture(&mut app, 80, 24);
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    at_80("train_ascii", &mut app);
    app.shared.look.symbols = Symbols::Blocks;
    at_80("train_blocks", &mut app);
}
