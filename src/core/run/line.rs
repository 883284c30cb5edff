//! One line of `events.jsonl` as an event, fast.
//!
//! `Event` is one flat object with its kind inside; serde would buffer every field before it knows the kind. Here the
//! kind is looked up first and the line is then read straight into its struct: the same result, several times faster. As it is
//! written, the kind is the fifth field, so that only the beginning of a line is read twice.

use crate::record::{Event, What};
use serde::Deserialize;
use std::borrow::Cow;

/// Longest line that is read. Series of scores lie in `scores/`, so events stay far below.
pub(super) const LONGEST: usize = 4 << 20;

#[derive(Deserialize)]
struct Head<'a> {
    seq: u64,
    step: u64,
    epoch: u64,
    time: f64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

/// Bytes within which the head of a line ends that is written here.
const HEAD: usize = 200;
/// What stands before the kind.
const KIND: &str = ",\"kind\":\"";

/// The head of a line by its beginning, where that has all of it.
fn short_head(text: &str) -> Option<Head<'static>> {
    // Where a letter lies across the bound, this is no head of ours.
    let near = text.get(..HEAD.min(text.len()))?;
    let begin = near.find(KIND)? + KIND.len();
    let end = begin + near[begin..].find('"')?;
    let closed = format!("{}\"}}", &near[..end]);
    let head: Head<'_> = serde_json::from_str(&closed).ok()?;
    Some(Head { kind: Cow::Owned(head.kind.into_owned()), ..head })
}

/// Reads one line without its end.
pub(super) fn parse(line: &[u8]) -> Result<Event, String> {
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let head: Head<'_> = match short_head(text) {
        Some(head) => head,
        None => serde_json::from_str(text).map_err(|error| error.to_string())?,
    };
    fn body<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
    let what = match head.kind.as_ref() {
        "started" => What::Started(body(text)?),
        "resumed" => What::Resumed(body(text)?),
        "step" => What::Step(body(text)?),
        "evaluation" => What::Evaluation(body(text)?),
        "scoring" => What::Scoring(body(text)?),
        "phase" => What::Phase(body(text)?),
        "checkpoint" => What::Checkpoint(body(text)?),
        "attack" => What::Attack(body(text)?),
        "permutation" => What::Permutation(body(text)?),
        "message" => What::Message(body(text)?),
        "command" => What::Command(body(text)?),
        "paused" => What::Paused(body(text)?),
        "finished" => What::Finished(body(text)?),
        // Nothing of it is known, but that it is whole.
        _ => body::<serde::de::IgnoredAny>(text).map(|_| What::Unknown)?,
    };
    Ok(Event { seq: head.seq, step: head.step, epoch: head.epoch, time: head.time, what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record;

    /// One event of every kind. The match has no default arm: a new kind must be entered here and above.
    pub(crate) fn one_of_each() -> Vec<What> {
        let all = vec![
            What::Started(record::Started { steps: 9, device: "cpu".into(), ..Default::default() }),
            What::Resumed(record::Resumed { exact: true, reason: String::new() }),
            What::Step(record::Step { first: 3, loss: vec![0.25, 0.5], accuracy: vec![0.5, 1.0], lr: 0.05, ..Default::default() }),
            What::Evaluation(record::Evaluation { set: "test".into(), loss: 0.5, total: 10, ..Default::default() }),
            What::Scoring(record::Scoring { scores: vec![1.5], chosen: vec![0], ..Default::default() }),
            What::Phase(record::Phase { number: 1, of: 2, label: "k = 4".into(), k: 4 }),
            What::Checkpoint(record::Checkpoint { file: "checkpoints/best.safetensors".into(), reason: "best".into() }),
            What::Attack(record::Attack { attack: "pgd".into(), ..Default::default() }),
            What::Permutation(record::Permutation { orders: 7, histogram: vec![1, 6], ..Default::default() }),
            What::Message(record::Message { text: "a \"quoted\" line\nand another".into(), ..Default::default() }),
            What::Command(record::Command { id: "1".into(), command: "pause".into(), outcome: String::new() }),
            What::Paused(record::Paused { released: true }),
            What::Finished(record::Finished { state: "done".into(), accuracy: Some(0.5), ..Default::default() }),
            What::Unknown,
        ];
        for what in &all {
            match what {
                What::Started(_) | What::Resumed(_) | What::Step(_) | What::Evaluation(_) | What::Scoring(_) | What::Phase(_) => {}
                What::Checkpoint(_) | What::Attack(_) | What::Permutation(_) | What::Message(_) | What::Command(_) => {}
                What::Paused(_) | What::Finished(_) | What::Unknown => {}
            }
        }
        all
    }

    #[test]
    fn every_kind_reads_as_serde_would_read_it() {
        for (seq, what) in one_of_each().into_iter().enumerate() {
            let event = Event { seq: seq as u64, step: 4, epoch: 1, time: 1.25, what };
            let text = serde_json::to_string(&event).unwrap();
            let slow: Event = serde_json::from_str(&text).unwrap();
            assert_eq!(parse(text.as_bytes()).unwrap(), slow, "{text}");
            assert_eq!(slow, event);
        }
    }

    #[test]
    fn a_head_reads_the_same_wherever_the_kind_stands() {
        let usual = r#"{"seq":7,"step":4,"epoch":1,"time":1.25,"kind":"paused","released":true}"#;
        let late = r#"{"released":true,"kind":"paused","seq":7,"step":4,"epoch":1,"time":1.25}"#;
        let spaced = r#"{ "seq": 7, "step": 4, "epoch": 1, "time": 1.25, "kind": "paused", "released": true }"#;
        let escaped = r#"{"seq":7,"step":4,"epoch":1,"time":1.25,"kind":"p\u0061used","released":true}"#;
        for line in [usual, late, spaced, escaped] {
            assert_eq!(parse(line.as_bytes()), parse(usual.as_bytes()), "{line}");
        }
        assert!(parse(usual.as_bytes()).is_ok());
        assert!(parse(r#"{"seq":7,"step":4,"epoch":1,"time":1.25,"kind":"telepathy","x":"#.as_bytes()).is_err());
    }

    #[test]
    fn foreign_lines_are_errors() {
        for line in ["", "[]", "null", "{}", r#"{"seq":-1,"step":0,"epoch":0,"time":0,"kind":"step"}"#, "{\"seq\":1"] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
        assert!(parse(b"\xff\xfe").is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        let nested = format!(r#"{{"seq":1,"step":0,"epoch":0,"time":0,"kind":"step","x":{}}}"#, "[".repeat(100_000));
        assert!(parse(nested.as_bytes()).is_err());
    }
}
