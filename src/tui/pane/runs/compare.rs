//! What differs between the marked runs, beside what came of it; or, with nothing marked, what is known of the run under
//! the cursor.

use super::Runs;
use crate::tui::format;
use crate::tui::look::Look;
use crate::tui::shared::{Shared, title};
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use curricle_core::run::State;
use curricle_core::run::catalogue::Summary;
use ratatui::text::{Line, Span};

impl Runs {
    /// Title and lines of the box at the lower left.
    pub(super) fn detail(&self, columns: usize, shared: &Shared) -> (String, Vec<Line<'static>>) {
        let marked = self.marked_in_order(&shared.summaries);
        match marked.len() {
            0 => self.about(columns, shared),
            1 => ("1 marked".into(), vec![Line::styled("Mark another run to see what differs.", shared.look.style(Role::Muted))]),
            count => (format!("{count} marked: what differs"), self.table(columns, shared)),
        }
    }

    fn table(&self, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
        let look = &shared.look;
        let marked = self.marked_in_order(&shared.summaries);
        let runs: Vec<&Summary> = marked.iter().filter_map(|directory| shared.summary(directory)).collect();
        let Some((_, differences)) = self.differences.as_ref().filter(|(of, _)| *of == marked) else {
            return vec![Line::styled("comparing …", look.style(Role::Muted))];
        };
        let label = (columns / 3).clamp(12, 24);
        let fitting = ((columns - label) / 9).clamp(1, runs.len());
        let value = ((columns - label) / fitting).min(22);
        let row = |name: &str, values: Vec<String>, role: Role| {
            let mut spans = vec![Span::raw(text::left(&text::cut(name, label - 1), label))];
            for cell in values.iter().take(fitting) {
                spans.push(Span::styled(text::left(&text::cut(&safe(cell), value - 1), value), look.style(role)));
            }
            Line::from(spans)
        };
        let heads = runs.iter().map(|run| match runs.iter().filter(|other| title(other) == title(run)).count() {
            1 => title(run),
            _ if self.seeds_differ(&runs) => format!("seed {}", run.seed),
            // Equal in name and seed: the letters that end the run's own name tell them apart.
            _ => run.id.rsplit('-').next().unwrap_or(&run.id).to_string(),
        });
        let mut lines = vec![row("", heads.collect(), Role::Muted)];
        lines.extend(differences.iter().map(|(path, values)| row(path, values.clone(), Role::Value)));
        if differences.is_empty() {
            lines.push(Line::styled("nothing: the same experiment", look.style(Role::Muted)));
        }
        lines.push(row("steps", runs.iter().map(|run| format::count(run.step)).collect(), Role::Value));
        lines.push(row("test accuracy", runs.iter().map(|run| format::accuracy(run.accuracy)).collect(), Role::Value));
        if runs.len() > fitting {
            lines.push(Line::styled(format!("{} more runs do not fit here", runs.len() - fitting), look.style(Role::Muted)));
        }
        if runs.len() == 2 {
            lines.push(Line::styled("one run each: no verdict; add seeds", look.style(Role::Muted)));
        }
        lines
    }

    fn seeds_differ(&self, runs: &[&Summary]) -> bool {
        runs.iter().enumerate().all(|(place, run)| runs.iter().take(place).all(|other| other.seed != run.seed))
    }

    /// What is known of the run or the group under the cursor.
    fn about(&self, columns: usize, shared: &Shared) -> (String, Vec<Line<'static>>) {
        let look = &shared.look;
        let Some(run) = self.chosen(shared) else { return ("run".into(), Vec::new()) };
        let several = self.rows.get(self.cursor.at).map_or(0, |row| row.members().len());
        let mut lines = Vec::new();
        let mut row = |name: &str, value: String, role: Role| {
            if !value.is_empty() {
                lines.extend(named(name, &value, columns, role, look));
            }
        };
        if several > 1 {
            row("runs", several.to_string(), Role::Value);
        } else {
            if let Some(message) = &run.message {
                let role = if run.state == State::Failed || run.unreadable { Role::Bad } else { Role::Text };
                row("message", safe(message), role);
            }
            row("run", run.id.clone(), Role::Text);
            row("started", super::view::started(run, shared, shared.now), Role::Text);
        }
        row("trains", format!("{} on {}", safe(&run.network), safe(&run.set)), Role::Text);
        row("tags", safe(&run.tags.join(", ")), Role::Text);
        row("notes", safe(&run.notes), Role::Text);
        if several == 1 {
            if let Some(selected) = &run.selected {
                let oracle = if selected.oracle { ", oracle" } else { "" };
                let text = format!("{:.4} at epoch {}, by {}{oracle}", selected.accuracy, selected.epoch, safe(&selected.by));
                row("selected", text, Role::Value);
            }
            if run.seconds > 0.0 {
                row("trained for", format::duration(run.seconds), Role::Text);
            }
            if let Some(parent) = &run.parent {
                row("from", format!("{} of {}", safe(&parent.kind), safe(&parent.id)), Role::Text);
            }
        }
        (text::cut(&title(run), columns.saturating_sub(2)), lines)
    }
}

/// A name and its value, the value wrapped beside it.
fn named(name: &str, value: &str, columns: usize, role: Role, look: &Look) -> Vec<Line<'static>> {
    let label = 12;
    text::wrap(value, columns.saturating_sub(label))
        .into_iter()
        .enumerate()
        .map(|(number, part)| {
            let name = if number == 0 { name } else { "" };
            Line::from(vec![Span::styled(text::left(name, label), look.style(Role::Muted)), Span::styled(part, look.style(role))])
        })
        .collect()
}
