//! The clipboard of the terminal that one sits at, also through SSH: the sequence OSC 52.

/// The sequence that puts a text on the clipboard; through tmux it is passed on to the terminal outside.
pub fn sequence(text: &str, in_tmux: bool) -> String {
    let copy = format!("\u{1b}]52;c;{}\u{7}", base64(text.as_bytes()));
    if in_tmux { format!("\u{1b}Ptmux;{}\u{1b}\\", copy.replace('\u{1b}', "\u{1b}\u{1b}")) } else { copy }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_as_terminals_read_it() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(sequence("f", false), "\u{1b}]52;c;Zg==\u{7}");
        assert_eq!(sequence("f", true), "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;Zg==\u{7}\u{1b}\\");
    }
}
