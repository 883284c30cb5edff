//! The Scores pane: its pictures, and what its keys do.

use super::scenes::{
    answer_scores, app, batch_images, digest, first_start, made, orders, press, read, runs, scoring, text, training, type_text, work,
};
use crate::scores::testing::{Made, ORDERED};
use crate::tui::app::App;
use crate::tui::message::{Message, ScoresRead, ScoresShown};
use crate::tui::shared::Effect;
use crate::tui::symbols::Symbols;
use crate::tui::task::Task;
use curricle_core::run::State;
use std::sync::OnceLock;

/// The experiment of a long run.
fn experiment() -> String {
    ORDERED.replace("batch = 4", "batch = 128").replace("epochs = 6", "epochs = 12").replace("train = 40", "train = 50050")
}

/// The numbers of a long run, made once.
fn long() -> &'static ScoresShown {
    static LONG: OnceLock<ScoresShown> = OnceLock::new();
    LONG.get_or_init(|| digest(made(), &experiment(), None))
}

/// The same at a step back in the run, whose images are known.
fn earlier() -> &'static ScoresShown {
    static EARLIER: OnceLock<ScoresShown> = OnceLock::new();
    EARLIER.get_or_init(|| digest(made(), &experiment(), Some(611)))
}

fn at_all_sizes(name: &str, app: &mut App) {
    for (width, height) in [(60, 20), (80, 24), (120, 36)] {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(app, width, height));
    }
}

fn at_80(name: &str, app: &mut App) {
    insta::assert_snapshot!(name, text(app, 80, 24));
}

/// The step that the pane asked for last.
fn asked(app: &mut App) -> Option<Option<u64>> {
    work(app).into_iter().rev().find_map(|task| if let Task::Scores { step, .. } = task { Some(step) } else { None })
}

/// Presses a key and answers what the pane asks for.
fn go(app: &mut App, key: &str) -> Option<u64> {
    press(app, key);
    let step = asked(app).expect("a reading");
    answer_scores(app, &digest(small(), ORDERED, step));
    step
}

fn small() -> Made {
    Made::default()
}

#[test]
fn scores_live() {
    at_all_sizes("scores_live", &mut scoring(State::Training, long()));
}

#[test]
fn scores_at_an_earlier_step_with_its_images() {
    let mut app = scoring(State::Training, long());
    press(&mut app, "t");
    at_80("scores_to_step", &mut app);
    type_text(&mut app, "611");
    press(&mut app, "enter");
    assert_eq!(asked(&mut app), Some(Some(611)));
    answer_scores(&mut app, earlier());
    at_80("scores_earlier", &mut app);
    // At the large size images are asked for without a key.
    text(&mut app, 120, 36);
    app.tick();
    let images = work(&mut app).into_iter().find_map(|task| match task {
        Task::BatchImages { step, items, .. } => Some((step, items)),
        _ => None,
    });
    assert_eq!(images, Some((611, made().items(611))));
    assert!(text(&mut app, 120, 36).contains("reading the images"));
    app.update(Message::BatchImages(runs()[0].directory.clone(), Ok(batch_images(611))));
    at_all_sizes("scores_images", &mut app);
}

#[test]
fn images_come_at_a_key_and_go_with_their_memory() {
    let mut app = scoring(State::Training, earlier());
    assert!(!work(&mut app).iter().any(|task| matches!(task, Task::BatchImages { .. })));
    press(&mut app, "i");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::BatchImages { step: 611, .. })));
    app.update(Message::BatchImages(runs()[0].directory.clone(), Ok(batch_images(611))));
    at_80("scores_images_by_key", &mut app);
    press(&mut app, "i");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::DropImages)));
    assert!(text(&mut app, 80, 24).contains("images chosen"));
    press(&mut app, "i");
    app.update(Message::BatchImages(runs()[0].directory.clone(), Err("`cifar10` is not in `/data`".into())));
    assert!(text(&mut app, 80, 24).contains("✗ `cifar10` is not in `/data`"));
    work(&mut app);
    press(&mut app, "2");
    assert!(work(&mut app).iter().any(|task| matches!(task, Task::DropImages)), "another pane needs no images");
}

#[test]
fn one_box_after_the_other_where_there_is_no_room() {
    let mut app = scoring(State::Done, long());
    for name in ["scores", "heat", "images", "batch", "cost"] {
        insta::assert_snapshot!(format!("scores_small_{name}"), text(&mut app, 60, 20));
        press(&mut app, "tab");
    }
    assert!(text(&mut app, 60, 20).contains("scores at step"));
}

#[test]
fn scores_as_ranks_all_candidates_and_zoomed() {
    let mut app = scoring(State::Training, long());
    press(&mut app, "r");
    at_80("scores_ranks", &mut app);
    press(&mut app, "r v");
    at_80("scores_all", &mut app);
    press(&mut app, "tab z");
    at_80("scores_zoomed", &mut app);
    press(&mut app, "esc");
    assert!(text(&mut app, 80, 24).contains("cost"));
}

#[test]
fn keys_go_from_step_to_step() {
    let mut app = scoring(State::Training, &digest(small(), ORDERED, None));
    assert_eq!(go(&mut app, ","), Some(34));
    assert_eq!(go(&mut app, ","), Some(33));
    assert_eq!(go(&mut app, "."), Some(34));
    assert_eq!(go(&mut app, "."), None, "the newest is followed");
    assert_eq!(go(&mut app, "left"), Some(34));
    assert_eq!(go(&mut app, "pgup"), Some(1));
    assert_eq!(go(&mut app, "right"), Some(2));
    assert_eq!(go(&mut app, "pgdn"), None);
    assert_eq!(go(&mut app, "g"), Some(1));
    assert!(text(&mut app, 80, 24).contains("scores at step 1:"));
    assert_eq!(go(&mut app, "G"), None);
    assert_eq!(go(&mut app, "k"), Some(34));
    assert_eq!(go(&mut app, "esc"), None);
    // In the map by columns.
    press(&mut app, "tab");
    assert_eq!(go(&mut app, "h"), Some(34));
    // A step that was not scored says why.
    press(&mut app, "t");
    type_text(&mut app, "20");
    assert_eq!(go(&mut app, "enter"), Some(20));
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("not scored: the last item of an") && screen.contains("batch of step 20"), "{screen}");
    press(&mut app, "t");
    type_text(&mut app, "1e9");
    press(&mut app, "enter");
    assert!(text(&mut app, 80, 24).contains("there is no step 1e9: type a number from 1 to 35"));
    assert_eq!(asked(&mut app), None);
    // Lists scroll.
    press(&mut app, "tab tab G g down up pgup pgdn");
    assert_eq!(asked(&mut app), None);
    press(&mut app, "y");
    let id = runs()[0].id.clone();
    assert_eq!(app.shared.effects, [Effect::Copy(format!("curricle scores {id} --step 20"))]);
}

#[test]
fn a_held_key_asks_once_at_a_time() {
    let mut app = scoring(State::Training, long());
    press(&mut app, ", , , , ,");
    let asked: Vec<_> = work(&mut app).into_iter().filter(|task| matches!(task, Task::Scores { .. })).collect();
    assert_eq!(asked.len(), 1);
    answer_scores(&mut app, long());
    let asked: Vec<_> = work(&mut app).into_iter().filter(|task| matches!(task, Task::Scores { .. })).collect();
    assert!(matches!(asked.as_slice(), [Task::Scores { step: Some(_), .. }]), "the last step that was wished for");
}

#[test]
fn a_resume_from_before_the_step_follows_the_run_again() {
    let mut app = scoring(State::Training, &digest(small(), ORDERED, None));
    press(&mut app, ",");
    work(&mut app);
    let cut = Made { done: 12, saved: 10, ..small() };
    answer_scores(&mut app, &digest(cut, ORDERED, Some(34)));
    assert_eq!(asked(&mut app), Some(None));
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("step 34 is gone: the run went on from before it, and has 12 steps now"), "{screen}");
}

#[test]
fn scores_without_scores() {
    let mut app = first_start();
    press(&mut app, "tab 3");
    at_80("scores_empty", &mut app);
    let mut app = training(State::Training, 600);
    press(&mut app, "3");
    assert!(text(&mut app, 80, 24).contains("reading …"));
    let plain = ORDERED.split("[ordering]").next().expect("a part").to_string();
    answer_scores(&mut app, &digest(Made { candidates: 0, saved: 0, ..small() }, &plain, None));
    at_80("scores_not_ordered", &mut app);
    press(&mut app, ", r");
    assert!(text(&mut app, 80, 24).contains("nothing was scored here"));
    answer_scores(&mut app, &digest(Made { done: 0, saved: 0, ..small() }, ORDERED, None));
    assert!(text(&mut app, 80, 24).contains("Nothing was scored yet"));
    let directory = runs()[0].directory.clone();
    let outcome = Err("cannot read `resolved.toml`: no such file".into());
    let mut app = training(State::Failed, 0);
    press(&mut app, "3");
    app.update(Message::Scores(Box::new(ScoresRead { directory, outcome, more: false })));
    at_80("scores_unreadable", &mut app);
}

#[test]
fn oracles_lost_runs_and_unsaved_steps_are_marked() {
    let text_of = ORDERED.replace("[ordering]", "[ordering]\ntarget = \"external\"\nexternal = { source = \"test\" }");
    let mut app = scoring(State::Training, &digest(Made { saved: 0, ..small() }, &text_of, None));
    let screen = text(&mut app, 80, 24);
    assert!(screen.contains("oracle, every step, K = 8") && screen.contains("loss delta oracle"), "{screen}");
    at_80("scores_oracle_unsaved", &mut app);
    let mut lost = read(State::Lost, 600);
    lost.events.clear();
    app.update(Message::Read(Box::new(lost)));
    assert!(text(&mut app, 80, 24).contains("✗ lost · K = 8"));
}

#[test]
fn scores_in_ascii() {
    let mut app = scoring(State::Training, long());
    app.shared.look.symbols = Symbols::Ascii;
    at_80("scores_ascii", &mut app);
}

#[test]
fn a_pane_opened_before_the_list_is_read_shows_the_foremost_run() {
    let mut app = app(false);
    press(&mut app, "3");
    assert!(text(&mut app, 80, 24).contains("No run is open."));
    app.update(Message::Catalogue(Ok(runs())));
    let asked = work(&mut app);
    assert!(asked.iter().any(|task| matches!(task, Task::Scores { directory, .. } if *directory == runs()[0].directory)), "{asked:?}");
}

/// The same numbers drawn again are the same cells: nothing moves by itself.
#[test]
fn an_answer_without_news_changes_nothing() {
    let mut app = scoring(State::Training, long());
    let before = text(&mut app, 80, 24);
    let directory = runs()[0].directory.clone();
    app.update(Message::Scores(Box::new(ScoresRead { directory, outcome: Ok(None), more: false })));
    answer_scores(&mut app, long());
    assert_eq!(text(&mut app, 80, 24), before);
}

#[test]
fn a_study_of_orders_at_all_sizes() {
    at_all_sizes("scores_orders", &mut scoring(State::Training, &orders(None)));
    let mut app = scoring(State::Training, &orders(None));
    app.shared.look.symbols = Symbols::Ascii;
    at_80("scores_orders_ascii", &mut app);
}

#[test]
fn keys_go_through_the_epochs_of_a_study() {
    let mut app = scoring(State::Training, &orders(None));
    for (key, epoch) in [(",", Some(1)), (".", None), ("left", Some(1)), ("end", None)] {
        press(&mut app, key);
        assert_eq!(asked(&mut app), Some(epoch), "{key}");
        answer_scores(&mut app, &orders(epoch));
    }
    press(&mut app, "t");
    assert!(text(&mut app, 80, 24).contains("epoch, 1 to 2:"));
    type_text(&mut app, "1");
    press(&mut app, "enter");
    assert_eq!(asked(&mut app), Some(Some(1)));
    answer_scores(&mut app, &orders(Some(1)));
    at_80("scores_orders_earlier", &mut app);
    press(&mut app, "t");
    type_text(&mut app, "3");
    press(&mut app, "enter");
    assert!(text(&mut app, 80, 24).contains("there is no epoch"), "{}", text(&mut app, 80, 24));
    // What only scores have is not offered, and does nothing but say so.
    let boxes = |app: &mut App| text(app, 80, 24).lines().take(22).map(String::from).collect::<Vec<_>>();
    let before = boxes(&mut app);
    for key in ["r", "v", "i"] {
        press(&mut app, key);
        assert_eq!(boxes(&mut app), before, "{key}");
    }
    for name in ["losses", "accuracies", "orders", "epochs", "study"] {
        insta::assert_snapshot!(format!("scores_orders_small_{name}"), text(&mut app, 60, 20));
        press(&mut app, "tab");
    }
}
