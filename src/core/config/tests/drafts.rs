use super::super::Draft;
use super::LEAST;
use proptest::prelude::*;

const COMMENTED: &str = "\
# What this is about.

name = \"mine\"

[data]
set = \"glyphs\"   # small
per_class = 100

# How it is trained.
[training]
batch = 96         # a multiple of 8
epochs = 3

[network]
kind = \"preresnet\"
depth = 20

[schedule]
kind = \"milestones\"
milestones = [1, 2]
";

fn draft(text: &str) -> Draft {
    Draft::new(text, "mine").unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn comments_and_order_stay() {
    let mut draft = draft(COMMENTED);
    assert_eq!(draft.text(), COMMENTED);
    draft.set("training.batch", "64").expect("is taken");
    draft.set("data.set", "cifar10").expect("is taken");
    assert_eq!(draft.text(), COMMENTED.replace("batch = 96 ", "batch = 64 ").replace("set = \"glyphs\" ", "set = \"cifar10\" "));
    draft.set("optimizer.lr", "0.1").expect("is taken");
    assert!(draft.text().ends_with("milestones = [1, 2]\n\n[optimizer]\nlr = 0.1\n"), "{}", draft.text());
    draft.unset("training.batch");
    assert!(!draft.text().contains("batch"));
    assert_eq!(draft.check().expect("reads").training.batch, 128);
}

#[test]
fn written_and_effective_values() {
    let draft = draft(COMMENTED);
    assert_eq!(draft.get("name").as_deref(), Some("mine"));
    assert_eq!(draft.get("data.set").as_deref(), Some("glyphs"));
    assert_eq!(draft.get("schedule.milestones").as_deref(), Some("[1, 2]"));
    assert_eq!(draft.get("data.holdout"), None);
    assert_eq!(draft.effective("data.holdout"), "0.0");
    assert_eq!(draft.effective("training.precision"), "auto");
    assert_eq!(draft.effective("training.keep_every"), "");
    assert_eq!(draft.effective("training.steps"), "");
    assert_eq!(draft.effective("ordering.scorer"), "loss-delta");
    assert_eq!(draft.effective("nothing.here"), "");
    assert_eq!(draft.effective("attack.0.epsilon"), "8/255");
    assert!(draft.is_used("schedule.milestones") && !draft.is_used("schedule.minimum"));
    assert!(draft.is_used("name") && !draft.is_used("ordering.step"));
}

#[test]
fn a_value_that_does_not_fit_is_refused_and_nothing_changes() {
    let mut draft = draft(COMMENTED);
    let refused = draft.set("training.batch", "many").unwrap_err();
    assert_eq!(refused.sentence(), "training.batch: expected a whole number from 1, got `\"many\"`");
    assert_eq!(refused.line, Some(11));
    assert_eq!(draft.set("training.bach", "3").unwrap_err().hint.as_deref(), Some("did you mean `training.batch`?"));
    assert_eq!(
        draft.set("schedule.minimum", "0.1").unwrap_err().sentence(),
        "schedule.minimum: not used with `schedule.kind = \"milestones\"`"
    );
    assert_eq!(draft.text(), COMMENTED);
}

#[test]
fn what_does_not_fit_together_is_kept_and_reported() {
    let mut draft = draft(COMMENTED);
    draft.set("mixing.k", "8").expect("is taken");
    draft.set("training.batch", "100").expect("is taken");
    let problems = draft.check().unwrap_err();
    assert_eq!(
        problems.to_string(),
        "1 problem in `mine`\n  line 11   training.batch: `100` is not divisible by `mixing.k = 8`\n            hint: 96 or 104?"
    );
}

#[test]
fn a_new_kind_takes_the_keys_of_the_old_one_away() {
    let mut draft = draft(COMMENTED);
    draft.set("schedule.kind", "cosine").expect("is taken");
    assert_eq!(draft.get("schedule.milestones"), None);
    assert_eq!(draft.check().expect("reads").summary("schedule"), "cosine");
}

#[test]
fn steps_take_epochs_away_and_back() {
    let mut draft = draft(COMMENTED);
    draft.set("training.steps", "100").expect("is taken");
    assert_eq!((draft.get("training.epochs"), draft.get("training.steps").as_deref()), (None, Some("100")));
    assert_eq!(draft.effective("training.epochs"), "");
    draft.set("training.epochs", "7").expect("is taken");
    assert_eq!((draft.get("training.epochs").as_deref(), draft.get("training.steps")), (Some("7"), None));
}

#[test]
fn one_seed_for_all_becomes_three_when_one_is_set() {
    let mut draft = draft(&format!("seed = 3 # all\n{LEAST}"));
    assert_eq!(draft.effective("seed.order"), "3");
    draft.set("seed.order", "4").expect("is taken");
    assert_eq!(draft.text(), format!("seed = {{ weights = 3, order = 4, augmentation = 3 }} # all\n{LEAST}"));
    draft.set("seed", "5").expect("is taken");
    assert_eq!(draft.text(), format!("seed = 5 # all\n{LEAST}"));
}

#[test]
fn text_is_text_and_lists_need_no_brackets() {
    let mut draft = draft(LEAST);
    draft.set("name", "42").expect("is taken");
    draft.set("notes", "true").expect("is taken");
    draft.set("tags", "a, b").expect("is taken");
    draft.set("network.head", "{ window = 7 }").expect("is taken");
    draft.set("training.until", "08:00").expect("is taken");
    draft.set("training.deterministic", "true").expect("is taken");
    draft.set("data.label_noise", "1/4").expect("is taken");
    let experiment = draft.check().expect("reads");
    assert_eq!((experiment.name.as_str(), experiment.notes.as_str()), ("42", "true"));
    assert_eq!(experiment.tags, ["a", "b"]);
    assert_eq!(experiment.data.label_noise, 0.25);
    assert_eq!(draft.effective("network.head"), "{ window = 7 }");
    assert_eq!(draft.effective("training.until"), "08:00");
    draft.set("tags", "").expect("is taken");
    assert!(draft.check().expect("reads").tags.is_empty());
}

#[test]
fn tables_that_may_stand_several_times() {
    let mut draft = draft(LEAST);
    draft.set("attack.0.kind", "fgsm").expect("is taken");
    draft.set("attack.1.epsilon", "4/255").expect("is taken");
    draft.set("mixing.phase.0.batch", "160").expect("is taken");
    assert_eq!((draft.count("attack"), draft.count("mixing.phase"), draft.count("tags")), (2, 1, 0));
    assert!(draft.text().contains("[[attack]]\nkind = \"fgsm\"\n\n[[attack]]\nepsilon = \"4/255\"\n"), "{}", draft.text());
    draft.unset("attack.0");
    assert_eq!(draft.check().expect("reads").summary("attack"), "pgd 4/255");
    draft.unset("mixing");
    assert!(!draft.text().contains("mixing"));
    assert!(draft.set("attack.7.kind", "fgsm").is_err());
}

#[test]
fn misspelt_text_is_no_draft() {
    assert_eq!(Draft::new("[data", "mine").unwrap_err().0[0].line, Some(1));
}

/// Settings and texts that are right for them.
fn setting() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("name", "x"),
        ("seed", "7"),
        ("seed.order", "9"),
        ("training.steps", "50"),
        ("training.epochs", "5"),
        ("training.batch", "64"),
        ("schedule.kind", "plateau"),
        ("schedule.kind", "milestones"),
        ("schedule.factor", "0.3"),
        ("network.kind", "basicconv"),
        ("network.kind", "preresnet"),
        ("network.head", "{ window = 7 }"),
        ("data.classes", "0,1,2"),
        ("data.holdout", "0.2"),
        ("optimizer.lr", "1/8"),
        ("attack.0.kind", "mim"),
        ("mixing.k", "4"),
        ("tags", "[\"a\"]"),
        ("sweep.arm.a.\"optimizer.lr\"", "0.2"),
    ])
}

#[test]
fn a_kind_and_its_keys_come_in_any_order() {
    let mut draft = draft(&format!("{LEAST}[schedule]\nkind = \"cosine\"\nminimum = 1e-3\n"));
    assert!(draft.set("schedule.milestones", "[5]").is_err());
    let settings = [("schedule.milestones", "[5]"), ("schedule.kind", "milestones"), ("training.epochs", "9")];
    draft.set_all(&settings.map(|(path, value)| (path.to_owned(), value.to_owned()))).expect("is taken");
    assert_eq!(draft.get("schedule.minimum"), None);
    assert_eq!(draft.check().expect("reads").summary("schedule"), "× 0.5 after 5");
    let wrong = [("training.batch", "x"), ("training.epochs", "y"), ("a..b", "1")];
    let before = draft.text();
    let problems = draft.set_all(&wrong.map(|(path, value)| (path.to_owned(), value.to_owned()))).unwrap_err();
    assert_eq!(problems.0.len(), 3);
    assert_eq!(draft.text(), before);
}

proptest! {
    /// Settings of the form, all at once, and the same ones of the command line come to the same.
    #[test]
    fn the_form_and_the_command_line_agree(settings in prop::collection::vec(setting(), 0..6)) {
        let settings: Vec<_> = settings.into_iter().map(|(path, value)| (path.to_owned(), value.to_owned())).collect();
        let mut draft = draft(COMMENTED);
        let line = super::super::read(COMMENTED, "mine", &settings);
        let form = draft.set_all(&settings).and_then(|()| draft.check());
        match (line, form) {
            (Ok(line), Ok(form)) => prop_assert_eq!(line, form),
            (Err(_), Err(_)) => {}
            (line, form) => prop_assert!(false, "line: {line:?}\nform: {form:?}\n{}", draft.text()),
        }
    }
}
