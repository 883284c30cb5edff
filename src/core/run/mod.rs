//! The run directory: the only module that knows its format (`docs/run-directory.md`).
//!
//! One run is one folder. The engine writes it, any number of front ends read it, and they talk through it alone: files
//! and polling, no sockets. So a run outlives every screen, and the same code works on a laptop, over NFS and under
//! Slurm.
//!
//! Everything that changes something on disk goes through [`disk`], so that tests can let any of it fail.

pub mod catalogue;
mod checkpoint_file;
mod clock;
mod command;
pub mod disk;
mod error;
mod event_writer;
pub mod fault;
mod follower;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod foreign;
mod labels;
mod layout;
mod line;
mod lock;
mod need;
mod order_file;
mod orders_file;
mod outline;
mod paths;
mod plain;
mod progress;
mod reserve;
mod run_record;
mod score_file;
mod sealed;
mod state_file;
mod status;
mod sweep;
mod tensor_file;
mod unsynced;
mod whole;

pub use checkpoint_file::{Named, Part, Wanted, read_checkpoint};
pub use clock::{now, timestamp};
pub use command::{CommandKind, clear, pending, remove, send};
pub use error::{Error, Result};
pub use event_writer::EventWriter;
pub use follower::{Follower, Update};
pub use labels::Labels;
pub use layout::{Origin, Outline, RunDirectory, runs_folder};
pub use lock::{Holder, Lock, engine_elsewhere, host};
pub use need::{EVENTS, Extent, Need};
pub use order_file::{RecordedOrder, recorded_order, write_order};
pub use orders_file::{OrderRow, OrderRows, OrdersWriter, read_orders};
pub use plain::{plain, plain_lines};
pub use progress::{
    Best, EpochSums, Identity, LossScaleState, OrderingProgress, PermutationProgress, Progress, SelectedOrder, Series, StudyParent,
    TestResult,
};
pub use reserve::Reserve;
pub use run_record::{FORMAT, Machine, Parent, RunRecord, Seeds};
pub use score_file::{Candidates, OrderedStep, ScoreFile, ScoreHeader, ScoreWriter, score_files};
pub use sealed::seal;
pub use state_file::{save_state, save_state_with, saved_step, states};
pub use status::{PATIENCE, Pulse, State, Status, shown_state};
pub use sweep::sweep;
pub use tensor_file::{LARGEST, Ragged, TensorFile, read_tensor_file};
pub use whole::{replace_quick, write_whole, write_whole_with};
