//! Which box of a pane has the focus. It has one owner, is moved by the keys for it alone, and skips boxes that are not
//! there.

/// The focused box among a pane's boxes, by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Focus {
    at: usize,
}

impl Focus {
    /// A focus on a box.
    pub fn on(at: usize) -> Focus {
        Focus { at }
    }

    /// The focused box; if it is not there at this size, the nearest one that is.
    pub fn get(self, there: &[bool]) -> usize {
        if there.get(self.at).copied().unwrap_or(false) {
            return self.at;
        }
        there.iter().position(|there| *there).unwrap_or(0)
    }

    /// Moves to the next box that is there.
    pub fn next(&mut self, there: &[bool]) {
        self.turn(there, 1);
    }

    /// Moves to the box before.
    pub fn previous(&mut self, there: &[bool]) {
        self.turn(there, there.len().saturating_sub(1));
    }

    fn turn(&mut self, there: &[bool], by: usize) {
        let start = self.get(there);
        let count = there.len().max(1);
        self.at = (1..=count).map(|turn| (start + turn * by) % count).find(|at| there.get(*at).copied().unwrap_or(false)).unwrap_or(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn focus_turns_around_and_skips_what_is_not_there() {
        let mut focus = Focus::default();
        let there = [true, false, true];
        focus.next(&there);
        assert_eq!(focus.get(&there), 2);
        focus.next(&there);
        assert_eq!(focus.get(&there), 0);
        focus.previous(&there);
        assert_eq!(focus.get(&there), 2);
        assert_eq!(focus.get(&[true, true, false]), 0, "a box that has gone gives the focus to the first");
        assert_eq!(Focus::on(1).get(&[]), 0);
    }
}
