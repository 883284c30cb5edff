//! One line of text that is being typed.

use crate::tui::input::{Code, Key};
use crate::tui::text::{self, safe};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// The text and the place of the cursor in it, in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    characters: Vec<char>,
    at: usize,
    /// Whether the whole text is chosen: the next character typed replaces it.
    fresh: bool,
}

/// What a key did to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// Enter: the text is meant.
    Done,
    /// Esc: it is not.
    GivenUp,
    /// The text changed.
    Changed,
    /// The cursor moved, or the key means nothing here.
    Nothing,
}

impl Edit {
    /// A text to edit, cursor at the end.
    pub fn new(text: &str) -> Edit {
        let characters: Vec<char> = text.chars().collect();
        Edit { at: characters.len(), characters, fresh: false }
    }

    /// A value to replace or edit: the first character typed replaces it, a movement keeps it.
    pub fn replacing(text: &str) -> Edit {
        Edit { fresh: !text.is_empty(), ..Edit::new(text) }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Typed {
        let fresh = std::mem::take(&mut self.fresh);
        match (key.code, key.ctrl) {
            (Code::Enter, _) => return Typed::Done,
            (Code::Esc, _) | (Code::Char('c'), true) => return Typed::GivenUp,
            (Code::Left, false) => self.at = self.at.saturating_sub(1),
            (Code::Right, false) => self.at = (self.at + 1).min(self.characters.len()),
            (Code::Left, true) => self.at = self.word_start(),
            (Code::Right, true) => self.at = self.word_end(),
            (Code::Home, _) | (Code::Char('a'), true) => self.at = 0,
            (Code::End, _) | (Code::Char('e'), true) => self.at = self.characters.len(),
            (Code::Backspace, _) if fresh => return self.replace(""),
            (Code::Backspace, _) | (Code::Char('h'), true) if self.at > 0 => {
                self.at -= 1;
                self.characters.remove(self.at);
                return Typed::Changed;
            }
            (Code::Delete, _) if self.at < self.characters.len() => {
                self.characters.remove(self.at);
                return Typed::Changed;
            }
            (Code::Char('u'), true) => return self.replace(""),
            (Code::Char('w'), true) => {
                let start = self.word_start();
                self.characters.drain(start..self.at);
                self.at = start;
                return Typed::Changed;
            }
            (Code::Char('k'), true) => {
                self.characters.truncate(self.at);
                return Typed::Changed;
            }
            _ => {
                if let Some(character) = key.typed() {
                    if fresh {
                        self.replace("");
                    }
                    self.characters.insert(self.at, character);
                    self.at += 1;
                    return Typed::Changed;
                }
            }
        }
        Typed::Nothing
    }

    /// Inserts pasted text, on one line and without control characters.
    pub fn paste(&mut self, text: &str) {
        if std::mem::take(&mut self.fresh) {
            self.replace("");
        }
        for character in safe(text.trim_end_matches(['\n', '\r'])).chars().take(4_096) {
            self.characters.insert(self.at, character);
            self.at += 1;
        }
    }

    /// Puts another text in the place of this one.
    pub fn replace(&mut self, text: &str) -> Typed {
        *self = Edit::new(text);
        Typed::Changed
    }

    fn word_start(&self) -> usize {
        let before = &self.characters[..self.at];
        let skipped = before.iter().rposition(|character| character.is_alphanumeric()).map_or(0, |place| place + 1);
        before[..skipped].iter().rposition(|character| !character.is_alphanumeric()).map_or(0, |place| place + 1)
    }

    fn word_end(&self) -> usize {
        let after = &self.characters[self.at..];
        let start = after.iter().position(|character| character.is_alphanumeric()).unwrap_or(after.len());
        let word = after[start..].iter().position(|character| !character.is_alphanumeric()).unwrap_or(after.len() - start);
        self.at + start + word
    }

    /// Draws the text in one row with the cursor as a reversed cell, scrolled so that the cursor is in view.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, style: Style) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        buffer.set_string(area.x, area.y, " ".repeat(usize::from(area.width)), style);
        let before: String = self.characters[..self.at].iter().collect();
        let room = usize::from(area.width - 1);
        let mut skipped = 0;
        let mut before: &str = &safe(&before);
        while text::width(before) > room {
            let mut characters = before.chars();
            characters.next();
            before = characters.as_str();
            skipped += 1;
        }
        let shown: String = self.characters[skipped..].iter().collect();
        let whole = if self.fresh { style.add_modifier(Modifier::UNDERLINED) } else { style };
        buffer.set_stringn(area.x, area.y, safe(&shown), usize::from(area.width), whole);
        let cursor = (area.x + text::width(before) as u16).min(area.right() - 1);
        buffer[(cursor, area.y)].set_style(style.add_modifier(Modifier::REVERSED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(edit: &mut Edit, keys: &[&str]) {
        for key in keys {
            edit.key(Key::parse(key).expect("a key"));
        }
    }

    #[test]
    fn a_value_is_replaced_by_typing_and_kept_by_moving() {
        let mut edit = Edit::replacing("128");
        typed(&mut edit, &["6", "4"]);
        assert_eq!(edit.text(), "64");
        let mut edit = Edit::replacing("128");
        typed(&mut edit, &["left", "0"]);
        assert_eq!(edit.text(), "1208");
        let mut edit = Edit::replacing("128");
        typed(&mut edit, &["backspace"]);
        assert_eq!(edit.text(), "");
    }

    #[test]
    fn words_and_ends_can_be_reached() {
        let mut edit = Edit::new("loss delta, K");
        typed(&mut edit, &["ctrl-left", "ctrl-left", "x"]);
        assert_eq!(edit.text(), "loss xdelta, K");
        typed(&mut edit, &["ctrl-w", "home", "ctrl-k"]);
        assert_eq!(edit.text(), "");
        assert_eq!(edit.key(Key::plain(Code::Enter)), Typed::Done);
        assert_eq!(edit.key(Key::plain(Code::Esc)), Typed::GivenUp);
    }

    #[test]
    fn pasted_text_is_one_harmless_line() {
        let mut edit = Edit::default();
        edit.paste("a\nb\u{1b}[2J\n");
        assert_eq!(edit.text(), "a b·[2J");
    }

    #[test]
    fn the_cursor_stays_in_view() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        Edit::new("abcdefgh").draw(&mut buffer, Rect::new(0, 0, 4, 1), Style::new());
        let row: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert_eq!(row, "fgh ");
        assert!(buffer[(3, 0)].modifier.contains(Modifier::REVERSED));
    }
}
