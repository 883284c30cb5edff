//! Curricle: a terminal workbench for research on how networks are trained.

fn main() {}
