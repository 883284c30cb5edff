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

impl Range {
    /// Whether a whole number is allowed.
    pub(crate) fn holds_whole(&self, number: u64) -> bool {
        match *self {
            Self::Whole { from, to } => (from..=to).contains(&number),
            _ => self.holds(number as f64),
        }
    }

    /// Whether a number is allowed.
    pub(crate) fn holds(&self, number: f64) -> bool {
        match *self {
            Self::Any => true,
            Self::Whole { from, to } => number >= from as f64 && number <= to as f64,
            Self::Number { from, to, closed_from, closed_to } => {
                (number > from || closed_from && number == from) && (number < to || closed_to && number == to)
            }
        }
    }

    /// `a whole number from 1 to 64`.
    pub(crate) fn expected_whole(&self) -> String {
        match self {
            Self::Any => "a whole number from 0".to_owned(),
            _ => format!("a whole number {self}"),
        }
    }

    /// `a number from 0 to below 1`.
    pub(crate) fn expected_number(&self) -> String {
        match self {
            Self::Any => "a number".to_owned(),
            _ => format!("a number {self}"),
        }
    }
}

impl std::fmt::Display for Range {
    /// `from 1`, `from 0 to 1`, `above 0`; empty where anything goes.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Any => Ok(()),
            Self::Whole { from, to: u64::MAX } => write!(formatter, "from {from}"),
            Self::Whole { from, to } => write!(formatter, "from {from} to {}", grouped(to)),
            Self::Number { from, to, closed_from, closed_to } => {
                write!(formatter, "{} {from}", if closed_from { "from" } else { "above" })?;
                match closed_to {
                    _ if to >= f64::MAX => Ok(()),
                    true => write!(formatter, " to {to}"),
                    false if closed_from => write!(formatter, " to below {to}"),
                    false => write!(formatter, " and below {to}"),
                }
            }
        }
    }
}

/// A whole number with commas between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
