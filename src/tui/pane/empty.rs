//! The empty state of a pane: what would be here, and the key that brings it.

use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widget::boxes::{self, Pane};
use crate::tui::widget::put;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// One box with sentences in its upper part.
pub fn draw(buffer: &mut Buffer, area: Rect, title: &str, sentences: &[String], look: &Look) {
    let pane = Pane { area, title: Line::from(title.to_string()), focused: true, ..Pane::default() };
    boxes::draw(buffer, &[pane], look.style(Role::Muted), look.style(Role::Accent));
    let inner = Pane::inner(area);
    let mut y = 1;
    for sentence in sentences {
        for line in text::wrap(sentence, usize::from(inner.width.saturating_sub(4)).min(76)) {
            put(buffer, inner, 2, y, &line, look.style(Role::Text));
            y += 1;
        }
        y += 1;
    }
}
