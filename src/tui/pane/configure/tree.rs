//! The list of presets: single ones, folders that fold, and the user's own at the end.

use crate::tui::message::Preset;
use crate::tui::text;
use std::collections::HashSet;

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// A folder.
    Folder { path: String, name: String, depth: usize, open: bool },
    /// A preset, by its place in the list of presets.
    Leaf { place: usize, name: String, depth: usize },
    /// A heading that cannot be chosen.
    Heading(&'static str),
}

/// Builds the rows. A filter opens every folder that holds a fitting preset.
pub(super) fn build(presets: &[Preset], filter: &str, open: &HashSet<String>) -> Vec<Row> {
    let fits = |preset: &Preset| filter.trim().is_empty() || text::matches(filter, &format!("{} {}", preset.name, preset.description));
    let mut rows = Vec::new();
    for own in [false, true] {
        let mut chosen: Vec<(usize, &Preset)> =
            presets.iter().enumerate().filter(|(_, preset)| preset.own == own && fits(preset)).collect();
        // Single presets first, then folders; `quickstart` before all.
        chosen.sort_by_key(|(_, preset)| (preset.name.contains('/'), preset.name != "quickstart", preset.name.clone()));
        if own && !chosen.is_empty() {
            rows.push(Row::Heading("yours"));
        }
        let mut written: HashSet<String> = HashSet::new();
        for (place, preset) in chosen {
            let parts: Vec<&str> = preset.name.split('/').collect();
            let (leaf, folders) = parts.split_last().unwrap_or((&"", &[]));
            let mut path = String::new();
            let mut visible = true;
            for (depth, folder) in folders.iter().enumerate() {
                path = if path.is_empty() { (*folder).to_string() } else { format!("{path}/{folder}") };
                let is_open = open.contains(&path) || !filter.trim().is_empty();
                if visible && written.insert(path.clone()) {
                    rows.push(Row::Folder { path: path.clone(), name: (*folder).to_string(), depth, open: is_open });
                }
                visible &= is_open;
            }
            if visible {
                rows.push(Row::Leaf { place, name: (*leaf).to_string(), depth: folders.len() });
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preset(name: &str, own: bool) -> Preset {
        Preset { name: name.into(), text: String::new(), own, description: String::new() }
    }

    fn names(rows: &[Row]) -> Vec<String> {
        rows.iter()
            .map(|row| match row {
                Row::Folder { name, depth, open, .. } => format!("{}{}{name}", " ".repeat(*depth), if *open { "v" } else { ">" }),
                Row::Leaf { name, depth, .. } => format!("{}{name}", " ".repeat(*depth)),
                Row::Heading(name) => format!("[{name}]"),
            })
            .collect()
    }

    #[test]
    fn folders_fold_and_a_filter_opens_them() {
        let presets =
            [preset("cifar10-baseline", false), preset("quickstart", false), preset("thesis/baseline", false), preset("mine", true)];
        assert_eq!(names(&build(&presets, "", &HashSet::new())), ["quickstart", "cifar10-baseline", ">thesis", "[yours]", "mine"]);
        let open = HashSet::from(["thesis".to_string()]);
        assert_eq!(names(&build(&presets, "", &open)), ["quickstart", "cifar10-baseline", "vthesis", " baseline", "[yours]", "mine"]);
        assert_eq!(names(&build(&presets, "thesis", &HashSet::new())), ["vthesis", " baseline"]);
    }
}
