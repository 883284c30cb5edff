//! A sparkline: one row, one sign a value, from the smallest to the largest.

use crate::tui::symbols::Symbols;

/// Signs of a row of values; a gap (`None` or not finite) is a blank. A constant row lies in the middle.
pub fn row(values: &[Option<f64>], symbols: Symbols) -> String {
    let ramp = symbols.ramp();
    let finite = values.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    values
        .iter()
        .map(|value| match value {
            Some(value) if value.is_finite() => {
                let span = high - low;
                // Means of a constant differ in their last bits only.
                if span <= 1e-9 * high.abs().max(low.abs()) {
                    return ramp[ramp.len() / 2];
                }
                let step = ((value - low) / span * ramp.len() as f64) as usize;
                ramp[step.min(ramp.len() - 1)]
            }
            _ => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_spans_the_values() {
        let values: Vec<Option<f64>> = (0..7).map(|value| Some(f64::from(value))).collect();
        assert_eq!(row(&values, Symbols::Braille), "▁▂▃▄▅▆▇");
        assert_eq!(row(&values, Symbols::Ascii), "_.-=+*#");
    }

    #[test]
    fn gaps_are_blank_and_a_constant_lies_in_the_middle() {
        assert_eq!(row(&[Some(0.05), None, Some(f64::NAN), Some(0.05)], Symbols::Braille), "▄  ▄");
        assert_eq!(row(&[], Symbols::Braille), "");
    }
}
