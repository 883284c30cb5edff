use super::super::{difference, presets, sections};
use super::{LEAST, good, with};
use std::path::Path;

#[test]
fn folded_sections_say_what_they_hold() {
    let text = "\
[data]
set = \"glyphs\"
per_class = 500
holdout = 0.1
[network]
kind = \"preresnet\"
depth = 20
[training]
epochs = 6
batch = 100
[ordering]
[mixing]
k = 4
[[attack]]
epsilon = \"8/255\"
[[attack]]
kind = \"fgsm\"
epsilon = \"0.25/255\"
[[attack]]
preset = \"standard\"
[sweep.arm.random]
\"ordering.scorer\" = \"random\"
";
    let experiment = good(text);
    let lines: Vec<String> = sections().iter().map(|section| format!("{}: {}", section.name, experiment.summary(section.name))).collect();
    assert_eq!(
        lines.join("\n"),
        "\
: no name
seed: 0
data: glyphs, 10,000 + 2,000 images, 500 a class, hold-out 10 %
network: preresnet 20, 219,482 weights
optimizer: sgd, lr 0.05, nesterov 0.9
schedule: × 0.5 after 30, 60, 90, 120, 150
training: 6 epochs, batch 100, auto
ordering: loss delta, K = 8, same batch
mixing: sum, k = 4
test_time: off
attack: pgd 8/255, fgsm 0.25/255, standard
permutation: off
sweep: 5 seeds, 1 arm
slurm: off
published: none"
    );
}

#[test]
fn other_kinds_have_their_own_lines() {
    let line = |section: &str, sets: &[(&str, &str)]| with(LEAST, sets).unwrap_or_else(|problems| panic!("{problems}")).summary(section);
    assert_eq!(line("seed", &[("seed", "3")]), "3");
    assert_eq!(line("seed", &[("seed.order", "3")]), "weights 0, order 3, augmentation 0");
    assert_eq!(line("data", &[("data.classes", "cat, dog"), ("data.label_noise", "1/3")]), "cifar10, cat dog, label noise 33.33 %");
    assert_eq!(
        line("data", &[("data.subset", "subsets/cifar10-1000.json"), ("data.imbalance", "100")]),
        "cifar10, cifar10-1000, imbalance 100"
    );
    let wide = [("network.kind", "wideresnet"), ("network.depth", "28"), ("network.width", "10"), ("network.dropout", "0.3")];
    assert_eq!(line("network", &wide), "wideresnet 28-10, dropout 0.3, 36,479,194 weights");
    assert_eq!(line("network", &[("network.block", "basic")]), "preresnet 56 basic, 855,578 weights");
    assert_eq!(line("network", &[("network.head", "{ window = 7 }")]), "preresnet 56, window 7, 590,426 weights");
    assert_eq!(line("schedule", &[("schedule.kind", "one-cycle")]), "one cycle, rising for 30 %");
    assert_eq!(line("schedule", &[("schedule.kind", "plateau")]), "plateau × 0.5, patience 10");
    assert_eq!(line("schedule", &[("schedule.kind", "step"), ("schedule.every", "1")]), "× 0.5 every 1 epoch");
    let training = [("training.steps", "1000"), ("training.device", "cuda:1"), ("training.select_on", "test"), ("training.until", "08:00")];
    assert_eq!(line("training", &training), "1000 steps, batch 128, auto, cuda:1, selected on test: oracle, until 08:00");
    assert_eq!(line("mixing", &[("mixing.kind", "mixup"), ("mixing.alpha", "1")]), "mixup, α = 1");
    assert_eq!(line("mixing", &[("mixing.phase.0.k", "8"), ("mixing.phase.1.k", "4")]), "sum, cascade 8 → 4");
    assert_eq!(line("mixing", &[("mixing.gradual.start", "4")]), "sum, gradual from 4");
    let external =
        [("data.holdout", "0.1"), ("ordering.target", "external"), ("ordering.estimate", "first-order"), ("ordering.candidates", "all")];
    assert_eq!(line("ordering", &external), "loss delta, K = all, external batch, first order");
    assert_eq!(line("test_time", &[("test_time.draws", "64")]), "64 draws, weight 0.5, sum");
    assert_eq!(line("permutation", &[("kind", "perfect-ordering")]), "13 epochs, 12 parents and the extremes");
    assert_eq!(line("slurm", &[("slurm.gpus", "2")]), "default partition, 12:00:00, 2 GPUs");
    let thesis = presets::find("thesis/baseline", Path::new("/nonexistent")).expect("is shipped").read().expect("reads");
    assert_eq!(thesis.summary("published"), "table 2.2, baseline");
}

#[test]
fn differences_are_listed_by_path() {
    let a = good(LEAST);
    assert_eq!(difference(&a, &a), []);
    let b = with(LEAST, &[("training.steps", "100"), ("schedule.kind", "cosine"), ("name", "b")]).expect("reads");
    let found: Vec<String> = difference(&a, &b).iter().map(|(path, from, to)| format!("{path}: {from} -> {to}")).collect();
    assert_eq!(
        found,
        [
            "name: \"\" -> b",
            "schedule.kind: milestones -> cosine",
            "schedule.milestones: [30, 60, 90, 120, 150] -> ",
            "schedule.factor: 0.5 -> ",
            "training.epochs: 200 -> ",
            "schedule.minimum:  -> 0.0",
            "training.steps:  -> 100",
        ]
    );
}

#[test]
fn json_has_the_keys_of_toml() {
    let json = good(&format!("{LEAST}[[attack]]\nepsilon = \"8/255\"\n")).to_json();
    assert_eq!(json["training"]["batch"], 128);
    assert_eq!(json["schedule"]["milestones"][1], 60);
    assert_eq!(json["attack"][0]["epsilon"], "8/255");
    assert_eq!(json["network"]["head"], "global");
    assert!(json.get("ordering").is_none());
}
