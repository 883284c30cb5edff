//! What is written reads back as the same.

use super::super::values::{Candidates, ChannelValues, Crop, DeviceChoice, Head, Interval, Period, Pixels, Until, When};
use super::super::{Attack, Experiment, Field, Mixing, MixingPhase, Range, Shape, difference, read};
use super::{LEAST, good};
use proptest::prelude::*;

#[test]
fn the_default_experiment_is_written_whole() {
    let text = Experiment::default().to_toml();
    assert_eq!(good(&text), Experiment::default());
    assert_eq!(good(LEAST), Experiment::default());
    insta::assert_snapshot!(text, @r#"
    name = ""
    kind = "training"
    notes = ""
    tags = []

    [seed]
    weights = 0
    order = 0
    augmentation = 0

    [data]
    set = "cifar10"
    root = ""
    seed = 0
    classes = []
    per_class = 0
    subset = ""
    files = []
    holdout = 0.0
    label_noise = 0.0
    imbalance = 1.0
    mean = "published"
    std = "published"

    [data.augmentation]
    flip = "auto"
    crop = "auto"

    [network]
    kind = "preresnet"
    depth = 56
    block = "bottleneck"
    head = "global"
    checkpoint = ""

    [optimizer]
    kind = "sgd"
    lr = 0.05
    momentum = 0.9
    nesterov = true
    weight_decay = 0.0001

    [schedule]
    kind = "milestones"
    milestones = [30, 60, 90, 120, 150]
    factor = 0.5

    [training]
    epochs = 200
    batch = 128
    last_batch = "keep"
    evaluate_every = "1 epoch"
    early_stop = 0
    watch = "train-loss"
    label_smoothing = 0.0
    precision = "auto"
    device = "auto"
    select_on = "auto"
    state_every = "60 s"
    keep_every = ""
    keep_state = false
    deterministic = "auto"
    threads = 0
    until = ""
    on_end = ""
    "#);
}

#[test]
fn other_ways_to_an_order_read_back() {
    for lines in [
        "[ordering]\npacing = { by = \"own\", epochs = 3, length = \"2 epochs\" }\n",
        "[ordering]\nreplay = \"20261124-1200\"\n",
        "[ordering]\nscorer = \"grab\"\npairs = true\n",
        "[ordering]\nitem = \"sample\"\nscorer = \"loss\"\nsampler = \"weighted\"\ntemperature = 2.0\n[training]\nsteps = 9\n",
        "[ordering]\npublished = { leftover_gradient = true }\n",
    ] {
        let text = format!("[data]\nset = \"cifar10\"\n[network]\nkind = \"preresnet\"\n{lines}");
        let read = good(&text);
        assert_eq!(good(&read.to_toml()), read, "{lines}");
    }
}

#[test]
fn every_optional_section_reads_back() {
    let text = "\
kind = \"perfect-ordering\"
[data]
set = \"glyphs\"
holdout = 0.1
[network]
kind = \"preresnet\"
depth = 20
[ordering]
scorer = \"teacher\"
candidates = \"all\"
compare = [\"loss\", \"rho\"]
warmup = \"2 epochs\"
teacher = { kind = \"wideresnet\", depth = 16, width = 2, checkpoint = \"teacher.safetensors\" }
column = { file = \"scores.csv\", name = \"loss\" }
[mixing]
kind = \"sum\"
[[mixing.phase]]
k = 4
batch = 200
[[mixing.phase]]
k = 1
lr = 0.01
[test_time]
[[attack]]
kind = \"mim\"
step = \"0.25/255\"
when = \"10 epochs\"
[[attack]]
norm = \"l2\"
epsilon = 0.5
[permutation]
parents = 3
[sweep]
seeds = [0, 1]
[sweep.arm.random]
\"ordering.scorer\" = \"random\"
[sweep.arm.\"two words\"]
\"network.head\" = { window = 7 }
[sweep.grid]
\"optimizer.lr\" = [0.1, 5e-2]
[slurm]
account = \"me\"
[published]
table = \"2.2\"
[published.values]
best = 0.9
\"test accuracy\" = [0.1, 0.2]
";
    let experiment = good(text);
    let written = experiment.to_toml();
    assert_eq!(good(&written), experiment, "{written}");
    assert_eq!(good(&written).to_toml(), written);
}

#[test]
fn selectors_read_back_with_what_they_need_beside() {
    let text = "\
kind = \"perfect-ordering\"
[data]
set = \"glyphs\"
holdout = 0.1
[network]
kind = \"basicconv\"
[ordering]
target = \"external\"
external = { size = 64 }
[permutation]
selectors = [\"loss\", \"loss-delta external first-order\", \"grab pairs\", \"label descending\"]
";
    let experiment = good(text);
    let written = experiment.to_toml();
    assert_eq!(good(&written), experiment, "{written}");
}

#[test]
fn fractions_and_spelt_values_read_as_what_they_mean() {
    let text = "\
data.set = \"cifar10\"
data.label_noise = \"8/255\"
network.kind = \"preresnet\"
training.state_every = \"10 min\"
training.evaluate_every = \"100 steps\"
training.keep_every = \"30 epochs\"
training.until = \"12 h\"
training.device = \"cuda:1\"
attack = [{ epsilon = \"8/255\" }, { epsilon = \"0.25/255\" }]
";
    let experiment = good(text);
    assert_eq!(experiment.data.label_noise, 8.0 / 255.0);
    assert_eq!(experiment.training.state_every, Period::Seconds(600.0));
    assert_eq!(experiment.training.evaluate_every, Interval::Steps(100));
    assert_eq!(experiment.training.keep_every, Some(Interval::Epochs(30)));
    assert_eq!(experiment.training.until, Until::After(43_200.0));
    assert_eq!(experiment.training.device, DeviceChoice::Cuda(Some(1)));
    assert_eq!(experiment.attack[1].epsilon, Pixels(0.25 / 255.0));
    let written = experiment.to_toml();
    for line in
        ["state_every = \"10 min\"", "until = \"12 h\"", "epsilon = \"8/255\"", "epsilon = \"0.25/255\"", "keep_every = \"30 epochs\""]
    {
        assert!(written.lines().any(|other| other == line), "{line}\n{written}");
    }
    let clock = |text: &str| good(&format!("{LEAST}[training]\nuntil = {text}\n")).training.until;
    assert_eq!(clock("\"08:00\""), Until::Clock { hour: 8, minute: 0 });
    assert_eq!(clock("23:59:00"), Until::Clock { hour: 23, minute: 59 });
    assert_eq!(clock("\"\""), Until::Never);
}

#[test]
fn a_seed_beyond_tomls_numbers_reads_back() {
    let largest = [("seed".to_owned(), u64::MAX.to_string())];
    let experiment = read(LEAST, "file.toml", &largest).expect("reads");
    assert_eq!((experiment.seed.weights, experiment.seed.augmentation), (u64::MAX, u64::MAX));
    assert_eq!(good(&experiment.to_toml()), experiment);
}

/// Every setting outside of tables that may stand several times.
fn settings(prefix: &str, fields: &'static [Field], out: &mut Vec<(String, &'static Field)>) {
    for field in fields {
        let path = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
        match &field.shape {
            Shape::Table(inner) => settings(&path, inner, out),
            Shape::Tables(inner) => settings(&format!("{path}.0"), inner, out),
            Shape::Map(_) => {}
            _ => out.push((path, field)),
        }
    }
}

fn number_in(range: Range) -> BoxedStrategy<f64> {
    let (from, to) = match range {
        Range::Any => (-1e6, 1e6),
        Range::Whole { from, to } => (from as f64, to as f64),
        Range::Number { from, to, .. } => (from, to.min(from + 1e6)),
    };
    prop_oneof![Just(from), Just(to), from..to].boxed()
}

fn whole_in(range: Range) -> BoxedStrategy<u64> {
    let (from, to) = match range {
        Range::Whole { from, to } => (from, to),
        _ => (0, u64::MAX),
    };
    prop_oneof![3 => from..=to.min(from.saturating_add(600)), 1 => from..=to].boxed()
}

/// A text that the setting may hold, as typed in the form.
fn typed(shape: &'static Shape, range: Range) -> BoxedStrategy<String> {
    match shape {
        Shape::Choice(words) => {
            prop::sample::select(*words).prop_map(|word| if word.is_empty() { "\"\"".into() } else { word.to_owned() }).boxed()
        }
        Shape::ChoiceOr(words, _) => {
            let mut texts: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            for other in [
                "3",
                "0.25",
                "\"4 epochs\"",
                "\"90 steps\"",
                "\"90 s\"",
                "\"2 h\"",
                "\"07:30\"",
                "{ window = 3 }",
                "cuda:2",
                "[0.5, 0.25, 1e-9]",
            ] {
                texts.push(other.to_owned());
            }
            prop::sample::select(texts).boxed()
        }
        Shape::Whole => whole_in(range).prop_map(|number| number.to_string()).boxed(),
        Shape::Number => number_in(range).prop_map(|number| format!("{number:e}")).boxed(),
        Shape::Text => "\\PC{0,20}".prop_map(|text| super::super::write::quoted(&text)).boxed(),
        Shape::Flag => any::<bool>().prop_map(|flag| flag.to_string()).boxed(),
        Shape::List(inner) => prop::collection::vec(typed(inner, range), 0..4).prop_map(|items| items.join(",")).boxed(),
        Shape::Table(_) | Shape::Tables(_) | Shape::Map(_) => Just("{}".to_owned()).boxed(),
    }
}

fn any_setting() -> impl Strategy<Value = (String, String)> {
    let mut all = Vec::new();
    settings("", super::super::experiment_fields(), &mut all);
    prop::sample::select(all).prop_flat_map(|(path, field)| (Just(path), typed(&field.shape, field.range)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Whatever settings are taken together, the experiment that they make is written and read without a change.
    #[test]
    fn what_is_written_reads_back_as_the_same(settings in prop::collection::vec(any_setting(), 1..5)) {
        if let Ok(experiment) = read(LEAST, "file.toml", &settings) {
            let text = experiment.to_toml();
            let back = read(&text, "resolved.toml", &[]).map_err(|problems| TestCaseError::fail(format!("{problems}\n{text}")))?;
            prop_assert_eq!(&back, &experiment, "{}", text);
            prop_assert_eq!(difference(&back, &experiment), vec![]);
        }
    }

    /// The same from typed values, whose numbers no text has been through.
    #[test]
    fn typed_values_are_written_without_loss(
        name in "\\PC{0,30}",
        notes in "(?s).{0,60}",
        seeds in any::<(u64, u64, u64)>(),
        lr in 1e-300f64..1e300,
        momentum in 0.0f64..1.0,
        weight_decay in 0.0f64..1e-3,
        mean in prop::collection::vec(-1e9f64..1e9, 3),
        crop in 0u64..=32,
        window in 1u64..=8,
        seconds in 1.0f64..1e8,
        after in 1e-3f64..3e8,
        every in 1u64..1_000_000,
        device in 0u64..1024,
        epsilon in 0.0f64..1.0,
        steps in 0u32..=1020,
    ) {
        let mut experiment = Experiment { name, notes, ..Experiment::default() };
        (experiment.seed.weights, experiment.seed.order, experiment.seed.augmentation) = seeds;
        experiment.optimizer.lr = lr;
        experiment.optimizer.nesterov = momentum > 0.0;
        experiment.optimizer.momentum = momentum;
        experiment.optimizer.weight_decay = weight_decay;
        experiment.data.mean = ChannelValues::Given(mean);
        experiment.data.augmentation.crop = Crop::Pixels(crop);
        experiment.network.head = Head::Window(window);
        experiment.training.state_every = Period::Seconds(seconds);
        experiment.training.until = Until::After(after);
        experiment.training.keep_every = Some(Interval::Steps(every));
        experiment.training.device = DeviceChoice::Cuda(Some(device));
        experiment.attack.push(Attack { epsilon: Pixels(epsilon), step: Pixels(f64::from(steps) / 4.0 / 255.0), when: When::Every(Interval::Epochs(every)), ..Attack::default() });
        experiment.mixing = Some(Mixing { phase: vec![MixingPhase { k: 4, lr, batch: 4 * every, ..MixingPhase::default() }], ..Mixing::default() });
        experiment.ordering = Some(super::super::Ordering { candidates: Candidates::Of(every % 100_000 + 1), ..Default::default() });
        let text = experiment.to_toml();
        let back = read(&text, "resolved.toml", &[]).map_err(|problems| TestCaseError::fail(format!("{problems}\n{text}")))?;
        prop_assert_eq!(back, experiment, "{}", text);
    }
}
