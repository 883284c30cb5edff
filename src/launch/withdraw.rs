//! A run whose engine refused it before the first step was none: it goes again, so that bad input that only the engine
//! can see (no such device, no data) leaves as little behind as bad input that the experiment's text shows.

use super::error::Error;
use curricle_core::run::{RunDirectory, catalogue};

/// Codes of an engine that says that its input is wrong, or that the machine has no room for it.
const REFUSALS: [u8; 2] = [2, 6];

/// Removes a new run that its engine refused. Gives the error back, without a log that is no more. Runs whose engine
/// broke in another way stay: their log is what is left to look at.
pub fn withdraw(directory: &RunDirectory, error: Error) -> Error {
    match error {
        Error::Died { code, message, .. } if REFUSALS.contains(&code) && !catalogue::has_begun(directory) => {
            let log = catalogue::delete(directory).is_err().then(|| directory.log());
            Error::Died { code, message, log }
        }
        error => error,
    }
}
