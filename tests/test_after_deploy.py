"""A network with its maps as an ONNX file gives what it gives here."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cam_utils import CamError, cams, load_network
from cam_utils.commands.command_line import parser
from cam_utils.commands.methods_command import chosen_methods
from cam_utils.sections.s6_after.deploy import export
from cam_utils.sections.s6_after.methods import METHODS


@pytest.mark.parametrize("name", ["mini/alexnet-gap", "imagenet/efficientnet-lite0"])
def test_the_file_gives_the_same_logits_and_maps(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    network = load_network(name)
    path = export(network, tmp_path / "network.onnx")
    side = network.input_spec.size
    images = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(5))
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    logits, maps = session.run(["logits", "maps"], {"images": images.numpy()})
    expected = cams(network, images, None)
    scale = float(expected.maps.abs().max())
    np.testing.assert_allclose(maps / scale, expected.maps / scale, atol=1e-4)
    np.testing.assert_allclose(logits, expected.logits, rtol=1e-3, atol=1e-4 * scale)
    again = maps.mean((2, 3)) + network.class_bias.detach().numpy()
    np.testing.assert_allclose(again, logits, rtol=1e-3, atol=1e-4)


def test_what_cannot_be_exported(tmp_path):
    with pytest.raises(CamError, match=r"ends in \.onnx"):
        export(load_network("mini/alexnet-gap"), tmp_path / "x.pt")
    with pytest.raises(CamError, match="as_gap_network"):
        export(nn.Conv2d(3, 2, 1), tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


def test_explain_shows_methods_side_by_side(tmp_path, capsys):
    out = tmp_path / "cat.png"
    words = ["explain", "cat", "--network", "mini/alexnet-gap", "--device", "cpu"]
    args = parser().parse_args([*words, "--method", "cam, LayerCAM", "--out", str(out)])
    args.run(args)
    told = capsys.readouterr().out
    assert "CAM " in told
    assert "LayerCAM" in told
    assert Image.open(out).width > 300
    with pytest.raises(CamError, match="LayerCAM"):
        chosen_methods("layer-cam")
    assert list(chosen_methods("all")) == list(METHODS)
