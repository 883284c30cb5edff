//! The picture of Scores: which boxes there are at which size, and what stands on their borders.

use super::study::Of;
use super::{BATCH, COST, HEAT, IMAGES, SAMPLES, SCORES, Scores};
use crate::scores::Study;
use crate::tui::format;
use crate::tui::keymap::Action;
use crate::tui::look::{Look, Size};
use crate::tui::pane::empty;
use crate::tui::shared::Shared;
use crate::tui::theme::Role;
use crate::tui::widget::boxes::{self, Pane};
use crate::tui::widget::put_line;
use curricle_core::run::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Rows of the box of costs.
const COST_ROWS: u16 = 5;

impl Scores {
    pub(super) fn picture(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        self.is_wide.set(size == Size::Wide && self.is_shown());
        if !self.is_shown() {
            empty::draw(buffer, area, "scores", &self.sentences(shared), &shared.look);
            return;
        }
        let look = &shared.look;
        let layout = self.layout(area, size);
        let panes: Vec<Pane<'_>> = layout.iter().map(|(which, area)| self.pane(*which, *area, look)).collect();
        boxes::draw(buffer, &panes, look.style(Role::Muted), look.style(Role::Accent));
        for (which, area) in layout {
            let inner = Pane::inner(area);
            match which {
                SCORES if self.study().is_some() => self.draw_orders(buffer, inner, Of::Loss, look),
                HEAT if self.study().is_some() => self.draw_orders(buffer, inner, Of::Accuracy, look),
                SCORES => self.draw_scores(buffer, inner, look),
                HEAT => self.draw_heat(buffer, inner, look),
                IMAGES => self.draw_images(buffer, inner, look),
                _ => {
                    let lines = self.lines(which, usize::from(inner.width), look);
                    let window = self.scrolls[which].window(lines.len(), usize::from(inner.height));
                    for (y, line) in lines[window].iter().enumerate() {
                        put_line(buffer, inner, y as u16, line);
                    }
                }
            }
        }
    }

    /// Why there is nothing to see, and what to do.
    fn sentences(&self, shared: &Shared) -> Vec<String> {
        let runs = shared.key(Action::PaneRuns);
        let configure = shared.key(Action::PaneConfigure);
        if self.directory.is_none() {
            return vec![
                "No run is open.".into(),
                "Here one sees what an ordering prefers: scores of the candidates and which were chosen, how they change over the run, \
                 which images are trained on most, rank correlations, and what the scoring costs."
                    .into(),
                format!("{runs} goes to Runs; Enter opens one. {configure} goes to Configure: `ordering.scorer` says what gives a score."),
            ];
        }
        if let Some(problem) = &self.problem {
            return vec![
                format!("{} cannot be read: {}", self.id(), crate::tui::text::safe(problem)),
                format!("{runs} goes to Runs, where another can be opened."),
            ];
        }
        let Some(digest) = &self.digest else { return vec!["reading …".into()] };
        let facts = &digest.facts;
        if facts.every_order {
            let why = match self.state {
                State::Training | State::Queued => "The orders of the first parent come all at once.".to_string(),
                state => format!("No order is done: the run is {state}."),
            };
            let mut said = vec!["This run tries out every order of an epoch's batches.".into(), why];
            said.extend(digest.problem.as_ref().map(|problem| format!("✗ {}", crate::tui::text::safe(problem))));
            return said;
        }
        if !facts.ordered {
            return vec![
                "This run trains in random order: nothing is scored.".into(),
                format!("{configure} goes to Configure: with `[ordering]` the next items are chosen by their scores. {runs} goes to Runs."),
            ];
        }
        let why = match (self.loading, self.state) {
            (true, _) => "reading …".to_string(),
            (_, State::Training | State::Queued) if !facts.scores => {
                "This order scores nothing: which images it takes is told with the first saved state.".into()
            }
            (_, State::Training | State::Queued) => "Nothing was scored yet: the first scores come with the first step.".into(),
            (_, state) => format!("Nothing was scored: the run is {state}."),
        };
        vec![why, format!("Ordering: {}.", crate::tui::text::safe(&facts.ordering))]
    }

    /// Boxes and their places, borders shared.
    fn layout(&self, area: Rect, size: Size) -> Vec<(usize, Rect)> {
        if self.zoomed || size == Size::Small {
            return vec![(self.focused(), area)];
        }
        let wide = size == Size::Wide && self.study().is_none();
        if self.images_wanted && !wide {
            let cost = Rect { y: area.bottom() - COST_ROWS, height: COST_ROWS, ..area };
            return vec![(IMAGES, Rect { height: area.height - COST_ROWS + 1, ..area }), (COST, cost)];
        }
        let boxes = if wide { Rect { width: (area.width * 2 / 3).max(80), ..area } } else { area };
        let rest = boxes.height - COST_ROWS + 1;
        let upper = (rest + 1).div_ceil(2) + 1;
        let lower = Rect { y: boxes.y + upper - 1, height: rest - upper + 1, ..boxes };
        let upper = Rect { height: upper, ..boxes };
        let left = boxes.width / 2 + 1;
        let right = |row: Rect| Rect { x: row.x + left - 1, width: row.width - left + 1, ..row };
        let mut layout = vec![
            (SCORES, Rect { width: left, ..upper }),
            (HEAT, right(upper)),
            (SAMPLES, Rect { width: left, ..lower }),
            (BATCH, right(lower)),
            (COST, Rect { y: boxes.bottom() - COST_ROWS, height: COST_ROWS, ..boxes }),
        ];
        if wide {
            layout.push((IMAGES, Rect { x: boxes.right() - 1, width: area.width - boxes.width + 1, ..area }));
        }
        layout
    }

    fn pane(&self, which: usize, area: Rect, look: &Look) -> Pane<'_> {
        if let Some(study) = self.study() {
            return self.study_pane(which, area, study, look);
        }
        let step = format::count(self.digest.as_ref().map_or(0, |digest| digest.view.step));
        let lag = self.digest.as_ref().and_then(|digest| digest.images.as_ref()).map(|images| images.step);
        let title = match which {
            SCORES if !self.scores_candidates() => Line::from(format!("order at step {step}")),
            SCORES => {
                let facts = self.digest.as_ref().map(|digest| &digest.facts);
                let scorer = facts.map(|facts| facts.scorer_words()).unwrap_or_default();
                if facts.is_some_and(|facts| facts.oracle) {
                    let mark = Span::styled(" oracle", look.style(Role::Warning));
                    Line::from(vec![Span::raw(format!("step {step}: {scorer}")), mark])
                } else {
                    Line::from(format!("scores at step {step}: {scorer}"))
                }
            }
            HEAT => Line::from(match (self.ranks, self.all) {
                (true, _) => "rank of the chosen over steps",
                (false, true) => "all scores over steps",
                (false, false) => "chosen score over steps",
            }),
            SAMPLES => {
                Line::from(lag.map_or_else(|| "images chosen".into(), |step| format!("images chosen, to step {}", format::count(step))))
            }
            BATCH => Line::from(format!("batch of step {step}")),
            IMAGES => Line::from(self.images_title(&step)),
            _ => Line::from("cost"),
        };
        self.framed(which, area, title, look)
    }

    /// A box of a study of orders.
    fn study_pane(&self, which: usize, area: Rect, study: &Study, look: &Look) -> Pane<'_> {
        let runs = study.table.iter().find(|line| line.epoch == study.epoch).map_or(0, |line| line.runs);
        let title = match which {
            SCORES => format!("losses of epoch {}: {} orders", study.epoch, format::count(runs)),
            HEAT => format!("accuracies of epoch {}", study.epoch),
            SAMPLES => format!("orders of epoch {}", study.epoch),
            BATCH => "epochs".to_owned(),
            _ => "study".to_owned(),
        };
        self.framed(which, area, Line::from(title), look)
    }

    /// A box with its title, and how much of its list is out of sight.
    fn framed<'a>(&self, which: usize, area: Rect, title: Line<'a>, look: &Look) -> Pane<'a> {
        let (mut above, mut below) = (0, 0);
        if matches!(which, SAMPLES | BATCH | COST) {
            let inner = Pane::inner(area);
            let count = self.lines(which, usize::from(inner.width), look).len();
            let window = self.scrolls[which].window(count, usize::from(inner.height));
            (above, below) = (window.start, count - window.end);
        }
        Pane { area, title, above, below, focused: which == self.focused() }
    }
}
