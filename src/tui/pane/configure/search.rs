//! Finding fields of the form: by their path or their label, also in sections that are folded.

use super::{Configure, form};
use crate::tui::text;
use std::collections::HashSet;

/// What was found, and where the cursor was before.
#[derive(Debug)]
pub(super) struct Search {
    found: Vec<String>,
    at: usize,
    typed: bool,
    before: (String, HashSet<String>),
}

impl Search {
    /// Which of how many is shown.
    pub(super) fn place(&self) -> String {
        match (self.typed, self.found.len()) {
            (false, _) => "a field's name".into(),
            (true, 0) => "no such field".into(),
            (true, count) => format!("{} of {count}", self.at + 1),
        }
    }
}

impl Configure {
    /// Looks for fields while the text is typed. Nothing typed goes back to where the search began.
    pub(super) fn search(&mut self, wanted: &str) {
        let before = match self.search.take() {
            Some(search) if search.typed => search.before,
            _ => (self.row().map(|row| row.path.clone()).unwrap_or_default(), self.unfolded.clone()),
        };
        let typed = !wanted.trim().is_empty();
        self.unfolded.clone_from(&before.1);
        self.go_to(&before.0);
        let rows = form::all(&self.draft);
        let fits = |row: &form::Row| {
            let label = row.field().map_or("", |field| field.label);
            typed && row.field().is_some() && text::matches(wanted, &format!("{} {label}", row.path))
        };
        let found: Vec<String> = rows.iter().filter(|row| fits(row)).map(|row| row.path.clone()).collect();
        // A field whose own name begins so comes before one that holds it somewhere.
        let first = |path: &&String| path.rsplit('.').next().is_some_and(|name| name.starts_with(wanted.trim()));
        let at = found.iter().position(|path| first(&path)).unwrap_or(0);
        if let Some(path) = found.get(at) {
            self.show(&path.clone());
        }
        self.search = Some(Search { found, at, typed, before });
    }

    /// The next or the previous of the fields that were found; answers whether there is one.
    pub(super) fn search_on(&mut self, back: bool) -> bool {
        let Some(search) = &mut self.search else { return false };
        let count = search.found.len();
        if count == 0 {
            return false;
        }
        search.at = (search.at + if back { count - 1 } else { 1 }) % count;
        let path = search.found.get(search.at).cloned().unwrap_or_default();
        self.show(&path);
        true
    }

    fn go_to(&mut self, path: &str) {
        self.build_rows();
        if let Some(place) = self.rows.iter().position(|row| row.path == path) {
            self.cursor.at = place;
        }
    }
}
