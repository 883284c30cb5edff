//! Ranges of numbers, as declared beside a field.

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// Anything that its type can hold.
    Any,
    /// Whole numbers, both ends included.
    Whole {
        /// Smallest.
        from: u64,
        /// Largest; `u64::MAX` = no limit.
        to: u64,
    },
    /// Numbers.
    Number {
        /// Lower end.
        from: f64,
        /// Upper end; infinity = no limit.
        to: f64,
        /// Whether the lower end itself is allowed.
        closed_from: bool,
        /// Whether the upper end itself is allowed.
        closed_to: bool,
    },
}

/// Whole numbers from `from` on.
pub(crate) const fn from(from: u64) -> Range {
    Range::Whole { from, to: u64::MAX }
}

/// Whole numbers from `from` to `to`.
pub(crate) const fn whole(from: u64, to: u64) -> Range {
    Range::Whole { from, to }
}

/// Numbers from `from` to `to`, both allowed.
pub(crate) const fn between(from: f64, to: f64) -> Range {
    Range::Number { from, to, closed_from: true, closed_to: true }
}

/// Numbers from `from` to below `to`.
pub(crate) const fn below(from: f64, to: f64) -> Range {
    Range::Number { from, to, closed_from: true, closed_to: false }
}

/// Numbers above `from`.
pub(crate) const fn above(from: f64) -> Range {
    Range::Number { from, to: f64::INFINITY, closed_from: false, closed_to: false }
}

/// Numbers above `from`, up to `to`.
pub(crate) const fn above_to(from: f64, to: f64) -> Range {
    Range::Number { from, to, closed_from: false, closed_to: true }
}

/// Numbers from `from` on.
pub(crate) const fn at_least(from: f64) -> Range {
    Range::Number { from, to: f64::INFINITY, closed_from: true, closed_to: false }
}
