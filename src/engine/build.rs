//! Compiles the small C++ file beside this one against libtorch's headers, and tells the linker where the finished
//! engine looks for libtorch: beside an installed engine first, then in the clone.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=shim.cpp");
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib/curricle/torch/lib");
    let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    let include = std::path::Path::new(&folder).with_file_name("include");
    cc::Build::new()
        .cpp(true)
        .std("c++20")
        .file("shim.cpp")
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .warnings(false)
        .compile("curricle_shim");
}
