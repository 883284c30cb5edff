//! The picture of Configure.

use super::form::{Row, What};
use super::{COST, Configure, DIFFERENCE, FORM, PRESETS, tree};
use crate::tui::look::Size;
use crate::tui::shared::Shared;
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use crate::tui::widget::boxes::{self, Pane};
use crate::tui::widget::{put, put_line};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The explanation of the field under the cursor: it never has the focus.
const EXPLANATION: usize = 9;
/// Columns of the names in the form.
const NAME: u16 = 23;

impl Configure {
    pub(super) fn picture(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        let look = &shared.look;
        let layout = self.layout(area, size, shared);
        let mut panes = Vec::new();
        for (which, area) in &layout {
            let inner = Pane::inner(*area);
            let height = usize::from(inner.height);
            let (title, above, below) = match *which {
                PRESETS => {
                    let window = self.tree_cursor.window(self.tree.len(), height.saturating_sub(1));
                    ("Presets".to_string(), window.start, self.tree.len() - window.end)
                }
                FORM => {
                    let window = self.cursor.window(self.rows.len(), height);
                    (self.title(), window.start, self.rows.len() - window.end)
                }
                EXPLANATION if self.focused() == PRESETS => {
                    (self.preset_under_cursor().map(|preset| preset.name.clone()).unwrap_or_default(), 0, 0)
                }
                EXPLANATION => (self.row().map(|row| row.path.clone()).unwrap_or_default(), 0, 0),
                COST => {
                    let lines = self.cost_lines(look, inner.width).len();
                    let window = self.scroll.window(lines, height);
                    ("estimate".to_string(), window.start, lines - window.end)
                }
                _ => ("difference to the preset".to_string(), 0, self.differences.len().saturating_sub(height)),
            };
            panes.push(Pane { area: *area, title: Line::from(title), above, below, focused: *which == self.focused() });
        }
        boxes::draw(buffer, &panes, look.style(Role::Muted), look.style(Role::Accent));
        for (which, area) in layout {
            let inner = Pane::inner(area);
            match which {
                PRESETS => self.draw_presets(buffer, inner, shared),
                FORM => self.draw_form(buffer, inner, shared),
                EXPLANATION => self.draw_explanation(buffer, inner, shared),
                COST => {
                    let lines = self.cost_lines(look, inner.width);
                    let window = self.scroll.window(lines.len(), usize::from(inner.height));
                    for (y, line) in lines[window].iter().enumerate() {
                        put_line(buffer, Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner }, y as u16, line);
                    }
                }
                _ => {
                    for (y, line) in self.difference_lines(shared).iter().take(usize::from(inner.height)).enumerate() {
                        put_line(buffer, Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner }, y as u16, line);
                    }
                }
            }
        }
    }

    /// Boxes and their places.
    fn layout(&self, area: Rect, size: Size, shared: &Shared) -> Vec<(usize, Rect)> {
        // The explanation takes the lines that it needs, so that nothing of it is lost, and leaves the form some.
        let explained = |area: Rect, least: u16| {
            let lines = self.explanation(usize::from(area.width.saturating_sub(4)), shared).len() as u16;
            lines.clamp(least, (area.height / 2).max(least)) + 2
        };
        let below = |area: Rect| {
            // Two lines of costs, more where there is room.
            let (least, cost) = if area.height > 30 { (4, 6) } else { (2, 4) };
            let explanation = explained(area, least);
            let form = area.height + 2 - explanation - cost;
            vec![
                (FORM, Rect { height: form, ..area }),
                (EXPLANATION, Rect { y: area.y + form - 1, height: explanation, ..area }),
                (COST, Rect { y: area.y + form + explanation - 2, height: cost, ..area }),
            ]
        };
        match size {
            Size::Small | Size::TooSmall => match self.focused() {
                FORM => {
                    let explanation = explained(area, 2);
                    let form = area.height + 1 - explanation;
                    vec![(FORM, Rect { height: form, ..area }), (EXPLANATION, Rect { y: area.y + form - 1, height: explanation, ..area })]
                }
                other => vec![(other, area)],
            },
            Size::Normal => {
                let mut boxes = vec![(PRESETS, Rect { width: 22, ..area })];
                boxes.extend(below(Rect { x: area.x + 21, width: area.width - 21, ..area }));
                boxes
            }
            Size::Wide => {
                let difference = (area.width / 3).min(48);
                let middle = area.width - 27 - difference + 2;
                let mut boxes = vec![(PRESETS, Rect { width: 28, ..area })];
                boxes.extend(below(Rect { x: area.x + 27, width: middle, ..area }));
                let x = area.x + 27 + middle - 1;
                boxes.push((DIFFERENCE, Rect { x, width: area.right() - x, ..area }));
                boxes
            }
        }
    }

    /// The preset that the list's cursor stands on.
    fn preset_under_cursor(&self) -> Option<&crate::tui::message::Preset> {
        match self.tree.get(self.tree_cursor.at)? {
            tree::Row::Leaf { place, .. } => self.presets.get(*place),
            _ => None,
        }
    }

    fn title(&self) -> String {
        let changed = match self.differences.len() {
            0 => String::new(),
            count => format!(", {count} changed"),
        };
        format!("{}{changed}", safe(&self.base.name))
    }

    fn draw_presets(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let look = &shared.look;
        let filter = if self.filter.is_empty() { "/ to filter".to_string() } else { format!("/ {}", safe(&self.filter)) };
        put(buffer, area, 0, 0, &filter, look.style(Role::Muted));
        let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        if self.tree.is_empty() {
            put(buffer, list, 1, 0, "none fits", look.style(Role::Muted));
        }
        for (y, place) in self.tree_cursor.window(self.tree.len(), usize::from(list.height)).enumerate() {
            let y = y as u16;
            let (line, role) = match &self.tree[place] {
                tree::Row::Folder { name, depth, open, .. } => {
                    (format!("{}{} {name}", "  ".repeat(*depth), if *open { "▾" } else { "▸" }), Role::Text)
                }
                tree::Row::Leaf { place, name, depth } => {
                    let loaded = self.presets.get(*place).is_some_and(|preset| preset.name == self.base.name);
                    (
                        format!("{}{} {name}", "  ".repeat(*depth), if loaded { "•" } else { " " }),
                        if loaded { Role::Value } else { Role::Text },
                    )
                }
                tree::Row::Heading(name) => ((*name).to_string(), Role::Muted),
            };
            put(buffer, list, 0, y, &line, look.style(role));
            if place == self.tree_cursor.at && self.focused() == PRESETS {
                buffer.set_style(Rect { y: list.y + y, height: 1, ..list }, look.style(Role::Selection));
            }
        }
    }

    fn draw_form(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let look = &shared.look;
        for (y, place) in self.cursor.window(self.rows.len(), usize::from(area.height)).enumerate() {
            let y = y as u16;
            let Some(row) = self.rows.get(place) else { continue };
            let (mark, mark_role) = self.mark(row);
            let indent = 2 * row.depth;
            let name = match row.what {
                What::Section(_) | What::Table(_) => format!("{}{} {}", " ".repeat(indent), if row.open { "▾" } else { "▸" }, row.name),
                _ => format!("{}  {}", " ".repeat(indent), row.name),
            };
            put(buffer, area, 0, y, &text::left(&name, usize::from(NAME) - 1), look.style(Role::Text));
            if !mark.is_empty() {
                put(buffer, area, indent as u16, y, mark, look.style(mark_role));
            }
            self.draw_value(buffer, area, y, row, shared);
            let editing = self.editing.as_ref().is_some_and(|editing| editing.path == row.path);
            if place == self.cursor.at && self.focused() == FORM && !editing {
                buffer.set_style(Rect { y: area.y + y, height: 1, ..area }, look.style(Role::Selection));
            }
        }
    }

    /// The sign before a name: wrong, pointless, other than the preset.
    fn mark(&self, row: &Row) -> (&'static str, Role) {
        let inside = |path: &str| {
            path == row.path || (row.folds() && !row.open && path.strip_prefix(&row.path).is_some_and(|rest| rest.starts_with('.')))
        };
        let inside = |path: &str| {
            inside(path) || (row.path == "experiment" && !row.open && !path.is_empty() && !path.contains('.') && is_loose(path))
        };
        let refused = self.editing.as_ref().is_some_and(|editing| editing.refused.is_some() && editing.path == row.path);
        if refused || self.problems.iter().any(|problem| inside(&problem.path)) {
            // A folded section keeps its own sign; the mark stands before it.
            return ("!", Role::Bad);
        }
        if row.folds() {
            return ("", Role::Text);
        }
        if self.warnings.iter().any(|warning| inside(&warning.path)) {
            return ("⚠", Role::Warning);
        }
        if self.differences.iter().any(|(path, _, _)| inside(path)) {
            return ("•", Role::Accent);
        }
        ("", Role::Text)
    }

    fn draw_value(&self, buffer: &mut Buffer, area: Rect, y: u16, row: &Row, shared: &Shared) {
        let look = &shared.look;
        let room = Rect { x: area.x + NAME, y: area.y + y, width: area.width.saturating_sub(NAME), height: 1 };
        if let Some(editing) = self.editing.as_ref().filter(|editing| editing.path == row.path) {
            let width = room.width.min(24);
            editing.edit.draw(buffer, Rect { width, ..room }, look.style(Role::Value));
            if let Some(problem) = &editing.refused {
                put(buffer, room, width + 1, 0, &format!("! {}", safe(&problem.text)), look.style(Role::Bad));
            }
            return;
        }
        match row.what {
            What::Section(section) => {
                let summary = self.experiment.as_ref().map(|experiment| experiment.summary(section.name)).unwrap_or_default();
                put(buffer, room, 0, 0, &safe(&summary), look.style(if row.open { Role::Muted } else { Role::Text }));
            }
            What::Table(_) | What::Another(..) => {}
            What::Field(field) => {
                let value = self.draft.effective(&row.path);
                let (derived, reason) = self.derived(&row.path, &value, shared);
                let shown = if value.is_empty() { "–".to_string() } else { safe(&value) };
                let unit = if field.unit.is_empty() || value.is_empty() || !value.ends_with(|end: char| end.is_ascii_digit()) {
                    String::new()
                } else {
                    format!(" {}", field.unit)
                };
                let written = self.draft.get(&row.path).is_some();
                let style = look.style(if written { Role::Value } else { Role::Text });
                let note = self.note(row, reason);
                let note_width = text::width(&note) as u16;
                let value_room = room.width.saturating_sub(if note.is_empty() { 0 } else { note_width + 2 });
                let text = text::cut(&format!("{shown}{unit}{derived}"), usize::from(value_room));
                put(buffer, room, 0, 0, &text, style);
                if !note.is_empty() && note_width + 1 < room.width {
                    put(buffer, room, room.width - note_width - 1, 0, &note, look.style(Role::Muted));
                }
            }
        }
    }

    /// What `auto` becomes, and why: known from the estimate, else from what the machine can do.
    fn derived(&self, path: &str, value: &str, shared: &Shared) -> (String, String) {
        if value != "auto" {
            return (String::new(), String::new());
        }
        let machine = shared.machine.as_ref();
        let (becomes, reason) = match (path, self.estimate()) {
            ("training.precision", Some(estimate)) if !estimate.precision.is_empty() => {
                (estimate.precision.clone(), estimate.precision_reason.clone())
            }
            ("training.device", Some(estimate)) if !estimate.device.is_empty() => (estimate.device.clone(), estimate.device_reason.clone()),
            ("training.precision", _) => machine.map(|machine| (machine.precision.clone(), machine.reason.clone())).unwrap_or_default(),
            _ => (String::new(), String::new()),
        };
        if becomes.is_empty() { (String::new(), String::new()) } else { (format!(" → {}", safe(&becomes)), safe(&reason)) }
    }

    /// What stands at the right of a value: what the preset says, or why it became so.
    fn note(&self, row: &Row, reason: String) -> String {
        match self.differences.iter().find(|(path, _, _)| *path == row.path) {
            Some((_, preset, _)) if preset.is_empty() => "preset: not used".into(),
            Some((_, preset, _)) => format!("preset: {}", text::cut(&safe(preset), 14)),
            None => text::cut(&reason, 26),
        }
    }

    fn draw_explanation(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        for (y, line) in self.explanation(usize::from(inner.width), shared).iter().take(usize::from(inner.height)).enumerate() {
            put_line(buffer, inner, y as u16, line);
        }
    }

    /// What is wrong with the field under the cursor, and what it is for; what is wrong comes first.
    fn explanation(&self, width: usize, shared: &Shared) -> Vec<Line<'static>> {
        let look = &shared.look;
        let plain = |text: &str| text::wrap(text, width).into_iter().map(Line::from).collect::<Vec<_>>();
        if self.focused() == PRESETS {
            return self.preset_under_cursor().map(|preset| plain(&safe(&preset.description))).unwrap_or_default();
        }
        let Some(row) = self.row() else { return Vec::new() };
        let help = match row.what {
            What::Section(section) => section.help.to_string(),
            What::Table(help) => help.to_string(),
            What::Another(label, _) => format!("Adds another in {label}."),
            What::Field(field) => {
                let default = if field.default.is_empty() || field.default == "\"\"" {
                    String::new()
                } else {
                    format!("; default {}", field.default.trim_matches('"'))
                };
                let meaning = field.meaning(&self.draft.effective(&row.path)).map(|meaning| format!(" {meaning}")).unwrap_or_default();
                format!("{} {}{default}.{meaning}", field.help, capital(&field.expected()))
            }
        };
        let problem = self.problem_at(&row.path).or_else(|| self.problems.first().filter(|_| row.folds() && self.mark(row).0 == "!"));
        let warning = self.warnings.iter().find(|warning| warning.path == row.path);
        let marked = |sign: &'static str, role: Role, text: &str| {
            text::wrap(&safe(text), width.saturating_sub(2)).into_iter().enumerate().map(move |(number, part)| {
                Line::from(vec![Span::styled(if number == 0 { sign } else { "  " }, look.style(role)), Span::raw(part)])
            })
        };
        let mut lines: Vec<Line<'static>> = Vec::new();
        if let Some(problem) = problem {
            let hint = problem.hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
            lines.extend(marked("! ", Role::Bad, &format!("{}{hint}", problem.text)));
        } else if let Some(warning) = warning {
            lines.extend(marked("⚠ ", Role::Warning, &warning.text));
        }
        lines.extend(plain(&help));
        lines
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Whether a path is one of the settings above all sections.
fn is_loose(path: &str) -> bool {
    curricle_core::config::sections().first().is_some_and(|section| section.fields.iter().any(|field| field.name == path))
}
