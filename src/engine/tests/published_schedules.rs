//! Plateau and early stop, replayed from the training losses that the published cascades logged.
//!
//! The logs print losses and rates to a few digits, so ties at the last digit are decided differently in some runs:
//! the rates must agree in all epochs (within 1 %, or to the last digit printed: 0.00015625 is printed 0.00016) in at
//! least 80 of 100 runs, the end in at least 90.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::config::{Schedule, ScheduleKind};
use curricle_engine::watch::{EarlyStop, Plateau};
use std::collections::BTreeMap;

/// Rows of a CSV file without quoted fields, as maps from column to text.
fn rows(path: &std::path::Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| header.iter().zip(line.split(',')).map(|(&name, value)| (name.to_string(), value.to_string())).collect()).collect()
}

/// Whether a rate is the one printed: within 1 %, or within half a unit of the last digit.
fn agrees(ours: f64, printed: &str) -> bool {
    let decimals = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let published: f64 = printed.parse().unwrap();
    let half_unit = 0.5 * 10f64.powi(-(decimals as i32));
    (ours - published).abs() <= (0.01 * published).max(half_unit * (1.0 + 1e-9))
}

#[test]
fn published_cascades() {
    let folder = support::reference().join("published");
    let (curves, settings) = (folder.join("cascade-curves.csv"), folder.join("cascades.csv"));
    if !support::present("published_cascades", &[&curves, &settings]) {
        return;
    }
    let settings: BTreeMap<String, BTreeMap<String, String>> = rows(&settings).into_iter().map(|row| (row["id"].clone(), row)).collect();
    let mut runs: BTreeMap<String, Vec<(f64, String)>> = BTreeMap::new();
    for row in rows(&curves) {
        runs.entry(row["id"].clone()).or_default().push((row["train_loss"].parse().unwrap(), row["lr"].clone()));
    }
    let (mut equal_rates, mut equal_ends) = (0, 0);
    for (id, epochs) in &runs {
        let number = |name: &str| settings[id][name].parse::<f64>().unwrap();
        let schedule = Schedule {
            kind: ScheduleKind::Plateau,
            factor: number("lr_gamma"),
            patience: number("lr_patience") as u64,
            threshold: number("lr_threshold"),
            minimum: number("lr_min"),
            ..Schedule::default()
        };
        let (base, patience, longest) = (number("lr"), number("stop_patience") as u64, number("epochs_max") as usize);
        let (mut plateau, mut stop) = (Plateau::default(), EarlyStop::default());
        let mut rates_agree = true;
        let mut end = None;
        for (epoch, (loss, published)) in epochs.iter().enumerate() {
            let loss = *loss;
            rates_agree &= agrees(plateau.rate.unwrap_or(base), published);
            plateau.observe(loss, &schedule, base);
            if end.is_none() && (stop.observe(loss, patience) || epoch + 1 == longest) {
                end = Some(epoch + 1);
            }
        }
        equal_rates += usize::from(rates_agree);
        equal_ends += usize::from(end == Some(epochs.len()));
    }
    println!("{} runs: rates equal in {equal_rates}, ends equal in {equal_ends}", runs.len());
    assert!(equal_rates * 100 >= runs.len() * 80, "rates equal in {equal_rates} of {} runs", runs.len());
    assert!(equal_ends * 100 >= runs.len() * 90, "ends equal in {equal_ends} of {} runs", runs.len());
}
