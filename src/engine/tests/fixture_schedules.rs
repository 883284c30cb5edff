//! Every schedule, and label smoothing, against values that PyTorch computed (`tests/fixtures/generate.py`).

#![allow(clippy::unwrap_used, missing_docs)]

use curricle_core::config::{Schedule, ScheduleKind};
use curricle_engine::loss::cross_entropy;
use curricle_engine::schedule::{Place, rate};
use curricle_engine::watch::Plateau;
use serde_json::Value;
use tch::Tensor;

fn fixture() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/schedules.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Rates of all steps; `losses` are those of the epochs, for the plateau.
fn rates(fixture: &Value, schedule: &Schedule, losses: &[f64]) -> Vec<f64> {
    let (steps, steps_per_epoch) = (fixture["steps"].as_u64().unwrap(), fixture["steps_per_epoch"].as_u64().unwrap());
    let base = fixture["base"].as_f64().unwrap();
    let mut plateau = Plateau::default();
    (0..steps)
        .map(|step| {
            let seen = rate(schedule, base, Place { step, steps, steps_per_epoch }, &plateau);
            if (step + 1) % steps_per_epoch == 0 && !losses.is_empty() {
                plateau.observe(losses[(step / steps_per_epoch) as usize], schedule, base);
            }
            seen
        })
        .collect()
}

fn check(name: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (step, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!((ours - theirs).abs() < 1e-15, "{name}, step {step}: {ours} here, {theirs} in PyTorch");
    }
}

#[test]
fn six_schedules() {
    let fixture = fixture();
    let default = Schedule::default();
    let schedule = |kind| Schedule { kind, ..default.clone() };
    check("constant", &rates(&fixture, &schedule(ScheduleKind::Constant), &[]), &numbers(&fixture["constant"]));
    let step = Schedule { every: 3, factor: 0.3, ..schedule(ScheduleKind::Step) };
    check("step", &rates(&fixture, &step, &[]), &numbers(&fixture["step"]["rates"]));
    let milestones = Schedule { milestones: vec![2, 5, 6], factor: 0.5, ..schedule(ScheduleKind::Milestones) };
    check("milestones", &rates(&fixture, &milestones, &[]), &numbers(&fixture["milestones"]["rates"]));
    let cosine = Schedule { minimum: 0.001, ..schedule(ScheduleKind::Cosine) };
    check("cosine", &rates(&fixture, &cosine, &[]), &numbers(&fixture["cosine"]["rates"]));
    let one_cycle = Schedule { warm_share: 0.3, start_divisor: 25.0, end_divisor: 1e4, ..schedule(ScheduleKind::OneCycle) };
    check("one-cycle", &rates(&fixture, &one_cycle, &[]), &numbers(&fixture["one-cycle"]["rates"]));
    let plateau = Schedule { factor: 0.5, patience: 1, threshold: 1e-3, minimum: 0.01, ..schedule(ScheduleKind::Plateau) };
    check("plateau", &rates(&fixture, &plateau, &numbers(&fixture["plateau"]["losses"])), &numbers(&fixture["plateau"]["rates"]));
}

#[test]
fn label_smoothing() {
    let fixture = &fixture()["label_smoothing"];
    let rows: Vec<f64> = fixture["logits"].as_array().unwrap().iter().flat_map(numbers).collect();
    let logits = Tensor::from_slice(&rows).view([6, 5]);
    let labels: Vec<i64> = fixture["labels"].as_array().unwrap().iter().map(|x| x.as_i64().unwrap()).collect();
    for (smoothing, theirs) in fixture["loss"].as_object().unwrap() {
        let ours = cross_entropy(&logits, &Tensor::from_slice(&labels), smoothing.parse().unwrap()).unwrap().double_value(&[]);
        assert!((ours - theirs.as_f64().unwrap()).abs() < 1e-14, "smoothing {smoothing}: {ours} here, {theirs} in PyTorch");
    }
}
