#!/usr/bin/env python3
"""Put libtorch where the build finds it.

The library comes from the `torch` wheel on the Python package index, but Python is not needed afterwards: only the
headers and the shared libraries are taken out of the wheel. They keep the layout of site-packages
(`torch/lib`, `nvidia/*/lib`), because the libraries look for each other along it.

    python3 scripts/libtorch.py            install or repair, then say nothing more than needed
    python3 scripts/libtorch.py --check    only say whether the installation is whole (exit 1 if not)
    python3 scripts/libtorch.py --cuda     take the CUDA libraries too, driver or not

An installation that was interrupted is noticed by its missing stamp, a damaged one by the sizes in the stamp; both are
mended by the next call. A download that broke off goes on where it stopped. `LIBTORCH`, when set, wins: it is checked
and nothing is installed.
"""

import argparse
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile

# The one place that names the version; `tch` in src/engine/Cargo.toml must match it.
VERSION = "2.11.0"

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".libtorch"
STAMP = FOLDER / "complete.json"

# Wheel -> the members to keep, as (prefix, suffix) pairs.
CPU_WHEELS = {
    f"torch=={VERSION}": [
        ("torch/include/", ""),
        ("torch/lib/libtorch.so", ""),
        ("torch/lib/libtorch_cpu.so", ""),
        ("torch/lib/libc10.so", ""),
        ("torch/lib/libgomp.so.1", ""),
        (f"torch-{VERSION}", "/licenses/LICENSE"),
    ],
    # libtorch_cpu.so names these two at load time, even where there is no GPU.
    "nvidia-cuda-runtime==13.0.96": [("nvidia/cu13/lib/libcudart.so.13", "")],
    "nvidia-cuda-cupti==13.0.85": [("nvidia/cu13/lib/libcupti.so.13", "")],
}
CUDA_TORCH_MEMBERS = [
    ("torch/lib/libtorch_cuda.so", ""),
    ("torch/lib/libtorch_cuda_linalg.so", ""),
    ("torch/lib/libtorch_nvshmem.so", ""),
    ("torch/lib/libc10_cuda.so", ""),
    ("torch/lib/libcaffe2_nvrtc.so", ""),
]
CUDA_WHEELS = [
    "nvidia-cublas==13.1.0.3",
    "nvidia-cuda-nvrtc==13.0.88",
    "nvidia-cufft==12.0.0.61",
    "nvidia-cufile==1.15.1.6",
    "nvidia-curand==10.4.0.35",
    "nvidia-cusolver==12.0.4.66",
    "nvidia-cusparse==12.6.3.3",
    "nvidia-nvjitlink==13.0.88",
    "nvidia-nvtx==13.0.85",
    "nvidia-cudnn-cu13==9.19.0.56",
    "nvidia-cusparselt-cu13==0.8.0",
    "nvidia-nccl-cu13==2.28.9",
    "nvidia-nvshmem-cu13==3.4.5",
]


class Failure(Exception):
    """A message for the user: what, where, what to do."""


def say(text):
    print(f"libtorch: {text}", file=sys.stderr, flush=True)


def wheels(cuda):
    """The wheels to take and what to keep of each."""
    chosen = {name: list(members) for name, members in CPU_WHEELS.items()}
    if cuda:
        chosen[f"torch=={VERSION}"] += CUDA_TORCH_MEMBERS
        for name in CUDA_WHEELS:
            chosen[name] = [("nvidia/", "")]
    return chosen


def has_driver():
    """Whether an NVIDIA driver is loaded on this machine."""
    return pathlib.Path("/proc/driver/nvidia/version").exists() or pathlib.Path("/dev/nvidiactl").exists()


def stamp_problem(cuda):
    """Why the installation is not whole, or None."""
    try:
        stamp = json.loads(STAMP.read_text())
    except FileNotFoundError:
        return "not installed yet" if not (FOLDER / "torch").exists() else "an earlier installation was interrupted"
    except (OSError, ValueError) as error:
        return f"the stamp {STAMP} does not read: {error}"
    if stamp.get("version") != VERSION:
        return f"version {stamp.get('version')} is installed, {VERSION} is needed"
    if cuda and not stamp.get("cuda"):
        return "an NVIDIA driver is here, but the CUDA libraries are not installed"
    for name, size in stamp["files"].items():
        path = FOLDER / name
        if not path.is_file() or path.stat().st_size != size:
            return f"{name} is missing or damaged"
    return None


def check_own(folder):
    """Checks a LIBTORCH of the user's own."""
    folder = pathlib.Path(folder)
    header = folder / "include/torch/csrc/api/include/torch/torch.h"
    plain = folder / "include/torch/torch.h"
    if not header.exists() and not plain.exists():
        raise Failure(f"LIBTORCH={folder} holds no include/torch/torch.h.\n"
                      "  Point LIBTORCH at the folder that has `include` and `lib`, or unset it to let `make setup` install one.")
    if not (folder / "lib/libtorch_cpu.so").exists():
        raise Failure(f"LIBTORCH={folder} holds no lib/libtorch_cpu.so.\n  Point LIBTORCH at a whole libtorch {VERSION}, or unset it.")
    found = None
    build = folder / "build-version"
    version_h = folder / "include/torch/headeronly/version.h"
    if build.exists():
        found = build.read_text().strip().split("+")[0]
    elif version_h.exists():
        for line in version_h.read_text().splitlines():
            if line.startswith("#define TORCH_VERSION "):
                found = line.split('"')[1].split("+")[0]
    if found and found != VERSION:
        raise Failure(f"LIBTORCH={folder} is version {found}; this program needs {VERSION}.\n  Unset LIBTORCH to let `make setup` install the right one.")


def resolve(requirement):
    """The address and SHA-256 of a wheel, asked of pip, so that mirrors and certificates set there hold here too."""
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)]
    platforms += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
    options = ["--no-deps", "--quiet", "--only-binary", ":all:", "--python-version", "3.12", "--implementation", "cp", "--abi", "cp312"]
    for platform in platforms:
        options += ["--platform", platform]
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--report", str(report),
                   "--target", scratch, *options, requirement]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            info = json.loads(report.read_text())["install"][0]["download_info"]
            return info["url"], info.get("archive_info", {}).get("hashes", {}).get("sha256")
    if "no such option" in done.stderr:
        return None, None
    if "No module named pip" in done.stderr:
        raise Failure(f"{sys.executable} has no pip.\n  Install it (Debian and Ubuntu: `apt install python3-pip`) and call `make setup` again.")
    raise Failure(f"pip cannot find {requirement}:\n  {done.stderr.strip()}\n  Check the network or pip's index settings and call `make setup` again.")


def download(requirement, target):
    """Fetches a wheel; goes on with what an earlier call left."""
    url, sha256 = resolve(requirement)
    if url is None:  # pip older than 22.2 cannot report: let it download by itself
        done = subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(target.parent), requirement])
        names = sorted(target.parent.glob(requirement.split("==")[0].replace("-", "_") + "-*.whl"))
        if done.returncode != 0 or not names:
            raise Failure(f"pip could not download {requirement}; call `make setup` again.")
        names[-1].replace(target)
        return
    part = target.with_suffix(".part")
    for attempt in range(4):
        have = part.stat().st_size if part.exists() else 0
        try:
            fetch(url, part, have, requirement)
            break
        except urllib.error.HTTPError as error:
            if error.code == 416:  # nothing is left to fetch, or the rest does not fit: the checksum decides
                break
            raise Failure(f"{url} answered {error.code} {error.reason}; call `make setup` again.") from error
        except (OSError, urllib.error.URLError) as error:
            got = part.stat().st_size if part.exists() else 0
            if attempt == 3 or got == have:
                raise Failure(f"the download of {requirement} broke off after {got:,} bytes: {error}\n"
                              "  What arrived is kept; call `make setup` again to go on.") from error
            say(f"{requirement}: {error}; going on after {got:,} bytes")
            time.sleep(1)
    if sha256:
        digest = hashlib.sha256()
        with part.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        if digest.hexdigest() != sha256:
            part.unlink()
            raise Failure(f"{requirement} arrived damaged (its SHA-256 is not {sha256}); it was removed. Call `make setup` again.")
    part.replace(target)


def fetch(url, part, have, label):
    """Appends to `part` what the server has beyond `have` bytes."""
    request = urllib.request.Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=60) as answer:
        resumed = have and getattr(answer, "status", 200) == 206
        expected = answer.headers.get("Content-Length")
        total = (int(expected) + (have if resumed else 0)) if expected else None
        done, shown = (have if resumed else 0), -10
        with part.open("ab" if resumed else "wb") as file:
            while True:
                block = answer.read(1 << 20)
                if not block:
                    break
                file.write(block)
                done += len(block)
                percent = 100 * done // total if total else 0
                if total and total > 50_000_000 and percent >= shown + 10:
                    shown = percent - percent % 10
                    say(f"{label}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
        if total is not None and done != total:
            raise OSError(f"{done:,} of {total:,} bytes arrived")


def take_out(wheel, members, into, files):
    """Extracts the wanted members and notes their sizes in `files`."""
    try:
        archive = zipfile.ZipFile(wheel)
    except zipfile.BadZipFile as error:
        wheel.unlink()
        raise Failure(f"{wheel.name} is no whole wheel ({error}); it was removed. Call `make setup` again.") from error
    with archive:
        for item in archive.infolist():
            if item.is_dir() or not any(item.filename.startswith(p) and item.filename.endswith(s) for p, s in members):
                continue
            archive.extract(item, into)
            files[item.filename] = item.file_size


def install(cuda):
    """Downloads and unpacks everything, then puts the stamp, last of all."""
    free = shutil.disk_usage(FOLDER).free
    needed = 6_500_000_000 if cuda else 1_100_000_000
    if free < needed:
        raise Failure(f"{FOLDER} has {free / 1e9:.1f} GB free; the installation needs about {needed / 1e9:.1f} GB while it runs.")
    STAMP.unlink(missing_ok=True)
    downloads, unpacked = FOLDER / "download", FOLDER / "unpacked"
    downloads.mkdir(exist_ok=True)
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    files = {}
    for requirement, members in wheels(cuda).items():
        target = downloads / (requirement.replace("==", "-") + ".whl")
        if not target.exists():
            say(f"fetching {requirement}")
            download(requirement, target)
        take_out(target, members, unpacked, files)
    for name in ("torch", "nvidia"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (unpacked / name).replace(FOLDER / name)
    kept = {name: size for name, size in files.items() if (FOLDER / name).exists() and not name.startswith("torch/include/")}
    kept["torch/include/torch/csrc/api/include/torch/torch.h"] = files["torch/include/torch/csrc/api/include/torch/torch.h"]
    # torch-sys reads the version here, as in the archives of libtorch itself.
    (FOLDER / "torch/build-version").write_text(f"{VERSION}\n")
    with tempfile.NamedTemporaryFile("w", dir=FOLDER, delete=False) as file:
        json.dump({"version": VERSION, "cuda": cuda, "files": kept}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, STAMP)
    shutil.rmtree(downloads, ignore_errors=True)
    shutil.rmtree(unpacked, ignore_errors=True)
    say(f"{VERSION} installed in {FOLDER} ({'CUDA' if cuda else 'CPU only'})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the installation is whole")
    parser.add_argument("--cuda", action="store_true", help="take the CUDA libraries too")
    arguments = parser.parse_args()
    try:
        if os.environ.get("LIBTORCH"):
            check_own(os.environ["LIBTORCH"])
            return 0
        cuda = arguments.cuda or has_driver()
        if arguments.check:
            problem = stamp_problem(cuda)
            if problem:
                raise Failure(f"{problem}; call `make setup`.")
            return 0
        FOLDER.mkdir(exist_ok=True)
        with (FOLDER / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            problem = stamp_problem(cuda)
            if problem:
                say(problem)
                install(cuda)
        return 0
    except Failure as failure:
        say(f"error: {failure}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; what arrived is kept, call `make setup` again to go on.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
