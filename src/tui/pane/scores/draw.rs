//! The histogram of the newest scorings, and the map of scores over the steps.

use super::Scores;
use crate::scores::{Bin, View};
use crate::tui::format;
use crate::tui::look::Look;
use crate::tui::symbols::Symbols;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widget::heat::{HeatMap, label};
use crate::tui::widget::{put, put_right};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of the labels beside the bars.
const LABEL: u16 = 8;
/// Columns behind the bars: the mark of the chosen score.
const MARK: u16 = 10;

/// Signs of bars: what was chosen, and the other candidates.
fn signs(symbols: Symbols) -> (&'static str, &'static str) {
    if symbols == Symbols::Ascii { ("#", "-") } else { ("█", "▒") }
}

impl Scores {
    /// One bar a line, and below them what they count.
    pub(super) fn draw_scores(&self, buffer: &mut Buffer, area: Rect, look: &Look) {
        let Some(digest) = &self.digest else { return };
        let view = &digest.view;
        if !digest.facts.scores {
            let said = format!("{}: nothing is scored.", text::safe(&digest.facts.ordering));
            for (y, line) in text::wrap(&said, usize::from(area.width.saturating_sub(2))).iter().enumerate() {
                put(buffer, area, 1, y as u16, line, look.style(Role::Text));
            }
            return;
        }
        let rows = usize::from(area.height.saturating_sub(1));
        if self.ranks {
            self.draw_ranks(buffer, area, rows, view, look)
        } else {
            self.draw_bins(buffer, area, rows, view, look)
        }
        let y = area.height.saturating_sub(1);
        let (chosen, _) = signs(look.symbols);
        let text = if view.scored {
            let window = &view.window;
            format!("{} scorings, {} candidates", format::count(window.scorings), format::count(window.candidates))
        } else {
            format!("not scored: {}", digest.why_unscored(view.step))
        };
        put(buffer, area, 1, y, &text, look.style(Role::Muted));
        if text::width(&text) + 11 <= usize::from(area.width) {
            put_right(buffer, Rect { width: area.width - 1, ..area }, y, &format!("{chosen} chosen"), look.style(Role::Series(1)));
        }
        // Events list the scores of small pools only; those of large ones come with the score files.
        let told = view.window.bins(1).iter().any(|bin| bin.candidates > 0);
        if view.scored && !told {
            put(buffer, area, 1, 0, self.later(), look.style(Role::Muted));
        }
    }

    fn draw_bins(&self, buffer: &mut Buffer, area: Rect, rows: usize, view: &View, look: &Look) {
        let bins = view.window.bins(rows);
        let most = bins.iter().map(|bin| bin.candidates).max().unwrap_or(0);
        let digits = digits(&bins);
        let [above, below] = if look.symbols == Symbols::Ascii { [">", "<"] } else { ["≥", "≤"] };
        // The bar of the step's own chosen score.
        let own = view.score.and_then(|score| bins.iter().position(|bin: &Bin| score >= bin.low));
        for (y, bin) in bins.iter().enumerate() {
            let y = y as u16;
            let number = text::right(&value(bin.middle, digits), usize::from(LABEL));
            put(buffer, area, 1, y, &number, look.style(Role::Text));
            if bin.open {
                put(buffer, area, 1, y, if y == 0 { above } else { below }, look.style(Role::Muted));
            }
            bar(buffer, area, LABEL + 2, y, (bin.chosen, bin.candidates, most), look);
            if own == Some(usize::from(y)) {
                let mark = format!("◀ {}", view.score.map_or_else(String::new, format::loss));
                put(buffer, area, area.width - MARK, y, &mark, look.style(Role::Value));
            }
        }
    }

    /// From the highest score down: mean score at each rank, and how often it was chosen.
    fn draw_ranks(&self, buffer: &mut Buffer, area: Rect, rows: usize, view: &View, look: &Look) {
        let ranks = &view.ranks;
        if ranks.is_empty() {
            let text = "too many candidates to tell ranks one by one";
            put(buffer, area, 1, 0, text, look.style(Role::Muted));
            return;
        }
        let most = ranks.iter().map(|rank| rank.chosen).max().unwrap_or(0);
        for (y, (number, rank)) in (1..).zip(ranks).take(rows).enumerate() {
            let y = y as u16;
            put(buffer, area, 1, y, &text::right(&format!("{number}."), 4), look.style(Role::Text));
            put(buffer, area, 6, y, &text::right(&format::loss(rank.score), 9), look.style(Role::Value));
            bar(buffer, Rect { width: area.width + 2, ..area }, 16, y, (rank.chosen, rank.chosen, most), look);
            put_right(
                buffer,
                Rect { width: area.width - 1, ..area },
                y,
                &format!("×{}", format::count(rank.chosen)),
                look.style(Role::Text),
            );
        }
    }

    /// The map of scores over the planned steps.
    pub(super) fn draw_heat(&self, buffer: &mut Buffer, area: Rect, look: &Look) {
        let Some(digest) = &self.digest else { return };
        let heat = match (self.ranks, self.all) {
            (true, _) => &digest.rank_over_steps,
            (false, true) => &digest.candidates_over_steps,
            (false, false) => &digest.chosen_over_steps,
        };
        let range = if self.ranks { Some((0.0, 1.0)) } else { heat.range() };
        let (columns, rows) = HeatMap::room(area);
        let Some((low, high)) = range.filter(|_| !heat.is_empty()) else {
            let text = if digest.facts.scores { self.later() } else { "no scores" };
            put(buffer, area, 1, 0, text, look.style(Role::Muted));
            return;
        };
        // Ranks count from the top, which is the share 0.
        let mut cells = heat.picture(digest.steps, (low, high), columns, rows);
        let mut labels = [label(high), label(low)];
        if self.ranks {
            cells.reverse();
            labels = ["first".into(), "last".into()];
        }
        let marked = self.at.map(|step| (step as f64 / (digest.steps + 1) as f64 * columns as f64) as usize);
        let planned = format::count(digest.steps);
        let map = HeatMap { cells: &cells, labels, axis: ["0", "steps", &planned], marked };
        map.draw(buffer, area, look.theme, look.symbols);
    }
}

/// A bar of `of` candidates, the chosen ones first, so that the longest fills the room.
fn bar(buffer: &mut Buffer, area: Rect, x: u16, y: u16, (chosen, of, most): (u64, u64, u64), look: &Look) {
    let room = usize::from(area.width.saturating_sub(x + MARK + 1));
    let cells = |count: u64| if most == 0 { 0 } else { (count as usize * room).div_ceil(most as usize) };
    let (whole, part) = (cells(of), cells(chosen).min(cells(of)));
    let (full, rest) = signs(look.symbols);
    put(buffer, area, x, y, &full.repeat(part), look.style(Role::Series(1)));
    put(buffer, area, x + part as u16, y, &rest.repeat(whole - part), look.style(Role::Series(0)));
}

/// A score with so many decimals, or with an exponent where it would not fit.
fn value(score: f64, digits: usize) -> String {
    let text = format!("{score:.digits$}");
    if text.len() <= usize::from(LABEL) { text } else { format!("{score:.1e}") }
}

/// Decimals that tell the bars' values apart.
fn digits(bins: &[Bin]) -> usize {
    match bins {
        [one, other, ..] => decimals(one.middle - other.middle),
        _ => 4,
    }
}

/// Decimals that multiples of a width have.
fn decimals(width: f64) -> usize {
    if width > 0.0 { (-(width * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize } else { 4 }
}
