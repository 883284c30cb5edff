//! `curricle runs verify`: trains a run again and compares the weights, bit by bit.

use crate::cli::context::Context;
use crate::cli::experiment::{Changes, change};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::cli::train;
use crate::launch::{Engine, Start, run_foreground};
use crate::words::thousands;
use clap::Args;
use curricle_core::run::{Machine, Origin, Parent, RunDirectory, State, TensorFile, catalogue, read_tensor_file};
use serde::Serialize;
use std::path::Path;

/// What may stand after `runs verify`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run
    run: String,
}

/// Whether a run comes out the same again.
#[derive(Debug, Serialize)]
struct Verified {
    id: String,
    identical: bool,
    tensors: u64,
    values: u64,
    different: Vec<Difference>,
    /// What may explain a difference: another machine, another thread count.
    notes: Vec<String>,
}

/// A tensor that came out otherwise.
#[derive(Debug, Serialize, PartialEq)]
struct Difference {
    tensor: String,
    values: u64,
    largest: Option<f64>,
}

/// Trains the run's experiment again in a temporary folder and compares `last.safetensors`.
pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let summary = catalogue::summary(&directory)?;
    if summary.state != State::Done {
        return Err(Failure::usage(format!("run `{}` is {}: only a run that is done can be verified", summary.id, summary.state)));
    }
    let before = read(&directory.last())?;
    let record = directory.record()?;
    let chosen = change(&directory.read_resolved()?, &format!("experiment of {}", summary.id), &as_it_was(record.machine.as_ref()))?;
    let engine = Engine::find()?;
    let folder = tempfile::Builder::new()
        .prefix("curricle-verify-")
        .tempdir()
        .map_err(|error| Failure::failed(format!("cannot create a temporary folder: {error}")))?;
    // Events of the repetition are nobody's data: JSON is only the verdict.
    let quiet = Context { runs: folder.path().join("runs"), json: false, ..context.clone() };
    let parent = Parent { kind: "verify".into(), id: summary.id.clone(), checkpoint: String::new() };
    let data = train::data_of(context, &directory)?;
    let origin = Origin { parent: Some(parent), data: data.clone(), ..Origin::default() };
    let again = train::create(&quiet, &chosen.experiment, &chosen.text, origin)?;
    let mut progress = Progress::new(&quiet, &again, format!("run {}", again.id()));
    let ended = run_foreground(&engine, &again, &Start { data }, || progress.look());
    progress.clear();
    let ended = ended?;
    if let Some(error) = ended.error {
        return Err(error.into());
    }
    let after = read(&again.last())?;
    let (tensors, values, different) = compare(&before, &after).map_err(|text| Failure::failed(format!("cannot compare: {text}")))?;
    let notes = differences_of_machines(record.machine.as_ref(), &again)?;
    let verified = Verified { id: summary.id, identical: different.is_empty(), tensors, values, different, notes };
    say(context, &verified)?;
    if verified.identical { Ok(()) } else { Err(Failure::silent(1)) }
}

/// The same bits need the same device and threads. What has nothing to do with them is left out.
fn as_it_was(machine: Option<&Machine>) -> Changes {
    let mut set: Vec<(String, String)> = [("training.on_end", ""), ("training.until", ""), ("training.keep_every", "")]
        .map(|(path, value)| (path.into(), value.into()))
        .to_vec();
    if let Some(machine) = machine {
        set.push(("training.device".into(), machine.device.clone()));
        set.push(("training.threads".into(), machine.threads.to_string()));
        set.push(("training.precision".into(), machine.precision.clone()));
    }
    Changes { set, ..Changes::default() }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(read_tensor_file(path)?)
}

/// Numbers of tensors and values, and which tensors differ.
fn compare(before: &[u8], after: &[u8]) -> Result<(u64, u64, Vec<Difference>), String> {
    let (before, after) = (TensorFile::parse(before)?, TensorFile::parse(after)?);
    let (before, after) = (before.tensors(), after.tensors());
    let mut names: Vec<&str> = before.names().into_iter().chain(after.names()).collect();
    names.sort_unstable();
    names.dedup();
    let (mut values, mut different) = (0, Vec::new());
    for name in &names {
        match (before.tensor(name), after.tensor(name)) {
            (Ok(one), Ok(other)) => {
                values += one.shape().iter().product::<usize>() as u64;
                if one.dtype() != other.dtype() || one.shape() != other.shape() || one.data() != other.data() {
                    let (count, largest) = if one.data().len() == other.data().len() && one.dtype() == safetensors::Dtype::F32 {
                        differences(one.data(), other.data())
                    } else {
                        (one.shape().iter().product::<usize>() as u64, None)
                    };
                    different.push(Difference { tensor: curricle_core::run::plain(name), values: count, largest });
                }
            }
            _ => different.push(Difference { tensor: curricle_core::run::plain(name), values: 0, largest: None }),
        }
    }
    Ok((names.len() as u64, values, different))
}

fn differences(before: &[u8], after: &[u8]) -> (u64, Option<f64>) {
    let number = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let (mut count, mut largest) = (0, 0.0_f64);
    for (one, other) in before.chunks_exact(4).zip(after.chunks_exact(4)).filter(|(one, other)| one != other) {
        count += 1;
        largest = largest.max((f64::from(number(one)) - f64::from(number(other))).abs());
    }
    (count, Some(largest))
}

fn differences_of_machines(before: Option<&Machine>, again: &RunDirectory) -> Result<Vec<String>, Failure> {
    let (Some(before), Some(after)) = (before, again.record()?.machine) else { return Ok(Vec::new()) };
    let mut notes = Vec::new();
    let mut hold = |what: &str, one: &str, other: &str| {
        if one != other {
            notes.push(curricle_core::run::plain(&format!("{what} was {one}, is {other}")));
        }
    };
    hold("libtorch", &before.libtorch, &after.libtorch);
    hold("engine", &before.engine, &after.engine);
    hold("device", &before.device_name, &after.device_name);
    hold("CPU", &before.cpu, &after.cpu);
    hold("threads", &before.threads.to_string(), &after.threads.to_string());
    if !after.deterministic {
        notes.push("the device was not told to be deterministic (`training.deterministic`)".to_string());
    }
    Ok(notes)
}

fn say(context: &Context, verified: &Verified) -> Result<(), Failure> {
    if context.json {
        return output::json(verified);
    }
    let size = format!("{} tensors, {} values", thousands(verified.tensors), thousands(verified.values));
    if verified.identical {
        return output::print(&format!("{}: identical ({size})", verified.id));
    }
    let mut text = format!("{}: different in {} of {size}\n", verified.id, thousands(verified.different.len() as u64));
    for difference in verified.different.iter().take(5) {
        let largest = difference.largest.map(|largest| format!(", by {largest:.3e} at most")).unwrap_or_default();
        text.push_str(&format!("  {}: {} values{largest}\n", difference.tensor, thousands(difference.values)));
    }
    for note in &verified.notes {
        text.push_str(&format!("  {note}\n"));
    }
    output::print(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::{Dtype, TensorView};

    fn file(tensors: &[(&str, [f32; 2])]) -> Vec<u8> {
        let bytes: Vec<(&str, Vec<u8>)> =
            tensors.iter().map(|(name, values)| (*name, values.iter().flat_map(|value| value.to_le_bytes()).collect())).collect();
        let views = bytes.iter().map(|(name, bytes)| (*name, TensorView::new(Dtype::F32, vec![2], bytes).unwrap()));
        safetensors::serialize(views, None).unwrap()
    }

    #[test]
    fn one_bit_is_a_difference() {
        let one = file(&[("a", [1.0, 2.0]), ("b", [0.0, 0.0])]);
        assert_eq!(compare(&one, &one).unwrap(), (2, 4, vec![]));
        let other = file(&[("a", [1.0, f32::from_bits(2.0_f32.to_bits() + 1)]), ("b", [0.0, -0.0])]);
        let (_, _, different) = compare(&one, &other).unwrap();
        assert_eq!(different.len(), 2);
        assert_eq!((different[0].values, different[1].values, different[1].largest), (1, 1, Some(0.0)));
        let (_, _, different) = compare(&one, &file(&[("a", [1.0, 2.0])])).unwrap();
        assert_eq!(different, [Difference { tensor: "b".into(), values: 0, largest: None }]);
        assert!(compare(&one, b"not tensors").is_err());
    }
}
