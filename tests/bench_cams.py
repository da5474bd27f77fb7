"""What five maps cost, as a multiple of the plain forward pass, beside peers in the same run.

    make bench            # installs torch-cam, pytorch-grad-cam and captum, then runs this

All methods give the maps of the five best classes of every image of the batch. They are timed in
turn, round after round, each between two plain forward passes after one that warms the caches; the
ratio is to the mean of these two, and the median over the rounds is printed.
"""

import argparse
import statistics
import time

import torch
import torchvision
from tqdm.auto import tqdm

from cam_utils import as_gap_network, cams

TOP = 5


def forward(model, images):
    with torch.inference_mode():
        return model(images)


def ours(model, images):
    network = as_gap_network(model)
    return lambda: cams(network, images, TOP).maps


def torch_cam(model, images):
    from torchcam.methods import CAM

    layer = model.layer4 if hasattr(model, "layer4") else model.features
    extractor = CAM(model, target_layer=layer)

    def run():
        with torch.no_grad():
            logits = model(images)
        best = logits.topk(TOP, dim=1).indices
        return [extractor(best[:, k].tolist(), logits)[0] for k in range(TOP)]

    return run


def pytorch_grad_cam(model, images):
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    layer = model.layer4[-1] if hasattr(model, "layer4") else model.features
    extractor = GradCAM(model=model, target_layers=[layer])

    def run():
        best = forward(model, images).topk(TOP, dim=1).indices
        return [
            extractor(images, targets=[ClassifierOutputTarget(int(c)) for c in best[:, k]])
            for k in range(TOP)
        ]

    return run


def captum(model, images):
    from captum.attr import LayerGradCam

    layer = model.layer4 if hasattr(model, "layer4") else model.features.norm5
    extractor = LayerGradCam(model, layer)

    def run():
        best = forward(model, images).topk(TOP, dim=1).indices.clone()
        return [extractor.attribute(images, target=best[:, k].clone()) for k in range(TOP)]

    return run


METHODS = {
    "cam_utils.cams": ours,
    "torch-cam": torch_cam,
    "pytorch-grad-cam": pytorch_grad_cam,
    "captum": captum,
}


def seconds(function) -> float:
    start = time.perf_counter()
    function()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def measure(name: str, batch: int, rounds: int, device: str) -> dict[str, float]:
    """Median over rounds of seconds(method) / mean seconds(forward before and after it)."""
    torch.manual_seed(0)
    images = torch.randn(batch, 3, 224, 224, device=device)
    runs = {}
    for method, prepare in METHODS.items():  # hooks stay on their own copy of the network
        model = torchvision.models.get_model(name).to(device).eval()
        runs[method] = prepare(model, images)
    plain = torchvision.models.get_model(name).to(device).eval()
    ratios = {method: [] for method in METHODS}
    for run in runs.values():
        run()
    forward(plain, images)
    for _ in tqdm(range(rounds), desc=f"{name}, batch {batch}", leave=False):
        for method, run in runs.items():
            forward(plain, images)
            before = seconds(lambda: forward(plain, images))
            own = seconds(run)
            after = seconds(lambda: forward(plain, images))
            ratios[method].append(2 * own / (before + after))
    return {method: statistics.median(found) for method, found in ratios.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    print(
        f"time of the maps of {TOP} classes / time of a plain forward pass, {args.device}, median"
    )
    print(f"{'':22s}" + "".join(f"{m:>18s}" for m in METHODS))
    for name in ("resnet18", "densenet121"):
        for batch, rounds in ((1, 4 * args.rounds), (16, args.rounds)):
            found = measure(name, batch, rounds, args.device)
            row = "".join(f"{found[m]:18.3f}" for m in METHODS)
            print(f"{name + ', batch ' + str(batch):22s}{row}", flush=True)


if __name__ == "__main__":
    main()
