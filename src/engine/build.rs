//! Compiles the C++ files in `kernels/` against libtorch's headers, and tells the linker where the finished engine looks
//! for libtorch: beside an installed engine first, then in the clone.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=kernels");
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib/curricle/torch/lib");
    let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    let include = Path::new(&folder).with_file_name("include");
    cpp()
        .files(["kernels/basic_conv.cpp", "kernels/context.cpp", "kernels/conv.cpp", "kernels/folded_conv.cpp", "kernels/norm.cpp"])
        .flag("-fopenmp")
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .compile("curricle_kernels");
    // One OpenMP for libtorch and for what is compiled here: the one that libtorch brings.
    if let Some(openmp) = openmp_of(Path::new(&folder)) {
        println!("cargo:rustc-link-arg={}", openmp.display());
    }
    variant("base", &[]);
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        variant("v3", &["-march=x86-64-v3"]);
        variant("v4", &["-march=x86-64-v4", "-mprefer-vector-width=512"]);
    }
}

fn cpp() -> cc::Build {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++20").opt_level(3).warnings(false);
    build
}

/// The kernels, for one set of vector instructions.
fn variant(name: &str, flags: &[&str]) {
    let mut build = cpp();
    build
        .files(["kernels/basic_conv_kernels.cpp", "kernels/conv_kernels.cpp", "kernels/norm_kernels.cpp"])
        .define("CURRICLE_VARIANT", name);
    for flag in flags {
        build.flag(flag);
    }
    build.compile(&format!("curricle_{name}"));
}

fn openmp_of(folder: &Path) -> Option<PathBuf> {
    let mut names = std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    names.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libgomp")))
}
