use super::super::presets::{Error, delete, find, list, misnamed, read_all, require, save};
use super::LEAST;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_shipped_preset_reads_without_problems_or_warnings() {
    for preset in list(Path::new("/nonexistent")) {
        let experiment = preset.read().unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(experiment.warnings(), [], "{}", preset.name);
        assert_eq!(experiment.not_built(), [], "{}", preset.name);
        assert!(!experiment.name.is_empty(), "{}", preset.name);
        assert!(!preset.description.is_empty(), "{}", preset.name);
        assert_eq!(super::good(&experiment.to_toml()), experiment, "{}", preset.name);
    }
}

#[test]
fn every_file_in_the_folder_of_presets_is_shipped() {
    fn gather(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("the folder of presets").map(|entry| entry.expect("an entry")) {
            let name = entry.file_name().into_string().expect("a plain name");
            if entry.path().is_dir() {
                gather(&entry.path(), &format!("{prefix}{name}/"), found);
            } else {
                found.insert(format!("{prefix}{}", name.trim_end_matches(".toml")));
            }
        }
    }
    let mut files = BTreeSet::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../presets"), "", &mut files);
    let shipped: BTreeSet<String> = list(Path::new("/nonexistent")).into_iter().map(|preset| preset.name).collect();
    assert_eq!(shipped, files);
}

#[test]
fn the_thesis_baseline_is_what_was_published() {
    let experiment = find("thesis/baseline", Path::new("/nonexistent")).expect("is shipped").read().expect("reads");
    let text = experiment.to_toml();
    for line in [
        "depth = 56",
        "head = { window = 7 }",
        "lr = 0.05",
        "nesterov = true",
        "milestones = [30, 60, 90, 120, 150]",
        "epochs = 200",
        "batch = 128",
        "precision = \"f32\"",
        "select_on = \"test\"",
        "first_epoch = 0.3926",
        "best = 0.9286",
    ] {
        assert!(text.lines().any(|other| other == line), "no `{line}` in\n{text}");
    }
}

#[test]
fn a_preset_that_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("bytes.toml"), [0xff, 0xfe]).expect("a file");
    let file = folder.path().join("bytes.toml");
    let wanted = format!("cannot read `{}`: stream did not contain valid UTF-8", file.display());
    assert_eq!(require("bytes", folder.path()).unwrap_err().to_string(), wanted);
    let (presets, unreadable) = read_all(folder.path());
    assert_eq!(unreadable.iter().map(ToString::to_string).collect::<Vec<_>>(), [wanted]);
    assert!(presets.iter().all(|preset| !preset.own));
}

#[test]
fn own_presets_are_saved_found_listed_and_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("presets");
    let text = format!("# Mine.\n{LEAST}");
    let file = save("warm-up/k8", &text, &own, false).expect("is saved");
    assert_eq!(file, own.join("warm-up/k8.toml"));
    assert_eq!(find("warm-up/k8", &own).expect("is found").text, text);
    let listed: Vec<_> = list(&own).into_iter().filter(|preset| preset.own).collect();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].name.as_str(), listed[0].description.as_str()), ("warm-up/k8", "Mine."));

    let again = save("warm-up/k8", LEAST, &own, false).unwrap_err();
    assert_eq!(again.to_string(), "there is a preset `warm-up/k8` already");
    assert_eq!(find("warm-up/k8", &own).expect("is kept").text, text);
    save("warm-up/k8", LEAST, &own, true).expect("is replaced");
    assert_eq!(find("warm-up/k8", &own).expect("is found").text, LEAST);
    assert_eq!(std::fs::read_dir(own.join("warm-up")).expect("the folder").count(), 1, "no temporary file is left");

    delete("warm-up/k8", &own).expect("is deleted");
    assert!(find("warm-up/k8", &own).is_none());
    assert_eq!(delete("warm-up/k8", &own).unwrap_err().to_string(), "there is no preset `warm-up/k8`");
}

#[test]
fn a_wrong_experiment_is_not_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let refusal = save("mine", "[data]\nset = \"cifar1O\"\n[network]\n", folder.path(), false).unwrap_err();
    assert!(matches!(refusal, Error::Problems(_)));
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[test]
fn shipped_presets_stay_and_an_unknown_one_names_the_nearest() {
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = "`quickstart` belongs to Curricle and stays as it is; save it under another name";
    assert_eq!(save("quickstart", LEAST, folder.path(), true).unwrap_err().to_string(), shipped);
    assert_eq!(delete("quickstart", folder.path()).unwrap_err().to_string(), shipped);
    let unknown = require("quickstrat", folder.path()).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no preset `quickstrat`; did you mean `quickstart`?");
}

#[test]
fn names_lead_nowhere_else() {
    for name in ["", "..", "../x", "/etc/x", "a//b", "a/../b", ".hidden", "a\\b", "a b", "a\n", "x.toml", "x.", "ä", "a/", &"x".repeat(81)]
    {
        assert!(misnamed(name).is_some(), "`{name}` passes for a name");
        let folder = tempfile::tempdir().expect("a folder");
        assert!(save(name, LEAST, folder.path(), true).is_err(), "`{name}` was saved");
        assert!(find(name, folder.path()).is_none(), "`{name}` was found");
    }
    for name in ["a", "warm-up_k8", "thesis/mine", "v1.2"] {
        assert_eq!(misnamed(name), None);
    }
    let name = "`../x` is no name for a preset: each part begins with a letter or a digit";
    assert_eq!(save("../x", LEAST, Path::new("/nonexistent"), true).unwrap_err().to_string(), name);
}
