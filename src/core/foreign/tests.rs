//! Inputs that fuzzing began with and inputs that it found, read again; and inputs that are meant to take memory or time.

use super::memory::Counting;
use super::*;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The files of a folder of `fuzz/`.
fn inputs(kind: &str, target: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(kind).join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

#[test]
fn the_inputs_that_fuzzing_begins_with_and_those_that_it_found_are_read() {
    for (target, read) in READERS {
        let seeds = inputs("seeds", target);
        assert!(!seeds.is_empty(), "no seeds for {target}: `cargo run --example fuzz-seeds` writes them");
        for path in seeds.into_iter().chain(inputs("regressions", target)) {
            println!("{}", path.display());
            hold(*read, &std::fs::read(path).unwrap());
        }
    }
}

#[test]
fn memory_is_counted() {
    let peak = memory::peak_of(|| drop(std::hint::black_box(vec![1u8; 1_000_000])));
    assert!((1_000_000..1_010_000).contains(&peak), "{peak}");
    let outcome = std::panic::catch_unwind(|| hold(|_| drop(std::hint::black_box(vec![1u8; ALLOWANCE + 1000])), b"small"));
    assert!(outcome.is_err());
}

/// Lets a reader read something large, held to its memory and to a time.
fn bomb(target: &str, what: &str, bytes: &[u8]) {
    let begun = Instant::now();
    let mut peak = 0;
    let read = reader(target);
    peak = peak.max(memory::peak_of(|| read(bytes)));
    let time = begun.elapsed();
    println!("{target:<10} {what:<40} {:>9} bytes  {:>6} ms  {:>6.1} MB", bytes.len(), time.as_millis(), peak as f64 / 1e6);
    assert!(peak <= bytes.len() + ALLOWANCE, "{target}, {what}: {peak} bytes of memory");
    assert!(time < Duration::from_secs(20), "{target}, {what}: {time:?}");
}

/// `head`, then `part` as often as it fits into `size`, then `tail`.
fn filled(head: &str, part: &str, tail: &str, size: usize) -> Vec<u8> {
    let count = size.saturating_sub(head.len() + tail.len()) / part.len();
    format!("{head}{}{tail}", part.repeat(count)).into_bytes()
}

/// The same with a number in each part.
fn numbered(head: &str, part: impl Fn(usize) -> String, tail: &str, size: usize) -> Vec<u8> {
    let mut text = head.to_string();
    for number in 0.. {
        let part = part(number);
        if text.len() + part.len() + tail.len() > size {
            break;
        }
        text.push_str(&part);
    }
    text.push_str(tail);
    text.into_bytes()
}

const LEAST: &str = "[data]\nset = \"glyphs\"\n[network]\nkind = \"basicconv\"\n";

#[test]
fn experiments_that_are_meant_to_take_memory_or_time() {
    let size = 128 << 10;
    bomb("experiment", "numbers", &filled("a = [", "1,", "]", size));
    bomb("experiment", "lists", &filled("a = [", "[],", "]", size));
    bomb("experiment", "inline tables", &filled("a = [", "{},", "]", size));
    bomb("experiment", "deep lists", &filled("a = [", &format!("{}{},", "[".repeat(70), "]".repeat(70)), "]", size));
    let lists = 9_900 / 70 * 141;
    let mixed =
        [filled("a = [", &format!("{}{},", "[".repeat(70), "]".repeat(70)), "]\n", lists), filled("b = [", "1,", "]", size - lists)];
    bomb("experiment", "deep lists and numbers", &mixed.concat());
    bomb("experiment", "fewer tables", &filled("", "[[attack]]\n", "", 11 * 9_999));
    bomb("experiment", "fewer tables below tables", &filled("", "[[a.b.c.d.e.f]]\n", "", 16 * 4_999));
    bomb("experiment", "tables", &filled("", "[[attack]]\n", "", size));
    bomb("experiment", "tables below tables", &filled("", "[[a.b.c.d.e.f]]\n", "", size));
    bomb("experiment", "keys", &numbered("", |n| format!("k{n}=1\n"), "", size));
    bomb("experiment", "dotted keys", &numbered("", |n| format!("a.b.c.k{n}=1\n"), "", size));
    bomb("experiment", "comments", &filled("", "#\n", LEAST, size));
    bomb("experiment", "tags", &filled("tags = [", "\"\",", &format!("]\n{LEAST}"), size));
    bomb("experiment", "classes", &filled(&format!("{LEAST}[data.x]\n[d]\nclasses = ["), "\"a\",", "]", size));
    bomb("experiment", "arms", &numbered(&format!("{LEAST}[sweep]\n"), |n| format!("[sweep.arm.a{n}]\nseed={n}\n"), "", size));
    bomb("experiment", "a grid", &numbered(&format!("{LEAST}[sweep.grid]\nseed=["), |n| format!("{n},"), "]", size));
    bomb("experiment", "figures", &filled(&format!("{LEAST}[published.figures]\nbest=["), "1.5,", "]", size));
    bomb("experiment", "phases", &filled(&format!("{LEAST}[mixing]\nkind=\"cascade\"\n"), "[[mixing.phase]]\nk=2\nepochs=1\n", "", size));
    bomb("experiment", "attacks", &filled(LEAST, "[[attack]]\nkind=\"pgd\"\n", "", size));
    bomb(
        "experiment",
        "milestones",
        &numbered(&format!("{LEAST}[schedule]\nkind=\"milestones\"\nmilestones=["), |n| format!("{},", n + 1), "]", size),
    );
    bomb("experiment", "a long name", &filled("name = \"", "\\u0000", &format!("\"\n{LEAST}"), size));
    let mut set = LEAST.as_bytes().to_vec();
    set.extend(filled("\0name", ".a", "=1", size));
    bomb("experiment", "a long path", &set);
    let mut set = LEAST.as_bytes().to_vec();
    set.extend(filled("\0tags=", ",", "", size));
    bomb("experiment", "a long setting", &set);
}

#[test]
fn run_files_that_are_meant_to_take_memory_or_time() {
    let head = r#"{"seq":1,"step":2,"epoch":1,"time":0,"kind":""#;
    let line = 4 << 20;
    let event = |kind: &str, field: &str, part: &str, tail: &str| filled(&format!("{head}{kind}\",{field}"), part, tail, line);
    bomb("events", "losses", &event("step", "\"loss\":[", "0,", "0]}\n"));
    bomb("events", "no numbers", &event("step", "\"loss\":[", "null,", "0]}\n"));
    bomb("events", "class names", &event("started", "\"classes\":[", "\"\",", "\"\"]}\n"));
    bomb("events", "unknown fields", &event("step", "\"x\":[", "[],", "0]}\n"));
    bomb("events", "places", &event("scoring", "\"chosen\":[", "0,", "0]}\n"));
    let names = numbered(&format!("{head}scoring\",\"correlation\":{{"), |n| format!("\"{n}\":0,"), "\"\":0}}\n", line);
    bomb("events", "names with numbers", &names);
    let long_line = filled(&format!("{head}step\",\"loss\":["), "0,", "0]}\n", 500_000);
    bomb("events", "many long lines", &long_line.repeat(24));
    bomb("events", "empty lines", &vec![b'\n'; 8 << 20]);
    bomb("events", "small events", &filled("", &format!("{head}step\"}}\n"), "", 8 << 20));
    bomb("events", "half lines", &filled("", "{\n", "", 4 << 20));
    let long = |head: &str, part: &str, tail: &str, size| filled(head, part, tail, size);
    bomb("record", "unknown numbers", &long("\0{\"format\":1,\"x\":[", "0,", "0]}", 4 << 20));
    bomb("record", "unknown numbers, within the limit", &long("\0{\"format\":1,\"x\":[", "0,", "0]}", 1 << 20));
    bomb("record", "unknown lists, within the limit", &long("\0{\"format\":1,\"x\":[", "[],", "0]}", 1 << 20));
    let fields = numbered("\0{\"format\":1", |n| format!(",\"{n}\":0"), "}", 1 << 20);
    bomb("record", "unknown fields, within the limit", &fields);
    bomb("record", "tags", &long("\0{\"format\":1,\"tags\":[", "\"\",", "\"\"]}", 1 << 20));
    bomb("record", "labels", &long("\x01{\"tags\":[", "\"\",", "\"\"]}", 1 << 20));
    bomb("record", "depth", &long("\0{\"format\":1,\"x\":", "[", "", 1 << 20));
    bomb("status", "unknown numbers", &long("{\"x\":[", "0,", "0]}", 1 << 20));
    bomb("status", "depth", &long("{\"x\":", "[", "", 1 << 20));
    bomb("command", "depth", &long("{\"x\":", "[", "", 4096));
    bomb("subset", "numbers", &long("[", "0,", "0]", 16 << 20));
    bomb("subset", "depth", &vec![b'['; 16 << 20]);
    bomb("names", "letters", "ä\u{1b}".repeat(1 << 20).as_bytes());
}

/// A safetensors file whose header is this.
fn tensors(header: &[u8], data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn tensor_files_that_are_meant_to_take_memory_or_time() {
    let size = 2 << 20;
    let entry = |n: usize| format!("\"{n}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}},");
    let last = "\"\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}";
    for target in ["checkpoint", "state"] {
        bomb(target, "tensors", &tensors(&numbered("{", entry, last, size), 0));
        bomb(
            target,
            "dimensions",
            &tensors(&filled("{\"a\":{\"dtype\":\"F32\",\"shape\":[", "1,", "1],\"data_offsets\":[0,4]}}", size), 4),
        );
        bomb(target, "texts", &tensors(&numbered("{\"__metadata__\":{", |n| format!("\"{n}\":\"\","), "\"progress\":\"\"}}", size), 0));
        bomb(target, "depth", &tensors(&filled("{\"a\":", "[", "", size), 0));
        bomb(target, "a header without measure", &tensors(&numbered("{", entry, last, 16 << 20), 0));
        bomb(target, "a length without end", &[255; 8]);
    }
    let losses = filled("{\"__metadata__\":{\"progress\":\"{\\\"series\\\":{\\\"loss\\\":[", "0,", "0]}}\"}}", size);
    bomb("state", "losses", &tensors(&losses, 0));
}

/// A PNG of one colour: `bits` a sample, `kind` as in its header.
fn png(width: u32, height: u32, bits: u8, kind: u8) -> Vec<u8> {
    use std::io::Write;
    let samples = match kind {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let row = 1 + (u64::from(width) * samples * u64::from(bits)).div_ceil(8) as usize;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..height {
        packed.write_all(&vec![0; row]).unwrap();
    }
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8], data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(name);
        crc.update(data);
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(name);
        bytes.extend(data);
        bytes.extend(crc.sum().to_be_bytes());
    };
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([bits, kind, 0, 0, 0]);
    chunk(b"IHDR", &header);
    chunk(b"IDAT", &packed.finish().unwrap());
    chunk(b"IEND", b"");
    bytes
}

#[test]
fn pictures_that_are_meant_to_take_memory_or_time() {
    bomb("image", "a grey PNG", &png(4096, 4096, 8, 0));
    bomb("image", "a PNG in colour", &png(4096, 4096, 8, 2));
    bomb("image", "a PNG with transparency", &png(4096, 4096, 8, 6));
    bomb("image", "a PNG with 16 bits", &png(4096, 4096, 16, 6));
    bomb("image", "a PNG in black and white", &png(16_384, 16_384, 1, 0));
    bomb("image", "a PNG of one row", &png(1 << 24, 1, 8, 2));
    bomb("image", "a PNG in colour, within the limit", &png(4000, 4000, 8, 2));
    bomb("image", "a PNG with transparency, within the limit", &png(4000, 3000, 8, 6));
    bomb("image", "a PNG with 16 bits, within the limit", &png(2000, 3000, 16, 6));
    for progressive in [false, true] {
        for (width, height) in [(4096, 4096), (16_000, 1000), (10_000, 1000), (65_535, 65_535)] {
            for samples in [0x11, 0x22, 0x44] {
                let what = format!("a JPEG {width}×{height}, progressive {progressive}, {samples:x}");
                bomb("image", &what, &jpeg(width, height, progressive, samples, 3, 3));
            }
            let what = format!("a JPEG {width}×{height}, progressive {progressive}, scan by scan");
            bomb("image", &what, &jpeg(width, height, progressive, 0x11, 3, 1));
        }
    }
}

/// A JPEG whose header promises much, and whose only scan has so many of its components, followed by nothing but zeros.
fn jpeg(width: u16, height: u16, progressive: bool, samples: u8, components: u8, scanned: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let mut segment = |marker: u8, data: &[u8]| {
        bytes.extend([0xff, marker]);
        bytes.extend((data.len() as u16 + 2).to_be_bytes());
        bytes.extend(data);
    };
    let mut table = vec![0];
    table.extend([1; 64]);
    segment(0xdb, &table);
    let mut frame = vec![8];
    frame.extend(height.to_be_bytes());
    frame.extend(width.to_be_bytes());
    frame.push(components);
    for component in 1..=components {
        frame.extend([component, if component == 1 { samples } else { 0x11 }, 0]);
    }
    segment(if progressive { 0xc2 } else { 0xc0 }, &frame);
    for class in [0x00, 0x10] {
        let mut codes = vec![class];
        codes.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        codes.push(0);
        segment(0xc4, &codes);
    }
    let mut scan = vec![scanned];
    for component in 1..=scanned {
        scan.extend([component, 0]);
    }
    scan.extend(if progressive { [0, 0, 0] } else { [0, 63, 0] });
    segment(0xda, &scan);
    bytes.extend([0; 4096]);
    bytes.extend([0xff, 0xd9]);
    bytes
}

#[test]
fn packed_files_that_are_meant_to_take_memory_or_time() {
    use std::io::Write;
    let pack = |bytes: &[u8], times: usize| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..times {
            packed.write_all(bytes).unwrap();
        }
        packed.finish().unwrap()
    };
    let zeros = pack(&vec![0; 1 << 20], 1000);
    bomb("gzip", "a gigabyte of zeros", &[&[6, 48], zeros.as_slice()].concat());
    bomb("gzip", "many empty members", &[&[6, 48], pack(b"", 1).repeat(100_000).as_slice()].concat());
    bomb("idx", "a gigabyte of zeros", &[&[2], zeros.as_slice()].concat());
    bomb("cifar10", "a gigabyte of zeros", &[&[2], zeros.as_slice()].concat());
    bomb("archive", "a gigabyte of zeros", &zeros);
    bomb("archive", "zeros", &vec![0; 8 << 20]);
    let mut header = tar::Header::new_gnu();
    header.set_path("data_batch_1.bin").unwrap();
    header.set_size(1 << 40);
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_cksum();
    bomb("archive", "a name without end", &pack(&[header.as_bytes().as_slice(), &[b'a'; 1 << 20]].concat(), 300));
}
