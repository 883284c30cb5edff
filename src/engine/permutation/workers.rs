//! Orders trained and tested side by side: the tree is cut into subtrees, and each worker takes one after the other.
//!
//! Every worker computes with one thread of libtorch, so the bits do not depend on how many workers there are. Nothing that
//! two workers compute is shared but images and weights that nobody writes into.

use super::epoch::Epoch;
use super::study::{State, Study};
use super::tree::{self, Order};
use crate::error::{Error, Result};
use crate::evaluation::Score;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Subtrees for each worker, so that all end at about the same time.
const SUBTREES: usize = 4;
/// How often the caller is asked what to do.
const TICK: Duration = Duration::from_millis(50);

/// What came of one order.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// On each part of the test set.
    pub scores: Vec<Score>,
    /// Training loss at each place.
    pub losses: Vec<f64>,
    /// Mean cosine between gradients of neighbours; not a number where there is one batch alone.
    pub agreement: f64,
    /// L2 norm of the weights at the end.
    pub norm: f64,
}

/// What the workers are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Go on.
    Go,
    /// Wait until something else is wished.
    Wait,
    /// Give up: what is not whole is lost.
    Stop,
}

/// The wish that stands, for all workers.
struct Wishes {
    wish: Mutex<Wish>,
    changed: Condvar,
}

impl Wishes {
    fn set(&self, wish: Wish) {
        *unpoisoned(self.wish.lock()) = wish;
        self.changed.notify_all();
    }

    /// Waits while it is wished; whether to go on.
    fn goes_on(&self) -> bool {
        let mut wish = unpoisoned(self.wish.lock());
        while *wish == Wish::Wait {
            wish = unpoisoned(self.changed.wait(wish));
        }
        *wish == Wish::Go
    }
}

/// A worker that panicked leaves nothing half done behind these locks.
fn unpoisoned<'a, T>(lock: std::result::Result<MutexGuard<'a, T>, PoisonError<MutexGuard<'a, T>>>) -> MutexGuard<'a, T> {
    lock.unwrap_or_else(PoisonError::into_inner)
}

/// A subtree to do: the state before it, the orders in it, the places that they share.
struct Task {
    start: State,
    orders: Range<usize>,
}

/// Trains and tests sorted `orders` of an epoch from `start`. `tick` is told how many are done, at least every 50 ms, and
/// says what to do; `None` comes back once it said to stop.
///
/// # Errors
/// What libtorch refuses, in any worker.
pub fn run(
    study: &Study,
    epoch: &Epoch,
    start: &State,
    orders: &[Order],
    workers: usize,
    mut tick: impl FnMut(usize) -> Result<Wish>,
) -> Result<Option<Vec<Outcome>>> {
    let places = orders.first().map_or(0, Vec::len);
    let depth = (0..places).find(|&depth| workers <= 1 || tree::groups(orders, depth).len() >= SUBTREES * workers).unwrap_or(0);
    let groups = tree::groups(orders, depth);
    let prefixes: Vec<Order> = groups.iter().map(|group| orders[group.start][..depth].to_vec()).collect();
    let mut tasks = VecDeque::new();
    let mut step = |before: &State, prefix: &[u8]| study.step(before, epoch, prefix);
    let mut end = |place: usize, _: &[u8], state: &State| {
        tasks.push_back(Task { start: state.copy()?, orders: groups[place].clone() });
        Ok(())
    };
    tree::walk(&prefixes, 0, start, &mut step, &mut end)?;
    let tasks = Mutex::new(tasks);
    let wishes = Wishes { wish: Mutex::new(Wish::Go), changed: Condvar::new() };
    let (sender, receiver) = mpsc::channel();
    let mut outcomes: Vec<Option<Outcome>> = orders.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for number in 0..workers.clamp(1, groups.len().max(1)) {
            let (study, sender, tasks, wishes) = (study.share(), sender.clone(), &tasks, &wishes);
            let work = move || {
                tch::set_num_threads(1);
                loop {
                    let Some(task) = unpoisoned(tasks.lock()).pop_front() else { return };
                    match subtree(&study, epoch, orders, depth, &task, wishes, &sender) {
                        Ok(true) => {}
                        Ok(false) => return,
                        Err(error) => return drop(sender.send(Err(error))),
                    }
                }
            };
            let spawned = std::thread::Builder::new().name(format!("worker {number}")).spawn_scoped(scope, work);
            if let Err(error) = spawned {
                wishes.set(Wish::Stop);
                return Err(Error::Other(format!("a worker cannot start: {error}; use fewer `permutation.workers`")));
            }
        }
        drop(sender);
        let mut done = 0;
        let mut stopped = false;
        loop {
            let wish = tick(done).inspect_err(|_| wishes.set(Wish::Stop))?;
            stopped |= wish == Wish::Stop;
            wishes.set(if stopped { Wish::Stop } else { wish });
            // One wait, then whatever else has come.
            let first = receiver.recv_timeout(TICK);
            if matches!(first, Err(RecvTimeoutError::Disconnected)) {
                break;
            }
            for message in first.into_iter().chain(receiver.try_iter()) {
                let (place, outcome): (usize, Outcome) = message.inspect_err(|_| wishes.set(Wish::Stop))?;
                outcomes[place] = Some(outcome);
                done += 1;
            }
        }
        tick(done)?;
        match outcomes.into_iter().collect::<Option<Vec<Outcome>>>() {
            Some(outcomes) => Ok(Some(outcomes)),
            None if stopped => Ok(None),
            None => Err(Error::Other("a worker ended without a word; see the log".into())),
        }
    })
}

/// All orders of a subtree; false where it is to be given up.
fn subtree(
    study: &Study,
    epoch: &Epoch,
    orders: &[Order],
    depth: usize,
    task: &Task,
    wishes: &Wishes,
    sender: &mpsc::Sender<Result<(usize, Outcome)>>,
) -> Result<bool> {
    /// Why a walk ends early.
    enum Broken {
        Off,
        By(Error),
    }
    let mut step = |before: &State, prefix: &[u8]| match wishes.goes_on() {
        true => study.step(before, epoch, prefix).map_err(Broken::By),
        false => Err(Broken::Off),
    };
    let mut end = |place: usize, _: &[u8], state: &State| {
        let outcome = finish(study, state, || wishes.goes_on()).map_err(Broken::By)?.ok_or(Broken::Off)?;
        // The receiver is gone only where everything is given up.
        sender.send(Ok((task.orders.start + place, outcome))).map_err(|_| Broken::Off)
    };
    match tree::walk(&orders[task.orders.clone()], depth, &task.start, &mut step, &mut end) {
        Ok(()) => Ok(true),
        Err(Broken::Off) => Ok(false),
        Err(Broken::By(error)) => Err(error),
    }
}

/// Tests a state and says what is known of it; `None` once `between` says false.
///
/// # Errors
/// What libtorch refuses.
pub fn finish(study: &Study, state: &State, between: impl FnMut() -> bool) -> Result<Option<Outcome>> {
    let Some(scores) = study.test(&state.weights, between)? else { return Ok(None) };
    let (_, norm) = state.weights.norms(&study.network.layout)?;
    let agreement = state.agreement.iter().sum::<f64>() / state.agreement.len() as f64;
    Ok(Some(Outcome { scores, losses: state.losses.clone(), agreement, norm }))
}
