//! The rules of orderings and of studies of all orders: what breaks them, and the exact words.

use super::good;
use super::rules::{refused, text};

#[test]
fn combinations_of_an_ordering_that_mean_nothing() {
    refused(&["ordering.candidates = 0"], "ordering.candidates: expected a whole number from 1 to 100,000, got `0`", None);
    refused(
        &["ordering.recipe = \"redrawn\"", "ordering.candidates = \"all\""],
        "ordering.candidates: redrawn batches are drawn again and again: there is no number of all of them",
        Some("write a number of candidates, or `recipe = \"fixed\"`"),
    );
    refused(
        &["ordering.item = \"sample\"", "ordering.bn = \"train\""],
        "ordering.bn: a single sample has no statistics of a batch: scoring samples needs the running ones",
        Some("write `bn = \"eval\"`"),
    );
    refused(
        &["ordering.rescore = \"2 epochs\""],
        "ordering.rescore: an epoch draws its candidates anew, so scores hold for one epoch at most, not 2",
        Some("write `rescore = \"1 epoch\"`"),
    );
    refused(
        &["ordering.scorer = \"loss\"", "ordering.published = { leftover_gradient = true }"],
        "ordering.published.leftover_gradient: the left-over gradient belongs to exact loss deltas",
        Some("write `scorer = \"loss-delta\"`, or leave the switch out"),
    );
    refused(
        &[
            "data.holdout = 0.1",
            "ordering.scorer = \"rho\"",
            "ordering.item = \"sample\"",
            "ordering.sampler = \"weighted\"",
            "training.steps = 9",
        ],
        "ordering.sampler: sampler `weighted` takes scores as weights, and a loss less another may be negative",
        Some("write `sampler = \"largest\"`, or another scorer"),
    );
    refused(
        &["ordering.scorer = \"grab\"", "ordering.candidates = 4"],
        "ordering.candidates: not used with GraB, which scores no candidates",
        Some("remove it, or `ordering.scorer`"),
    );
    refused(
        &["ordering.replay = \"20261124-1200\"", "ordering.scorer = \"loss\""],
        "ordering.scorer: not used with a recorded order, which scores no candidates",
        Some("remove it, or `ordering.replay`"),
    );
}

/// What selectors of a study, and the scorer that equal compute matches, are asked with belongs to them, all at once.
#[test]
fn what_is_asked_with_may_stand_beside_another_scorer() {
    let study = [
        "kind = \"perfect-ordering\"",
        "data.per_class = 4",
        "data.holdout = 0.1",
        "training.batch = 10",
        "permutation.selectors = [\"loss-delta external first-order\", \"rho\"]",
        "ordering.external.size = 4",
        "ordering.step = 0.1",
        "ordering.holdout_epochs = 2",
    ];
    let matched = [
        "ordering.scorer = \"equal-compute\"",
        "ordering.equal_to = \"loss-delta\"",
        "ordering.target = \"external\"",
        "ordering.external.size = 40",
        "ordering.estimate = \"first-order\"",
    ];
    let rho = ["ordering.scorer = \"equal-compute\"", "ordering.equal_to = \"rho\"", "ordering.holdout_epochs = 3", "data.holdout = 0.1"];
    for lines in [&study[..], &matched, &rho] {
        let experiment = good(&text(lines));
        assert_eq!(good(&experiment.to_toml()), experiment, "{}", experiment.to_toml());
    }
    let lines = [matched[0], matched[1], matched[4]];
    refused(
        &lines,
        "ordering.estimate: a first-order estimate needs a batch kept apart, and `ordering.target` is `\"same\"`",
        Some("write `target = \"external\"`, or `estimate = \"exact\"`"),
    );
    let lines = [rho[0], "ordering.equal_to = \"loss\"", rho[2]];
    refused(
        &lines,
        "ordering.holdout_epochs: not used with `ordering.scorer = \"equal-compute\"`",
        Some("it belongs to `scorer` `\"rho\"`: remove it, or change `ordering.scorer`"),
    );
}

#[test]
fn a_study_uses_no_settings_of_a_single_run() {
    let lines = ["kind = \"perfect-ordering\"", "data.per_class = 4", "training.batch = 10", "training.early_stop = 3"];
    let sentence = "training.early_stop: not used in a study that tries every order: each is tested once, at its end";
    refused(&lines, sentence, Some("remove it"));
}

#[test]
fn a_recorded_order_is_named() {
    refused(
        &["ordering.replay = \"last\""],
        "ordering.replay: `last` is another run as soon as this one is there",
        Some("name the run by its id, as `curricle runs list` shows it"),
    );
}

#[test]
fn scorers_that_cannot_be_compared() {
    let compare = |scorer: &str, sentence: &str, hint: &str| {
        let line = format!("ordering.compare = [\"{scorer}\"]");
        refused(&[&line], &format!("ordering.compare: {sentence}"), Some(hint));
    };
    compare("grab", "`grab` gives candidates no scores to compare with", "remove it");
    compare("random", "`random` gives candidates no scores to compare with", "remove it");
    compare("loss-delta", "`loss-delta` chooses already, and would be compared with itself", "remove it");
    compare("loss descending", "`loss descending`: scores are compared as they are, whichever is handed out first", "write `\"loss\"`");
    compare(
        "loss-delta first-order",
        "`loss-delta first-order`: a first-order estimate needs a batch kept apart",
        "write `\"loss-delta external\"`",
    );
    compare("rho", "`rho`: its other network is trained on a hold-out", "write `holdout = 0.1` in `[data]`");
    refused(
        &["ordering.compare = [\"los\"]"],
        "ordering.compare.0: `los` is no scorer that can be asked here",
        Some("did you mean `\"loss\"`?"),
    );
    refused(&["ordering.compare = [\"loss\", \"loss\"]"], "ordering.compare: `loss` stands there twice", Some("remove one of the two"));
    // What a compared scorer is asked with belongs to it.
    let lines = ["ordering.scorer = \"loss\"", "ordering.compare = [\"loss-delta external first-order\"]", "ordering.step = 0.1"];
    let more = ["ordering.external.size = 64", "data.holdout = 0.1"];
    let experiment = good(&text(&[&lines[..], &more].concat()));
    assert_eq!(good(&experiment.to_toml()), experiment);
    refused(
        &[lines[0], lines[2]],
        "ordering.step: not used with `ordering.scorer = \"loss\"`",
        Some("it belongs to `scorer` `\"loss-delta\"`: remove it, or change `ordering.scorer`"),
    );
    // With the published defect the scorer that chooses differs from itself.
    good(&text(&["ordering.published.leftover_gradient = true", "ordering.compare = [\"loss-delta\"]"]));
}

#[test]
fn orderings() {
    refused(
        &["ordering.estimate = \"first-order\""],
        "ordering.estimate: a first-order estimate needs a batch kept apart, and `ordering.target` is `\"same\"`",
        Some("write `target = \"external\"`, or `estimate = \"exact\"`"),
    );
    refused(
        &["ordering.scorer = \"teacher\""],
        "ordering.scorer: a teacher's loss needs `ordering.teacher`",
        Some("write `[ordering.teacher]`, and below it its `kind`, `depth` and `checkpoint`"),
    );
    refused(
        &["ordering.scorer = \"teacher\"", "ordering.teacher.depth = 20"],
        "ordering.teacher: a teacher must be trained",
        Some("write `checkpoint = \"…\"` in `[ordering.teacher]`"),
    );
    refused(
        &["ordering.scorer = \"teacher\"", "ordering.teacher = { depth = 21, checkpoint = \"a\" }"],
        "ordering.teacher.depth: the depth of a preresnet with bottleneck blocks is 9n + 2, got `21`",
        Some("20 or 29?"),
    );
    refused(
        &["ordering.scorer = \"column\""],
        "ordering.scorer: a column needs the file that holds it",
        Some("write `column = { file = \"…\", name = \"…\" }` in `[ordering]`"),
    );
    refused(
        &["ordering.scorer = \"difficulty\""],
        "ordering.scorer: the difficulty of images is known for `glyphs` only, and `data.set` is `\"cifar10\"`",
        None,
    );
    refused(
        &["ordering.item = \"sample\"", "ordering.scorer = \"loss\"", "ordering.sampler = \"weighted\""],
        "ordering.sampler: sampler `weighted` draws without end, so the run is counted in steps",
        Some("write `steps = …` in `[training]`, in place of `epochs`"),
    );
    refused(
        &["training.steps = 100", "ordering.item = \"sample\"", "ordering.sampler = \"inverse\""],
        "ordering.sampler: sampler `inverse` takes scores as weights, and a loss delta may be negative",
        Some("write `sampler = \"largest\"`, or another scorer"),
    );
}

#[test]
fn perfect_ordering() {
    let lines = ["kind = \"perfect-ordering\"", "training.epochs = 3"];
    refused(&lines, "training.epochs: not used with `kind = \"perfect-ordering\"`", Some("write `epochs` in `[permutation]`"));
    let experiment = good(&text(&lines[..1]));
    assert_eq!(experiment.permutation.as_ref().map(|permutation| permutation.epochs), Some(13));
    assert_eq!(good(&experiment.to_toml()), experiment);
}

#[test]
fn more_orders_than_anybody_can_try_are_refused() {
    let said = |batch: &str, epochs: &str| -> Vec<String> {
        let lines = ["kind = \"perfect-ordering\"", "data.per_class = 12", batch, epochs];
        good(&text(&lines)).not_built().iter().map(|problem| problem.sentence()).collect()
    };
    assert_eq!(said("training.batch = 20", "permutation.epochs = 13"), Vec::<String>::new());
    assert_eq!(
        said("training.batch = 10", "permutation.epochs = 1"),
        [
            "permutation: 12 batches an epoch have 479,001,600 orders, and all of them over 1 epoch come to 479,001,600 runs, about 1,330 hours at 100 a second; 1,000,000 are taken at most"
        ]
    );
    let many = said("training.batch = 10", "permutation.epochs = 13").join("");
    assert!(many.contains("over 13 epochs come to 80,951,270,400 runs, about 224,864 hours"), "{many}");
    let most = said("training.batch = 1", "permutation.epochs = 13").join("");
    assert!(most.contains("have more than 10^19 orders"), "{most}");
}

#[test]
fn selectors_that_cannot_be_asked_say_why_all_at_once() {
    let study = ["kind = \"perfect-ordering\"", "data.per_class = 6", "training.batch = 10"];
    let of = |lines: &[&str]| super::bad(&text(&[&study[..], lines].concat())).0;
    let said = of(&[
        "permutation.selectors = [\"loss\", \"loss-delta first-order\", \"loss-delta external\", \"teacher\", \"difficulty\", \"loss\"]",
    ]);
    assert_eq!(
        said.iter().map(|problem| problem.sentence()).collect::<Vec<_>>(),
        [
            "permutation.selectors: `loss-delta first-order`: a first-order estimate needs a batch kept apart",
            "permutation.selectors: `loss-delta external`: an external batch from the hold-out needs one",
            "permutation.selectors: `teacher`: there is no teacher",
            "permutation.selectors: `difficulty`: the difficulty of images is known for `glyphs` only, and `data.set` is `\"cifar10\"`",
            "permutation.selectors: `loss` stands there twice",
        ]
    );
    let said = of(&["permutation.selectors = [\"loss\"]", "ordering.candidates = 4", "ordering.bn = \"train\""]);
    assert_eq!(
        said.iter().map(|problem| problem.sentence()).collect::<Vec<_>>(),
        ["ordering.candidates: not used in a study that tries every order: selectors say themselves how they are asked"]
    );
}
