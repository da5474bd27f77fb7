"""The command line on good and bad input: one paragraph, status 2, before any long work."""

import struct

import pandas as pd
import pytest
from command import refused, run

from cam_utils import __version__
from cam_utils.commands.pace import Pace


@pytest.fixture
def no_data(monkeypatch):
    monkeypatch.delenv("CAM_DATA", raising=False)


def test_truncated_caffemodel(capsys, tmp_path, shared):
    whole = (shared / "real" / "weights" / "squeezenet_v1.1.caffemodel").read_bytes()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "squeezenet_v1.1.caffemodel").write_bytes(whole[: len(whole) // 2])
    text = refused(
        capsys, "explain", "cat", "--network", "caffe/squeezenet1.1", "--root", str(tmp_path)
    )
    assert "squeezenet_v1.1.caffemodel" in text


def test_weights_of_another_network(capsys, tmp_path, shared):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "nin_imagenet.caffemodel").write_bytes(
        (shared / "real" / "weights" / "squeezenet_v1.1.caffemodel").read_bytes()
    )
    text = refused(capsys, "explain", "cat", "--network", "caffe/nin", "--root", str(tmp_path))
    assert "expected" in text


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--data", "ilsvrc"], "CAM_DATA"),
        (["--data", "ilsvcr"], "Did you mean 'ilsvrc'"),
        (["--data", "mini/objects", "--split", "tets"], "test"),
        (["--data", "mini/objects", "--out", "/proc/x/y.csv"], "Cannot write"),
    ],
)
def test_evaluate_refuses_bad_input(capsys, args, message):
    text = refused(capsys, "evaluate", "--network", "mini/googlenet-gap", *args)
    assert message in text


@pytest.mark.usefixtures("no_data")
def test_evaluate_writes_all_rows_and_provenance(capsys, tmp_path):
    out, summary = tmp_path / "rows.csv", tmp_path / "summary.csv"
    status, text, _ = run(
        capsys, "evaluate", "--network", "mini/googlenet-gap", "--data", "mini/objects",
        "--split", "val", "--limit", "40", "--out", str(out), "--summary", str(summary),
    )  # fmt: skip
    assert status == 0
    assert "top1 classification error" in text
    rows = pd.read_csv(out)
    assert rows.groupby("id").size().eq(5).all()
    assert rows["id"].nunique() == 40
    assert (rows.sort_values(["id", "rank"]).groupby("id")["score"].diff().dropna() <= 0).all()
    assert pd.read_csv(summary)["n"].tolist() == [40, 40]
    assert '"weights"' in out.with_suffix(".csv.json").read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize(
    ("options", "metrics"),
    [
        (["--protocol", "paper"], ["top1 localization", "top5 localization", "class-given"]),
        (["--protocol", "paper", "--method", "backprop", "--rule", "released"], ["class-given"]),
        (["--protocol", "wsol"], ["MaxBoxAcc", "MaxBoxAccV2"]),
    ],
)
def test_evaluate_under_a_protocol(capsys, tmp_path, options, metrics):
    out, summary = tmp_path / "rows.csv", tmp_path / "summary.csv"
    given = [
        "evaluate", "--network", "mini/googlenet-gap", "--data", "mini/objects", "--limit", "6",
        "--out", str(out), "--summary", str(summary), *options,
    ]  # fmt: skip
    status, text, _ = run(capsys, *given)
    assert status == 0
    written = pd.read_csv(summary)
    assert written["n"].tolist() == [6] * len(written)
    for name in metrics:
        assert name in text
        assert written["metric"].str.startswith(name).any()
    assert " ".join(options) in summary.with_suffix(".json").read_text(encoding="utf-8")
    first = out.read_bytes()
    status, text, _ = run(capsys, *given)
    assert "6 of 6 images were in" in text
    assert out.read_bytes() == first


@pytest.mark.usefixtures("no_data")
@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize(
    ("protocol", "stages"),
    [([], 2), (["--protocol", "paper"], 3), (["--protocol", "wsol"], 3)],
)
def test_evaluate_estimates_and_writes_nothing(capsys, tmp_path, protocol, stages):
    out = tmp_path / "rows.csv"
    status, text, _ = run(
        capsys, "evaluate", "--network", "mini/googlenet-gap", "--data", "mini/objects",
        "--limit", "70", "--estimate", "--out", str(out), *protocol,
    )  # fmt: skip
    assert status == 0
    first, *lines = text.strip().splitlines()
    assert "photos/s, measured on 64; 70 would take" in first
    names = ["decoding and views", "network", "maps and boxes"][:stages]
    assert [line.split(":")[0].strip() for line in lines] == names
    assert not list(tmp_path.iterdir())


def test_an_estimate_is_arithmetic():
    stages = {"decoding": (0.8, 4), "network": (16.0, 1)}
    lines = str(Pace(64, 50_000, 16.0, stages)).splitlines()
    assert lines[0] == "4.0 photos/s, measured on 64; 50,000 would take 3.47 hours"
    assert lines[1].endswith("12.5 ms a photo in 4 threads, 320 photos/s if it were alone")
    assert lines[2].endswith("250.0 ms a photo in the main thread, 4 photos/s if it were alone")


def test_evaluate_refuses_values_that_do_not_go_together(capsys):
    given = ["evaluate", "--network", "mini/googlenet-gap", "--data", "mini/objects"]
    assert "expected 'whole'" in refused(capsys, *given, "--protocol", "wsol", "--view", "ten")
    assert "backprop_max" in refused(capsys, *given, "--protocol", "paper", "--rule", "graph_cut")
    assert "leave it out" in refused(capsys, *given, "--threshold", "0.3")


def test_the_papers_numbers_stand_beside_ours():
    from dataclasses import replace

    from cam_utils.commands.evaluation import printed_number
    from cam_utils.evaluate import PAPER

    found = printed_number("caffe/googlenet", PAPER, "top1 localization error")
    assert found == 60.09
    backprop = replace(PAPER, method="backprop")
    assert printed_number("caffe/googlenet", backprop, "top5 localization error") == 50.55
    assert printed_number("caffe/googlenet", PAPER, "class-given localization error") is None
    assert printed_number("caffe/vgg16", PAPER, "top1 localization error") is None  # backprop alone
    assert printed_number("caffe/googlenet", backprop, "top1 classification error") == 31.9


def test_evaluate_lists_broken_images_and_goes_on(capsys, tmp_path, shared):
    folder = tmp_path / "imagenette" / "val" / "n01440764"
    folder.mkdir(parents=True)
    source = sorted((shared / "real" / "imagenette" / "val" / "n01440764").iterdir())[:3]
    for k, photo in enumerate(source):
        content = photo.read_bytes()
        (folder / photo.name).write_bytes(content[: len(content) // 3] if k == 1 else content)
    from cam_utils import load_network, open_images
    from cam_utils.evaluate import evaluate

    images = open_images("imagenette", "val", tmp_path)
    network = load_network("caffe/squeezenet1.1", shared / "real")
    images.classes = network.classes  # scores of all 1000 classes
    table = evaluate(network, images, progress=False)
    assert table["id"].nunique() == 2
    assert source[1].name in table.attrs["unreadable"][0]["path"]


@pytest.mark.usefixtures("no_data")
def test_networks_and_data_must_have_the_same_classes(capsys, shared):
    text = refused(
        capsys, "evaluate", "--network", "mini/googlenet-gap", "--data", "ilsvrc",
        "--root", str(shared / "real"),
    )  # fmt: skip
    assert "24 classes" in text
    assert "1000" in text


@pytest.mark.usefixtures("no_data")
def test_figures_refuses_bad_parameters(capsys):
    assert "Parameter seed is 'abc'" in refused(capsys, "figures", "-p", "seed", "abc")
    assert "did you mean profile" in refused(capsys, "figures", "-p", "profil", "mini")
    assert "There are" in refused(capsys, "figures", "--only", "99").replace(
        "there are", "There are"
    )
    assert "Unknown profile" in refused(capsys, "figures", "--profile", "big")
    assert "CAM_DATA" in refused(capsys, "figures", "--profile", "paper")


@pytest.mark.usefixtures("no_data")
def test_doctor_always_answers(capsys, tmp_path):
    status, text, _ = run(capsys, "doctor")
    assert status == 0
    assert "CAM_DATA is not set" in text
    status, text, _ = run(capsys, "doctor", "--root", str(tmp_path))
    assert status == 0
    assert "ilsvrc" in text
    status, text, _ = run(capsys, "doctor", "--networks")
    assert "caffe/googlenet-cam" in text


def test_doctor_sees_what_is_there(capsys, shared):
    status, text, _ = run(capsys, "doctor", "--root", str(shared / "real"))
    assert status == 0
    assert "400 of 50,000" in text
    assert "yes  caffe/googlenet " in text


def test_random_bytes_are_no_caffemodel(capsys, tmp_path):
    (tmp_path / "weights").mkdir()
    junk = struct.pack("<64I", *range(64))
    (tmp_path / "weights" / "bvlc_alexnet.caffemodel").write_bytes(junk)
    text = refused(capsys, "explain", "cat", "--network", "caffe/alexnet", "--root", str(tmp_path))
    assert "bvlc_alexnet.caffemodel" in text


def test_version_is_the_one_that_is_cited(capsys, repo):
    with pytest.raises(SystemExit) as done:
        run(capsys, "--version")
    assert done.value.code == 0
    assert capsys.readouterr().out == f"cam-companion {__version__}\n"
    assert f"\nversion: {__version__}\n" in (repo / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {__version__}" in (repo / "CHANGELOG.md").read_text(encoding="utf-8")
