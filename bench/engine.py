"""Jobs of the engine: training steps, batches, evaluation, beside PyTorch as installed and with a tuned allocator."""

import json
import math
import os
import pathlib
import subprocess
import tempfile

from pairs import Side, alone, interleaved, row

HOME = pathlib.Path(__file__).resolve().parent.parent
MEASURE = HOME / "target" / "release" / "examples" / "measure"
PYTHON = HOME / ".bench" / "venv" / "bin" / "python"
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "1099511627776", "MALLOC_TOP_PAD_": "67108864"}
# What the program sets for every engine that it starts.
LAUNCHED = {"OMP_WAIT_POLICY": "passive", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
INSTALLED, WITH_ALLOCATOR = "PyTorch", "PyTorch, tuned allocator"

NETWORKS = {
    "preresnet-56": {"network": "preresnet", "depth": 56, "width": 1},
    "wideresnet-16-4": {"network": "wideresnet", "depth": 16, "width": 4},
}


def has(flag):
    return flag in pathlib.Path("/proc/cpuinfo").read_text()


def has_bf16_units():
    return has("avx512_bf16") or has("amx_bf16")


def data_root():
    """Where real image sets lie: CURRICLE_DATA, else where tests look for them."""
    return pathlib.Path(os.environ.get("CURRICLE_DATA") or HOME.parent / "shared" / "data")


def preset(told):
    """A preset as it is shipped, with so many threads."""
    text = (HOME / "presets" / f"{told['preset']}.toml").read_text()
    return text.replace("[training]\n", f"[training]\nthreads = {told['threads']}\n")


def study(told):
    """Every order of six batches, as thesis table 2.1 has them, without crops."""
    return f"""
kind = "perfect-ordering"
[data]
set = "mnist"
classes = ["0", "1"]
per_class = 24
[data.augmentation]
crop = 0
[network]
kind = "basicconv"
[training]
batch = {told['batch']}
device = "{told['device']}"
precision = "{told['precision']}"
threads = {told['threads']}
[schedule]
kind = "constant"
[optimizer]
lr = {told['lr']}
momentum = {told['momentum']}
weight_decay = {told['weight_decay']}
[permutation]
epochs = 1
test_images = 2048
"""


def experiment(told, images, test):
    # Images that everyone has, or real ones where `set` names them.
    data = f'set = "{told["set"]}"' if "set" in told else f'set = "glyphs"\n[data.glyphs]\ntrain = {images}\ntest = {test}'
    width = f"width = {told['width']}\n" if told["network"] == "wideresnet" else ""
    return f"""
[data]
{data}
[network]
kind = "{told['network']}"
depth = {told['depth']}
{width}[training]
steps = 1
batch = {told['batch']}
device = "{told['device']}"
precision = "{told['precision']}"
threads = {told['threads']}
[optimizer]
lr = {told['lr']}
momentum = {told['momentum']}
nesterov = false
weight_decay = {told['weight_decay']}
"""


def build():
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "curricle-engine", "--example", "measure"], cwd=HOME, check=True)


# Processors without bf16 units: one with AVX-512 and one without, both played by telling every library which instructions it
# may use, and this one, if it has none.
AVX2, AVX512, HERE = "avx2", "avx512", "here"
PROCESSORS = {
    AVX2: {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", **({"CURRICLE_VECTORS": "v3"} if has("avx2") else {})},
    AVX512: {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    HERE: {},
}
OWN_F32 = "Curricle, f32"


def own(name, job, told, folder, environment):
    """Our side of a job."""
    environment = {**environment, "CURRICLE_DATA": str(data_root())}
    file = folder / f"{name}.toml"
    images = told.get("train") or -(-4 * told["batch"] // 10) * 10
    file.write_text(preset(told) if "preset" in told else study(told) if told.get("study") else experiment(told, images, told.get("test", 10)))
    return Side(name, [MEASURE, job, file, folder], {**environment, **LAUNCHED})


def plain_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "OMP_", "GOMP_", "GLIBC_"))}


def sides(job, told, folder):
    """Curricle, PyTorch as installed, PyTorch tuned; all prepared from the same weights and images."""
    environment = plain_environment()
    theirs, played = [], {}
    if told.get("without_units"):
        environment |= PROCESSORS[told["without_units"]]
        played = {"CURRICLE_EMULATE_BF16": "1"}
        theirs.append(own(OWN_F32, job, {**told, "precision": "f32"}, folder, environment))
    ours = own("Curricle", job, told, folder, {**environment, **played})
    (folder / "experiment.json").write_text(json.dumps(told))
    command = [PYTHON, HOME / "bench" / "peer.py", job, folder / "experiment.json", folder]
    peers = [Side(INSTALLED, command, environment)]
    if told["device"] == "cpu":
        # With several threads its user would let them sleep, too.
        peers.append(Side(WITH_ALLOCATOR, command, {**environment, **TUNED, "OMP_WAIT_POLICY": "passive"}))
    return ours, peers + theirs


def agree(job, told, ours, theirs):
    """Both sides must compute the same before anything is timed: the largest relative difference of their values, if they have any."""
    # Three steps at a learning rate of 0.05 multiply rounding: of f32 to some 1e-4, of bf16 to some percent.
    allowed = 5e-4 if told["precision"] == "f32" else 6e-2
    for side in theirs:
        if side.about["batches"] != ours.about["batches"]:
            raise SystemExit(f"error: {job}: the batches of {side.name} have other values than ours")
    _, here = ours.run(3)
    worst = 0.0
    for side in theirs:
        _, there = side.run(3)
        if job == "batch":
            return None  # Each side draws its own crops.
        if len(here) != len(there) or not all(map(math.isfinite, [*here, *there])):
            raise SystemExit(f"error: {job}: beside {side.name}: {here} here, {there} there")
        worst = max([worst, *(abs(a - b) / max(abs(b), 1e-9) for a, b in zip(here, there))])
        if worst > allowed:
            raise SystemExit(f"error: {job}: the two sides do not compute the same: {here} here, {there} of {side.name}")
    return worst


def how(told, ours):
    """How a job was measured, where it is not as all are."""
    return {"threads": told["threads"], **({} if told["device"] == "cpu" else {"hardware": ours.about["hardware"]})}


def compare(name, job, told, bars, repetitions, pairs, memory_bars=(None, None, None)):
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = sides(job, told, pathlib.Path(folder))
        worst = agree(job, told, ours, theirs)
        times = interleaved(ours, theirs, repetitions, pairs)
        rows = []
        for side, (bar, aim), memory_bar in zip(theirs, bars, memory_bars):
            memory = (round(ours.peak_memory()), round(side.peak_memory()))
            rows.append(row(name, side.name, "s", times[ours.name], times[side.name], bar, aim, memory,
                            **how(told, ours), agreement=worst))
            if memory_bar:
                # One peak of each process, over all rounds.
                rows.append(row(f"{name}-memory", side.name, "MB", [memory[0]], [memory[1]], memory_bar, None, memory,
                                **{**how(told, ours), "pairs": pairs}))
        for side in (ours, *theirs):
            side.end()
        return rows


def told(network, batch, precision, threads, device="cpu", **more):
    return {**NETWORKS[network], "batch": batch, "precision": precision, "threads": threads, "device": device,
            "lr": 0.05, "momentum": 0.9, "weight_decay": 1e-4, **more}


def step(network, batch, precision, bars, repetitions):
    def run(name, options):
        return compare(name, "step", told(network, batch, precision, options.threads), bars, repetitions, options.pairs, memory_bars=(1.1, 1.1))

    return run


def step_without_units(network, batch, processor):
    """A step in bf16 where nothing computes in it."""

    def run(name, options):
        if processor == AVX512 and not has("avx512f"):
            print(f"{name}: SKIPPED, this processor has no AVX-512", flush=True)
            return []
        wide = processor == AVX512 or processor == HERE and has("avx512f")
        asked = told(network, batch, "bf16", options.threads, without_units=processor)
        return compare(name, "step", asked, WITH_AVX512 if wide else WITHOUT_UNITS, 1, options.pairs, memory_bars=(1.1, 1.1, None))

    return run


def evaluate(network, images, batch, precision, bars):
    def run(name, options):
        # One thread, as the bar says.
        return compare(name, "evaluate", told(network, batch, precision, 1, test=images), bars, 1, options.pairs)

    return run


def evaluate_all(network, batch, bar):
    """Loss and count of all test images of CIFAR-10, beside each PyTorch: how far apart the losses are, when the counts are equal."""

    def run(name, options):
        if not (data_root() / "cifar-10-batches-bin").is_dir():
            print(f"{name}: SKIPPED, there is no CIFAR-10 in {data_root()} (CURRICLE_DATA)", flush=True)
            return []
        asked = told(network, batch, "f32", 1, set="cifar10")
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = sides("evaluate", asked, pathlib.Path(folder))
            (_, (loss, count)), rows = ours.run(1), []
            for side in theirs:
                _, (their_loss, their_count) = side.run(1)
                if side.about["batches"] != ours.about["batches"]:
                    raise SystemExit(f"error: {name}: {side.name} has other images than ours")
                if count != their_count:
                    raise SystemExit(f"error: {name}: {count:.0f} of the images are told right here, {their_count:.0f} by {side.name}")
                rows.append(alone(name, "of the loss", [abs(loss - their_loss) / abs(their_loss)], bar, peer=side.name, **how(asked, ours),
                                  memory=ours.peak_memory(), peer_memory=side.peak_memory(), count=count, losses=[loss, their_loss]))
            for side in (ours, *theirs):
                side.end()
        return rows

    return run


def batch(size):
    def run(name, options):
        return compare(name, "batch", told("preresnet-56", size, "f32", options.threads), [(None, None)] * 2, 50, options.pairs)

    return run


def cuda(network, batch, precision):
    """A training step on the first GPU, where there is one."""

    def run(name, options):
        if not pathlib.Path("/proc/driver/nvidia/version").exists():
            print(f"{name}: SKIPPED, there is no NVIDIA driver here", flush=True)
            return []
        return compare(name, "step", told(network, batch, precision, 1, device="cuda"), [(1.05, 0.8)], 50, options.pairs)

    return run


BF16 = [(1.0, 0.8), (1.0, 0.8)]
# Beside both PyTorchs, and beside our own f32 on the same processor.
WITHOUT_UNITS = [(0.2, 0.12), (0.2, 0.12), (1.15, None)]
# With AVX-512 oneDNN converts bf16 well, and a fifth of PyTorch's time would be half of a step in f32.
WITH_AVX512 = [(None, None), (None, None), (1.15, None)]

# Networks and batches of the training steps.
STEPS = (("preresnet-56", 128), ("wideresnet-16-4", 64))

JOBS = {
    "step-preresnet-56-f32": step("preresnet-56", 128, "f32", [(0.75, 0.5), (1.0, 0.8)], 1),
    "step-wideresnet-16-4-f32": step("wideresnet-16-4", 64, "f32", [(1.0, 0.8), (1.0, 0.85)], 1),
    **{f"step-{network}-bf16": step(network, size, "bf16", BF16, 1) if has_bf16_units() else step_without_units(network, size, HERE)
       for network, size in STEPS},
    **{f"step-{network}-bf16-without-units": step_without_units(network, size, AVX2) for network, size in STEPS},
    **{f"step-{network}-bf16-avx512-without-units": step_without_units(network, size, AVX512) for network, size in STEPS},
    "evaluate-preresnet-56-f32": evaluate("preresnet-56", 2000, 500, "f32", [(0.4, 0.25), (0.9, 0.75)]),
    "evaluate-preresnet-56-f32-batch-100": evaluate("preresnet-56", 2000, 100, "f32", [(None, None)] * 2),
    "evaluate-10000-images-preresnet-56-f32": evaluate_all("preresnet-56", 500, 5e-4),
    "batch-128": batch(128),
    **{f"cuda-step-{network}-{precision}": cuda(network, size, precision)
       for network, size in STEPS for precision in ("f32", "bf16", "f16")},
}
