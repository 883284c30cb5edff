//! Keys and actions. One table says every action's name, keys, place and sentence; dispatch, the key line, the help,
//! `docs/keys.md` and the checks of the user's own keymap file all come from it.

mod file;
mod table;

pub use file::{path, problems, read};
pub use table::{PLACES, TABLE};

use super::input::Key;
use super::symbols::Symbols;
use std::collections::HashMap;

/// What the user meant by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each action has its sentence in the table")]
pub enum Action {
    PaneConfigure,
    PaneTrain,
    PaneScores,
    PaneAttacks,
    PaneRuns,
    NextBox,
    PreviousBox,
    Up,
    Down,
    Left,
    Right,
    First,
    Last,
    PageUp,
    PageDown,
    Find,
    CommandLine,
    Help,
    Copy,
    Messages,
    Redraw,
    Suspend,
    Close,
    Leave,
    Edit,
    Start,
    StartSeeds,
    Save,
    SaveAs,
    Undo,
    Redo,
    Default,
    Difference,
    Images,
    FindNext,
    FindPrevious,
    Pause,
    Release,
    Checkpoint,
    Stop,
    Fork,
    Zoom,
    View,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    Crosshair,
    Axis,
    Logarithmic,
    Smoothing,
    Overlay,
    StepBack,
    StepOn,
    ToStep,
    Ranks,
    BatchImages,
    ImagesOf,
    Open,
    Mark,
    Resume,
    StopRun,
    Delete,
    Duplicate,
    Tags,
    Notes,
    Sort,
}

/// Where a key holds: a pane, or everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names of the tabs")]
pub enum Place {
    Everywhere,
    Configure,
    Train,
    Scores,
    Attacks,
    Runs,
}

impl Place {
    /// The name on the tab.
    pub fn title(self) -> &'static str {
        PLACES.iter().find(|(place, _, _)| *place == self).map_or("", |(_, _, title)| title)
    }
}

/// One action's row in the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The action.
    pub action: Action,
    /// Its name on the command line and in the keymap file; unique within a place and against everywhere.
    pub name: &'static str,
    /// Default keys, by name.
    pub keys: &'static [&'static str],
    /// Where it holds.
    pub place: Place,
    /// What it belongs to in the help.
    pub group: &'static str,
    /// Order in the key line; 0 keeps it out.
    pub foot: u8,
    /// One or two words for the key line.
    pub short: &'static str,
    /// What it does.
    pub sentence: &'static str,
}

/// The keys in use: the table's, changed by the user's file.
#[derive(Debug, Clone)]
pub struct Keymap {
    keys: HashMap<(Place, Key), Action>,
    shown: HashMap<(Place, Action), Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Keymap {
        let mut keymap = Keymap { keys: HashMap::new(), shown: HashMap::new() };
        for entry in TABLE {
            // The table's own names are checked by a test.
            let keys = entry.keys.iter().filter_map(|name| Key::parse(name).ok()).collect();
            keymap.set(entry.place, entry.action, keys);
        }
        keymap
    }
}

impl Keymap {
    /// Gives an action these keys and no others.
    fn set(&mut self, place: Place, action: Action, keys: Vec<Key>) {
        self.keys.retain(|(at, _), bound| *at != place || *bound != action);
        for key in &keys {
            self.keys.insert((place, *key), action);
        }
        self.shown.insert((place, action), keys);
    }

    /// The action of a key: the pane's own first, then everywhere's.
    pub fn action(&self, place: Place, key: Key) -> Option<Action> {
        self.keys.get(&(place, key)).or_else(|| self.keys.get(&(Place::Everywhere, key))).copied()
    }

    /// Keys of an action in a place.
    pub fn keys(&self, place: Place, action: Action) -> &[Key] {
        self.shown.get(&(place, action)).map_or(&[], Vec::as_slice)
    }

    /// The first key of an action as these signs show it, wherever the action holds; without a key its command.
    pub fn key(&self, action: Action, symbols: Symbols) -> String {
        let entry = TABLE.iter().find(|entry| entry.action == action);
        let key = entry.and_then(|entry| self.keys(entry.place, action).first().copied());
        match (key, entry) {
            (Some(key), _) => symbols.spelled(key),
            (None, Some(entry)) => format!(":{}", entry.name),
            (None, None) => String::new(),
        }
    }

    /// What the key line offers in a place, most used first; help is left to the caller, it stands at the right.
    pub fn foot(&self, place: Place) -> Vec<(Action, Key, &'static str)> {
        let mut entries: Vec<&Entry> = entries(place).filter(|entry| entry.foot > 0 && entry.action != Action::Help).collect();
        entries.sort_by_key(|entry| entry.foot);
        let key = |entry: &Entry| self.keys(entry.place, entry.action).first().copied();
        entries.into_iter().filter_map(|entry| Some((entry.action, key(entry)?, entry.short))).collect()
    }

    /// The action of a name typed on the command line, in a place.
    pub fn named(place: Place, name: &str) -> Option<Action> {
        entries(place).find(|entry| entry.name == name).map(|entry| entry.action)
    }
}

/// Entries that hold in a place, its own first.
pub fn entries(place: Place) -> impl Iterator<Item = &'static Entry> {
    let own = TABLE.iter().filter(move |entry| entry.place == place && place != Place::Everywhere);
    own.chain(TABLE.iter().filter(|entry| entry.place == Place::Everywhere))
}

/// Commands that fit what is typed: names that begin so, then names that hold it, then those whose sentence does.
pub fn candidates(place: Place, typed: &str) -> Vec<&'static Entry> {
    let typed = typed.trim().to_lowercase();
    let rank = |entry: &Entry| match entry {
        entry if entry.name.starts_with(&typed) => Some(0),
        entry if entry.name.contains(&typed) => Some(1),
        entry if entry.sentence.to_lowercase().contains(&typed) => Some(2),
        _ => None,
    };
    let mut fitting: Vec<(u8, &Entry)> = entries(place).filter_map(|entry| Some((rank(entry)?, entry))).collect();
    fitting.sort_by_key(|(rank, _)| *rank);
    fitting.into_iter().map(|(_, entry)| entry).collect()
}

/// The page `docs/keys.md`, from the table.
#[cfg(test)]
pub fn page() -> String {
    let mut page = String::from(
        "# Keys\n\nThis page is generated from the table in `src/tui/keymap/table.rs`; a test fails when it is stale.\n\n\
         Your own keys go into `$XDG_CONFIG_HOME/curricle/keymap.toml` (usually `~/.config/curricle/keymap.toml`), one table a \
         place. A value is a key or a list of keys and replaces the defaults of that action; an empty list takes its keys away, \
         and the action stays on the command line (`:`):\n\n```toml\n[everywhere]\nhelp = [\"?\", \"f1\"]\n\n[train]\npause = \"space\"\n```\n\n\
         A key is a character (`p`, `G`, `?`), one of ",
    );
    page.push_str("`enter`, `esc`, `tab`, `backspace`, `delete`, `insert`, `up`, `down`, `left`, `right`, `home`, `end`, `pgup`, `pgdn`, ");
    page.push_str("`space`, `minus`, `f1` to `f24`, with `ctrl-`, `alt-` or `shift-` before it. A pane's key wins over one that holds ");
    page.push_str("everywhere. What is wrong in the file is said when the screen starts, and only that entry is left out.\n");
    for (place, _, title) in PLACES {
        let entries: Vec<&Entry> = TABLE.iter().filter(|entry| entry.place == place).collect();
        if entries.is_empty() {
            continue;
        }
        page.push_str(&format!("\n## {title}\n\n| keys | name | what it does |\n|---|---|---|\n"));
        for entry in entries {
            let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
            page.push_str(&format!("| {} | `{}` | {} |\n", keys.join(" "), entry.name, entry.sentence));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_key_of_the_table_has_a_name_and_one_meaning() {
        for (place, _, _) in PLACES {
            let (mut keys, mut names) = (HashSet::new(), HashSet::new());
            for entry in TABLE.iter().filter(|entry| entry.place == place) {
                for name in entry.keys {
                    let key = Key::parse(name).expect("a key of the table");
                    assert!(keys.insert(key), "{name} twice in {place:?}");
                }
            }
            for entry in entries(place) {
                assert!(names.insert(entry.name), "{} twice in {place:?}", entry.name);
                assert!(entry.sentence.starts_with(char::is_uppercase) && !entry.sentence.ends_with('.'), "{}", entry.sentence);
            }
        }
    }

    #[test]
    fn a_pane_keys_wins_over_everywhere() {
        let keymap = Keymap::default();
        assert_eq!(keymap.action(Place::Configure, Key::char('s')), Some(Action::Start));
        assert_eq!(keymap.action(Place::Runs, Key::char('s')), Some(Action::Sort));
        assert_eq!(keymap.action(Place::Train, Key::char('q')), Some(Action::Leave));
        assert_eq!(keymap.action(Place::Train, Key::char('s')), None);
    }

    #[test]
    fn the_key_line_begins_with_what_is_used_most() {
        let keymap = Keymap::default();
        let foot: Vec<&str> = keymap.foot(Place::Configure).iter().map(|(_, _, short)| *short).collect();
        assert_eq!(&foot[..4], ["edit", "start", "seeds", "save"]);
    }

    #[test]
    fn candidates_come_by_name_before_sentence() {
        let names = |typed: &str| candidates(Place::Train, typed).iter().map(|entry| entry.name).collect::<Vec<_>>();
        assert_eq!(&names("zoo")[..3], ["zoom", "zoom-in", "zoom-out"]);
        assert_eq!(names("device"), ["pause", "release"], "found by what they do");
        assert!(names("no such thing").is_empty());
        assert!(names("").len() > 30);
    }

    #[test]
    fn the_page_of_keys_is_not_stale() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
        if std::env::var_os("CURRICLE_UPDATE").is_some() {
            std::fs::write(path, page()).expect("docs/keys.md is writable");
        }
        let on_disk = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(on_disk, page(), "docs/keys.md is stale: run `CURRICLE_UPDATE=1 cargo test --release the_page_of_keys`");
    }
}
