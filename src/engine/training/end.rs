//! Why a run ends, and where a test stops one.

use crate::error::Result;
use crate::recorder::{Recorder, wish};

/// Why the loop ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its length was reached, or early stop ended it; the text says which.
    Done(String),
    /// Stopped on request; the state is saved.
    Stopped(String),
    /// Paused and released: the process ends, the run does not.
    Released,
    /// A signal; the state is saved.
    Signal(i32),
}

impl End {
    /// The end that commands, signals or a failed recorder ask for, if any does.
    pub(crate) fn asked(recorder: &Recorder) -> Option<Result<Self>> {
        let wishes = recorder.wishes();
        if wishes & wish::FAILED != 0 {
            Some(Err(recorder.take_error()))
        } else if wishes & wish::SIGNAL != 0 {
            Some(Ok(Self::Signal(recorder.signal())))
        } else if wishes & wish::RELEASE != 0 {
            Some(Ok(Self::Released))
        } else if wishes & wish::STOP != 0 {
            Some(Ok(Self::Stopped("asked to".into())))
        } else {
            None
        }
    }
}

/// A place to stop at, as if asked to at that very moment: what a signal does at some step, this does at a chosen one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopAt {
    /// Steps done.
    pub step: u64,
    /// Whether before what follows the step (evaluation, selection, checkpoints) or after it.
    pub before_boundary: bool,
}
