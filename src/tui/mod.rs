//! The screen.

/// Opens the screen.
pub fn run(_context: &crate::cli::Context) -> Result<(), crate::cli::Failure> {
    Err(crate::cli::Failure::failed("the screen is not built yet"))
}
