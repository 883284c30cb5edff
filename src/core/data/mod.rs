//! Image sets: bytes and labels, no tensors.
