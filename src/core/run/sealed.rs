//! Files of tensors with a digest of what they hold, so that a bit that a disk or a copy has turned is noticed before
//! anything is computed with it.

use safetensors::tensor::{SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Key of the digest among a file's texts.
const KEY: &str = "sha256";
/// Bytes of a file that say how long its header is.
const LENGTH: usize = 8;
/// How a header with texts begins.
const TEXTS: &[u8] = b"{\"__metadata__\":";

/// A safetensors file of these tensors and texts, with a digest of them all.
///
/// # Errors
/// If safetensors refuses, in words.
pub fn seal<S: AsRef<str>>(tensors: &[(S, TensorView<'_>)], mut texts: HashMap<String, String>) -> Result<Vec<u8>, String> {
    let digest = digest(tensors.iter().map(|(name, view)| (name.as_ref(), view)).collect(), &texts);
    texts.insert(KEY.to_owned(), digest);
    let sorted = serde_json::to_string(&texts.iter().collect::<BTreeMap<_, _>>()).map_err(|error| error.to_string())?;
    let views = tensors.iter().map(|(name, view)| (name.as_ref(), view));
    let mut bytes = safetensors::serialize(views, Some(texts)).map_err(|error| error.to_string())?;
    // The library writes texts in an order that differs from one call to the next; the same file is to have the same bytes.
    let place = LENGTH + TEXTS.len();
    if bytes.get(LENGTH..place) != Some(TEXTS) {
        return Err("safetensors writes its texts in another place than it used to".into());
    }
    let texts = bytes.get_mut(place..place + sorted.len()).ok_or("the header is shorter than its texts")?;
    texts.copy_from_slice(sorted.as_bytes());
    Ok(bytes)
}

/// Whether a file holds what was written; one without a digest, as other programs write them, may hold anything.
pub(super) fn is_whole(tensors: &SafeTensors<'_>, texts: &HashMap<String, String>) -> bool {
    let Some(written) = texts.get(KEY) else { return true };
    let all = tensors.tensors();
    digest(all.iter().map(|(name, view)| (name.as_str(), view)).collect(), texts) == *written
}

/// SHA-256 of names, kinds, shapes and bytes of the tensors, and of the texts, both in alphabetical order.
fn digest(mut tensors: Vec<(&str, &TensorView<'_>)>, texts: &HashMap<String, String>) -> String {
    let mut hash = Sha256::new();
    // Every part after its length, so that no two contents look alike.
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    tensors.sort_unstable_by_key(|(name, _)| *name);
    for (name, view) in tensors {
        add(name.as_bytes());
        add(format!("{:?} {:?}", view.dtype(), view.shape()).as_bytes());
        add(view.data());
    }
    let mut texts: Vec<_> = texts.iter().filter(|(name, _)| *name != KEY).collect();
    texts.sort_unstable();
    for (name, text) in texts {
        add(name.as_bytes());
        add(text.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tensor_file::TensorFile;
    use super::*;
    use safetensors::tensor::Dtype;

    #[test]
    fn no_bit_turns_unnoticed() {
        let view = |bytes| TensorView::new(Dtype::F32, vec![2], bytes).unwrap();
        let tensors = [("theta", view(&[1, 2, 3, 4, 5, 6, 7, 8])), ("velocity", view(&[0; 8]))];
        let sealed = seal(&tensors, HashMap::from([("progress".to_owned(), "{\"step\":7}".to_owned())])).unwrap();
        let file = TensorFile::parse(&sealed).unwrap();
        assert_eq!((file.text("progress"), file.names().len()), (Some("{\"step\":7}"), 2));
        for _ in 0..20 {
            let texts = HashMap::from([("progress".to_owned(), "{\"step\":7}".to_owned())]);
            assert_eq!(seal(&tensors, texts).unwrap(), sealed);
        }
        for place in 0..sealed.len() {
            for bit in 0..8 {
                let mut turned = sealed.clone();
                turned[place] ^= 1 << bit;
                // The digest itself may become a text of another name; then the file is one of another program.
                let unsealed = TensorFile::parse(&turned).is_ok_and(|file| file.text(KEY).is_none());
                assert!(TensorFile::parse(&turned).is_err() || unsealed, "bit {bit} of byte {place}");
            }
        }
    }

    #[test]
    fn files_of_other_programs_have_no_digest() {
        let view = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
        let bytes = safetensors::serialize([("a", view)], None).unwrap();
        assert!(TensorFile::parse(&bytes).is_ok());
    }
}
