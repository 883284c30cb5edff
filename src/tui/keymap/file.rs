//! The user's own keymap file: read, checked against the table, and laid over it. What is wrong is said in words and
//! left out; the rest holds.

use super::{Keymap, PLACES, Place, TABLE, entries};
use crate::tui::input::Key;
use crate::tui::text::safe;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where the file is looked for.
pub fn path() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "curricle").map(|folders| folders.config_dir().join("keymap.toml"))
}

/// Largest file that is read: every action with several keys takes some 5 kB.
const LONGEST: u64 = 64 << 10;

/// Everything that is wrong with the text of a keymap file.
pub fn problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    lay_over(&mut Keymap::default(), text, &mut problems);
    problems
}

/// The text of a file, if it is one and not too large.
fn text_of(path: &Path) -> std::io::Result<String> {
    use std::io::{Error, ErrorKind, Read};
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no file"));
    }
    let mut text = String::new();
    let length = std::fs::File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST { Err(Error::new(ErrorKind::InvalidInput, format!("more than {LONGEST} bytes"))) } else { Ok(text) }
}

/// The keymap with the file laid over it, and every problem in the file. A missing file changes nothing.
pub fn read(path: &Path) -> (Keymap, Vec<String>) {
    let mut keymap = Keymap::default();
    let text = match text_of(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (keymap, Vec::new()),
        Err(error) => return (keymap, vec![format!("{}: {error}; the default keys hold", path.display())]),
    };
    let mut problems = Vec::new();
    lay_over(&mut keymap, &text, &mut problems);
    let problems = problems.into_iter().map(|problem| format!("{}: {problem}", path.display())).collect();
    (keymap, problems)
}

fn lay_over(keymap: &mut Keymap, text: &str, problems: &mut Vec<String>) {
    let document: toml_edit::DocumentMut = match text.parse() {
        Ok(document) => document,
        Err(error) => {
            let first = error.message().lines().next().unwrap_or("not TOML").to_string();
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            problems.push(format!("line {line}: {first}; the default keys hold"));
            return;
        }
    };
    let mut chosen: Vec<(Place, super::Action, Vec<Key>, String)> = Vec::new();
    for (name, item) in document.iter() {
        let Some((place, _, _)) = PLACES.iter().find(|(_, known, _)| *known == name) else {
            let known: Vec<&str> = PLACES.iter().map(|(_, known, _)| *known).collect();
            problems.push(format!("[{}]: no such place; there are {}", safe(name), known.join(", ")));
            continue;
        };
        let Some(table) = item.as_table_like() else {
            problems.push(format!("`{}`: expected a table of actions", safe(name)));
            continue;
        };
        for (action, value) in table.iter() {
            let entry = TABLE.iter().find(|entry| entry.place == *place && entry.name == action);
            let Some(entry) = entry else {
                problems.push(format!("{name}.{}: no such action in this place", safe(action)));
                continue;
            };
            match keys_of(value) {
                Ok(keys) => chosen.push((*place, entry.action, keys, format!("{name}.{action}"))),
                Err(problem) => problems.push(format!("{name}.{action}: {problem}")),
            }
        }
    }
    for (place, action, keys, _) in &chosen {
        keymap.set(*place, *action, keys.clone());
    }
    clashes(keymap, &chosen, problems);
}

fn keys_of(value: &toml_edit::Item) -> Result<Vec<Key>, String> {
    let expected = "expected a key such as \"p\", or a list of keys";
    if let Some(name) = value.as_str() {
        return Ok(vec![Key::parse(name)?]);
    }
    let list = value.as_array().ok_or(expected)?;
    list.iter().map(|name| Key::parse(name.as_str().ok_or(expected)?)).collect()
}

/// A key with two meanings in one place: the one asked for in the file wins, and the other is named.
fn clashes(keymap: &mut Keymap, chosen: &[(Place, super::Action, Vec<Key>, String)], problems: &mut Vec<String>) {
    let mut asked: HashMap<(Place, Key), &str> = HashMap::new();
    for (place, action, keys, name) in chosen {
        for key in keys {
            if let Some(other) = asked.insert((*place, *key), name) {
                problems.push(format!("{name}: `{}` is asked for by {other} too; the later one holds", key.name()));
            }
            keymap.keys.insert((*place, *key), *action);
        }
    }
    for entry in TABLE {
        let kept: Vec<Key> = keymap
            .keys(entry.place, entry.action)
            .iter()
            .copied()
            .filter(|key| keymap.keys.get(&(entry.place, *key)) == Some(&entry.action))
            .collect();
        let had = keymap.keys(entry.place, entry.action).len();
        if kept.is_empty() && had > 0 && !chosen.iter().any(|(place, action, _, _)| *place == entry.place && *action == entry.action) {
            problems.push(format!("`{}` has lost its key to another action; it is still on the command line as `:{0}`", entry.name));
        }
        keymap.shown.insert((entry.place, entry.action), kept);
    }
    let reachable = |action: super::Action| {
        entries(Place::Everywhere).any(|entry| entry.action == action && !keymap.keys(entry.place, action).is_empty())
    };
    if !reachable(super::Action::Leave) && !reachable(super::Action::CommandLine) {
        problems.push("neither `leave` nor `command` has a key: both keep their default keys".into());
        for action in [super::Action::Leave, super::Action::CommandLine] {
            if let Some(entry) = TABLE.iter().find(|entry| entry.action == action) {
                keymap.set(entry.place, action, entry.keys.iter().filter_map(|name| Key::parse(name).ok()).collect());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::Action;
    use curricle_core::words::steers;

    /// Inputs that fuzzing began with, and those that it found.
    #[test]
    fn foreign_files_are_refused_in_words() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let files =
            |kind: &str| std::fs::read_dir(fuzz.join(kind).join("keymap")).into_iter().flatten().flatten().map(|entry| entry.path());
        assert!(files("seeds").count() > 0);
        for path in files("seeds").chain(files("regressions")) {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(!problems(&text).iter().any(|problem| problem.chars().any(steers)), "{}", path.display());
        }
    }

    #[test]
    fn large_files_and_devices_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keymap.toml");
        std::fs::write(&path, "#".repeat(65 << 10)).unwrap();
        assert!(read(&path).1[0].ends_with("more than 65536 bytes; the default keys hold"));
        assert!(read(Path::new("/dev/zero")).1[0].ends_with("it is no file; the default keys hold"));
    }

    fn laid(text: &str) -> (Keymap, Vec<String>) {
        let (mut keymap, mut problems) = (Keymap::default(), Vec::new());
        lay_over(&mut keymap, text, &mut problems);
        (keymap, problems)
    }

    #[test]
    fn keys_are_replaced() {
        let (keymap, problems) = laid("[train]\npause = [\"space\", \"p\"]\n[everywhere]\nhelp = \"f1\"\n");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(keymap.action(Place::Train, Key::char(' ')), Some(Action::Pause));
        assert_eq!(keymap.action(Place::Train, Key::parse("f1").expect("a key")), Some(Action::Help));
        assert_eq!(keymap.action(Place::Train, Key::char('?')), None);
    }

    #[test]
    fn every_problem_is_said_and_the_rest_holds() {
        let (keymap, problems) = laid("[trian]\npause = \"a\"\n[train]\npuase = \"a\"\nstop = \"hyper-x\"\nfork = 3\ncheckpoint = \"C\"\n");
        assert_eq!(
            problems,
            [
                "[trian]: no such place; there are everywhere, configure, train, scores, attacks, runs",
                "train.puase: no such action in this place",
                "train.stop: no key is called `hyper-x`",
                "train.fork: expected a key such as \"p\", or a list of keys",
            ]
        );
        assert_eq!(keymap.action(Place::Train, Key::char('C')), Some(Action::Checkpoint));
        assert_eq!(keymap.action(Place::Train, Key::char('x')), Some(Action::Stop));
    }

    #[test]
    fn a_key_taken_from_another_action_is_said() {
        let (keymap, problems) = laid("[train]\npause = \"x\"\n");
        assert_eq!(problems, ["`stop` has lost its key to another action; it is still on the command line as `:stop`"]);
        assert_eq!(keymap.action(Place::Train, Key::char('x')), Some(Action::Pause));
        let (_, problems) = laid("[runs]\ntags = \"a\"\nnotes = \"a\"\n");
        assert!(problems.iter().any(|problem| problem.contains("asked for by runs.tags too")), "{problems:?}");
    }

    #[test]
    fn the_way_out_cannot_be_lost() {
        let (keymap, problems) = laid("[everywhere]\nleave = []\ncommand = []\n");
        assert_eq!(problems, ["neither `leave` nor `command` has a key: both keep their default keys"]);
        assert_eq!(keymap.action(Place::Runs, Key::char('q')), Some(Action::Leave));
    }

    #[test]
    fn broken_toml_names_the_line() {
        let (_, problems) = laid("[train]\npause = \n");
        assert!(problems[0].starts_with("line 2:"), "{problems:?}");
    }
}
