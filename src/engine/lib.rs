//! The training engine of Curricle: the only user of libtorch.
