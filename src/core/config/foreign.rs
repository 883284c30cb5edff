//! The reading of experiments as a function of bytes. See [`crate::foreign`].

use super::{Draft, difference, read};

/// An experiment file; after a zero byte, a setting as it is given on the command line: path, `=`, value.
pub(crate) fn experiment(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, setting) = text.split_once('\0').unwrap_or((text, ""));
    let settings: Vec<(String, String)> =
        setting.split_once('=').map(|(path, value)| (path.to_owned(), value.to_owned())).into_iter().collect();
    let alone = read(text, "file.toml", &[]);
    let changed = read(text, "file.toml", &settings);
    for outcome in [&alone, &changed] {
        match outcome {
            Ok(experiment) => {
                let written = experiment.to_toml();
                let again = read(&written, "resolved.toml", &[]);
                assert!(again.as_ref().is_ok_and(|again| again == experiment), "{written}\n{again:?}");
                experiment.warnings();
                experiment.not_built();
                for section in super::sections() {
                    experiment.summary(section.name);
                }
            }
            Err(problems) => assert!(!problems.0.is_empty() && !problems.to_string().is_empty()),
        }
    }
    if let (Ok(alone), Ok(changed)) = (&alone, &changed) {
        assert_eq!(difference(alone, changed).is_empty(), alone == changed);
    }
    let Ok(mut draft) = Draft::new(text, "file.toml") else { return };
    if text.len() < 100_000 {
        assert_eq!(draft.check().is_ok(), alone.is_ok());
    }
    for (path, value) in &settings {
        let before = draft.text();
        if draft.set(path, value).is_err() {
            assert_eq!(draft.text(), before, "a refused setting changed something");
        }
        draft.get(path);
        draft.effective(path);
        draft.is_used(path);
        draft.count(path);
        draft.unset(path);
    }
    // A text at its limit may have grown beyond it.
    if text.len() < 100_000 {
        assert!(Draft::new(&draft.text(), "file.toml").is_ok(), "{}", draft.text());
    }
}
