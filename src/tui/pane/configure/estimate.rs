//! What the experiment will cost: from an earlier run on this machine, or from a measurement of a few steps.

use super::Configure;
use crate::tui::format;
use crate::tui::look::Look;
use crate::tui::message::Estimate;
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use curricle_core::config::{Experiment, Kind, SelectOn};
use curricle_core::passes;
use ratatui::text::{Line, Span};

/// How far the answer is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Cost {
    /// Not asked, or asked and nothing has begun.
    #[default]
    Unknown,
    /// A few steps are being measured.
    Measuring,
    /// It is known.
    Known(Estimate),
    /// It cannot be told, and why.
    Failed(String),
}

impl Configure {
    /// A measurement has begun.
    pub fn estimating(&mut self, generation: u64) {
        if generation == self.generation {
            self.cost = Cost::Measuring;
        }
    }

    /// The answer has come.
    pub fn estimated(&mut self, generation: u64, estimate: Result<Estimate, String>) {
        if generation == self.generation {
            self.cost = estimate.map_or_else(|problem| Cost::Failed(safe(&problem)), Cost::Known);
        }
    }

    /// How long the run will take, where that is known.
    pub fn seconds(&self) -> Option<f64> {
        self.estimate().map(|estimate| estimate.seconds).filter(|seconds| *seconds > 0.0)
    }

    /// The estimate, if there is one for this very experiment.
    pub(super) fn estimate(&self) -> Option<&Estimate> {
        match &self.cost {
            Cost::Known(estimate) => Some(estimate),
            _ => None,
        }
    }

    /// Lines of the box: the cost, then every warning.
    pub(super) fn cost_lines(&self, look: &Look, columns: u16) -> Vec<Line<'static>> {
        let muted = look.style(Role::Muted);
        let first = match &self.cost {
            Cost::Unknown if !self.problems.is_empty() => Line::styled("told when nothing is wrong any more", muted),
            Cost::Unknown => Line::styled(self.length().unwrap_or_else(|| format::UNKNOWN.into()), look.style(Role::Value)),
            Cost::Measuring => Line::from(vec![
                Span::styled(self.length().map(|length| format!("{length} · ")).unwrap_or_default(), look.style(Role::Value)),
                Span::styled("measuring a few steps …", muted),
            ]),
            Cost::Known(estimate) => known(estimate, self.counted(), look),
            Cost::Failed(_) => Line::default(),
        };
        let marked = |sign: &'static str, role: Role, text: &str| {
            let parts = text::wrap(text, usize::from(columns).saturating_sub(4)).into_iter().enumerate();
            parts.map(move |(number, part)| {
                Line::from(vec![Span::styled(if number == 0 { sign } else { "  " }, look.style(role)), Span::raw(part)])
            })
        };
        let mut lines = match &self.cost {
            Cost::Failed(problem) => marked("✗ ", Role::Bad, problem).collect(),
            _ => vec![first],
        };
        if self.problems.is_empty() {
            let passes = self.passes().map(|words| text::wrap(&words, usize::from(columns).saturating_sub(2))).unwrap_or_default();
            lines.extend(passes.into_iter().map(|line| Line::styled(line, look.style(Role::Value))));
        }
        if let Cost::Known(estimate) = &self.cost {
            // Where the figures are from stands behind them, or below where there is no room.
            let source = if estimate.source.is_empty() { "measured".to_string() } else { safe(&estimate.source) };
            let beside = lines[0].width() + text::width(&source) + 4 <= usize::from(columns);
            let source = Span::styled(source, muted);
            if beside {
                lines[0].push_span("  ");
                lines[0].push_span(source);
            } else {
                lines.push(Line::from(source));
            }
        }
        if let Some(text) = self.experiment.as_ref().and_then(oracle) {
            lines.extend(marked("⚠ ", Role::Warning, text));
        }
        for warning in &self.warnings {
            lines.extend(marked("⚠ ", Role::Warning, &safe(&warning.text)));
        }
        if let Some((run, checkpoint)) = &self.base.parent {
            let file = checkpoint.rsplit('/').next().unwrap_or(checkpoint);
            lines.push(Line::styled(format!("starts from {} of {}", safe(file), safe(run)), muted));
        }
        lines
    }

    /// The passes of an ordered run, counted from its settings.
    fn passes(&self) -> Option<String> {
        let experiment = self.experiment.as_ref()?;
        if let Some(study) = experiment.permutation.as_ref().filter(|_| experiment.kind == Kind::PerfectOrdering) {
            let batches = experiment.steps_per_epoch()?;
            let runs = if study.epochs > 1 { "at most " } else { "" };
            let (orders, all) = (format::count((1..=batches).fold(1, u64::saturating_mul)), format::count(study.runs(batches)));
            return Some(format!(
                "{batches} batches an epoch: {orders} orders of a parent, {runs}{all} in all, chosen by the test set: an oracle"
            ));
        }
        experiment.ordering.as_ref()?;
        let passes = passes::of_run(experiment, experiment.data.train_images()?)?;
        let (all, whole) = (passes.all(), |count: f64| format::count(count.round() as u64));
        let plain = passes.step_in_plain_ones();
        let (forward, backward) = (whole(all.forward), whole(all.backward));
        Some(format!("{forward} forward, {backward} backward passes; a step costs {plain:.1} plain ones"))
    }

    /// What the run is counted in.
    fn counted(&self) -> &'static str {
        let is_study = self.experiment.as_ref().is_some_and(|experiment| experiment.kind == Kind::PerfectOrdering);
        if is_study { "orders" } else { "steps" }
    }

    /// The length in words, known without measuring where it is given in steps.
    fn length(&self) -> Option<String> {
        let training = &self.experiment.as_ref()?.training;
        match (training.steps, training.epochs) {
            (Some(steps), _) => Some(format!("{} steps", format::count(steps))),
            (None, Some(epochs)) => Some(format!("{} epochs", format::count(epochs))),
            (None, None) => None,
        }
        .or_else(|| Some(format!("{} epochs", format::count(self.experiment.as_ref()?.permutation.as_ref()?.epochs))))
    }
}

/// What test data choose in an experiment, if they do.
fn oracle(experiment: &Experiment) -> Option<&'static str> {
    // A study of orders says so beside its orders.
    let selects = experiment.kind == Kind::Training && experiment.training.select_on == SelectOn::Test;
    match (experiment.orders_by_test_data(), selects) {
        (true, true) => Some("oracle: test data choose the batches and the network that is kept"),
        (true, false) => Some("oracle: test data choose the batches"),
        (false, true) => Some("oracle: test data choose the network that is kept"),
        (false, false) => None,
    }
}

fn known(estimate: &Estimate, counted: &str, look: &Look) -> Line<'static> {
    let mut parts = vec![format!("{} {counted}", format::count(estimate.steps))];
    if estimate.memory_bytes > 0 {
        parts.push(format::bytes(estimate.memory_bytes));
    }
    if estimate.disk_bytes > 0 {
        parts.push(format!("disk {}", format::bytes(estimate.disk_bytes)));
    }
    parts.push(format!("about {}", format::about(estimate.seconds)));
    Line::styled(parts.join(" · "), look.style(Role::Value))
}
