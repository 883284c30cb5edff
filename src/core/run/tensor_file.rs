//! safetensors files as bytes: what checkpoints and states have in common. Limits come before anything is allocated.

use super::disk;
use super::error::Result;
use super::plain;
use super::sealed;
use safetensors::tensor::{Dtype, Metadata, SafeTensors};
use std::path::Path;

/// Largest file that is read, in bytes: ten times WideResNet-28-10 in f64.
pub const LARGEST: u64 = 4 << 30;
/// Largest header. That of a network of 1,000 layers has 500 kB.
const HEADER_MOST: u64 = 2 << 20;

/// Reads a whole file, if it is one and not too large.
pub fn read_tensor_file(path: &Path) -> Result<Vec<u8>> {
    disk::read(path, LARGEST)
}

/// The tensors of a file, and the texts beside them.
#[derive(Debug)]
pub struct TensorFile<'a> {
    tensors: SafeTensors<'a>,
    header: Metadata,
}

impl<'a> TensorFile<'a> {
    /// Looks at the header, and at all bytes where it has a digest of them; the tensors themselves stay where they are.
    pub fn parse(bytes: &'a [u8]) -> std::result::Result<Self, String> {
        if let Some(length) = bytes.first_chunk().map(|first| u64::from_le_bytes(*first))
            && length > HEADER_MOST
            && length < bytes.len() as u64
        {
            return Err(format!("its header has {length} bytes, at most {HEADER_MOST} are read"));
        }
        // The library's words may quote the file.
        let words = |error: safetensors::SafeTensorError| plain(&error.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(words)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(words)?;
        // Fuzzing is to come farther than to the digest.
        let whole = cfg!(feature = "fuzzing") || header.metadata().as_ref().is_none_or(|texts| sealed::is_whole(&tensors, texts));
        if !whole {
            return Err("its SHA-256 is not the one that was written with it: a disk or a copy has changed it".into());
        }
        Ok(Self { tensors, header })
    }

    /// All tensors.
    pub fn tensors(&self) -> &SafeTensors<'a> {
        &self.tensors
    }

    /// Names of all tensors, in alphabetical order.
    pub fn names(&self) -> Vec<&str> {
        let mut names = self.tensors.names();
        names.sort_unstable();
        names
    }

    /// A text beside the tensors.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(name).map(String::as_str)
    }

    /// A tensor's numbers in PyTorch's order, widened to f64. It must have this shape.
    pub fn values(&self, name: &str, shape: &[i64]) -> std::result::Result<Vec<f64>, String> {
        let view = self.tensors.tensor(name).map_err(|_| format!("`{name}` is missing"))?;
        if !same(view.shape(), shape) {
            return Err(format!("`{name}` has shape {:?}, the network needs {shape:?}", view.shape()));
        }
        let data = view.data();
        match view.dtype() {
            Dtype::F32 => Ok(data.as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect()),
            Dtype::F64 => Ok(data.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect()),
            Dtype::BF16 => Ok(data.as_chunks().0.iter().map(|&[low, high]| f64::from(f32::from_le_bytes([0, 0, low, high]))).collect()),
            other => Err(format!("`{name}` holds {other:?}; f32, f64 and bf16 are read")),
        }
    }

    /// The bytes of a flat vector of f32 or f64, which must have this length.
    pub fn vector(&self, name: &str, length: usize) -> std::result::Result<(Dtype, &'a [u8]), String> {
        let view = self.tensors.tensor(name).map_err(|error| format!("is damaged: {}", plain(&error.to_string())))?;
        if !matches!(view.dtype(), Dtype::F32 | Dtype::F64) {
            return Err(format!("`{name}` holds {:?}", view.dtype()));
        }
        if view.shape() != [length] {
            return Err(format!("`{name}` has shape {:?}, the network needs [{length}]", view.shape()));
        }
        Ok((view.dtype(), view.data()))
    }

    /// Length of a flat vector.
    pub fn length(&self, name: &str) -> std::result::Result<usize, String> {
        let view = self.tensors.tensor(name).map_err(|error| format!("is damaged: {}", plain(&error.to_string())))?;
        match *view.shape() {
            [length] => Ok(length),
            _ => Err(format!("`{name}` has shape {:?}, a flat vector is read", view.shape())),
        }
    }

    /// A single whole number, if the tensor is one.
    pub fn whole(&self, name: &str) -> Option<i64> {
        let view = self.tensors.tensor(name).ok().filter(|view| view.dtype() == Dtype::I64)?;
        view.data().try_into().ok().map(i64::from_le_bytes)
    }

    fn flat<const N: usize, T>(&self, name: &str, kind: Dtype, of: impl Fn([u8; N]) -> T) -> std::result::Result<Vec<T>, String> {
        let view = self.tensors.tensor(name).map_err(|_| format!("is damaged: it has no `{name}`"))?;
        if view.dtype() != kind {
            return Err(format!("is damaged: `{name}` holds {:?} in place of {kind:?}", view.dtype()));
        }
        Ok(view.data().as_chunks().0.iter().map(|&bytes| of(bytes)).collect())
    }

    /// The numbers of an i64 tensor, none below 0, flat.
    pub fn longs(&self, name: &str) -> std::result::Result<Vec<u64>, String> {
        let values = self.flat(name, Dtype::I64, i64::from_le_bytes)?;
        let whole = values.into_iter().map(u64::try_from).collect::<std::result::Result<_, _>>();
        whole.map_err(|_| format!("is damaged: `{name}` is negative"))
    }

    /// The numbers of a u32 tensor, flat.
    pub fn words(&self, name: &str) -> std::result::Result<Vec<u32>, String> {
        self.flat(name, Dtype::U32, u32::from_le_bytes)
    }

    /// The numbers of an f32 tensor, flat.
    pub fn floats(&self, name: &str) -> std::result::Result<Vec<f32>, String> {
        self.flat(name, Dtype::F32, f32::from_le_bytes)
    }

    /// `count` lists of u32 in one tensor `name`; `name.end` says where each ends.
    pub fn ragged(&self, name: &str, count: usize) -> std::result::Result<Ragged, String> {
        let lists = self.lists(name, count)?;
        Ok(Ragged { values: self.words(name)?, ends: lists.ends })
    }

    /// The same, left where it is.
    pub fn lists(&self, name: &str, count: usize) -> std::result::Result<Lists<'a>, String> {
        let ends = self.longs(&format!("{name}.end"))?;
        if ends.len() != count {
            return Err(format!("is damaged: {} lists of `{name}` for {count} steps", ends.len()));
        }
        self.lists_of(name, Dtype::U32, &ends)
    }

    /// Lists of numbers of four bytes in one tensor `name` that end at these places.
    pub fn lists_of(&self, name: &str, kind: Dtype, ends: &[u64]) -> std::result::Result<Lists<'a>, String> {
        let numbers = self.four_bytes(name, kind)?;
        if !ends.is_sorted() || ends.last().copied().unwrap_or(0) != numbers.len() as u64 {
            return Err(format!("is damaged: the lists of `{name}` do not end where they should"));
        }
        Ok(Lists { numbers, ends: ends.to_vec() })
    }

    fn four_bytes(&self, name: &str, kind: Dtype) -> std::result::Result<&'a [[u8; 4]], String> {
        let view = self.tensors.tensor(name).map_err(|_| format!("is damaged: it has no `{name}`"))?;
        if view.dtype() != kind {
            return Err(format!("is damaged: `{name}` holds {:?} in place of {kind:?}", view.dtype()));
        }
        Ok(view.data().as_chunks().0)
    }
}

/// Lists in the bytes of a file.
#[derive(Debug)]
pub struct Lists<'a> {
    numbers: &'a [[u8; 4]],
    ends: Vec<u64>,
}

impl Lists<'_> {
    fn of(&self, place: usize) -> &[[u8; 4]] {
        &self.numbers[range(&self.ends, place)]
    }

    /// List number `place`, of u32.
    pub fn words(&self, place: usize) -> Vec<u32> {
        self.of(place).iter().map(|&bytes| u32::from_le_bytes(bytes)).collect()
    }

    /// List number `place`, of f32.
    pub fn floats(&self, place: usize) -> Vec<f32> {
        self.of(place).iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    }

    /// Where each list ends.
    pub fn ends(&self) -> &[u64] {
        &self.ends
    }
}

/// Where list number `place` lies; nowhere beyond the last.
fn range(ends: &[u64], place: usize) -> std::ops::Range<usize> {
    let first = place.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    first as usize..ends.get(place).copied().unwrap_or(first) as usize
}

/// Lists of different lengths, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ragged {
    /// All numbers.
    pub values: Vec<u32>,
    /// Where each list ends.
    ends: Vec<u64>,
}

impl Ragged {
    /// Where list number `place` lies.
    pub fn range(&self, place: usize) -> std::ops::Range<usize> {
        range(&self.ends, place)
    }

    /// List number `place`; empty beyond the last.
    pub fn of(&self, place: usize) -> &[u32] {
        &self.values[self.range(place)]
    }

    /// Number of lists.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a list.
    pub fn push(&mut self, list: &[u32]) {
        self.values.extend_from_slice(list);
        self.ends.push(self.values.len() as u64);
    }

    /// The two tensors of it, under `name`.
    pub(super) fn tensors(&self, name: &str) -> [(String, Dtype, Vec<usize>, Vec<u8>); 2] {
        let values = self.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let ends = self.ends.iter().flat_map(|&end| (end as i64).to_le_bytes()).collect();
        [(name.to_owned(), Dtype::U32, vec![self.values.len()], values), (format!("{name}.end"), Dtype::I64, vec![self.ends.len()], ends)]
    }
}

fn same(found: &[usize], wanted: &[i64]) -> bool {
    found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| usize::try_from(*wanted) == Ok(*found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_without_measure_is_refused_before_it_is_read() {
        let mut bytes = (HEADER_MOST + 1).to_le_bytes().to_vec();
        bytes.resize(HEADER_MOST as usize + 100, b' ');
        let error = TensorFile::parse(&bytes).unwrap_err();
        assert_eq!(error, "its header has 2097153 bytes, at most 2097152 are read");
        for bytes in [&b""[..], b"\xff\xff\xff\xff\xff\xff\xff\xff", b"\x02\0\0\0\0\0\0\0{}", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}"] {
            let outcome = TensorFile::parse(bytes);
            assert_eq!(outcome.is_ok(), bytes.ends_with(b"\0{}"), "{outcome:?}");
        }
    }

    #[test]
    fn shapes_whose_product_overflows_are_refused() {
        let header = br#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        assert!(TensorFile::parse(&bytes).is_err());
    }
}
