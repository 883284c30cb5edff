//! The fault sweep: the n-th call of the disk fails, or is the last one before the machine crashes, for n = 1, 2, …
//! until a run passes untouched. Whatever happens, the directory opens, the run goes on, and it ends in the same bits.
//!
//! `CURRICLE_PROOF=1` sweeps every kind of fault; without it those that differ most, at every call.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use curricle_core::run::{RunDirectory, State, catalogue};
use std::os::unix::process::ExitStatusExt;
use support::running::{Essence, create, engine, essence, events, finish, unfinished};
use support::small::{ORDERED, PLAIN, STUDY};

/// What the sweep of one kind found.
#[derive(Debug, Default)]
struct Tally {
    /// Calls at which the fault struck.
    reached: u64,
    /// Of those, runs that reached their end all the same.
    borne: u64,
}

/// The codes that an engine may end with after a fault.
fn expected(kind: &str) -> &'static [i32] {
    match kind {
        "ENOSPC" | "FULL" | "SHORT" => &[6],
        "CRASH" | "CRASH-SOME" => &[128 + 9],
        _ => &[1],
    }
}

fn sweep(kind: &str, experiment: &str, stride: usize, wanted: &Essence) -> Tally {
    let mut tally = Tally::default();
    for n in (1..).step_by(stride) {
        let folder = tempfile::tempdir().unwrap();
        let directory = create(folder.path(), experiment, &[]);
        let output = engine(&directory).arg("--foreground").env("CURRICLE_FAULT", format!("{n} {kind}")).output().unwrap();
        let code = output.status.code().or(output.status.signal().map(|signal| 128 + signal)).unwrap();
        let log = std::fs::read_to_string(directory.log()).unwrap_or_default();
        let at = format!("{kind} at call {n}, code {code}, log:\n{log}");
        if !log.contains("fault: ") {
            assert_eq!(code, 0, "{at}");
            assert!(n > 30, "the sweep ended at call {n}: it cannot have reached everything");
            return tally;
        }
        tally.reached += 1;
        look(&directory, &at);
        if code == 0 {
            tally.borne += 1;
            assert_eq!(directory.read_status().unwrap().unwrap().state, State::Done, "{at}");
        } else {
            assert!(expected(kind).contains(&code), "{at}");
            if !kind.starts_with("CRASH") {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                // An engine without the lock leaves the log to the one who may have it: its stderr goes there anyway.
                let in_log = log.contains("error: ") || log.contains("/lock`");
                assert!(said.starts_with("error: ") && in_log, "{at}\nsaid: {said}");
                if code == 6 && directory.read_status().ok().flatten().is_some() {
                    assert!(said.contains("free some room") && said.contains(&format!("curricle resume {}", directory.id())), "{said}");
                }
            }
        }
        // Of a run that is done it only tidies up what the fault may have left.
        finish(&directory);
        look(&directory, &at);
        if let Some(difference) = essence(&directory).difference(wanted) {
            panic!("{difference}\nafter {at}");
        }
        let left = unfinished(&[directory.path().to_path_buf(), directory.state(), directory.checkpoints(), directory.scores()]);
        assert!(left.is_empty(), "unfinished files stayed: {left:?}\n{at}");
    }
    unreachable!()
}

/// The directory opens, and everything in it that readers read can be read.
fn look(directory: &RunDirectory, at: &str) {
    let opened = RunDirectory::open(directory.path()).unwrap_or_else(|error| panic!("{error}\nafter {at}"));
    let summary = catalogue::summary(&opened).unwrap_or_else(|error| panic!("{error}\nafter {at}"));
    assert!(!summary.unreadable, "{:?}\nafter {at}", summary.message);
    events(&opened);
    opened.labels().unwrap();
}

fn wanted(experiment: &str) -> Essence {
    let folder = tempfile::tempdir().unwrap();
    let directory = create(folder.path(), experiment, &[]);
    finish(&directory);
    essence(&directory)
}

fn swept(kind: &str, experiment: &str, always: bool) {
    let name = experiment.lines().nth(1).unwrap_or_default().trim_start_matches("name = ").trim_matches('"');
    if !always && std::env::var_os("CURRICLE_PROOF").is_none() {
        println!("fault sweep: {name} run, {kind}: only with CURRICLE_PROOF=1 (`make proof ONLY=faults`)");
        return;
    }
    // A plain run's every call; of the others every fourth, where there is no time for all.
    let stride = if experiment == PLAIN || std::env::var_os("CURRICLE_PROOF").is_some() { 1 } else { 4 };
    let Tally { reached, borne } = sweep(kind, experiment, stride, &wanted(experiment));
    println!(
        "fault sweep: {name} run, {kind}, call 1, {}, …: {reached} reached, {borne} borne without an end, 0 broken directories",
        1 + stride
    );
}

#[test]
fn the_disk_is_full_from_a_call_on() {
    swept("FULL", PLAIN, true);
}

#[test]
fn the_machine_crashes_and_all_that_was_not_synced_is_gone() {
    swept("CRASH", PLAIN, true);
}

#[test]
fn the_machine_crashes_and_some_of_it_is_gone() {
    swept("CRASH-SOME", PLAIN, false);
}

#[test]
fn one_call_finds_no_room() {
    swept("ENOSPC", PLAIN, false);
}

#[test]
fn one_call_is_refused_by_the_device() {
    swept("EIO", PLAIN, false);
}

#[test]
fn one_call_is_not_permitted() {
    swept("EACCES", PLAIN, false);
}

#[test]
fn one_write_is_cut_short() {
    swept("SHORT", PLAIN, false);
}

#[test]
fn the_disk_is_full_in_an_ordered_run() {
    swept("FULL", ORDERED, false);
}

#[test]
fn the_machine_crashes_in_an_ordered_run() {
    swept("CRASH-SOME", ORDERED, true);
}

#[test]
fn one_call_is_refused_in_an_ordered_run() {
    swept("EIO", ORDERED, false);
}

#[test]
fn the_disk_is_full_in_a_study_of_orders() {
    swept("FULL", STUDY, true);
}

#[test]
fn the_machine_crashes_in_a_study_of_orders() {
    swept("CRASH-SOME", STUDY, false);
}

#[test]
fn one_call_is_refused_in_a_study_of_orders() {
    swept("EIO", STUDY, false);
}

#[test]
fn an_order_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let directory = create(folder.path(), PLAIN, &[]);
    let output = engine(&directory).arg("--foreground").env("CURRICLE_FAULT", "soon").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: CURRICLE_FAULT is `soon`, which orders no fault; unset it\n");
}
