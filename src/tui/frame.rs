//! The frame around every pane: tabs with the fact at the right, the pane, the message line when there is one, the keys.

use super::component::Component;
use super::keymap::{Action, PLACES, Place};
use super::look::Size;
use super::shared::Shared;
use super::text;
use super::theme::Role;
use super::widget::{put, put_line};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

/// Draws the whole screen.
pub fn draw(buffer: &mut Buffer, area: Rect, place: Place, pane: &dyn Component, shared: &Shared) {
    let size = Size::of(area);
    if size == Size::TooSmall {
        too_small(buffer, area, shared);
        return;
    }
    tabs(buffer, Rect { height: 1, ..area }, place, pane.fact(shared), shared);
    let message = message_line(pane, shared, area.width);
    let keys = Rect { y: area.bottom() - 1, height: 1, ..area };
    let taken = 2 + u16::from(message.is_some());
    let body = Rect { y: area.y + 1, height: area.height - taken, ..area };
    match &shared.page {
        Some(page) => page.draw(buffer, body, &shared.look),
        None => pane.draw(buffer, body, size, shared),
    }
    if let Some(line) = message {
        let row = Rect { y: keys.y - 1, height: 1, ..area };
        match (&shared.question, &shared.prompt) {
            (None, Some(prompt)) => {
                put(buffer, row, 1, 0, &prompt.label, shared.look.style(Role::Accent));
                let used = (2 + text::width(&prompt.label) as u16).min(row.width - 1);
                prompt.edit.draw(buffer, Rect { x: row.x + used, width: row.width - used, ..row }, shared.look.style(Role::Value));
            }
            _ => put_line(buffer, row, 0, &line),
        }
    }
    foot(buffer, keys, place, pane, shared);
}

fn message_line(pane: &dyn Component, shared: &Shared, columns: u16) -> Option<Line<'static>> {
    if let Some(question) = &shared.question {
        return Some(question.line(shared.look.theme, columns));
    }
    if shared.prompt.is_some() {
        return Some(Line::default());
    }
    shared.messages.line(shared.look.theme).or_else(|| pane.standing(shared))
}

fn tabs(buffer: &mut Buffer, row: Rect, place: Place, (fact, role): (String, Role), shared: &Shared) {
    let mut x = 1;
    // Where names and the fact do not fit beside each other, the other tabs keep their numbers.
    let names: usize = PLACES.iter().skip(1).map(|(_, _, title)| title.len() + 4).sum();
    let short = names + text::width(&fact) + 3 > usize::from(row.width);
    for (number, (at, _, title)) in PLACES.iter().skip(1).enumerate() {
        let active = *at == place;
        let label = match (active, short && row.width < 80) {
            (true, _) => format!("[{} {title}]", number + 1),
            (false, true) => format!(" {} ", number + 1),
            (false, false) => format!(" {} {title} ", number + 1),
        };
        let style = if active { shared.look.style(Role::Accent).add_modifier(Modifier::BOLD) } else { shared.look.style(Role::Muted) };
        put(buffer, row, x, 0, &label, style);
        x += text::width(&label) as u16;
    }
    let room = usize::from(row.width.saturating_sub(x + 2));
    let fact = text::cut(&fact, room);
    put(buffer, row, row.width.saturating_sub(1 + text::width(&fact) as u16), 0, &fact, shared.look.style(role));
}

fn foot(buffer: &mut Buffer, row: Rect, place: Place, pane: &dyn Component, shared: &Shared) {
    let (key_style, text_style) = (shared.look.style(Role::Accent), shared.look.style(Role::Muted));
    let offered: Vec<(String, String)> = if shared.question.is_some() {
        Vec::new()
    } else if shared.prompt.is_some() {
        vec![("↵".into(), "done".into()), ("Esc".into(), "give up".into())]
    } else if shared.page.is_some() {
        vec![("↑ ↓".into(), "scroll".into()), (shared.keymap.key(Action::Close), "close".into())]
    } else {
        let foot = shared.keymap.foot(place).into_iter().filter(|(action, _, _)| pane.offers(*action));
        foot.map(|(_, key, short)| (key, short.to_string())).collect()
    };
    let help = shared.keymap.key(Action::Help);
    let help_width = text::width(&help) as u16 + 6;
    let end = row.width.saturating_sub(help_width + 1);
    let mut x = 1;
    for (key, short) in offered {
        let width = (text::width(&key) + 1 + text::width(&short)) as u16;
        if x + width + 2 > end {
            break;
        }
        put(buffer, row, x, 0, &key, key_style);
        put(buffer, row, x + text::width(&key) as u16 + 1, 0, &short, text_style);
        x += width + 2;
    }
    if shared.question.is_none() && shared.prompt.is_none() {
        put(buffer, row, end, 0, &help, key_style);
        put(buffer, row, end + text::width(&help) as u16 + 1, 0, "help", text_style);
    }
}

fn too_small(buffer: &mut Buffer, area: Rect, shared: &Shared) {
    let lines = [
        format!("The terminal is {} × {};", area.width, area.height),
        "this needs 60 × 20.".to_string(),
        format!("{} leaves; runs go on.", shared.keymap.key(Action::Leave)),
    ];
    for (y, line) in lines.iter().enumerate() {
        put(buffer, area, 0, y as u16, line, shared.look.style(Role::Text));
    }
}
