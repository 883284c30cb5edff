//! The run directory: the only module that knows its format.
