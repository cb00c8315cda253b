"""Torch 7 files: what is in them, and what is refused."""

import struct

import numpy as np
import pytest

from tests.unit.torch7_writer import Module, write_t7
from torch7 import read_t7


def test_a_table_comes_back_with_all_kinds_of_values(tmp_path):
    thing = {"p": 2.5, "on": True, "off": False, "nothing": None, "name": "nn4", 3: [1, 2]}
    assert read_t7(write_t7(tmp_path / "a.t7", thing)) == thing | {3: {1: 1, 2: 2}}


def test_tensors_are_views_into_a_shared_storage(tmp_path):
    storage = np.arange(24.0)
    turned = storage[4:16].reshape(3, 4).T
    found = read_t7(write_t7(tmp_path / "a.t7", [turned, storage[20:], np.zeros(0)]))
    np.testing.assert_array_equal(found[1], turned)
    np.testing.assert_array_equal(found[2], storage[20:])
    assert found[3].size == 0


def test_a_module_is_its_fields_and_its_class(tmp_path):
    inner = Module("nn.ReLU", inplace=True)
    found = read_t7(write_t7(tmp_path / "a.t7", Module("nn.Sequential", modules=[inner, inner])))
    assert found["torch class"] == "nn.Sequential"
    assert found["modules"][1] == {"torch class": "nn.ReLU", "inplace": True}
    assert found["modules"][1] is found["modules"][2]


def test_a_module_may_name_itself(tmp_path):
    module = Module("nn.Loop")
    module["me"] = module
    found = read_t7(write_t7(tmp_path / "a.t7", module))
    assert found["me"] is found


def test_every_truncation_is_refused(tmp_path):
    whole = write_t7(tmp_path / "a.t7", [np.arange(3.0), "end"]).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "b.t7").write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"ends \d+ bytes early"):
            read_t7(tmp_path / "b.t7")


def test_a_function_is_refused(tmp_path):
    (tmp_path / "a.t7").write_bytes(struct.pack("<iii", 6, 1, 0))
    with pytest.raises(ValueError, match="kind 6"):
        read_t7(tmp_path / "a.t7")


@pytest.mark.parametrize(
    ("shape", "stride", "offset"), [(4, 1, 1), (3, 2, 1), (3, 1, 2), (3, 1, 0), (-3, 1, 1)]
)
def test_a_tensor_must_stay_within_its_storage(tmp_path, shape, stride, offset):
    name = b"torch.DoubleTensor"
    head = struct.pack("<iii", 4, 1, len(name)) + name
    tensor = struct.pack("<iqqq", 1, shape, stride, offset)
    name = b"torch.DoubleStorage"
    storage = struct.pack("<iii", 4, 2, len(name)) + name + struct.pack("<q3d", 3, 1, 2, 3)
    (tmp_path / "a.t7").write_bytes(head + tensor + storage)
    with pytest.raises(ValueError, match="leaves its 3 numbers"):
        read_t7(tmp_path / "a.t7")
