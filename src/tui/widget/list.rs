//! A cursor over lines that scroll: which line is chosen, and which are in view.

use crate::tui::keymap::Action;
use std::cell::Cell;

/// The chosen line and the first one in view. The view moves only as far as the chosen line needs.
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    /// The chosen line.
    pub at: usize,
    first: Cell<usize>,
    page: Cell<usize>,
}

impl Cursor {
    /// Moves by an action; answers whether it was one that moves.
    pub fn act(&mut self, action: Action, lines: usize) -> bool {
        let page = self.page.get().max(1);
        let last = lines.saturating_sub(1);
        self.at = match action {
            Action::Up => self.at.saturating_sub(1),
            Action::Down => (self.at + 1).min(last),
            Action::First => 0,
            Action::Last => last,
            Action::PageUp => self.at.saturating_sub(page.saturating_sub(1).max(1)),
            Action::PageDown => (self.at + page.saturating_sub(1).max(1)).min(last),
            _ => return false,
        };
        true
    }

    /// Keeps the chosen line within the lines there are.
    pub fn clamp(&mut self, lines: usize) {
        self.at = self.at.min(lines.saturating_sub(1));
    }

    /// The lines in view, for a height: first and one past the last. Called by the view, which alone knows the height.
    pub fn window(&self, lines: usize, height: usize) -> std::ops::Range<usize> {
        self.page.set(height);
        let height = height.max(1);
        let mut first = self.first.get().min(lines.saturating_sub(height));
        if self.at < first {
            first = self.at;
        } else if self.at >= first + height {
            first = self.at + 1 - height;
        }
        self.first.set(first);
        first..(first + height).min(lines)
    }
}

/// A text that scrolls without a chosen line.
#[derive(Debug, Clone, Default)]
pub struct Scroll {
    /// Lines scrolled off.
    pub first: usize,
    most: Cell<usize>,
    page: Cell<usize>,
}

impl Scroll {
    /// Moves by an action; answers whether it was one that moves.
    pub fn act(&mut self, action: Action) -> bool {
        let (page, most) = (self.page.get().max(2) - 1, self.most.get());
        let first = self.first.min(most);
        self.first = match action {
            Action::Up => first.saturating_sub(1),
            Action::Down => (first + 1).min(most),
            Action::First => 0,
            Action::Last => most,
            Action::PageUp => first.saturating_sub(page),
            Action::PageDown => (first + page).min(most),
            _ => return false,
        };
        true
    }

    /// The lines in view, for a height.
    pub fn window(&self, lines: usize, height: usize) -> std::ops::Range<usize> {
        self.page.set(height);
        self.most.set(lines.saturating_sub(height));
        let first = self.first.min(self.most.get());
        first..(first + height).min(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_follows_the_cursor_and_no_further() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.window(10, 4), 0..4);
        for _ in 0..4 {
            cursor.act(Action::Down, 10);
        }
        assert_eq!(cursor.window(10, 4), 1..5);
        cursor.act(Action::Up, 10);
        assert_eq!(cursor.window(10, 4), 1..5, "the view stays while the cursor is in it");
        cursor.act(Action::Last, 10);
        assert_eq!(cursor.window(10, 4), 6..10);
        cursor.act(Action::PageUp, 10);
        assert_eq!(cursor.at, 6);
        cursor.clamp(3);
        assert_eq!(cursor.window(3, 4), 0..3);
        assert!(!cursor.act(Action::Help, 3));
    }

    #[test]
    fn a_text_scrolls_to_its_end_and_no_further() {
        let mut scroll = Scroll::default();
        assert_eq!(scroll.window(5, 3), 0..3);
        scroll.act(Action::Last);
        assert_eq!(scroll.window(5, 3), 2..5);
        scroll.act(Action::Down);
        assert_eq!(scroll.window(5, 3), 2..5);
        assert_eq!(scroll.window(2, 3), 0..2);
    }
}
