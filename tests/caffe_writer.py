"""Write small `.caffemodel` files for tests, byte by byte, in the old and the new format.

Apart from the reader on purpose: it knows protobuf's wire format and nothing of the library, so
that a slip in the reader's field numbers cannot cancel out.
"""

from pathlib import Path

import numpy as np

_CONVOLUTION = 4  # V1LayerParameter.LayerType


def write_caffemodel(path: Path, layers: dict[str, list], v1: bool = False) -> Path:
    """Write `{layer name: [arrays]}`; with `v1` as files of 2014: `layers`, 4-D blobs."""
    net = _bytes(1, b"test")
    for name, blobs in layers.items():
        encoded = [_blob(np.asarray(blob, np.float32), v1) for blob in blobs]
        if v1:
            body = _bytes(2, b"data") + _bytes(4, name.encode()) + _number(5, _CONVOLUTION)
            net += _bytes(2, body + b"".join(_bytes(6, blob) for blob in encoded))
        else:
            body = _bytes(1, name.encode()) + _bytes(2, b"Convolution")
            net += _bytes(100, body + b"".join(_bytes(7, blob) for blob in encoded))
    path.write_bytes(net)
    return path


def _blob(array: np.ndarray, v1: bool) -> bytes:
    """A BlobProto: num, channels, height, width (old) or a BlobShape (new), then the numbers."""
    if v1:
        padded = (1,) * (4 - array.ndim) + array.shape
        shape = b"".join(_number(field, size) for field, size in enumerate(padded, 1))
    else:
        shape = _bytes(7, _bytes(1, b"".join(_varint(size) for size in array.shape)))
    return shape + _bytes(5, array.astype("<f4").tobytes())


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth bit says that more follow."""
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
