//! Learning rates. Each is a pure function of the step, but for the plateau, whose few counters are part of a run's
//! state.
//!
//! Conventions are PyTorch's, whose values the tests hold these against: `StepLR`, `MultiStepLR`, `OneCycleLR` (cosine,
//! momentum not cycled), `CosineAnnealingLR` over the steps of the run, `ReduceLROnPlateau` (mode min, relative
//! threshold).

use crate::watch::Plateau;
use curricle_core::config::{Schedule, ScheduleKind};
use std::f64::consts::PI;

/// Where a step lies in its run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Steps done before this one.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
}

/// The learning rate of the step at `place`; `base` is `optimizer.lr`: the first rate, or the highest of a one-cycle.
#[must_use]
pub fn rate(schedule: &Schedule, base: f64, place: Place, plateau: &Plateau) -> f64 {
    let epoch = place.step / place.steps_per_epoch.max(1);
    match schedule.kind {
        ScheduleKind::Constant => base,
        // Factors are multiplied one by one, as PyTorch does: the same rounding.
        ScheduleKind::Step => multiplied(base, schedule.factor, epoch / schedule.every.max(1)),
        ScheduleKind::Milestones => {
            let passed = schedule.milestones.iter().filter(|&&milestone| milestone <= epoch).count();
            multiplied(base, schedule.factor, passed as u64)
        }
        ScheduleKind::Cosine => {
            let share = place.step as f64 / place.steps.max(1) as f64;
            schedule.minimum + (base - schedule.minimum) * (1.0 + (PI * share).cos()) / 2.0
        }
        ScheduleKind::OneCycle => one_cycle(schedule, base, place),
        ScheduleKind::Plateau => plateau.rate.unwrap_or(base),
    }
}

fn multiplied(base: f64, factor: f64, times: u64) -> f64 {
    (0..times).fold(base, |rate, _| rate * factor)
}

/// Smith 2018 as PyTorch has it: from base/`start_divisor` up to base within `warm_share` of the steps, then down to
/// base/`start_divisor`/`end_divisor`, both along half a cosine.
fn one_cycle(schedule: &Schedule, base: f64, place: Place) -> f64 {
    let first = base / schedule.start_divisor;
    let last = first / schedule.end_divisor;
    let top = schedule.warm_share * place.steps as f64 - 1.0;
    let end = place.steps as f64 - 1.0;
    let step = place.step as f64;
    let half_cosine = |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (PI * share).cos());
    if step <= top { half_cosine(first, base, step / top) } else { half_cosine(base, last, (step - top) / (end - top)) }
}
