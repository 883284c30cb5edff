//! Perfect Ordering by brute force (thesis 2.2): every order of an epoch's batches is trained and tested.

pub mod tree;
