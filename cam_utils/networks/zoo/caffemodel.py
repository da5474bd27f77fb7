"""Read `.caffemodel` files, the weight format of the paper's networks, and fill networks.

A `.caffemodel` is one protobuf message. Only the handful of its fields that hold weights are
declared here, by their numbers; the protobuf library skips all others.
"""

from functools import cache
from math import prod
from pathlib import Path

import numpy as np
import torch
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from torch import Tensor, nn

from ...errors import BrokenWeights, MissingData

_PACKAGE = "cam_utils.caffe"

# message: {field: (number, type, repeated)}. The packed floats of a blob are declared as bytes:
# on the wire the two are the same, and bytes become an array without a Python float per weight.
_MESSAGES = {
    "BlobShape": {"dim": (1, "int64", True)},
    "BlobProto": {
        "num": (1, "int32", False),
        "channels": (2, "int32", False),
        "height": (3, "int32", False),
        "width": (4, "int32", False),
        "data": (5, "bytes", True),
        "shape": (7, "BlobShape", False),
        "double_data": (8, "bytes", True),
    },
    "V1LayerParameter": {"name": (4, "bytes", False), "blobs": (6, "BlobProto", True)},
    "LayerParameter": {"name": (1, "bytes", False), "blobs": (7, "BlobProto", True)},
    "NetParameter": {
        "layers": (2, "V1LayerParameter", True),  # files written before 2015
        "layer": (100, "LayerParameter", True),
    },
}

_SCALARS = {
    "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
}

# What people really find under the name of a weight file, by the first bytes.
_OTHER_FORMATS = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PK\x03\x04", "a zip archive or a PyTorch checkpoint"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file itself"),
    (b"name:", "a network definition (prototxt)"),
    (b"<", "a web page, perhaps the error page of a failed download"),
)


def read_caffemodel(path: str | Path) -> dict[str, list[Tensor]]:
    """All layers with weights of a `.caffemodel`, in the file's order.

    Returns:
        Layer name to its blobs as float32 tensors in their stored shape: for a convolution
        [(out, in / group, h, w), (out,)]. Old files store every blob with four dimensions, so
        that a fully connected layer reads [(1, 1, out, in), (1, 1, 1, out)].

    Raises:
        MissingData: no such file.
        BrokenWeights: the file is empty, truncated or something else.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingData(f"No weight file {path}: expected a .caffemodel file there.")
    net = _net_message()()
    try:
        net.ParseFromString(path.read_bytes())
    except DecodeError:
        raise _broken(path, _describe(path)) from None
    layers = {
        layer.name.decode("utf-8", "replace"): layer.blobs
        for layer in (*net.layers, *net.layer)
        if layer.blobs
    }
    if not layers:
        raise _broken(path, _describe(path))
    return {name: [_tensor(blob, path, name) for blob in blobs] for name, blobs in layers.items()}


def copy_weights(
    network: nn.Module,
    blobs: dict[str, list[Tensor]],
    source: str | Path = "the file",
    new_layers: tuple[str, ...] = (),
) -> None:
    """Copy the blobs of `read_caffemodel` into the layers of the same names.

    Layers of the file that the network lacks (auxiliary heads) are ignored. `new_layers` keep
    their start values, as when GoogLeNet-CAM is begun from GoogLeNet: ("CAM_conv", "CAM_fc").

    Raises:
        BrokenWeights: a layer is missing in the file or has another shape there.
    """
    for path, layer in network.named_modules():
        name = path.rsplit(".", 1)[-1]
        if not isinstance(layer, nn.Conv2d | nn.Linear) or name in new_layers:
            continue
        wanted = [layer.weight, layer.bias]
        found = blobs.get(name)
        if found is None:
            raise _other_network(source, name, "no such layer", wanted)
        # Old files pad each shape with leading ones to four dimensions.
        if [_core(blob.shape) for blob in found] != [_core(p.shape) for p in wanted]:
            raise _other_network(source, name, _shapes(found), wanted)
        with torch.no_grad():
            for parameter, blob in zip(wanted, found, strict=True):
                parameter.copy_(blob.reshape(parameter.shape))


def _tensor(blob, path: Path, layer: str) -> Tensor:
    """One BlobProto as a float32 tensor of its stored shape."""
    shape = (
        tuple(blob.shape.dim)
        if blob.HasField("shape")
        else (blob.num, blob.channels, blob.height, blob.width)
    )
    chunks, dtype = (blob.double_data, "<f8") if blob.double_data else (blob.data, "<f4")
    raw = b"".join(chunks)
    if min(shape, default=0) < 0 or len(raw) != prod(shape) * np.dtype(dtype).itemsize:
        found = f"in the layer {layer!r} a blob of shape {shape} with {len(raw):,} bytes of numbers"
        raise _broken(path, found)
    numbers = np.frombuffer(raw, dtype).astype(np.float32)
    if bad := int((~np.isfinite(numbers)).sum()):
        raise _broken(path, f"in the layer {layer!r} {bad:,} weights that are not finite")
    return torch.from_numpy(numbers.reshape(shape))


def _describe(path: Path) -> str:
    """In words what a file is that holds no Caffe layers."""
    size = path.stat().st_size
    if not size:
        return "an empty file"
    with path.open("rb") as file:
        head = file.read(64).lstrip()
    for start, words in _OTHER_FORMATS:
        if head.startswith(start):
            return words
    return f"{size:,} bytes that are not a complete network"


def _broken(path: Path, found: str) -> BrokenWeights:
    return BrokenWeights(
        f"Cannot read the weights {path}: found {found}. Expected a complete .caffemodel (binary "
        "protobuf with the layers of a trained Caffe network). The download was probably cut "
        "short or is another file: fetch it again and compare its size."
    )


@cache
def _net_message():
    """The message class NetParameter, built from `_MESSAGES` at the first use."""
    file = descriptor_pb2.FileDescriptorProto(
        name="cam_utils/caffe_weights.proto", package=_PACKAGE, syntax="proto2"
    )
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind, repeated) in fields.items():
            field = described.field.add(name=name, number=number)
            field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            if kind in _SCALARS:
                field.type = _SCALARS[kind]
            else:
                field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            # BlobShape is packed in Caffe's own files; the parser accepts both ways of writing.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.NetParameter"))


def _core(shape: torch.Size) -> tuple[int, ...]:
    """A shape without its leading ones."""
    sizes = tuple(shape)
    while sizes[:1] == (1,):
        sizes = sizes[1:]
    return sizes


def _shapes(tensors: list[Tensor]) -> str:
    return "shapes " + " and ".join(str(tuple(tensor.shape)) for tensor in tensors)


def _other_network(source, layer: str, found: str, wanted: list[Tensor]) -> BrokenWeights:
    return BrokenWeights(
        f"{source} does not fit this network: for the layer {layer!r} found {found}, expected "
        f"{_shapes(wanted)}. The file is incomplete or belongs to another network; "
        "choose the network that it was trained for, or fetch the right file."
    )
