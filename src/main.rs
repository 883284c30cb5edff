//! Curricle: a terminal workbench for research on how networks are trained.

fn main() -> std::process::ExitCode {
    curricle::cli::main()
}
