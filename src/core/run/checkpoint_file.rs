//! A checkpoint as bytes: weights and running statistics under PyTorch's names and shapes.

use super::plain;
use super::tensor_file::TensorFile;

/// Name and shape of a tensor that a network has.
pub type Named<'a> = (&'a str, &'a [i64]);

/// What a tensor of a checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A trainable tensor.
    Parameter,
    /// A running mean or variance.
    Statistic,
    /// The momentum of a trainable tensor.
    Momentum,
}

/// The tensors of the network that a checkpoint is read for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Trainable tensors.
    pub parameters: &'a [Named<'a>],
    /// Running statistics.
    pub statistics: &'a [Named<'a>],
    /// Prefixes of the batch norms, whose `num_batches_tracked` is stored too.
    pub batch_norms: &'a [String],
}

/// Reads a checkpoint and hands each tensor, by its part and its place in the list, to `take`; the numbers are in PyTorch's
/// order. Names may carry the prefix `model.` or `module.`; momentum under `momentum.<name>` is read where it is there. The
/// result says how many training passes the batch norms have seen.
///
/// # Errors
/// One text that names every difference to the network.
pub fn read_checkpoint(bytes: &[u8], wanted: Wanted<'_>, mut take: impl FnMut(Part, usize, &[f64])) -> Result<i64, String> {
    let file = TensorFile::parse(bytes).map_err(|error| {
        format!("is no safetensors file ({error}); PyTorch's own `.pth` must be converted with the safetensors package")
    })?;
    let names = file.names();
    let prefix = ["", "model.", "module."]
        .into_iter()
        .find(|prefix| wanted.parameters.first().is_some_and(|(first, _)| names.contains(&format!("{prefix}{first}").as_str())))
        .unwrap_or("");
    let mut differences = Vec::new();
    let mut collect = |part: Part, tensors: &[Named<'_>], prefix: &str| {
        for (place, (name, shape)) in tensors.iter().enumerate() {
            match file.values(&format!("{prefix}{name}"), shape) {
                Ok(values) => take(part, place, &values),
                Err(difference) => differences.push(difference),
            }
        }
    };
    collect(Part::Parameter, wanted.parameters, prefix);
    collect(Part::Statistic, wanted.statistics, prefix);
    if names.iter().any(|name| name.starts_with("momentum.")) {
        collect(Part::Momentum, wanted.parameters, "momentum.");
    }
    let known = |name: &str| {
        let name = name.strip_prefix("momentum.").or_else(|| name.strip_prefix(prefix)).unwrap_or(name);
        name.ends_with("num_batches_tracked") || wanted.parameters.iter().chain(wanted.statistics).any(|(known, _)| *known == name)
    };
    differences.extend(names.iter().filter(|name| !known(name)).map(|name| format!("`{}` is not part of the network", plain(name))));
    if !differences.is_empty() {
        let shown = differences.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("; ");
        let more = differences.len().saturating_sub(4);
        let more = if more > 0 { format!("; {more} more differences") } else { String::new() };
        return Err(format!("belongs to another network: {shown}{more}. Set `network` to the one it was trained with"));
    }
    let tracked = wanted.batch_norms.first().and_then(|norm| file.whole(&format!("{prefix}{norm}.num_batches_tracked")));
    Ok(tracked.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::{Dtype, TensorView};

    fn file(tensors: &[(&str, &[f32])]) -> Vec<u8> {
        let bytes: Vec<(&str, usize, Vec<u8>)> = tensors
            .iter()
            .map(|(name, values)| (*name, values.len(), values.iter().flat_map(|value| value.to_le_bytes()).collect()))
            .collect();
        let views = bytes.iter().map(|(name, length, bytes)| (*name, TensorView::new(Dtype::F32, vec![*length], bytes).unwrap()));
        safetensors::serialize(views, None).unwrap()
    }

    const PARAMETERS: &[Named<'_>] = &[("fc.weight", &[2]), ("fc.bias", &[1])];

    fn read(bytes: &[u8]) -> Result<Vec<(Part, usize, Vec<f64>)>, String> {
        let mut taken = Vec::new();
        let wanted = Wanted { parameters: PARAMETERS, statistics: &[], batch_norms: &[] };
        read_checkpoint(bytes, wanted, |part, place, values| taken.push((part, place, values.to_vec()))).map(|_| taken)
    }

    #[test]
    fn tensors_come_by_name_with_or_without_a_prefix() {
        let expected = vec![(Part::Parameter, 0, vec![1.0, 2.0]), (Part::Parameter, 1, vec![3.0])];
        assert_eq!(read(&file(&[("fc.weight", &[1.0, 2.0]), ("fc.bias", &[3.0])])).unwrap(), expected);
        assert_eq!(read(&file(&[("module.fc.weight", &[1.0, 2.0]), ("module.fc.bias", &[3.0])])).unwrap(), expected);
    }

    #[test]
    fn every_difference_is_named_and_no_name_steers_the_terminal() {
        let error = read(&file(&[("fc.weight", &[1.0]), ("odd\u{1b}[2J", &[1.0])])).unwrap_err();
        assert_eq!(
            error,
            "belongs to another network: `fc.weight` has shape [1], the network needs [2]; `fc.bias` is missing; `odd[2J` is not part of \
             the network. Set `network` to the one it was trained with"
        );
        assert!(read(b"nothing").unwrap_err().starts_with("is no safetensors file ("));
    }
}
