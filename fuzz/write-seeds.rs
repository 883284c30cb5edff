//! Writes the inputs that fuzzing begins with: `cargo run --release -p curricle-core --example fuzz-seeds`. They are small,
//! the same at every run, and lie in `fuzz/seeds/<target>/`.

use curricle_core::record::{self, Event, What};
use curricle_core::run::{Candidates, OrderedStep, Progress, Ragged, RecordedOrder, ScoreFile, ScoreHeader, Status};
use flate2::{Compression, GzBuilder};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::error::Error;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let seeds = Seeds(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds"));
    sets(&seeds)?;
    archives(&seeds)?;
    pictures(&seeds)?;
    tensors(&seeds)?;
    runs(&seeds)?;
    orderings(&seeds)?;
    experiments(&seeds)?;
    keymaps(&seeds)?;
    for (place, name) in
        ["loss-delta-k-8", "thesis/baseline", "../../etc/passwd", "a\u{1b}[2J\u{202e}b", "ε = 8/255 · 日本", ""].iter().enumerate()
    {
        seeds.put("names", &place.to_string(), name.as_bytes())?;
    }
    Ok(())
}

/// The folder of all seeds.
struct Seeds(PathBuf);

impl Seeds {
    fn put(&self, target: &str, name: &str, bytes: &[u8]) -> Result<()> {
        let folder = self.0.join(target);
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join(name), bytes)?)
    }
}

/// Always the same bytes for the same contents: no time, no name.
fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    packed.write_all(bytes)?;
    Ok(packed.finish()?)
}

/// IDX, gzip, CIFAR, subsets.
fn sets(seeds: &Seeds) -> Result<()> {
    let mut images = [0x0803_u32, 2, 28, 28].iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    images.extend((0..2 * 784).map(|place| (place % 7) as u8));
    let mut labels = [0x0801_u32, 2].iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    labels.extend([3, 9]);
    // The first byte says what it is: images or labels, plain or packed.
    seeds.put("idx", "images", &[&[0], images.as_slice()].concat())?;
    seeds.put("idx", "labels", &[&[1], labels.as_slice()].concat())?;
    seeds.put("idx", "images.gz", &[&[2], gzip(&images)?.as_slice()].concat())?;
    seeds.put("idx", "labels.gz", &[&[3], gzip(&labels)?.as_slice()].concat())?;
    seeds.put("idx", "cut", &[&[0], &images[..100]].concat())?;
    for (name, contents) in [("empty", &b""[..]), ("text", b"a text, a text, a text"), ("zeros", &[0; 60_000])] {
        let size = (contents.len() as u16).to_be_bytes();
        seeds.put("gzip", name, &[&size, gzip(contents)?.as_slice()].concat())?;
        seeds.put("gzip", &format!("{name}-twice"), &[&size, gzip(contents)?.as_slice(), gzip(contents)?.as_slice()].concat())?;
    }
    for (target, labels, last) in [("cifar10", 1, 9), ("cifar100", 2, 99)] {
        let record = |label: u8| [vec![label; labels], vec![label; 3072]].concat();
        let records = [record(0), record(last)].concat();
        seeds.put(target, "records", &[&[0], records.as_slice()].concat())?;
        seeds.put(target, "records.gz", &[&[2], gzip(&records)?.as_slice()].concat())?;
        seeds.put(target, "wrong-label", &[&[2], gzip(&[record(0), record(last + 1)].concat())?.as_slice()].concat())?;
        seeds.put(target, "names", b"\x01airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n")?;
    }
    for (name, text) in
        [("all", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]"), ("some", "[3, 0]"), ("misfits", "[3,3,99,-1,1e9]"), ("object", "{\"a\":[[]]}")]
    {
        seeds.put("subset", name, text.as_bytes())?;
    }
    Ok(())
}

/// Archives as they should be, and as they should not.
fn archives(seeds: &Seeds) -> Result<()> {
    let header = |kind: tar::EntryType, size: usize| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size as u64);
        header.set_mode(0o644);
        header
    };
    // Names go into the header as they are, also those that the library would refuse.
    let entry = |kind: tar::EntryType, name: &str, link: &str, data: &[u8]| {
        let mut header = header(kind, data.len());
        for (field, text) in [(0, name), (157, link)] {
            header.as_mut_bytes()[field..field + text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    };
    let file = |name: &str, size: usize| entry(tar::EntryType::Regular, name, "", &vec![1; size]);
    let set = || {
        [
            entry(tar::EntryType::Directory, "c/", "", b""),
            file("c/data_batch_1.bin", 6146),
            file("c/test_batch.bin", 3073),
            file("c/batches.meta.txt", 61),
        ]
        .concat()
    };
    let end = vec![0; 1024];
    let good = [set(), end.clone()].concat();
    seeds.put("archive", "good.tar.gz", &gzip(&good)?)?;
    seeds.put("archive", "no-end.tar.gz", &gzip(&set())?)?;
    let odd: [(&str, Vec<u8>); 10] = [
        ("above", file("c/../../data_batch_1.bin", 6146)),
        ("absolute", file("/tmp/data_batch_1.bin", 6146)),
        ("symbolic-link", entry(tar::EntryType::Symlink, "data_batch_1.bin", "/etc/passwd", b"")),
        ("hard-link", entry(tar::EntryType::Link, "data_batch_1.bin", "../../x", b"")),
        ("device", entry(tar::EntryType::Char, "data_batch_1.bin", "", b"")),
        ("pipe", entry(tar::EntryType::Fifo, "data_batch_1.bin", "", b"")),
        ("long-name", entry(tar::EntryType::GNULongName, "././@LongLink", "", b"../../data_batch_1.bin\0")),
        ("long-link", entry(tar::EntryType::GNULongLink, "././@LongLink", "", b"/etc/passwd\0")),
        ("pax", entry(tar::EntryType::XHeader, "pax", "", b"24 path=../../../../x.y\n")),
        ("wrong-size", file("data_batch_1.bin", 100)),
    ];
    for (name, first) in odd {
        seeds.put("archive", &format!("{name}.tar.gz"), &gzip(&[first, good.clone()].concat())?)?;
    }
    Ok(())
}

/// Pictures of every kind that a decoder tells apart.
fn pictures(seeds: &Seeds) -> Result<()> {
    use image::{DynamicImage, ImageFormat, RgbaImage};
    let colours = RgbaImage::from_fn(12, 10, |x, y| image::Rgba([(x * 20) as u8, (y * 20) as u8, 128, (x * y) as u8]));
    let all = DynamicImage::ImageRgba8(colours);
    let kinds: [(&str, DynamicImage); 6] = [
        ("rgba", all.clone()),
        ("rgb", DynamicImage::ImageRgb8(all.to_rgb8())),
        ("grey", DynamicImage::ImageLuma8(all.to_luma8())),
        ("grey-alpha", DynamicImage::ImageLumaA8(all.to_luma_alpha8())),
        ("rgb16", DynamicImage::ImageRgb16(all.to_rgb16())),
        ("rgba16", DynamicImage::ImageRgba16(all.to_rgba16())),
    ];
    for (name, picture) in &kinds {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png)?;
        seeds.put("image", &format!("{name}.png"), bytes.get_ref())?;
    }
    for (name, picture) in &kinds[1..3] {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Jpeg)?;
        let bytes = bytes.into_inner();
        seeds.put("image", &format!("{name}.jpg"), &bytes)?;
        // The same, turned by its EXIF data: one entry, 0x0112 = 6.
        let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let mut segment = vec![0xff, 0xe1];
        segment.extend((exif.len() as u16 + 2).to_be_bytes());
        segment.extend(exif);
        seeds.put("image", &format!("{name}-turned.jpg"), &[&bytes[..2], segment.as_slice(), &bytes[2..]].concat())?;
        // The same header, called progressive.
        let mut called = bytes.clone();
        if let Some(place) = called.windows(2).position(|two| two == [0xff, 0xc0]) {
            called[place + 1] = 0xc2;
        }
        seeds.put("image", &format!("{name}-called-progressive.jpg"), &called)?;
    }
    Ok(())
}

/// Checkpoints and states.
fn tensors(seeds: &Seeds) -> Result<()> {
    let network: [(&str, &[usize]); 4] =
        [("conv1.weight", &[2, 1, 2, 2]), ("bn1.weight", &[2]), ("fc.bias", &[3]), ("bn1.running_mean", &[2])];
    let file =
        |prefix: &str, momentum: bool, dtype: Dtype| -> Result<Vec<u8>> {
            let size = dtype.bitsize() / 8;
            let mut list: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = network
                .iter()
                .map(|(name, shape)| (format!("{prefix}{name}"), dtype, shape.to_vec(), vec![0; shape.iter().product::<usize>() * size]))
                .collect();
            if momentum {
                let more = network[..3].iter();
                list.extend(more.map(|(name, shape)| {
                    (format!("momentum.{name}"), dtype, shape.to_vec(), vec![0; shape.iter().product::<usize>() * size])
                }));
            }
            list.push((format!("{prefix}bn1.num_batches_tracked"), Dtype::I64, Vec::new(), 7_i64.to_le_bytes().to_vec()));
            let mut views = Vec::new();
            for (name, dtype, shape, bytes) in &list {
                views.push((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes)?));
            }
            Ok(safetensors::serialize(views, None)?)
        };
    seeds.put("checkpoint", "f32", &file("", false, Dtype::F32)?)?;
    seeds.put("checkpoint", "f64-momentum", &file("", true, Dtype::F64)?)?;
    seeds.put("checkpoint", "bf16-prefix", &file("module.", false, Dtype::BF16)?)?;
    seeds.put("checkpoint", "f16", &file("model.", false, Dtype::F16)?)?;
    let cut = file("", false, Dtype::F32)?;
    seeds.put("checkpoint", "cut", &cut[..cut.len() - 3])?;
    let overflow = br#"{"fc.bias":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#;
    seeds.put("checkpoint", "overflow", &[&(overflow.len() as u64).to_le_bytes(), overflow.as_slice()].concat())?;
    let progress = serde_json::to_string(&Progress { step: 611, seconds: 12.5, ..Progress::default() })?;
    for (name, text) in [("whole", progress.as_str()), ("no-object", "[]"), ("odd", "{\"step\":-1}")] {
        let data = [0; 16];
        let mut views = Vec::new();
        for vector in ["theta", "velocity", "statistics"] {
            views.push((vector, TensorView::new(Dtype::F32, vec![4], &data)?));
        }
        seeds.put("state", name, &safetensors::serialize(views, Some(HashMap::from([("progress".to_string(), text.to_string())])))?)?;
    }
    Ok(())
}

/// What lies in a run directory as JSON.
fn runs(seeds: &Seeds) -> Result<()> {
    let all = [
        What::Started(record::Started { steps: 9, device: "cpu".into(), classes: vec!["cat".into()], ..Default::default() }),
        What::Resumed(record::Resumed { exact: false, reason: "threads".into() }),
        What::Step(record::Step { first: 3, loss: vec![0.25, f64::NAN], accuracy: vec![0.5, 1.0], lr: 0.05, ..Default::default() }),
        What::Evaluation(record::Evaluation { set: "test".into(), loss: 0.5, total: 10, ..Default::default() }),
        What::Scoring(record::Scoring {
            scores: vec![1.5],
            chosen: vec![0],
            correlation: [("loss".into(), 0.5)].into(),
            ..Default::default()
        }),
        What::Phase(record::Phase { number: 1, of: 2, label: "k = 4".into(), k: 4 }),
        What::Checkpoint(record::Checkpoint { file: "../../x".into(), reason: "best".into() }),
        What::Attack(record::Attack { attack: "pgd".into(), parameters: [("steps".into(), "20".into())].into(), ..Default::default() }),
        What::Permutation(record::Permutation { orders: 7, ..Default::default() }),
        What::Message(record::Message { text: "a \u{1b}[2J line".into(), ..Default::default() }),
        What::Command(record::Command { id: "1".into(), command: "pause".into(), outcome: String::new() }),
        What::Paused(record::Paused { released: true }),
        What::Finished(record::Finished { state: "done".into(), accuracy: Some(0.5), ..Default::default() }),
    ];
    let mut lines = Vec::new();
    for (seq, what) in (0..).zip(all) {
        serde_json::to_writer(&mut lines, &Event { seq, step: seq, epoch: 1, time: 1.5, what })?;
        lines.push(b'\n');
    }
    let unknown = br#"{"seq":1,"step":2,"epoch":1,"time":0,"kind":"telepathy","depth":[[{}]]}"#;
    seeds.put("events", "all", &[&[10], lines.as_slice()].concat())?;
    seeds.put("events", "half", &[&[255], &lines[..lines.len() / 2 - 7]].concat())?;
    seeds.put("events", "odd", &[&[0], unknown.as_slice(), b"\n\n\0\0\n\xff\xfe\n{\n", unknown, b"\n"].concat())?;
    let status = serde_json::to_vec(&Status { step: 5, loss: Some(0.5), message: Some("why".into()), exit: Some(1), ..Status::default() })?;
    seeds.put("status", "whole", &status)?;
    seeds.put("status", "cut", &status[..status.len() / 2])?;
    seeds.put("status", "odd", br#"{"state":"asleep","pid":-1,"loss":null,"selected":{"by":"x"},"new":[[]]}"#)?;
    let record = br#"{"format":1,"id":"20261124-203531-a-m4qz","name":"a","created":"2026-11-24T19:35:31.204Z","kind":"training","set":"glyphs",
        "network":"preresnet 20","seeds":{"weights":1},"epochs":6,"steps":null,"tags":["x"],"notes":"n","parent":{"kind":"fork","id":"b","checkpoint":"c"},
        "sweep":"s","arm":"r","data_root":"/data","machine":{"device":"cpu","threads":2,"features":["avx2"],"data":{"f":"sha256:0"}},"later":{"x":[1.5]}}"#;
    seeds.put("record", "whole", &[b"\0", record.as_slice()].concat())?;
    seeds.put("record", "newer", b"\0{\"format\":99}")?;
    seeds.put("record", "odd", b"\0{\"format\":1,\"name\":\"\\u001b[2J\\u202e\",\"created\":\"\\u009b\",\"x\":1e300}")?;
    seeds.put("record", "labels", b"\x01{\"tags\":[\"good\",\"\\u0007\"],\"notes\":\"a\\nb\\u001bc\"}")?;
    for word in ["pause", "resume", "stop", "checkpoint", "release", "self-destruct"] {
        seeds.put("command", word, format!("{{ \"command\": \"{word}\" }}").as_bytes())?;
    }
    Ok(())
}

/// What orderings and studies of orders leave.
fn orderings(seeds: &Seeds) -> Result<()> {
    let header = ScoreHeader {
        format: ScoreHeader::FORMAT,
        scorer: "loss-delta".into(),
        item: "batch".into(),
        set: "glyphs".into(),
        images: 8,
        batch: 2,
        steps_per_epoch: 4,
        steps_per_file: 1000,
        classes: vec!["circle".into(), "a\u{1b}[2J".into()],
        ..ScoreHeader::default()
    };
    let scored = |step: u64| Candidates {
        numbers: vec![3, 1],
        scores: vec![0.5, if step == 2 { f32::NAN } else { -1.5 }],
        chosen: vec![step as u32 % 2],
        correlation: [("loss".into(), 0.5)].into(),
    };
    let step = |step: u64| OrderedStep {
        step,
        epoch: 1,
        items: vec![step as u32, 7],
        classes: vec![1, 1],
        scored: (step != 3).then(|| scored(step)),
    };
    let file = ScoreFile { header: header.clone(), steps: (1..=4).map(step).collect() };
    let mut order = RecordedOrder { header, steps: Ragged::default() };
    file.steps.iter().for_each(|step| order.steps.push(&step.items));
    let bytes = file.to_bytes()?;
    seeds.put("scores", "scores", &bytes)?;
    seeds.put("scores", "cut", &bytes[..bytes.len() - 5])?;
    seeds.put("scores", "none", &ScoreFile { steps: Vec::new(), ..file }.to_bytes()?)?;
    seeds.put("scores", "order", &order.to_bytes()?)?;
    let head = "epoch,parent,order,batches,test_loss,correct,accuracy,norm,agreement,train_loss_1,train_loss_2\n";
    let rows = "1,1,0,0-1,0.5,7,0.7,1e-7,-0.25,2.5,0.30000000000000004\n1,1,1,1-0,NaN,0,0,inf,0.1,2,-0\n";
    seeds.put("orders", "whole", format!("{head}{rows}").as_bytes())?;
    seeds.put("orders", "cut", format!("{head}{}", &rows[..rows.len() - 4]).as_bytes())?;
    seeds.put("orders", "odd", format!("{head}-1,1,0,0-1,\u{1b}[2J\n{}\n", ",".repeat(200)).as_bytes())?;
    Ok(())
}

/// Shipped presets, every setting, and settings of the command line.
fn experiments(seeds: &Seeds) -> Result<()> {
    for name in ["quickstart", "thesis/baseline"] {
        if let Some(preset) = curricle_core::config::presets::find(name, Path::new("")) {
            let file = name.replace('/', "-");
            seeds.put("experiment", &file, preset.text.as_bytes())?;
            seeds.put("experiment", &format!("{file}-resolved"), preset.read()?.to_toml().as_bytes())?;
            let changed = format!("{}\0training.batch=64", preset.text);
            seeds.put("experiment", &format!("{file}-changed"), changed.as_bytes())?;
        }
    }
    let least = "[data]\nset = \"cifar10\"\n[network]\nkind = \"preresnet\"\n";
    let parts = [
        ("sweep", "[sweep.arm.a]\nseed = 1\n[sweep.arm.b]\n\"optimizer.lr\" = 0.1\n[sweep.grid]\n\"training.batch\" = [32, 64]\n"),
        ("attack", "[[attack]]\nkind = \"pgd\"\nepsilon = \"8/255\"\n"),
        ("ordering", "[ordering]\nscorer = \"loss-delta\"\nk = 8\n"),
        ("mixing", "[mixing]\nkind = \"cascade\"\n[[mixing.phase]]\nk = 2\nepochs = 1\n"),
        ("published", "[published]\nfigures = { best = 0.93, loss = [1.5, 0.5] }\n"),
        ("odd", "x = [[{a = 1979-05-27T07:32:00Z}], \"\\u001b\", nan, -inf, 0xff]\n"),
    ];
    for (name, part) in parts {
        seeds.put("experiment", name, format!("{least}{part}").as_bytes())?;
    }
    for (place, setting) in
        ["seed=3", "attack.0.kind=pgd", "data.classes=cat,dog", "mixing.phase.0.k=4", "\"a b\".c=[1]"].iter().enumerate()
    {
        seeds.put("experiment", &format!("set-{place}"), format!("{least}\0{setting}").as_bytes())?;
    }
    Ok(())
}

/// Keymap files.
fn keymaps(seeds: &Seeds) -> Result<()> {
    seeds.put("keymap", "good", b"[train]\npause = [\"space\", \"p\"]\n[everywhere]\nhelp = \"f1\"\nleave = \"ctrl-q\"\n")?;
    seeds.put(
        "keymap",
        "odd",
        b"[trian]\npause = \"a\"\n[train]\npuase = \"a\"\nstop = \"hyper-x\"\nfork = 3\n\"\\u001b\" = \"\\u202e\"\n",
    )?;
    seeds.put("keymap", "clash", b"[train]\npause = \"x\"\n[runs]\ntags = \"a\"\nnotes = \"a\"\n[everywhere]\nleave = []\ncommand = []\n")
}
