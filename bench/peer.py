"""The other side of `make bench`: the same jobs, as a good user of PyTorch writes them.

`peer.py JOB EXPERIMENT.json FOLDER` reads what the engine handed over in FOLDER, prints one line of JSON, and answers each
line `run N` on stdin with the seconds of N repetitions and what came out of them. Channels-last memory, data resident,
no value read before all repetitions are done.
"""

import copy
import hashlib
import itertools
import json
import pathlib
import sys
import time

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

BATCHES = 4


class PreActivation(nn.Module):
    """A bottleneck block of a PreResNet."""

    def __init__(self, inner, planes, stride):
        super().__init__()
        out = 4 * planes
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(inner), nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
        self.conv1 = nn.Conv2d(inner, planes, 1, bias=False)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.conv3 = nn.Conv2d(planes, out, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(nn.Conv2d(inner, out, 1, stride, bias=False)) if stride != 1 or inner != out else None

    def forward(self, x):
        out = self.conv1(self.relu(self.bn1(x)))
        out = self.conv2(self.relu(self.bn2(out)))
        out = self.conv3(self.relu(self.bn3(out)))
        out += x if self.downsample is None else self.downsample(x)
        return out


class PreResNet(nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        inner = 16
        for stage, planes in enumerate((16, 32, 64), 1):
            blocks = []
            for block in range((depth - 2) // 9):
                blocks.append(PreActivation(inner, planes, 2 if stage > 1 and block == 0 else 1))
                inner = 4 * planes
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.bn = nn.BatchNorm2d(inner)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(inner, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.fc(self.relu(self.bn(x)).mean((2, 3)))


class Wide(nn.Module):
    """A block of a WideResNet."""

    def __init__(self, inner, out, stride):
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(inner), nn.BatchNorm2d(out)
        self.conv1 = nn.Conv2d(inner, out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.convShortcut = nn.Conv2d(inner, out, 1, stride, bias=False) if inner != out else None

    def forward(self, x):
        activated = self.relu(self.bn1(x))
        out = self.conv2(self.relu(self.bn2(self.conv1(activated))))
        out += x if self.convShortcut is None else self.convShortcut(activated)
        return out


class Stage(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.layer = nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        inner = 16
        for stage, planes in enumerate((16 * width, 32 * width, 64 * width), 1):
            blocks = []
            for block in range((depth - 4) // 6):
                blocks.append(Wide(inner, planes, 2 if stage > 1 and block == 0 else 1))
                inner = planes
            setattr(self, f"block{stage}", Stage(blocks))
        self.bn1 = nn.BatchNorm2d(inner)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(inner, classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(self.relu(self.bn1(x)).mean((2, 3)))


class BasicConv(nn.Module):
    """The network of the study of orders."""

    def __init__(self, channels, classes):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 16, 2), nn.Conv2d(16, 32, 2)
        self.bn1, self.bn2 = nn.BatchNorm2d(16), nn.BatchNorm2d(32)
        self.fc = nn.Linear(32, classes)

    def forward(self, x):
        x = self.bn1(F.relu(self.conv1(x)))
        return self.fc(self.bn2(F.relu(self.conv2(x))).mean((2, 3)))


def digest(tensor):
    """SHA-256 of a tensor's values, in the order of its dimensions."""
    return hashlib.sha256(tensor.cpu().contiguous().numpy().tobytes()).hexdigest()


def serve(work):
    for line in sys.stdin:
        if not line.startswith("run "):
            break
        print(json.dumps(work(int(line[4:]))), flush=True)


def main():
    job, experiment, folder = sys.argv[1:]
    told = json.loads(pathlib.Path(experiment).read_text())
    torch.set_num_threads(told["threads"])
    device = torch.device(told.get("device", "cpu"))
    # IEEE f32 on both sides, and algorithms chosen by timing on both sides.
    torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32 = True, False
    torch.backends.cuda.matmul.allow_tf32 = False
    cuda = device.type == "cuda"
    network = {"preresnet": lambda: PreResNet(told["depth"], 10), "wideresnet": lambda: WideResNet(told["depth"], told["width"], 10),
               "basicconv": lambda: BasicConv(1, 2)}[told["network"]]()
    folder = pathlib.Path(folder)
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    network = network.to(device, memory_format=torch.channels_last)
    handed = load_file(folder / "batches.safetensors")
    images = handed["images"].to(device, memory_format=torch.channels_last)
    labels = handed["labels"].to(device)
    size = told["batch"]
    low = {"bf16": torch.bfloat16, "f16": torch.float16}.get(told["precision"])
    cast = lambda: torch.autocast(device.type, low or torch.bfloat16, enabled=low is not None)
    scaler = torch.amp.GradScaler("cuda", enabled=low == torch.float16)
    settle = torch.cuda.synchronize if cuda else lambda: None

    def steps():
        network.train()
        batches = [(images[n * size:(n + 1) * size], labels[n * size:(n + 1) * size]) for n in range(BATCHES)]
        optimizer = torch.optim.SGD(network.parameters(), told["lr"], told["momentum"], weight_decay=told["weight_decay"])
        done = 0

        def work(count):
            nonlocal done
            losses = []
            began = time.perf_counter()
            for _ in range(count):
                x, y = batches[done % BATCHES]
                optimizer.zero_grad(set_to_none=True)
                with cast():
                    loss = F.cross_entropy(network(x), y)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                losses.append(loss.detach())
                done += 1
            settle()
            seconds = time.perf_counter() - began
            return {"seconds": seconds, "values": [float(loss) for loss in losses]}

        return work

    def batch():
        mean = torch.tensor((0.5, 0.5, 0.5), device=device).view(1, 3, 1, 1)
        # What a user has: the set as bytes on the device, padded once.
        padded = F.pad((images * 64 + 128).clamp(0, 255).to(torch.uint8), (4, 4, 4, 4))
        count_of_images = len(padded)
        window = torch.arange(32, device=device)

        def work(count):
            began = time.perf_counter()
            for _ in range(count):
                chosen = torch.randint(count_of_images, (size,), device=device)
                rows = torch.randint(9, (size, 1), device=device) + window
                columns = torch.randint(9, (size, 1), device=device) + window
                columns = torch.where(torch.rand(size, 1, device=device) < 0.5, columns.flip(1), columns)
                cut = padded[chosen[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
                x = ((cut.float() / 255 - mean) / mean).contiguous(memory_format=torch.channels_last)
            settle()
            seconds = time.perf_counter() - began
            return {"seconds": seconds, "values": [float(x.mean())]}

        return work

    def evaluate():
        network.eval()

        @torch.inference_mode()
        def work(count):
            began = time.perf_counter()
            for _ in range(count):
                loss, hits = torch.zeros((), device=device), torch.zeros((), dtype=torch.long, device=device)
                for first in range(0, len(images), size):
                    x, y = images[first:first + size], labels[first:first + size]
                    with cast():
                        logits = network(x)
                    loss += F.cross_entropy(logits.float(), y, reduction="sum")
                    hits += (logits.argmax(1) == y).sum()
                values = [float(loss) / len(images), float(hits)]
            return {"seconds": time.perf_counter() - began, "values": values}

        return work

    def scores(how):
        """The published algorithm: copy the state, train on the candidate, evaluate, restore."""
        network.eval()
        optimizer = torch.optim.SGD(network.parameters(), told["lr"], told["momentum"], weight_decay=told["weight_decay"])
        size, candidates = told["batch"], told["candidates"]
        parts = [(images[n * size:(n + 1) * size], labels[n * size:(n + 1) * size]) for n in range(candidates)]
        external = images[candidates * size:], labels[candidates * size:]

        @torch.no_grad()
        def loss_of(batch):
            with cast():
                return F.cross_entropy(network(batch[0]), batch[1]).item()

        def delta(batch):
            kept, kept_optimizer = copy.deepcopy(network.state_dict()), copy.deepcopy(optimizer.state_dict())
            at = batch if how == "loss-delta" else external
            before = loss_of(at)
            optimizer.zero_grad(set_to_none=True)
            with cast():
                loss = F.cross_entropy(network(batch[0]), batch[1])
            loss.backward()
            optimizer.step()
            after = loss_of(at)
            network.load_state_dict(kept)
            optimizer.load_state_dict(kept_optimizer)
            return before - after

        def work(count):
            began = time.perf_counter()
            for _ in range(count):
                values = [loss_of(batch) if how == "loss" else delta(batch) for batch in parts]
            return {"seconds": time.perf_counter() - began, "values": values}

        return work

    def orders():
        """Some of the orders, each trained from the initial weights and tested; seconds as if it had been all."""
        size, places = told["batch"], told["batches"]
        parts = [(images[n * size:(n + 1) * size], labels[n * size:(n + 1) * size]) for n in range(places)]
        tests, test_labels = images[places * size:], labels[places * size:]
        initial = copy.deepcopy(network.state_dict())
        every = list(itertools.permutations(range(places)))
        some = every[:: len(every) // 12]

        def one(order):
            network.load_state_dict(initial)
            network.train()
            optimizer = torch.optim.SGD(network.parameters(), told["lr"], told["momentum"], weight_decay=told["weight_decay"], nesterov=True)
            for number in order:
                optimizer.zero_grad(set_to_none=True)
                F.cross_entropy(network(parts[number][0]), parts[number][1]).backward()
                optimizer.step()
            network.eval()
            total, hits = torch.zeros(()), torch.zeros((), dtype=torch.long)
            with torch.inference_mode():
                for first in range(0, len(tests), 512):
                    logits, wanted = network(tests[first:first + 512]), test_labels[first:first + 512]
                    total += F.cross_entropy(logits, wanted, reduction="sum")
                    hits += (logits.argmax(1) == wanted).sum()
            return float(total) / len(tests)

        def work(count):
            began = time.perf_counter()
            for _ in range(count):
                values = [one(order) for order in some]
            return {"seconds": (time.perf_counter() - began) * len(every) / len(some), "values": values}

        return work

    # What is worked on: each batch of training, or all images.
    cuts = [(n * size, (n + 1) * size) for n in range(BATCHES)] if job == "step" else [(0, len(images))]
    batches = [[digest(images[first:end]), digest(labels[first:end])] for first, end in cuts]
    scorers = {how: lambda how=how: scores(how) for how in ("loss", "loss-delta", "loss-delta-external")}
    work = {"step": steps, "batch": batch, "evaluate": evaluate, "orders": orders, **scorers}[job]()
    print(json.dumps({"batches": batches, "threads": torch.get_num_threads(), "torch": torch.__version__}), flush=True)
    serve(work)


if __name__ == "__main__":
    main()
