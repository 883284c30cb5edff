//! A page of text over the pane: help, messages, a difference, images. It scrolls, and Esc closes it.

use super::keymap::{Action, Entry, Keymap, Place, TABLE};
use super::look::Look;
use super::text;
use super::theme::Role;
use super::widget::boxes::{self, Pane};
use super::widget::list::Scroll;
use super::widget::put_line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// A titled text.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The title.
    pub title: String,
    /// The text, line by line.
    pub lines: Vec<Line<'static>>,
    /// How far it is scrolled.
    pub scroll: Scroll,
}

impl Page {
    /// A page from its title and lines.
    pub fn new(title: impl Into<String>, lines: Vec<Line<'static>>) -> Page {
        Page { title: title.into(), lines, scroll: Scroll::default() }
    }

    /// Every key that works in a place, from the table, but those that `lacks` knows to mean nothing there now.
    pub fn help(place: Place, keymap: &Keymap, look: &Look, columns: u16, lacks: impl Fn(Action) -> bool) -> Page {
        let mut lines = Vec::new();
        let width = usize::from(columns).saturating_sub(20).max(20);
        let places = if place == Place::Everywhere { vec![place] } else { vec![place, Place::Everywhere] };
        for at in places {
            let entries: Vec<&Entry> = TABLE.iter().filter(|entry| entry.place == at && !lacks(entry.action)).collect();
            let mut groups: Vec<&str> = Vec::new();
            entries.iter().for_each(|entry| {
                if !groups.contains(&entry.group) {
                    groups.push(entry.group)
                }
            });
            for group in groups {
                if !lines.is_empty() {
                    lines.push(Line::default());
                }
                lines.push(Line::styled(format!("{}: {group}", at.title()), look.style(Role::Muted)));
                for entry in entries.iter().filter(|entry| entry.group == group) {
                    let keys: Vec<String> = keymap.keys(at, entry.action).iter().map(ToString::to_string).collect();
                    let keys = if keys.is_empty() { format!(":{}", entry.name) } else { keys.join(" ") };
                    for (number, part) in text::wrap(entry.sentence, width).into_iter().enumerate() {
                        let keys = if number == 0 { keys.as_str() } else { "" };
                        lines.push(Line::from(vec![
                            Span::styled(format!("  {}", text::left(keys, 14)), look.style(Role::Accent)),
                            Span::raw(part),
                        ]));
                    }
                }
            }
        }
        if let Some(path) = super::keymap::path() {
            lines.push(Line::default());
            lines.push(Line::styled(format!("Your own keys: {}", path.display()), look.style(Role::Muted)));
        }
        Page::new(format!("help: {}", place.title()), lines)
    }

    /// Takes an action; answers whether it was one that scrolls.
    pub fn act(&mut self, action: Action) -> bool {
        self.scroll.act(action)
    }

    /// Draws the page over an area.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, look: &Look) {
        ratatui::widgets::Widget::render(ratatui::widgets::Clear, area, buffer);
        let inner = Pane::inner(area);
        let window = self.scroll.window(self.lines.len(), usize::from(inner.height));
        let pane =
            Pane { area, title: Line::from(self.title.clone()), above: window.start, below: self.lines.len() - window.end, focused: true };
        boxes::draw(buffer, &[pane], look.style(Role::Muted), look.style(Role::Accent));
        for (y, line) in self.lines[window].iter().enumerate() {
            put_line(buffer, Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }, y as u16, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_is_missing_from_the_help_of_its_place() {
        let (look, keymap) = (Look::plain(), Keymap::default());
        for (place, _, _) in super::super::keymap::PLACES {
            let page: Vec<String> = Page::help(place, &keymap, &look, 200, |_| false).lines.iter().map(ToString::to_string).collect();
            for entry in super::super::keymap::entries(place) {
                assert!(page.iter().any(|line| line.contains(entry.sentence)), "{} in {place:?}", entry.name);
            }
        }
    }
}
