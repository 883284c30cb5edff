//! The application in the states that the tests look at.

use crate::scores::testing::Made;
use crate::scores::{Digest, Facts, Reader};
use crate::tui::app::{App, Setting};
use crate::tui::input::{Input, Key};
use crate::tui::keymap::Keymap;
use crate::tui::look::Look;
use crate::tui::message::{BatchImage, BatchImages, Machine, Message, Preset, Read, ScoresRead, ScoresShown};
use crate::tui::task::Task;
use curricle_core::record::{Evaluation, Event, Level, Message as Said, Started, Step, What};
use curricle_core::run::catalogue::Summary;
use curricle_core::run::{RunRecord, Seeds, State, Status};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::path::PathBuf;
use std::time::Duration;

/// 24 November 2026, 14:02:11 UTC.
pub const NOW: f64 = 1_795_528_931.0;

/// An application before anything was read.
pub fn app(first: bool) -> App {
    let setting = Setting {
        look: Look::plain(),
        keymap: Keymap::default(),
        keymap_problems: Vec::new(),
        runs: PathBuf::from("/home/user/.local/share/curricle/runs"),
        flags: String::new(),
        first,
        columns: 80,
        presets: presets(),
    };
    let mut app = App::new(setting);
    app.shared.tasks.clear();
    app
}

/// Presets that stay as they are, whatever is shipped.
fn presets() -> Vec<Preset> {
    const QUICKSTART: &str = r#"
name = "quickstart"
[data]
set = "glyphs"
[data.glyphs]
train = 5000
test = 1000
[network]
kind = "preresnet"
depth = 20
[schedule]
kind = "one-cycle"
[training]
epochs = 4
batch = 100
"#;
    let baseline = QUICKSTART.replace("quickstart", "baseline").replace("epochs = 4", "epochs = 30");
    let preset = |name: &str, text: &str, own: bool| Preset {
        name: name.into(),
        text: text.into(),
        own,
        description: format!("What {name} is for."),
    };
    vec![
        preset("cifar10-baseline", &baseline, false),
        preset("quickstart", QUICKSTART, false),
        preset("thesis/baseline", &baseline, false),
        preset("thesis/wrn-28-10-baseline-100", &baseline, false),
        preset("thesis/wrn-28-10-baseline-500", &baseline, false),
        preset("warm-up-k8", &baseline, true),
    ]
}

/// The first start: nothing was ever run.
pub fn first_start() -> App {
    let mut app = app(true);
    app.update(Message::Catalogue(Ok(Vec::new())));
    app.update(Message::Doctor(Ok(machine())));
    app
}

/// What the machine can do.
pub fn machine() -> Machine {
    Machine { device: "cpu 2 threads".into(), threads: 2, precision: "f32".into(), reason: "no bf16 here".into() }
}

/// Runs as a list would show them.
pub fn runs() -> Vec<Summary> {
    let run = |number: usize, name: &str, seed: u64, state: State, step: u64, accuracy: Option<f64>, created: &str| {
        let id = format!("{}-{number:04}", created[..10].replace('-', ""));
        Summary {
            directory: PathBuf::from(format!("/home/user/.local/share/curricle/runs/{id}")),
            id,
            name: name.into(),
            seed,
            state,
            step,
            steps: Some(9_384),
            epochs: Some(12),
            accuracy,
            created: created.into(),
            set: "glyphs".into(),
            network: "preresnet 20".into(),
            kind: "training".into(),
            seconds: 812.0,
            pid: (state == State::Training).then_some(4_242),
            ..Summary::default()
        }
    };
    vec![
        run(1, "loss delta, K = 8", 0, State::Training, 611, Some(0.466), "2026-11-24T13:54:00Z"),
        run(2, "loss delta, K = 8", 1, State::Done, 9_384, Some(0.915), "2026-11-24T11:20:00Z"),
        run(3, "loss delta, K = 8", 2, State::Done, 9_384, Some(0.907), "2026-11-24T11:20:00Z"),
        run(4, "loss delta, K = 8", 3, State::Lost, 4_100, Some(0.871), "2026-11-24T09:02:00Z"),
        run(5, "warm-up, one epoch", 0, State::Done, 9_384, Some(0.911), "2026-11-21T18:40:00Z"),
        run(6, "warm-up, two epochs", 0, State::Paused, 9_000, Some(0.913), "2026-11-21T16:02:00Z"),
        Summary {
            message: Some("no data: `cifar10` is not in `/data`".into()),
            accuracy: None,
            ..run(7, "quickstart", 0, State::Failed, 0, None, "2026-11-20T10:11:00Z")
        },
        run(8, "ev\u{1b}[31mil\nname", 0, State::Stopped, 120, None, "2025-11-20T10:11:00Z"),
    ]
}

/// Runs, with the list read.
pub fn with_runs() -> App {
    let mut app = app(false);
    app.update(Message::Doctor(Ok(machine())));
    app.update(Message::Catalogue(Ok(runs())));
    app.shared.tasks.clear();
    app
}

fn event(seq: u64, step: u64, epoch: u64, what: What) -> Event {
    Event { seq, step, epoch, time: NOW - 611.0 + step as f64, what }
}

/// Events of a run of 4,692 steps up to a step; 391 steps an epoch.
pub fn events(last: u64) -> Vec<Event> {
    let started = Started {
        steps: 4_692,
        epochs: 12,
        steps_per_epoch: 391,
        batch: 128,
        parameters: 594_642,
        device: "cpu".into(),
        device_reason: "no NVIDIA driver here".into(),
        precision: "f32".into(),
        precision_reason: "no bf16 here".into(),
        ..Started::default()
    };
    let mut events = vec![event(0, 0, 0, What::Started(started))];
    for step in 1..=last {
        let epoch = step.div_ceil(391);
        let wave = ((step * 7_919) % 101) as f64 / 101.0 - 0.5;
        let fall = (-(step as f64) / 400.0).exp();
        let what = Step {
            first: step,
            loss: vec![1.2 + 1.1 * fall + 0.1 * wave],
            accuracy: vec![0.55 - 0.45 * fall + 0.03 * wave],
            lr: 0.05,
            norm_sum: 700.0 + step as f64 * 0.05,
            norm_global: 40.0,
            images: step * 128,
            forward: step as f64,
            backward: step as f64,
        };
        events.push(event(step, step, epoch, What::Step(what)));
        if step % 391 == 0 {
            let accuracy = 0.6 - 0.3 * fall;
            let what = Evaluation { set: "test".into(), loss: 1.3, accuracy, best: true, ..Evaluation::default() };
            events.push(event(step, step, epoch, What::Evaluation(what)));
        }
    }
    events
}

/// What is read of the first run of the list.
pub fn read(state: State, last: u64) -> Read {
    let status = Status {
        state,
        pid: 4_242,
        host: "box".into(),
        step: last,
        steps: 4_692,
        epoch: last.div_ceil(391),
        epochs: 12,
        heartbeat: last,
        seconds: last as f64,
        message: (state == State::Failed).then(|| "out of memory: 512 images do not fit".into()),
        ..Status::default()
    };
    let record = RunRecord {
        id: runs()[0].id.clone(),
        name: "loss delta, K = 8".into(),
        network: "preresnet 56".into(),
        set: "cifar10".into(),
        seeds: Seeds::default(),
        ..RunRecord::default()
    };
    Read {
        directory: runs()[0].directory.clone(),
        events: events(last),
        record: Some(record),
        status: Some(status),
        state,
        held: state == State::Training || state == State::Paused,
        ..Read::default()
    }
}

/// Train with a run that is in this state.
pub fn training(state: State, last: u64) -> App {
    let mut app = with_runs();
    press(&mut app, "2");
    app.update(Message::Read(Box::new(read(state, last))));
    app.shared.tasks.clear();
    app.shared.messages.clear();
    app
}

/// A long ordered run: what its pane would be given.
pub fn made() -> Made {
    Made { candidates: 8, batch: 128, steps_per_epoch: 391, steps: 4_692, done: 2_100, saved: 2_050, ..Made::default() }
}

/// What is read of an ordered run at a step, from files in a folder that lives as long.
pub fn digest(made: Made, experiment: &str, step: Option<u64>) -> ScoresShown {
    let keep = tempfile::tempdir().expect("a folder");
    let mut reader = Reader::new(made.create(keep.path(), experiment));
    while reader.poll(Duration::from_secs(1)).expect("read").more {}
    let (mut digest, missing) = match reader.digest(step) {
        Ok(digest) => (digest, None),
        Err(missing) => (reader.digest(None).unwrap_or_else(|_| reader.sums()), Some(missing)),
    };
    // The clock of the events is that of the test.
    digest.cost.seconds = digest.cost.scoring_seconds / 0.91;
    digest.cost.share = Some(0.91).filter(|_| digest.cost.seconds > 0.0);
    (Box::new(digest), missing)
}

/// What is read of a study of orders, at an epoch or at the newest.
pub fn orders(epoch: Option<u64>) -> ScoresShown {
    let facts = Facts { every_order: true, ..Facts::default() };
    let study = Some(Box::new(crate::scores::made_study(epoch)));
    (Box::new(Digest { facts, step: 3_600, steps: 116_640, study, ..Digest::default() }), None)
}

/// Gives the pane what it asks for.
pub fn answer_scores(app: &mut App, read: &ScoresShown) {
    let directory = runs()[0].directory.clone();
    let outcome = Ok(Some(read.clone()));
    app.update(Message::Scores(Box::new(ScoresRead { directory, outcome, more: false })));
}

/// Scores with a run that is in this state.
pub fn scoring(state: State, read_scores: &ScoresShown) -> App {
    let mut app = training(state, 600);
    press(&mut app, "3");
    answer_scores(&mut app, read_scores);
    app.shared.tasks.clear();
    app.shared.messages.clear();
    app
}

/// Made-up images of a batch.
pub fn batch_images(step: u64) -> Box<BatchImages> {
    let image = |number: u32| {
        let pixel = |place: u32| [(place * 8 + number * 40) as u8, (place / 32 * 8) as u8, (number * 60) as u8];
        BatchImage { number, class: "automobile".into(), pixels: (0..1_024).flat_map(pixel).collect() }
    };
    Box::new(BatchImages { step, height: 32, width: 32, channels: 3, images: (0..128).map(image).collect() })
}

/// A warning from the engine.
pub fn warning(step: u64, text: &str) -> Event {
    event(step, step, 2, What::Message(Said { level: Level::Warning, text: text.into() }))
}

/// Presses keys by name, with spaces between them.
pub fn press(app: &mut App, keys: &str) {
    for name in keys.split_whitespace() {
        app.input(Input::Key(Key::parse(name).expect("a key")));
    }
}

/// Types a text.
pub fn type_text(app: &mut App, text: &str) {
    for letter in text.chars() {
        app.input(Input::Key(Key::char(letter)));
    }
}

/// The work that was asked for since the last look.
pub fn work(app: &mut App) -> Vec<Task> {
    std::mem::take(&mut app.shared.tasks)
}

/// The picture at a size.
pub fn picture(app: &mut App, width: u16, height: u16) -> Buffer {
    app.shared.now = NOW;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let draw = |frame: &mut ratatui::Frame<'_>| {
        let area = frame.area();
        app.draw(frame.buffer_mut(), area);
    };
    terminal.draw(draw).expect("drawn");
    terminal.backend().buffer().clone()
}

/// The picture as text.
pub fn text(app: &mut App, width: u16, height: u16) -> String {
    let buffer = picture(app, width, height);
    let rows = buffer.content.chunks(usize::from(width));
    let mut text = String::new();
    for row in rows {
        let mut skip = 0;
        let line: String = row
            .iter()
            .filter_map(|cell| {
                if skip > 0 {
                    skip -= 1;
                    return None;
                }
                skip = crate::tui::text::width(cell.symbol()).saturating_sub(1);
                Some(cell.symbol())
            })
            .collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
