"""Plant errors that a reader could make, one at a time, and see whether the tests notice.

    make mutants            all of them
    python tests/mutants.py NAME ...    some

Each is planted in a copy of the checkout, so that nothing here is touched. The tests named with it
are run; a planted error that no test fails on is a defect of the tests. Exit status 1 if one
survives.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Planted(NamedTuple):
    """An error: in a file of the package, what stands there, what is planted, who should notice."""

    file: str
    right: str
    wrong: str
    tests: str


ERRORS = {
    "a map is placed half a pixel off": Planted(
        "pasting.py",
        "centres = torch.arange(pixels, dtype=torch.float64) + 0.5",
        "centres = torch.arange(pixels, dtype=torch.float64) + 0.0",
        "test_views.py",
    ),
    "a mirrored view is not turned back": Planted(
        "pasting.py", "view = view.flip(-1)", "pass", "test_views.py"
    ),
    "maxima of inclusive boxes stay as they are": Planted(
        "data/regions.py", "boxes[:, 2:] += 1", "boxes[:, 2:] += 0", "test_readers.py"
    ),
    "boxes end one pixel early": Planted(
        "boxes/components.py",
        "[[x, y, x + w, y + h]]",
        "[[x, y, x + w - 1, y + h - 1]]",
        "test_boxes_metrics.py",
    ),
    "holes count as pixels of their component": Planted(
        "boxes/components.py",
        "np.subtract.at(found, parents[~outside]",
        "np.subtract.at(found.copy(), parents[~outside]",
        "test_boxes_metrics.py",
    ),
    "the background beside a mask is cut off": Planted(
        "boxes/released_code.py",
        "max(y - 1, 0) : y + h + 1",
        "y : y + h",
        "test_boxes_released.py",
    ),
    "half of the maximum instead of a fifth": Planted(
        "evaluate/protocols.py",
        'object.__setattr__(self, "threshold", 0.2)',
        'object.__setattr__(self, "threshold", 0.5)',
        "test_measured_again.py test_evaluate.py",
    ),
    "only the first true box counts": Planted(
        "evaluate/localize.py",
        "values[5 * k + 4] = boxes.iou(box, truth).max()",
        "values[5 * k + 4] = boxes.iou(box, truth)[0, 0]",
        "test_evaluate.py test_evaluate_spoiled.py test_tables.py",
    ),
    "class weights of the wrong classes": Planted(
        "cam.py",
        "rows = network.class_weights[chosen]",
        "rows = network.class_weights[chosen.roll(1, 0)]",
        "test_cam.py",
    ),
    "the bias is in the map": Planted(
        "cam.py",
        "maps = class_activation_maps(features, rows)",
        "maps = class_activation_maps(features, rows) "
        "+ network.class_bias[chosen][:, :, None, None]",
        "test_cam.py",
    ),
    "the map is rectified": Planted(
        "cam.py",
        "return maps.unflatten(2, features.shape[2:])",
        "return maps.unflatten(2, features.shape[2:]).clamp(min=0)",
        "test_cam.py",
    ),
    "the gradient keeps its sign": Planted(
        "saliency.py", "gradients = gradients.abs()", "pass", "test_saliency.py"
    ),
    "blue for red": Planted(
        "views.py", "image = image.flip(-3)", "pass", "test_views.py test_caffe.py"
    ),
    "units of the smallest weight": Planted(
        "sections/s5_units/by_weight.py",
        "np.argsort(-weights",
        "np.argsort(weights",
        "test_units.py",
    ),
    "pictures that excite a unit least": Planted(
        "sections/s5_units/top.py", '-both["scores"]', 'both["scores"]', "test_units.py"
    ),
    "two rows of the paper's table exchanged": Planted(
        "book/printed/table2.csv",
        "GoogLeNet-GAP,56.40,43.00\nVGGnet-GAP,57.20,45.14",
        "GoogLeNet-GAP,57.20,45.14\nVGGnet-GAP,56.40,43.00",
        "test_printed.py",
    ),
    "top-1 and top-5 of a row exchanged": Planted(
        "book/printed/table2.csv",
        "GoogLeNet,60.09,49.34",
        "GoogLeNet,49.34,60.09",
        "test_printed.py",
    ),
    "a row measured with another row's network": Planted(
        "sections/s32_localization/tables.py",
        '"NIN": (CAM, NETWORKS["NIN"])',
        '"NIN": (CAM, NETWORKS["AlexNet-GAP"])',
        "test_printed.py",
    ),
    "labels of photos shifted by one class": Planted(
        "data/ilsvrc.py",
        "np.array([rank.get(class_of[id], -1)",
        "np.array([rank.get(class_of[id], -1) + 1",
        "test_readers.py test_data.py",
    ),
    "the SVM's cost is chosen by the highest error": Planted(
        "features/svm.py",
        "np.argmax(means.to_numpy())",
        "np.argmin(means.to_numpy())",
        "test_svm.py",
    ),
    "a random split trains on what it tests": Planted(
        "features/splits.py",
        "return np.sort(mixed[: n // 2]), np.sort(mixed[n // 2 :])",
        "return np.sort(mixed[: n // 2 + 1]), np.sort(mixed[n // 2 :])",
        "test_svm.py",
    ),
    "the whole-image baseline is a smaller box": Planted(
        "boxes/null.py",
        "return centre_box(truth, 1.0)",
        "return centre_box(truth, 0.9)",
        "test_baselines.py",
    ),
    "maximum pooling averages": Planted(
        "networks/gap.py",
        'return features.amax(places) if self.pool == "max" else features.mean(places)',
        "return features.mean(places)",
        "test_cam.py test_surgery.py",
    ),
    "an interval of one standard deviation": Planted(
        "metrics/intervals.py", "z, p = 1.959964", "z, p = 1.0", "test_localization.py"
    ),
    "a verdict that is supported the wrong way round": Planted(
        "metrics/intervals.py",
        "return True if self.high < bound else False if self.low > bound else None",
        "return False if self.high < bound else True if self.low > bound else None",
        "test_cross.py test_tables.py",
    ),
    "a recipe is chosen on the pictures that it is judged on": Planted(
        "sections/s32_localization/cross.py",
        "own[r][\"gt_known\"].iloc[other]",
        "own[r][\"gt_known\"].iloc[here]",
        "test_cross.py",
    ),
}  # fmt: skip


def caught(error: Planted, copy: Path) -> bool:
    """Whether the tests of an error fail once it is planted in a copy of the checkout."""
    path = copy / "cam_utils" / error.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(error.right, error.wrong), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += [f"tests/{name}" for name in error.tests.split()]
    where = {"cwd": copy, "env": os.environ | {"PYTHONPATH": str(copy)}}
    done = subprocess.run(command, capture_output=True, text=True, check=False, **where)
    path.write_text(text, encoding="utf-8")
    if done.returncode not in (0, 1):
        sys.exit(f"The tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1


def main(names: list[str]) -> int:
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        left_out = shutil.ignore_patterns(".venv", ".build", ".git", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=left_out)
        if (shared := ROOT.parent / "shared").exists():
            (Path(folder) / "shared").symlink_to(shared)
        for name in names or ERRORS:
            found = caught(ERRORS[name], copy)
            print(f"{'caught  ' if found else 'SURVIVED'}  {name}", flush=True)
            survived += [] if found else [name]
    print(f"{len(names or ERRORS) - len(survived)} of {len(names or ERRORS)} planted errors caught")
    return int(bool(survived))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
