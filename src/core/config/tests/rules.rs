//! Every rule between settings, but those of orderings (`ordering_rules.rs`): what breaks it, and the exact words. Lines
//! are dotted keys, so that a case is short.

use super::super::read;
use super::good;

/// Reads lines beside a least experiment, unless they say what they train on.
pub(super) fn text(lines: &[&str]) -> String {
    let mut text = String::new();
    for (key, line) in [("data.set", "data.set = \"cifar10\""), ("network.kind", "network.kind = \"preresnet\"")] {
        if !lines.iter().any(|other| other.starts_with(key)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Asserts that lines have exactly one problem, at the line that begins with its path.
pub(super) fn refused(lines: &[&str], sentence: &str, hint: Option<&str>) {
    let text = text(lines);
    let problems = match read(&text, "file.toml", &[]) {
        Ok(_) => panic!("was read:\n{text}"),
        Err(problems) => problems,
    };
    assert_eq!(problems.0.len(), 1, "{problems}\n{text}");
    let problem = &problems.0[0];
    assert_eq!(problem.sentence(), sentence, "\n{text}");
    assert_eq!(problem.hint.as_deref(), hint, "\n{text}");
    if let Some(line) = problem.line {
        let written = text.lines().nth(line - 1).expect("a line of the file");
        let steps: Vec<&str> = problem.path.split('.').collect();
        assert!(steps.iter().any(|step| written.contains(step)), "line {line} is `{written}`, the path {}", problem.path);
    }
}

#[test]
fn a_key_that_the_chosen_kind_does_not_use() {
    refused(
        &["schedule.kind = \"cosine\"", "schedule.milestones = [3]"],
        "schedule.milestones: not used with `schedule.kind = \"cosine\"`",
        Some("it belongs to `kind` `\"milestones\"`: remove it, or change `schedule.kind`"),
    );
    refused(
        &["network.kind = \"wideresnet\"", "network.depth = 28", "network.block = \"basic\""],
        "network.block: not used with `network.kind = \"wideresnet\"`",
        Some("it belongs to `kind` `\"preresnet\"`: remove it, or change `network.kind`"),
    );
    refused(
        &["permutation.epochs = 3"],
        "permutation: not used with `kind = \"training\"`",
        Some("it belongs to `kind` `\"perfect-ordering\"`: remove it, or change `kind`"),
    );
    refused(
        &["data.resize = 32"],
        "data.resize: not used with `data.set = \"cifar10\"`",
        Some("it belongs to `set` `\"folder\"`: remove it, or change `data.set`"),
    );
    refused(
        &["ordering.scorer = \"loss\"", "ordering.target = \"external\"", "data.holdout = 0.1"],
        "ordering.target: not used with `ordering.scorer = \"loss\"`",
        Some("it belongs to `scorer` `\"loss-delta\"`: remove it, or change `ordering.scorer`"),
    );
    // Unused at one remove: the estimate belongs to loss deltas, the displacement to a first-order estimate.
    refused(
        &["ordering.scorer = \"loss\"", "ordering.step = 0.01"],
        "ordering.step: not used with `ordering.scorer = \"loss\"`",
        Some("it belongs to `scorer` `\"loss-delta\"`: remove it, or change `ordering.scorer`"),
    );
}

#[test]
fn a_changed_kind_on_the_command_line_leaves_the_files_other_keys_behind() {
    let file = text(&["schedule.kind = \"milestones\"", "schedule.milestones = [3]", "schedule.factor = 0.1"]);
    let set = |path: &str, value: &str| (path.to_owned(), value.to_owned());
    let experiment = read(&file, "file.toml", &[set("schedule.kind", "cosine")]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(experiment.summary("schedule"), "cosine");
    assert_eq!(good(&experiment.to_toml()), experiment);
    let problems = read(&file, "file.toml", &[set("schedule.kind", "cosine"), set("schedule.factor", "0.2")]).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "1 problem in `--set schedule.factor=0.2`\n  schedule.factor: not used with `schedule.kind = \"cosine\"`\n  \
         hint: it belongs to `kind` `\"milestones\"`, `\"step\"` or `\"plateau\"`: remove it, or change `schedule.kind`"
    );
}

#[test]
fn epochs_or_steps() {
    refused(
        &["training.epochs = 3", "training.steps = 100"],
        "training.steps: only one of `training.epochs` and `training.steps` can hold",
        Some("remove one of the two"),
    );
    let steps = good(&text(&["training.steps = 100"]));
    assert_eq!((steps.training.epochs, steps.training.steps), (None, Some(100)));
    assert!(steps.to_toml().contains("steps = 100") && !steps.to_toml().contains("epochs = "));
    let set = |path: &str, value: &str| vec![(path.to_owned(), value.to_owned())];
    let changed = read(&text(&["training.epochs = 3"]), "file.toml", &set("training.steps", "70")).expect("reads");
    assert_eq!((changed.training.epochs, changed.training.steps), (None, Some(70)));
    let changed = read(&text(&["training.steps = 100"]), "file.toml", &set("training.epochs", "7")).expect("reads");
    assert_eq!((changed.training.epochs, changed.training.steps), (Some(7), None));
}

#[test]
fn names_and_tags() {
    refused(&[&format!("name = \"{}\"", "x".repeat(201))], "name: expected at most 200 characters, got 201", None);
    refused(&["name = \"two\\nlines\""], "name: expected one line without control characters", None);
    refused(&["tags = [\"a\", \" \"]"], "tags: expected words, none of them empty", None);
}

#[test]
fn data() {
    refused(
        &["data.per_class = 10", "data.subset = \"few.json\""],
        "data.per_class: only one of `data.per_class` and `data.subset` can hold",
        Some("remove one of the two"),
    );
    refused(&["data.per_class = 5001"], "data.per_class: a class of cifar10 has 5,000 training images, got `5001`", None);
    refused(
        &["data.set = \"glyphs\"", "data.glyphs.train = 1000", "data.per_class = 101"],
        "data.per_class: a class of glyphs has 100 training images, got `101`",
        None,
    );
    refused(
        &["data.set = \"glyphs\"", "data.glyphs.train = 1005"],
        "data.glyphs.train: `1005` is not divisible by the 10 classes",
        Some("1000 or 1010?"),
    );
    refused(&["data.classes = [\"cat\", \"dog\", \"cat\"]"], "data.classes: class `cat` stands there twice", None);
    refused(&["data.classes = [\"3\", \"10\"]"], "data.classes: cifar10 has classes 0 to 9, got `10`", None);
    refused(&["data.classes = [\"cat\", \"\"]"], "data.classes: expected names or numbers of classes, none of them empty", None);
    refused(
        &["data.classes = [\"cat\"]"],
        "data.classes: one class cannot be told from others: expected two or more, or none for all",
        None,
    );
    refused(&["data.mean = [0.5]"], "data.mean: expected 3 numbers, one a channel, for cifar10, got 1", None);
    refused(&["data.set = \"mnist\"", "data.std = [0.5, 0.5, 0.5]"], "data.std: expected 1 number for mnist, got 3", None);
    refused(
        &["data.set = \"folder\"", "data.root = \"pictures\"", "data.mean = [0.5, 0.5]"],
        "data.mean: expected 1 or 3 numbers, one a channel, got 2",
        None,
    );
    refused(&["data.std = [0.5, 0.0, 0.5]"], "data.std.1: expected a number above 0, got `0.0`", None);
    refused(
        &["data.set = \"folder\""],
        "data.set: set `folder` needs `data.root`",
        Some("write `root = \"…\"`, the folder that holds the images"),
    );
    refused(&["data.augmentation.crop = 33"], "data.augmentation.crop: expected at most the image's side, 32 pixels, got `33`", None);
    refused(
        &["data.set = \"glyphs\"", "data.glyphs.train = 10", "data.holdout = 0.05", "training.batch = 5"],
        "data.holdout: a share of 0.05 of 10 images is less than one image",
        None,
    );
}

#[test]
fn depths() {
    refused(
        &["network.depth = 57"],
        "network.depth: the depth of a preresnet with bottleneck blocks is 9n + 2, got `57`",
        Some("56 or 65?"),
    );
    refused(
        &["network.block = \"basic\"", "network.depth = 57"],
        "network.depth: the depth of a preresnet with basic blocks is 6n + 2, got `57`",
        Some("56 or 62?"),
    );
    refused(
        &["network.kind = \"wideresnet\"", "network.depth = 29"],
        "network.depth: the depth of a wideresnet is 6n + 4, got `29`",
        Some("28 or 34?"),
    );
    refused(&["network.depth = 9"], "network.depth: the depth of a preresnet with bottleneck blocks is 9n + 2, got `9`", Some("11?"));
    // The default depth is PreResNet's, so a wide network must say its own.
    refused(&["network.kind = \"wideresnet\""], "network.kind: the depth of a wideresnet is 6n + 4, got `56`", Some("52 or 58?"));
    refused(
        &["network.head = { window = 9 }"],
        "network.head: the last feature map is 8×8 on cifar10: expected a window from 1 to 8, got `9`",
        None,
    );
}

#[test]
fn optimiser_and_schedule() {
    refused(
        &["optimizer.momentum = 0.0"],
        "optimizer.momentum: Nesterov looks ahead along the momentum, and `optimizer.momentum` is 0",
        Some("write `nesterov = false`, or a momentum above 0"),
    );
    refused(
        &["schedule.milestones = []"],
        "schedule.milestones: expected at least one milestone",
        Some("write `kind = \"constant\"` for a learning rate that never changes"),
    );
    refused(&["schedule.milestones = [30, 60, 60]"], "schedule.milestones: expected ascending epochs, got `60` after `60`", None);
    refused(
        &["schedule.kind = \"cosine\"", "schedule.minimum = 0.1"],
        "schedule.minimum: the lowest learning rate, `0.1`, is above the highest, `optimizer.lr = 0.05`",
        None,
    );
}

#[test]
fn batches_and_devices() {
    refused(
        &["data.per_class = 10", "training.batch = 128"],
        "training.batch: the training set has 100 images, a batch of `128` is larger",
        None,
    );
    refused(&["data.per_class = 10"], "data.per_class: the training set has 100 images, a batch of `128` is larger", None);
    refused(
        &["training.precision = \"f16\"", "training.device = \"cpu\""],
        "training.precision: f16 runs on CUDA only, and `training.device` is `\"cpu\"`",
        Some("write `precision = \"bf16\"`, the half precision of CPUs"),
    );
    refused(&["training.state_every = \"0.5 s\""], "training.state_every: expected at least 1 s, got `0.5 s`", None);
}

#[test]
fn hold_outs() {
    let hint = Some("write `holdout = 0.1` in `[data]`");
    refused(&["training.select_on = \"holdout\""], "training.select_on: there is no hold-out to select on: `data.holdout` is 0", hint);
    refused(
        &["training.early_stop = 3", "training.watch = \"holdout-loss\""],
        "training.watch: there is no hold-out to watch: `data.holdout` is 0",
        hint,
    );
    refused(
        &["data.holdout = 0.1", "training.early_stop = 3", "training.watch = \"holdout-loss\"", "training.evaluate_every = \"5 epochs\""],
        "training.evaluate_every: the hold-out loss is watched once an epoch: expected `evaluate_every = \"1 epoch\"`",
        None,
    );
    refused(
        &["ordering.target = \"external\""],
        "ordering.target: an external batch of hold-out images needs a hold-out, and `data.holdout` is 0",
        hint,
    );
    refused(&["ordering.scorer = \"rho\""], "ordering.scorer: scorer `rho` needs a hold-out, and `data.holdout` is 0", hint);
    refused(
        &["test_time.pool = \"holdout\""],
        "test_time.pool: partners from the hold-out needs a hold-out, and `data.holdout` is 0",
        hint,
    );
}

#[test]
fn mixings() {
    refused(&["training.batch = 100", "mixing.k = 8"], "training.batch: `100` is not divisible by `mixing.k = 8`", Some("96 or 104?"));
    refused(&["mixing.k = 3"], "mixing.k: `128` is not divisible by `mixing.k = 3`", Some("126 or 129?"));
    refused(
        &["mixing.phase = [{ k = 8, batch = 400 }, { k = 4, batch = 202 }]"],
        "mixing.phase.1.batch: `202` is not divisible by `mixing.phase.1.k = 4`",
        Some("200 or 204?"),
    );
    refused(
        &["mixing.k = 8", "mixing.phase = [{ k = 8, batch = 400 }]"],
        "mixing.k: not used with `mixing.phase`, which says how many images are summed",
        Some("remove it"),
    );
    refused(
        &["mixing.phase = [{ k = 8, batch = 400 }]", "mixing.gradual.start = 4"],
        "mixing.gradual: only one of `mixing.phase` and `mixing.gradual` can hold",
        Some("remove one of the two"),
    );
    refused(
        &["mixing.gradual.start = 3"],
        "mixing.gradual.start: `training.batch = 128` is not divisible by 3",
        Some("a batch of 126 or 129?"),
    );
    refused(
        &["mixing.weights = \"beta\""],
        "mixing.weights: random weights are for two images, and `mixing.k` is 8",
        Some("write 2, or `weights = \"mean\"`"),
    );
    refused(
        &["mixing.kind = \"sample-pairing\"", "mixing.pairing.on = 11"],
        "mixing.pairing.on: expected at most the period's 10 epochs, got `11`",
        None,
    );
}

#[test]
fn attacks() {
    refused(
        &["attack = [{ epsilon = 8 }]"],
        "attack.0.epsilon: expected a number from 0 to 1, got `8`",
        Some("pixels are scaled to [0, 1]; for 8/255 write `\"8/255\"`"),
    );
    good(&text(&["attack = [{ norm = \"l2\", epsilon = 8 }]"]));
    refused(
        &["attack = [{ preset = \"thesis\", kind = \"pgd\" }]"],
        "attack.0.kind: not used with `attack.0.preset = \"thesis\"`",
        Some("it belongs to `preset` `\"\"`: remove it, or change `attack.0.preset`"),
    );
}

#[test]
fn sweeps() {
    refused(&["sweep.seeds = []"], "sweep.seeds: expected at least one seed", None);
    refused(&["sweep.seeds = [1, 2, 1]"], "sweep.seeds: seed `1` stands there twice", None);
    refused(&["sweep.arm.wide.\"network.dpth\" = 20"], "sweep.arm.wide: network.dpth: no such key", Some("did you mean `network.depth`?"));
    refused(
        &["sweep.arm.wide.\"network.depth\" = 21"],
        "sweep.arm.wide: network.depth: the depth of a preresnet with bottleneck blocks is 9n + 2, got `21`",
        Some("20 or 29?"),
    );
    refused(
        &["sweep.grid.\"optimizer.lr\" = [0.1, -1]"],
        "sweep.grid.\"optimizer.lr\": optimizer.lr: expected a number above 0, got `-1`",
        None,
    );
    refused(&["sweep.grid.\"optimizer.lr\" = 0.1"], "sweep.grid.\"optimizer.lr\": expected a list of values, got `0.1`", None);
    refused(&["sweep.arm.more.\"sweep.seeds\" = [1]"], "sweep.arm.more: sweep.seeds: a sweep cannot change its own terms", None);
    let experiment = good(&text(&["training.epochs = 3", "sweep.arm.short.\"training.steps\" = 10", "sweep.arm.plain.ordering = {}"]));
    let arms = experiment.sweep.as_ref().map(|sweep| sweep.arm.0.clone()).unwrap_or_default();
    assert_eq!(arms[0].set, [("training.steps".to_owned(), "10".to_owned())]);
    assert_eq!(arms[1].set, [("ordering".to_owned(), "{}".to_owned())]);
}

#[test]
fn slurm() {
    refused(&["slurm.time = \"soon\""], "slurm.time: expected a time as `12:00:00`, `90` (minutes) or `2-00:00:00`, got `soon`", None);
    refused(&["slurm.memory = \"lots\""], "slurm.memory: expected an amount as `16G`, got `lots`", None);
    refused(&["slurm.partition = \"gpu\\n#SBATCH --wrap\""], "slurm.partition: expected one word, without spaces", None);
    refused(&["slurm.arguments = [\"--a\\nb\"]"], "slurm.arguments: expected arguments without control characters", None);
    for time in ["90", "90:00", "12:00:00", "2-0", "2-00:00", "2-00:00:00"] {
        good(&text(&[&format!("slurm.time = \"{time}\"")]));
    }
}

#[test]
fn a_rule_is_silent_where_a_setting_is_wrong_already() {
    refused(
        &["network.kind = \"wideresnt\"", "network.width = 2"],
        "network.kind: expected `\"preresnet\"`, `\"wideresnet\"` or `\"basicconv\"`, got `\"wideresnt\"`",
        Some("did you mean `\"wideresnet\"`?"),
    );
    refused(&["mixing.k = \"x\""], "mixing.k: expected a whole number from 1 to 1,024, got `\"x\"`", None);
}

#[test]
fn what_is_pointless_is_a_warning() {
    let warned = |lines: &[&str]| -> Vec<String> { good(&text(lines)).warnings().iter().map(|warning| warning.sentence()).collect() };
    assert_eq!(warned(&[]), Vec::<String>::new());
    assert_eq!(
        warned(&["training.epochs = 6", "training.early_stop = 12", "schedule.kind = \"constant\""]),
        ["training.early_stop: early stop after 12 epochs can never act in 6 epochs"]
    );
    assert_eq!(
        warned(&["training.epochs = 100", "schedule.milestones = [30, 100, 150]"]),
        ["schedule.milestones: never reached in 100 epochs: 100, 150"]
    );
    assert_eq!(
        warned(&["training.steps = 391"]),
        ["schedule.milestones: the learning rate never changes: all milestones lie beyond 391 steps"]
    );
    assert_eq!(
        warned(&["training.epochs = 9", "schedule.kind = \"step\""]),
        ["schedule.every: the learning rate never changes: 30 epochs is not shorter than 9 epochs"]
    );
    assert_eq!(
        warned(&["training.epochs = 9", "schedule.kind = \"plateau\""]),
        ["schedule.patience: the learning rate never drops: a patience of 10 epochs outlasts 9 epochs"]
    );
    assert_eq!(
        warned(&["data.holdout = 0.1", "training.watch = \"holdout-loss\""]),
        ["training.watch: nothing watches the loss: there is neither early stop nor a plateau schedule"]
    );
    assert_eq!(
        warned(&["training.evaluate_every = \"300 epochs\""]),
        ["training.evaluate_every: an evaluation every 300 epochs comes only at the end of 200 epochs"]
    );
    assert_eq!(
        warned(&["training.keep_every = \"100000 steps\""]),
        ["training.keep_every: a checkpoint kept every 100000 steps never comes in 200 epochs"]
    );
    assert_eq!(warned(&["ordering.warmup = \"201 epochs\""]), ["ordering.warmup: a warm-up of 201 epochs is longer than 200 epochs"]);
    assert_eq!(warned(&["attack = [{ when = \"201 epochs\" }]"]), ["attack.0.when: an attack every 201 epochs never comes in 200 epochs"]);
}

#[test]
fn what_is_not_built_says_so() {
    let said = |lines: &[&str]| -> Vec<String> { good(&text(lines)).not_built().iter().map(|problem| problem.sentence()).collect() };
    assert_eq!(said(&[]), Vec::<String>::new());
    assert_eq!(said(&["ordering.scorer = \"dihcl\""]), ["ordering.scorer: `dihcl` is not built yet"]);
    assert_eq!(said(&["mixing.k = 8"]), ["mixing: `[mixing]` is not built yet"]);
    assert_eq!(said(&["test_time.draws = 8"]), ["test_time: `[test_time]` is not built yet"]);
    assert_eq!(said(&["attack = [{}]"]), ["attack: `[[attack]]` is not built yet"]);
    assert_eq!(said(&["sweep.seeds = [0]"]), ["sweep: `[sweep]` is not built yet"]);
    assert_eq!(said(&["slurm.gpus = 2"]), ["slurm: `[slurm]` is not built yet"]);
    let study = ["kind = \"perfect-ordering\"", "data.per_class = 6", "training.batch = 10"];
    assert_eq!(said(&study), Vec::<String>::new());
    let selectors = [&study[..], &["permutation.selectors = [\"loss\"]"]].concat();
    assert_eq!(said(&selectors), Vec::<String>::new());
    let ordered = [&study[..], &["ordering.scorer = \"loss\""]].concat();
    assert_eq!(said(&ordered), ["ordering: `[ordering]` has no place in a study that tries every order and ranks no selectors"]);
    assert_eq!(said(&["data.set = \"arrays\"", "data.root = \"x\""]), ["data.set: `arrays` is not built yet"]);
    assert_eq!(said(&["published.table = \"2.2\""]), Vec::<String>::new());
}
