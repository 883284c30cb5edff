use super::*;
use image::{GrayImage, Luma, Rgb, RgbImage};

/// A root with `train` and `test`.
fn root() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn colour(root: &Path, name: &str, side: u32, pixel: [u8; 3]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(side, side, Rgb(pixel)).save(path).unwrap();
}

fn grey(root: &Path, name: &str, side: u32, pixel: u8) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(side, side, Luma([pixel])).save(path).unwrap();
}

#[test]
fn classes_and_images_come_in_the_order_of_their_names() {
    let root = root();
    colour(root.path(), "train/dog/b.png", 8, [2, 0, 0]);
    colour(root.path(), "train/dog/a.PNG", 8, [1, 0, 0]);
    colour(root.path(), "train/cat/z.png", 8, [3, 0, 0]);
    colour(root.path(), "train/cat/.hidden.png", 9, [9, 0, 0]);
    colour(root.path(), "test/cat/only.png", 8, [4, 0, 0]);
    std::fs::write(root.path().join("train/cat/notes.txt"), "not an image").unwrap();
    let source = read(root.path(), 0).unwrap();
    assert_eq!(source.classes, ["cat", "dog"]);
    assert_eq!(source.train.labels, [0, 1, 1]);
    assert_eq!([0, 1, 2].map(|place| source.train.image(place)[0]), [3, 1, 2]);
    assert_eq!((source.test.len(), source.test.height, source.test.channels), (1, 8, 3));
    let again = read(root.path(), 0).unwrap();
    assert_eq!(source.checksums, again.checksums);
    colour(root.path(), "train/dog/b.png", 8, [5, 0, 0]);
    assert_ne!(source.checksums["folder train"], read(root.path(), 0).unwrap().checksums["folder train"]);
}

#[test]
fn two_sizes_are_named_with_the_way_out() {
    let root = root();
    colour(root.path(), "train/a/1.png", 8, [0; 3]);
    colour(root.path(), "train/b/2.png", 12, [0; 3]);
    colour(root.path(), "test/a/3.png", 12, [0; 3]);
    assert_eq!(
        read(root.path(), 0).unwrap_err().to_string(),
        format!(
            "the images in `{}` have different sizes\n  `train/a/1.png` is 8×8\n  `train/b/2.png` is 12×12\n  \
             2 of 3 images are not 8×8\n  hint: `data.resize = 8` scales all of them to 8×8",
            root.path().display()
        )
    );
    let source = read(root.path(), 16).unwrap();
    assert_eq!((source.train.height, source.train.width, source.train.images.len()), (16, 16, 2 * 16 * 16 * 3));
}

#[test]
fn grey_images_stay_grey_unless_one_has_colour() {
    let root = root();
    grey(root.path(), "train/a/1.png", 4, 7);
    grey(root.path(), "train/b/1.png", 4, 9);
    grey(root.path(), "test/a/1.png", 4, 8);
    let source = read(root.path(), 0).unwrap();
    assert_eq!((source.train.channels, source.train.image(1)), (1, &[9; 16][..]));
    colour(root.path(), "test/b/1.png", 4, [1, 2, 3]);
    let source = read(root.path(), 0).unwrap();
    assert_eq!((source.train.channels, &source.train.image(0)[..3]), (3, &[7, 7, 7][..]));
}

#[test]
fn what_shows_through_is_black() {
    let root = root();
    colour(root.path(), "train/b/1.png", 1, [0; 3]);
    colour(root.path(), "test/a/1.png", 1, [0; 3]);
    std::fs::create_dir_all(root.path().join("train/a")).unwrap();
    image::RgbaImage::from_pixel(1, 1, image::Rgba([200, 100, 50, 128])).save(root.path().join("train/a/1.png")).unwrap();
    assert_eq!(read(root.path(), 0).unwrap().train.image(0), [100, 50, 25]);
}

#[test]
fn every_problem_of_the_layout_is_reported() {
    let root = root();
    let inside = root.path();
    colour(inside, "train/a/1.png", 4, [0; 3]);
    colour(inside, "test/c/1.png", 4, [0; 3]);
    std::fs::create_dir_all(inside.join("train/b/deep")).unwrap();
    std::fs::write(inside.join("train/a/2.webp"), "").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", inside.join("train/a/3.png")).unwrap();
    std::os::unix::fs::symlink("missing", inside.join("train/a/4.png")).unwrap();
    let error = read(inside, 0).unwrap_err();
    let hostname = Path::new("/etc/hostname").canonicalize().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "the image folder `{}` cannot be used\n  class `c` is in `test` and not in `train`\n  \
             `train/a/3.png` is a link that leaves the folder, to `{}`\n  `train/a/4.png` is a link to nothing\n  \
             1 images of a kind that is not read, as `train/a/2.webp`\n  `train/b/deep` is a folder inside a class\n  \
             no images in `train/b`\n  no images in `test`\n  \
             hint: expected `train/<class>/*.png` (or jpg, jpeg) and `test/<class>/…`",
            inside.display(),
            hostname.display()
        )
    );
}

#[test]
fn links_inside_the_folder_are_followed() {
    let root = root();
    colour(root.path(), "train/a/1.png", 4, [7, 0, 0]);
    colour(root.path(), "train/b/1.png", 4, [0; 3]);
    std::fs::create_dir_all(root.path().join("test/a")).unwrap();
    std::os::unix::fs::symlink("../../train/a/1.png", root.path().join("test/a/1.png")).unwrap();
    assert_eq!(read(root.path(), 0).unwrap().test.image(0)[0], 7);
}

#[test]
fn files_that_are_no_images_are_all_named() {
    let root = root();
    colour(root.path(), "train/a/1.png", 4, [0; 3]);
    colour(root.path(), "test/a/1.png", 4, [0; 3]);
    std::fs::create_dir_all(root.path().join("train/b")).unwrap();
    std::fs::write(root.path().join("train/b/1.png"), "hello").unwrap();
    let whole = std::fs::read(root.path().join("train/a/1.png")).unwrap();
    std::fs::write(root.path().join("train/b/2.png"), &whole[..20]).unwrap();
    let error = read(root.path(), 0).unwrap_err();
    assert_eq!(error.text, format!("2 of 4 images in `{}` cannot be read", root.path().display()));
    assert!(error.details[0].ends_with("train/b/1.png` is neither PNG nor JPEG"), "{error}");
    assert!(error.details[1].contains("train/b/2.png`: "), "{error}");
}

#[test]
fn a_jpeg_that_is_cut_off_or_samples_its_colours_oddly_is_not_decoded() {
    let root = root();
    colour(root.path(), "train/b/1.png", 16, [0; 3]);
    let mut bytes = Vec::new();
    let pixels = RgbImage::from_pixel(16, 16, Rgb([200, 20, 90]));
    pixels.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Jpeg).unwrap();
    for split in ["train", "test"] {
        std::fs::create_dir_all(root.path().join(split).join("a")).unwrap();
        std::fs::write(root.path().join(split).join("a/1.jpg"), &bytes).unwrap();
    }
    let red = read(root.path(), 0).unwrap().test.image(0)[0];
    assert!(red.abs_diff(200) < 4, "{red}");
    // A preview with an end of its own stands before the picture, which has none.
    let mut cut = [&bytes[..2], &[0xff, 0xe1, 0, 6], &[0xff, 0xda, 0xff, 0xd9], &bytes[2..]].concat();
    std::fs::write(root.path().join("train/a/1.jpg"), &cut).unwrap();
    read(root.path(), 0).unwrap();
    cut.truncate(cut.len() - 2);
    std::fs::write(root.path().join("train/a/1.jpg"), &cut).unwrap();
    let error = read(root.path(), 0).unwrap_err();
    assert!(error.details[0].ends_with("train/a/1.jpg` is a JPEG without its end: get it again, or take it out"), "{error}");
    let frame = bytes.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    bytes[frame + 17] = 0x24;
    std::fs::write(root.path().join("train/a/1.jpg"), &bytes).unwrap();
    let error = read(root.path(), 0).unwrap_err();
    let wanted = "train/a/1.jpg` is a JPEG whose colours are finer than its brightness; save it anew with another program";
    assert!(error.details[0].ends_with(wanted), "{error}");
}

#[test]
fn a_missing_folder_says_what_is_expected() {
    let error = read(Path::new("/nowhere/images"), 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the image folder `/nowhere/images` does not exist\n  hint: `data.root` names it; expected `train/<class>/*.png` (or jpg, jpeg) and `test/<class>/…`"
    );
}
