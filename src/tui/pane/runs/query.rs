//! The filter of the list: words that must all occur, and comparisons such as `state=done accuracy>0.9 seed=1`.

use crate::tui::text;
use curricle_core::run::catalogue::Summary;

/// What is asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    words: String,
    terms: Vec<(String, Comparison, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Above,
    Below,
    AtLeast,
    AtMost,
}

/// Signs, the longer ones first.
const SIGNS: [(&str, Comparison); 6] = [
    ("!=", Comparison::Unequal),
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("=", Comparison::Equal),
    (">", Comparison::Above),
    ("<", Comparison::Below),
];

impl Query {
    /// Reads a filter. What names no field is a word.
    pub(super) fn parse(filter: &str) -> Query {
        // `accuracy > 0.9` is one term, whatever the spaces around the sign.
        let mut joined = filter.to_string();
        for (sign, _) in SIGNS {
            while joined.contains(&format!(" {sign}")) || joined.contains(&format!("{sign} ")) {
                joined = joined.replace(&format!(" {sign}"), sign).replace(&format!("{sign} "), sign);
            }
        }
        let mut query = Query { words: String::new(), terms: Vec::new() };
        for part in joined.split_whitespace() {
            let found = SIGNS.iter().find_map(|(sign, comparison)| part.split_once(sign).map(|(field, value)| (field, *comparison, value)));
            match found {
                Some((field, comparison, value)) if !value.is_empty() && value_of(field, &Summary::default()).is_some() => {
                    query.terms.push((field.into(), comparison, value.trim_matches('"').to_lowercase()));
                }
                // No field: words, as a name such as `K = 8` has them.
                _ => {
                    let apart = SIGNS.iter().fold(part.to_string(), |apart, (sign, _)| match sign.len() {
                        1 => apart.replace(sign, &format!(" {sign} ")),
                        _ => apart,
                    });
                    query.words.push_str(&apart);
                    query.words.push(' ');
                }
            }
        }
        query
    }

    /// Whether a run fits.
    pub(super) fn fits(&self, run: &Summary) -> bool {
        let haystack = || format!("{} {} {} {} {} {} {}", run.name, run.id, run.state, run.set, run.network, run.tags.join(" "), run.notes);
        (self.words.is_empty() || text::matches(&self.words, &haystack()))
            && self.terms.iter().all(|(field, comparison, wanted)| {
                let Some(value) = value_of(field, run) else { return false };
                let value = value.to_lowercase();
                let numbers = || Some((value.parse::<f64>().ok()?, wanted.parse::<f64>().ok()?));
                match comparison {
                    Comparison::Equal => {
                        numbers().map_or_else(|| value.split(' ').any(|part| part == wanted) || value == *wanted, |(a, b)| a == b)
                    }
                    Comparison::Unequal => value != *wanted,
                    Comparison::Above => numbers().is_some_and(|(a, b)| a > b),
                    Comparison::Below => numbers().is_some_and(|(a, b)| a < b),
                    Comparison::AtLeast => numbers().is_some_and(|(a, b)| a >= b),
                    Comparison::AtMost => numbers().is_some_and(|(a, b)| a <= b),
                }
            })
    }
}

/// A field of a run as text; nothing for a field that there is not.
fn value_of(field: &str, run: &Summary) -> Option<String> {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    Some(match field {
        "name" => run.name.clone(),
        "id" => run.id.clone(),
        "state" => run.state.to_string(),
        "set" | "data.set" => run.set.clone(),
        "network" | "network.kind" => run.network.clone(),
        "kind" => run.kind.clone(),
        "seed" | "seed.weights" => run.seed.to_string(),
        "step" => run.step.to_string(),
        "epoch" => run.epoch.to_string(),
        "accuracy" => number(run.accuracy),
        "loss" => number(run.loss),
        "tag" | "tags" => run.tags.join(" "),
        "sweep" => run.sweep.clone().unwrap_or_default(),
        "arm" => run.arm.clone().unwrap_or_default(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::run;
    use super::*;
    use curricle_core::run::State;

    #[test]
    fn words_and_comparisons() {
        let mut run = run("loss delta, K = 8", 3, State::Done, Some(0.91));
        run.set = "glyphs".into();
        run.tags = vec!["paper".into(), "draft".into()];
        for filter in
            ["delta", "data.set = \"glyphs\"", "accuracy>0.9", "accuracy >= 0.91 seed=3", "tag=draft", "state!=failed loss", "K = 8"]
        {
            assert!(Query::parse(filter).fits(&run), "{filter}");
        }
        for filter in ["gamma", "set=cifar10", "accuracy>0.95", "seed=4", "tag=dra", "state!=done"] {
            assert!(!Query::parse(filter).fits(&run), "{filter}");
        }
    }
}
