//! Boxes that are lists: images chosen with the rank correlations, the batch of a step, the cost.

use super::{BATCH, SAMPLES, Scores};
use crate::scores::{Chosen, Counts, Digest, Order, Place};
use crate::tui::format;
use crate::tui::look::Look;
use crate::tui::symbols::Symbols;
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use ratatui::text::{Line, Span};

/// Columns of the labels.
const LABEL: usize = 9;

impl Scores {
    /// The lines of a box.
    pub(super) fn lines(&self, which: usize, width: usize, look: &Look) -> Vec<Line<'static>> {
        let Some(digest) = &self.digest else { return Vec::new() };
        if digest.study.is_some() {
            return match which {
                SAMPLES => self.order_lines(width, look),
                BATCH => self.epoch_lines(width, look),
                _ => self.progress_lines(look),
            };
        }
        match which {
            SAMPLES => samples(digest, self.later(), width, look),
            BATCH => batch(digest, self.later(), width, look),
            _ => cost(digest, width, look),
        }
    }
}

/// A label and as many words as fit behind it.
fn row(label: &str, words: impl IntoIterator<Item = String>, width: usize, look: &Look) -> Line<'static> {
    let mut line = Line::from(Span::raw(format!(" {}", text::left(label, LABEL))));
    for word in words {
        let word = format!("{word}  ");
        if line.width() + text::width(word.trim_end()) > width {
            break;
        }
        line.push_span(Span::styled(word, look.style(Role::Value)));
    }
    line
}

fn samples(digest: &Digest, later: &str, width: usize, look: &Look) -> Vec<Line<'static>> {
    let muted = look.style(Role::Muted);
    let mut lines = Vec::new();
    match &digest.images {
        None if digest.facts.recorded => lines.push(Line::styled(format!(" {later}"), muted)),
        None => lines.push(Line::styled(" not recorded: ordering.record_scores is off", muted)),
        Some(order) => chosen(order, width, &mut lines, look),
    }
    let between = digest.images.as_ref().and_then(|images| images.between_epochs.zip(images.between.back()));
    if !digest.correlation.is_empty() || between.is_some() {
        lines.push(Line::styled(format!(" {:<22}{:>7}{:>7}", "rank correlation", "mean", "last"), muted));
        let mut say = |name: String, mean: f64, last: f64| {
            lines.push(Line::from(vec![
                Span::raw(format!("   {}", text::left(&name, 20))),
                Span::styled(format!("{mean:>7.2}"), look.style(Role::Value)),
                Span::styled(format!("{last:>7.2}"), look.style(Role::Text)),
            ]));
        };
        for (name, standing) in &digest.correlation {
            say(format!("with {}", short(name)), standing.mean, standing.last);
        }
        if let Some((mean, (_, last))) = between {
            say("between two epochs".into(), mean, *last);
        }
    }
    if let Some(order) = digest.images.as_ref().filter(|order| order.epoch.even.is_none() && order.epoch_number > 1) {
        lines.push(Line::styled(format!(" epoch {}", format::count(order.epoch_number)), muted));
        counts(&order.epoch, order, width, &mut lines, look);
    }
    lines
}

/// A compared scorer in few words: a loss delta by what tells it from others, as a first-order one is always of an external batch.
fn short(name: &str) -> String {
    let Some(words) = name.strip_prefix("loss-delta ") else { return safe(name).replace('-', " ") };
    if words.contains("first-order") { "first order".into() } else { format!("{} delta", safe(words)) }
}

fn chosen(order: &Order, width: usize, lines: &mut Vec<Line<'static>>, look: &Look) {
    counts(&order.run, order, width, lines, look);
    let places = |places: &[Place]| places.iter().map(|one| format!("#{} {:.0} %", one.image, one.place * 100.0)).collect::<Vec<_>>();
    if !order.earliest.is_empty() && order.run.even.is_some() {
        lines.push(row("earliest", places(&order.earliest), width, look));
        lines.push(row("latest", places(&order.latest), width, look));
    }
}

fn counts(counts: &Counts, order: &Order, width: usize, lines: &mut Vec<Line<'static>>, look: &Look) {
    if let Some(times) = counts.even {
        lines.push(row("each", [format!("×{} in whole epochs", format::count(times))], width, look));
        return;
    }
    let list = |chosen: &[Chosen]| chosen.iter().map(|one| format!("#{} ×{}", one.image, format::count(one.times))).collect::<Vec<_>>();
    lines.push(row("most", list(&counts.most), width, look));
    lines.push(row("least", list(&counts.least), width, look));
    if counts.never > 0 {
        lines.push(row("never", [format!("{} of {}", format::count(counts.never), format::count(order.images))], width, look));
    }
}

fn batch(digest: &Digest, later: &str, width: usize, look: &Look) -> Vec<Line<'static>> {
    let classes = &digest.view.batch.classes;
    if classes.iter().all(|(_, count)| *count == 0) {
        return vec![Line::styled(format!(" {later}"), look.style(Role::Muted))];
    }
    let most = classes.iter().map(|(_, count)| *count as usize).max().unwrap_or(0).max(1);
    let name = classes.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0).min(14);
    let room = width.saturating_sub(name + 9);
    let full = if look.symbols == Symbols::Ascii { "#" } else { "█" };
    let line = |(class, count): &(String, u32)| {
        let bar = full.repeat((*count as usize * room).div_ceil(most));
        Line::from(vec![
            Span::raw(format!(" {} ", text::left(&safe(class), name))),
            Span::styled(text::left(&bar, room), look.style(Role::Series(0))),
            Span::styled(format!(" {:>5}", format::count(u64::from(*count))), look.style(Role::Value)),
        ])
    };
    classes.iter().map(line).collect()
}

fn cost(digest: &Digest, width: usize, look: &Look) -> Vec<Line<'static>> {
    let cost = &digest.cost;
    let whole = |passes: f64| format::count(passes.round() as u64);
    let value = look.style(Role::Value);
    let unknown = || format::UNKNOWN.to_string();
    let pair = |label: &str, text: String| vec![Span::raw(format!("{label} ")), Span::styled(text, value), Span::raw("  ")];
    let share = cost.share.map_or_else(unknown, |share| format!("{:.0} %", share * 100.0));
    let mut parts = vec![pair("forward", whole(cost.forward)), pair("backward", whole(cost.backward)), pair("scoring", share)];
    let plain = cost.step_in_plain_ones.map_or_else(unknown, |plain| format!("{plain:.1}"));
    let mut last = pair("a step costs", plain);
    last.truncate(2);
    last.push(Span::raw(" plain ones"));
    parts.push(last);
    let mut lines = fitted(parts, width);
    if let Some(planned) = &cost.planned {
        let all = planned.all();
        let mut parts = vec![
            vec![Span::styled("of the whole run  ", look.style(Role::Muted))],
            pair("forward", whole(all.forward)),
            pair("backward", whole(all.backward)),
        ];
        parts.push(pair("a step", format!("{:.1}", planned.step_in_plain_ones())));
        lines.extend(fitted(parts, width));
    }
    if cost.seconds > 0.0 {
        let text = format!(" scoring took {} of {}", format::duration(cost.scoring_seconds), format::duration(cost.seconds));
        lines.push(Line::styled(text, look.style(Role::Muted)));
    }
    if let Some(problem) = &digest.problem {
        lines.push(Line::styled(format!(" ✗ {}", safe(problem)), look.style(Role::Bad)));
    }
    lines
}

/// Parts side by side, on as many lines as they need.
fn fitted(parts: Vec<Vec<Span<'static>>>, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(Span::raw(" "))];
    for part in parts {
        let part = Line::from(part);
        let used = lines.last().map_or(0, Line::width);
        if used > 1 && used + part.width() > width + 1 {
            lines.push(Line::from(Span::raw(" ")));
        }
        if let Some(line) = lines.last_mut() {
            line.spans.extend(part.spans);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn compared_scorers_have_names_that_fit() {
        let names = ["loss", "loss-delta", "loss-delta external", "loss-delta relative", "loss-delta external first-order"];
        assert_eq!(names.map(short), ["loss", "loss delta", "external delta", "relative delta", "first order"]);
    }
}
