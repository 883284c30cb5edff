//! What comes from the terminal, simplified: a key, pasted text, a new size. And the names of keys, as the keymap file
//! and the help write them.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::fmt;

/// Something that the terminal sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size now.
    Resize(u16, u16),
}

impl Input {
    /// The part of crossterm's events that matters here.
    pub fn from_event(event: Event) -> Option<Input> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => Key::from_event(key).map(Input::Key),
            Event::Paste(text) => Some(Input::Paste(text)),
            Event::Resize(width, height) => Some(Input::Resize(width, height)),
            _ => None,
        }
    }
}

/// A key with its modifiers. Shift is part of a character (`G`), and named only with other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The key.
    pub code: Code,
    /// Whether Ctrl was held.
    pub ctrl: bool,
    /// Whether Alt was held.
    pub alt: bool,
    /// Whether Shift was held with a key that is not a character.
    pub shift: bool,
}

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names on the keyboard say it")]
pub enum Code {
    Char(char),
    Function(u8),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// Names of keys that are not characters: in the file, and on the screen.
const NAMES: [(&str, &str, Code); 16] = [
    ("enter", "↵", Code::Enter),
    ("esc", "Esc", Code::Esc),
    ("tab", "Tab", Code::Tab),
    ("backspace", "Backspace", Code::Backspace),
    ("delete", "Del", Code::Delete),
    ("insert", "Ins", Code::Insert),
    ("up", "↑", Code::Up),
    ("down", "↓", Code::Down),
    ("left", "←", Code::Left),
    ("right", "→", Code::Right),
    ("home", "Home", Code::Home),
    ("end", "End", Code::End),
    ("pgup", "PgUp", Code::PageUp),
    ("pgdn", "PgDn", Code::PageDown),
    ("space", "␣", Code::Char(' ')),
    ("minus", "-", Code::Char('-')),
];

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: Code) -> Key {
        Key { code, ctrl: false, alt: false, shift: false }
    }

    /// A character's key.
    #[cfg(test)]
    pub const fn char(character: char) -> Key {
        Key::plain(Code::Char(character))
    }

    fn from_event(event: KeyEvent) -> Option<Key> {
        let held = |modifier| event.modifiers.contains(modifier);
        let mut shift = held(KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::Char(character) => {
                shift = false;
                Code::Char(character)
            }
            KeyCode::F(number) => Code::Function(number),
            KeyCode::Enter => Code::Enter,
            KeyCode::Esc => Code::Esc,
            KeyCode::Tab => Code::Tab,
            KeyCode::BackTab => {
                shift = true;
                Code::Tab
            }
            KeyCode::Backspace => Code::Backspace,
            KeyCode::Delete => Code::Delete,
            KeyCode::Insert => Code::Insert,
            KeyCode::Up => Code::Up,
            KeyCode::Down => Code::Down,
            KeyCode::Left => Code::Left,
            KeyCode::Right => Code::Right,
            KeyCode::Home => Code::Home,
            KeyCode::End => Code::End,
            KeyCode::PageUp => Code::PageUp,
            KeyCode::PageDown => Code::PageDown,
            _ => return None,
        };
        Some(Key { code, ctrl: held(KeyModifiers::CONTROL), alt: held(KeyModifiers::ALT), shift })
    }

    /// The character to insert into a text that is being edited.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(character) if !self.ctrl && !self.alt => Some(character),
            _ => None,
        }
    }

    /// Reads a name as the keymap file writes it: `p`, `G`, `ctrl-r`, `shift-tab`, `f2`, `space`.
    pub fn parse(name: &str) -> Result<Key, String> {
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        // No name of a key is that long, and what is looked at again for each prefix should be short.
        if name.len() > 64 {
            return Err(format!("no key is called `{}…`", super::text::safe(&name.chars().take(32).collect::<String>())));
        }
        let mut rest = name;
        loop {
            let lower = rest.to_lowercase();
            let (flag, length) = if lower.starts_with("ctrl-") && rest.len() > 5 {
                (&mut ctrl, 5)
            } else if lower.starts_with("alt-") && rest.len() > 4 {
                (&mut alt, 4)
            } else if lower.starts_with("shift-") && rest.len() > 6 {
                (&mut shift, 6)
            } else {
                break;
            };
            *flag = true;
            rest = rest.get(length..).unwrap_or_default();
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(character), None) if !character.is_control() => {
                // `shift-g` is the character `G`.
                let upper = if shift { character.to_uppercase().next().unwrap_or(character) } else { character };
                shift = false;
                Code::Char(if ctrl { upper.to_ascii_lowercase() } else { upper })
            }
            _ => named(rest).ok_or_else(|| format!("no key is called `{}`", super::text::safe(name)))?,
        };
        Ok(Key { code, ctrl, alt, shift })
    }

    /// The name in the keymap file; `parse` reads it back.
    pub fn name(self) -> String {
        let code = NAMES.iter().find(|(_, _, code)| *code == self.code).map_or_else(
            || match self.code {
                Code::Char(character) => character.to_string(),
                Code::Function(number) => format!("f{number}"),
                _ => String::new(),
            },
            |(name, _, _)| (*name).into(),
        );
        format!(
            "{}{}{}{code}",
            if self.ctrl { "ctrl-" } else { "" },
            if self.alt { "alt-" } else { "" },
            if self.shift { "shift-" } else { "" }
        )
    }
}

fn named(name: &str) -> Option<Code> {
    let lower = name.to_lowercase();
    if let Some(number) = lower.strip_prefix('f').and_then(|number| number.parse().ok()).filter(|number| (1..=24).contains(number)) {
        return Some(Code::Function(number));
    }
    NAMES.iter().find(|(known, _, _)| *known == lower).map(|(_, _, code)| *code)
}

/// As the screen shows it: `↵`, `Ctrl-R`, `Shift-Tab`, `G`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.alt {
            f.write_str("Alt-")?;
        }
        if self.shift {
            f.write_str("Shift-")?;
        }
        match (NAMES.iter().find(|(_, _, code)| *code == self.code), self.code) {
            (Some((_, shown, _)), _) => f.write_str(shown),
            (None, Code::Char(character)) if self.ctrl => write!(f, "{}", character.to_uppercase()),
            (None, Code::Char(character)) => write!(f, "{character}"),
            (None, Code::Function(number)) => write!(f, "F{number}"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for name in ["p", "G", "ctrl-r", "shift-tab", "f2", "space", "minus", "+", "alt-x", "pgdn", "?", "ctrl-alt-x"] {
            assert_eq!(Key::parse(name).map(Key::name), Ok(name.to_string()));
        }
        assert_eq!(Key::parse("shift-g"), Ok(Key::char('G')));
        assert_eq!(Key::parse("Ctrl-L").map(Key::name), Ok("ctrl-l".into()));
        assert_eq!(Key::parse("-"), Ok(Key::char('-')));
        assert_eq!(Key::parse("f").map(|key| key.code), Ok(Code::Char('f')));
        assert!(Key::parse("hyper-x").is_err());
        assert!(Key::parse("").is_err());
        assert!(Key::parse("f99").is_err());
    }

    #[test]
    fn the_screen_shows_what_is_printed_on_the_key() {
        let shown = |name: &str| Key::parse(name).map(|key| key.to_string());
        assert_eq!(shown("enter"), Ok("↵".into()));
        assert_eq!(shown("ctrl-l"), Ok("Ctrl-L".into()));
        assert_eq!(shown("shift-tab"), Ok("Shift-Tab".into()));
    }

    #[test]
    fn releases_are_no_input_and_shift_is_part_of_a_character() {
        let mut event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Input::from_event(Event::Key(event)), Some(Input::Key(Key::char('G'))));
        event.kind = KeyEventKind::Release;
        assert_eq!(Input::from_event(Event::Key(event)), None);
    }
}
