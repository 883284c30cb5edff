//! What every fuzz target does: counts memory, and hands the bytes to a reader.

pub use curricle_core::foreign::hold;
use curricle_core::foreign::memory::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A fuzz target that is a reader of `curricle-core` by its name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        use libfuzzer_sys::fuzz_target;
        use std::sync::LazyLock;

        static READER: LazyLock<curricle_core::foreign::Reader> = LazyLock::new(|| curricle_core::foreign::reader($name));

        fuzz_target!(|bytes: &[u8]| $crate::hold(*READER, bytes));
    };
}
