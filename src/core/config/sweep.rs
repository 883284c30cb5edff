//! `[sweep]`: one experiment over several seeds, arms and grids.

use super::declare::section;
use super::range::whole;
use super::values::{Arms, Grid};

section! {
    /// The experiment, run over several seeds and with several settings.
    Sweep {
        /// Seeds that every arm is run with.
        seeds: Vec<u64> = vec![0, 1, 2, 3, 4], "seeds";
        /// Runs at a time.
        at_once: u64 = 1, "at once" ["runs"] in whole(1, 1024);
        /// Arms: a table each, with settings as quoted paths, as in `"ordering.scorer" = "random"`.
        arm: Arms = Arms::default(), "arms";
        /// Settings of which every combination is run: quoted paths with lists, as in `"optimizer.lr" = [0.1, 0.05]`.
        grid: Grid = Grid::default(), "grid";
    }
}
