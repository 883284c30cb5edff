//! The frame around every pane: tabs with the fact at the right, the pane, a message or
//! a question when there is one, the keys.

use super::component::Component;
use super::input::{Code, Key};
use super::keymap::{self, Action, PLACES, Place};
use super::look::Size;
use super::notice::Notice;
use super::question::Question;
use super::shared::{Purpose, Shared};
use super::text;
use super::theme::Role;
use super::widget::boxes::{self, Pane};
use super::widget::{put, put_line, put_right};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Draws the whole screen.
pub fn draw(buffer: &mut Buffer, area: Rect, place: Place, pane: &dyn Component, shared: &Shared) {
    let size = Size::of(area);
    if size == Size::TooSmall {
        too_small(buffer, area, shared);
        return;
    }
    tabs(buffer, Rect { height: 1, ..area }, place, pane.fact(shared), shared);
    let notice = notice(pane, shared).map(|notice| notice.lines(shared.look.theme, area.width)).unwrap_or_default();
    let prompt = shared.prompt.as_ref().filter(|_| shared.question.is_none());
    let taken = if prompt.is_some() { 1 } else { notice.len() as u16 };
    let keys = Rect { y: area.bottom() - 1, height: 1, ..area };
    let body = Rect { y: area.y + 1, height: area.height - 2 - taken, ..area };
    match &shared.page {
        Some(page) => page.draw(buffer, body, &shared.look),
        None => pane.draw(buffer, body, size, shared),
    }
    let below = Rect { y: body.bottom(), height: taken, ..area };
    match prompt {
        Some(prompt) => {
            if prompt.purpose == Purpose::Command {
                candidates(buffer, body, place, &prompt.edit.text(), shared);
            }
            put(buffer, below, 1, 0, &prompt.label, shared.look.style(Role::Accent));
            let used = (2 + text::width(&prompt.label) as u16).min(below.width - 1);
            let found = if prompt.purpose == Purpose::Filter { pane.found().unwrap_or_default() } else { String::new() };
            let room = (below.width - used).saturating_sub(text::width(&found) as u16 + 2).max(1);
            prompt.edit.draw(buffer, Rect { x: below.x + used, width: room, ..below }, shared.look.style(Role::Value));
            put_right(buffer, Rect { width: below.width - 1, ..below }, 0, &found, shared.look.style(Role::Muted));
        }
        None => notice.iter().enumerate().for_each(|(y, line)| put_line(buffer, below, y as u16, line)),
    }
    foot(buffer, keys, place, pane, shared);
}

/// What stands above the key line: a question, what was said last, or what the pane has to say for as long as it is so.
fn notice(pane: &dyn Component, shared: &Shared) -> Option<Notice> {
    let question = shared.question.as_ref().map(Question::notice);
    question.or_else(|| shared.messages.notice()).or_else(|| pane.standing())
}

/// Lines of the list of commands.
const CANDIDATES: usize = 8;

/// The commands that fit what is typed, over the lower end of the pane: name, key, what it does.
fn candidates(buffer: &mut Buffer, body: Rect, place: Place, typed: &str, shared: &Shared) {
    let look = &shared.look;
    let fitting = keymap::candidates(place, typed);
    let shown = fitting.len().clamp(1, CANDIDATES.min(usize::from(body.height.saturating_sub(2))));
    let height = shown as u16 + 2;
    let area = Rect { y: body.bottom() - height, height, ..body };
    ratatui::widgets::Widget::render(ratatui::widgets::Clear, area, buffer);
    let title = if fitting.is_empty() { "no command fits" } else { "commands" };
    let below = fitting.len().saturating_sub(shown);
    boxes::draw(
        buffer,
        &[Pane { area, title: title.into(), below, focused: true, above: 0 }],
        look.style(Role::Muted),
        look.style(Role::Accent),
    );
    let inner = Pane::inner(area);
    let name = fitting.iter().map(|entry| entry.name.len()).max().unwrap_or(0) + 2;
    for (y, entry) in fitting.iter().take(shown).enumerate() {
        let keys: Vec<String> = shared.keymap.keys(entry.place, entry.action).iter().map(|key| look.symbols.spelled(*key)).collect();
        put(buffer, inner, 1, y as u16, entry.name, look.style(Role::Value));
        put(buffer, inner, 1 + name as u16, y as u16, &text::cut(&keys.join(" "), 9), look.style(Role::Accent));
        put(buffer, inner, 11 + name as u16, y as u16, entry.sentence, look.style(Role::Text));
    }
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
    let look = &shared.look;
    let (key_style, text_style) = (look.style(Role::Accent), look.style(Role::Muted));
    let is_typing = pane.is_typing() && shared.page.is_none();
    let offered: Vec<(String, String)> = if shared.question.is_some() {
        Vec::new()
    } else if shared.prompt.is_some() || is_typing {
        let mut offered = vec![(look.symbols.spelled(Key::plain(Code::Enter)), "done".to_string()), ("Esc".into(), "give up".into())];
        let (tab, next) = ("Tab".to_string(), "↑ ↓".to_string());
        match shared.prompt.as_ref().map(|prompt| &prompt.purpose) {
            Some(Purpose::Command) => offered.push((tab, "complete".into())),
            Some(Purpose::Filter) if pane.found().is_some() => offered.push((next, "previous, next".into())),
            _ => {}
        }
        offered
    } else if shared.page.is_some() {
        vec![("↑ ↓".into(), "scroll".into()), (shared.key(Action::Close), "close".into())]
    } else {
        let foot = shared.keymap.foot(place).into_iter();
        foot.filter_map(|(action, key, short)| Some((look.symbols.spelled(key), pane.offer(action, short, shared)?.to_string()))).collect()
    };
    let help = shared.key(Action::Help);
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
    if shared.question.is_none() && shared.prompt.is_none() && !is_typing {
        put(buffer, row, end, 0, &help, key_style);
        put(buffer, row, end + text::width(&help) as u16 + 1, 0, "help", text_style);
    }
}

fn too_small(buffer: &mut Buffer, area: Rect, shared: &Shared) {
    let lines = [
        format!("The terminal is {} × {};", area.width, area.height),
        "this needs 60 × 20.".to_string(),
        format!("{} leaves; runs go on.", shared.key(Action::Leave)),
    ];
    for (y, line) in lines.iter().enumerate() {
        put(buffer, area, 0, y as u16, line, shared.look.style(Role::Text));
    }
}
