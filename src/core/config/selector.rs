//! Selectors: a scorer, and the few words that say how it is asked, as `"loss-delta external first-order"`. A study of orders
//! asks each of them for the order that it would take; an ordering asks others beside the one that chooses, to compare.

use super::form::Shape;
use super::nearest::nearest;
use super::node::{Content, Node};
use super::ordering::{Direction, Estimate, Measure, Ordering, Scorer, Target};
use super::read::{At, Entry, Reader, one_of};
use super::values::Candidates;

/// A scorer and how it is asked. What it needs beside (an external batch, a teacher, a column), `[ordering]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selector {
    /// What gives a batch its score.
    pub scorer: Scorer,
    /// Where a loss delta is measured.
    pub target: Target,
    /// What a loss delta is divided by.
    pub measure: Measure,
    /// How a loss delta is computed.
    pub estimate: Estimate,
    /// Which score is handed out first.
    pub order: Direction,
    /// GraB on differences of neighbours.
    pub pairs: bool,
}

/// Scorers that give an order of whole batches.
const SCORERS: [&str; 9] = ["loss", "loss-delta", "label", "teacher", "difficulty", "column", "rho", "grab", "random"];
/// Words that may follow, and the scorers that they may follow; none: all that score batches.
const WORDS: [(&str, &[Scorer]); 6] = [
    ("external", &[Scorer::LossDelta]),
    ("relative", &[Scorer::LossDelta]),
    ("first-order", &[Scorer::LossDelta]),
    ("pairs", &[Scorer::Grab]),
    ("ascending", &[]),
    ("descending", &[]),
];
const EXPECTED: &str = "a scorer and how it is asked, as `\"loss descending\"` or `\"loss-delta external first-order\"`";

impl Selector {
    /// A scorer as it is asked without further words.
    #[must_use]
    pub fn of(scorer: Scorer) -> Self {
        let usual = Ordering::default();
        Self { scorer, target: usual.target, measure: usual.measure, estimate: usual.estimate, order: usual.order, pairs: usual.pairs }
    }

    /// What it asks for as an `[ordering]` of whole batches, all that are left being candidates; `base` has what it needs beside.
    #[must_use]
    pub fn ordering(&self, base: &Ordering) -> Ordering {
        Ordering {
            scorer: self.scorer,
            target: self.target,
            measure: self.measure,
            estimate: self.estimate,
            order: self.order,
            pairs: self.pairs,
            candidates: Candidates::All,
            ..base.clone()
        }
    }

    /// Settings of `[ordering]` that say what it is asked with.
    fn beside(&self) -> impl Iterator<Item = &'static str> {
        let settings = [
            ("external", self.target == Target::External),
            ("step", self.estimate == Estimate::FirstOrder),
            ("student", self.scorer == Scorer::Teacher),
            ("holdout_model", self.scorer == Scorer::Rho),
            ("holdout_epochs", self.scorer == Scorer::Rho),
        ];
        settings.into_iter().filter(|(_, used)| *used).map(|(setting, _)| setting)
    }

    /// The words after the scorer, in their usual order.
    fn words(&self) -> impl Iterator<Item = &'static str> {
        let words = [
            ("external", self.target == Target::External),
            ("relative", self.measure == Measure::Relative),
            ("first-order", self.estimate == Estimate::FirstOrder),
            ("pairs", self.pairs),
            ("ascending", self.order == Direction::Ascending),
            ("descending", self.order == Direction::Descending),
        ];
        words.into_iter().filter(|(_, used)| *used).map(|(word, _)| word)
    }

    /// Reads `"loss-delta external"`.
    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or_default();
        let scorer = Scorer::ALL.iter().find(|scorer| scorer.word() == first && SCORERS.contains(&first)).copied();
        let Some(scorer) = scorer else {
            let hint = match nearest(first, SCORERS.iter().copied()) {
                Some(near) => format!("did you mean `\"{near}\"`?"),
                None => format!("the first word is {}", one_of(&SCORERS)),
            };
            return Err((format!("`{}` is no scorer that can be asked here", crate::run::plain(first)), Some(hint)));
        };
        let mut selector = Self::of(scorer);
        for word in words {
            let known = WORDS.iter().find(|(known, _)| *known == word);
            let fits = match known {
                Some((_, [])) => !matches!(scorer, Scorer::Grab | Scorer::Random),
                Some((_, scorers)) => scorers.contains(&scorer),
                None => false,
            };
            if !fits {
                let of = WORDS.iter().filter(|(_, scorers)| scorers.is_empty() || scorers.contains(&scorer)).map(|(word, _)| *word);
                let hint = match scorer {
                    Scorer::Random => "write `\"random\"` alone".to_owned(),
                    Scorer::Grab => "write `\"grab\"` or `\"grab pairs\"`".to_owned(),
                    _ => format!("after `{first}` may stand {}", one_of(&of.collect::<Vec<_>>())),
                };
                return Err((format!("`{}` says nothing about `{first}`", crate::run::plain(word)), Some(hint)));
            }
            match word {
                "external" => selector.target = Target::External,
                "relative" => selector.measure = Measure::Relative,
                "first-order" => selector.estimate = Estimate::FirstOrder,
                "pairs" => selector.pairs = true,
                "ascending" => selector.order = Direction::Ascending,
                _ => selector.order = Direction::Descending,
            }
        }
        Ok(selector)
    }
}

/// Settings of `[ordering]` that are used though its scorer does not use them: by scorers that are compared, by a study's
/// selectors, and by the scorer whose passes equal compute matches.
pub(super) fn also_used(root: &Node) -> Vec<String> {
    let ordering = root.get("ordering");
    let lists = [ordering.and_then(|ordering| ordering.get("compare")), root.get("permutation").and_then(|study| study.get("selectors"))];
    let listed = lists.into_iter().flatten().filter_map(|list| if let Content::List(items) = &list.content { Some(items) } else { None });
    let text = |node: &Node| if let Content::Text(text) = &node.content { Some(text.clone()) } else { None };
    let asked = listed.flatten().filter_map(text).filter_map(|text| Selector::parse(&text).ok());
    let mut used: Vec<&str> = asked.flat_map(|selector| selector.beside().collect::<Vec<_>>()).collect();
    let word = |key: &str| ordering.and_then(|ordering| ordering.get(key)).and_then(text);
    if word("scorer").as_deref() == Some(Scorer::EqualCompute.word()) {
        let delta = ["target", "measure", "estimate", "external", "step"];
        match word("equal_to").as_deref().unwrap_or(Ordering::default().equal_to.word()) {
            "loss-delta" => used.extend(&delta[..if word("target").as_deref() == Some("external") { 5 } else { 3 }]),
            "teacher" => used.push("student"),
            "rho" => used.extend(["holdout_model", "holdout_epochs"]),
            _ => {}
        }
    }
    used.iter().map(|setting| super::read::join("ordering", setting)).collect()
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.scorer.word())?;
        self.words().try_for_each(|word| write!(formatter, " {word}"))
    }
}

impl Entry for Selector {
    fn shape() -> Shape {
        Shape::ChoiceOr(&SCORERS, EXPECTED)
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let Content::Text(text) = &node.content else {
            reader.mistyped(node, at.path, EXPECTED, None);
            return None;
        };
        Self::parse(text).map_err(|(text, hint)| reader.report(node, at.path, text, hint)).ok()
    }

    fn write(&self) -> Option<Node> {
        Some(Content::Text(self.to_string()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_read_as_they_are_written() {
        for text in ["loss", "loss descending", "loss-delta external first-order", "loss-delta relative ascending", "grab pairs", "random"]
        {
            assert_eq!(Selector::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Selector::parse(" loss-delta  first-order external ").unwrap().to_string(), "loss-delta external first-order");
    }

    #[test]
    fn what_gives_no_order_is_refused() {
        let said = |text: &str| Selector::parse(text).unwrap_err();
        assert_eq!(said("los"), ("`los` is no scorer that can be asked here".into(), Some("did you mean `\"loss\"`?".into())));
        assert!(said("equal-compute").1.unwrap().starts_with("the first word is "));
        let (text, hint) = said("loss external");
        assert_eq!(text, "`external` says nothing about `loss`");
        assert_eq!(hint.unwrap(), "after `loss` may stand `\"ascending\"` or `\"descending\"`");
        assert_eq!(said("random ascending").1.unwrap(), "write `\"random\"` alone");
        assert_eq!(said("").0, "`` is no scorer that can be asked here");
    }
}
