//! Bytes that nobody meant: they are refused in words, never with a panic.

use super::super::{Draft, read};
use super::{LEAST, bad};
use proptest::prelude::*;

#[test]
fn a_file_that_is_too_large_is_refused() {
    let text = format!("{LEAST}# {}\n", "x".repeat(128 << 10));
    assert_eq!(
        bad(&text).to_string(),
        format!("1 problem in `file.toml`\n  no valid TOML: {} bytes are too many: an experiment has at most 131072", text.len())
    );
}

#[test]
fn lists_without_end_are_refused() {
    let message = bad(&format!("{LEAST}x = [{}]\n", "[],".repeat(10_000))).to_string();
    assert!(message.contains("10003 lists and tables are too many: an experiment has at most 10000"), "{message}");
}

#[test]
fn of_thousands_of_problems_a_hundred_are_written_out() {
    let message = bad(&format!("{LEAST}{}", (0..1_500).map(|number| format!("[x{number}]\n")).collect::<String>())).to_string();
    assert!(message.starts_with("1500 problems in `file.toml`\n") && message.ends_with("\n  and 1,400 more"), "{message}");
}

#[test]
fn depth_without_end_is_refused() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}{}", "[".repeat(500), "]".repeat(500)),
        format!("a{} = 1", ".a".repeat(10_000)),
        format!("[a{}]", ".a".repeat(10_000)),
        format!("a = {}1{}", "{a=".repeat(5_000), "}".repeat(5_000)),
    ] {
        assert!(bad(&text).to_string().contains("no valid TOML"), "{}", &text[..20]);
    }
}

#[test]
fn long_values_are_cut_in_messages() {
    let message = bad(&format!("{LEAST}[training]\nbatch = \"{}\"\n", "ä".repeat(500))).to_string();
    assert!(message.contains(&format!("got `\"{}…`", "ä".repeat(58))), "{message}");
}

#[test]
fn odd_paths_on_the_command_line_are_refused() {
    for path in ["", ".", "a.", "\"", "attack.x.kind", "attack.5.kind", "name.x", "training.batch.x", "seed.x", "training", "mixing.phase"]
    {
        let set = [(path.to_owned(), "1".to_owned())];
        assert!(read(LEAST, "file.toml", &set).is_err(), "`{path}` was taken");
        let mut draft = Draft::new(LEAST, "file.toml").expect("reads");
        assert!(draft.set(path, "1").is_err(), "`{path}` was taken by the draft");
        assert_eq!(draft.text(), LEAST, "`{path}` changed the draft");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = read(&text, "file.toml", &[]);
        let _ = Draft::new(&text, "file.toml").map(|draft| draft.check());
    }

    #[test]
    fn text_like_an_experiment_is_read_or_refused(
        lines in prop::collection::vec(
            ("(\\[|\\[\\[)?(data|network|attack|mixing|mixing.phase|sweep.arm.a|seed|training)(\\.[a-z]{1,6})?(\\]|\\]\\])?",
             "( = ([0-9-]{1,20}|\"[a-z0-9/: ]{0,8}\"|\\[[0-9, ]{0,8}\\]|\\{\\}|true|1e999|nan|08:00))?"),
            0..12)
    ) {
        let text: String = lines.iter().map(|(key, value)| format!("{key}{value}\n")).collect();
        let _ = read(&text, "file.toml", &[]);
        if let Ok(mut draft) = Draft::new(&text, "file.toml") {
            let _ = draft.set("mixing.phase.0.k", "4");
            draft.unset("data");
            let _ = draft.check();
        }
    }

    #[test]
    fn any_setting_of_the_command_line_is_taken_or_refused(path in "[a-z.0-9\"]{0,24}", value in "\\PC{0,40}") {
        let _ = read(LEAST, "file.toml", &[(path.clone(), value.clone())]);
        let mut draft = Draft::new(LEAST, "file.toml").expect("reads");
        let _ = draft.set(&path, &value);
        draft.unset(&path);
        prop_assert!(Draft::new(&draft.text(), "file.toml").is_ok());
    }
}
