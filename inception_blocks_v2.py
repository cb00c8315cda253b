"""OpenFace's network nn4.small2, which turns a picture of a face into 128 numbers.

Source: Schroff, Kalenichenko, Philbin, "FaceNet" (2015), table 2, made smaller by Amos,
Ludwiczuk, Satyanarayanan, "OpenFace" (2016). The names of the layers are the published ones,
so that published weights find their places.
"""

import quiet_tensorflow  # noqa: F401, I001 - before anything that imports TensorFlow

from dataclasses import dataclass
from typing import Any, Literal, get_args

import keras
from keras import layers

__all__ = ["faceRecoModel"]

Pooling = Literal["average", "l2"]

FACE_SHAPE = (3, 96, 96)  # channels, height, width
ENCODING_SIZE = 128
EPSILON = 1e-5  # of batch normalisation, but for the first
FIRST_EPSILON = 1e-3
MOMENTUM = 0.95  # of the moving averages: settled after a hundred steps of training


@dataclass(frozen=True)
class Branch:
    """A 1 x 1 convolution to `reduce` channels, then a k x k one to `channels`, padded."""

    reduce: int
    channels: int
    stride: int = 1


@dataclass(frozen=True)
class Pool:
    """A pooling of side 3, a 1 x 1 convolution (none if 0 channels), then zeros around."""

    kind: Literal["max", "average"]
    stride: int
    channels: int
    padding: int | tuple[int, int]  # (before, after) or the same on both sides


@dataclass(frozen=True)
class Block:
    """An inception block; its branches are concatenated in this order."""

    name: str
    side_3: Branch
    side_5: Branch | None
    pool: Pool
    side_1: int | None = None


BLOCKS = (
    Block("inception_3a", Branch(96, 128), Branch(16, 32), Pool("max", 2, 32, (3, 4)), 64),
    Block("inception_3b", Branch(96, 128), Branch(32, 64), Pool("average", 3, 64, 4), 64),
    Block("inception_3c", Branch(128, 256, 2), Branch(32, 64, 2), Pool("max", 2, 0, (0, 1))),
    Block("inception_4a", Branch(96, 192), Branch(32, 64), Pool("average", 3, 128, 2), 256),
    Block("inception_4e", Branch(160, 256, 2), Branch(64, 128, 2), Pool("max", 2, 0, (0, 1))),
    Block("inception_5a", Branch(96, 384), None, Pool("average", 3, 96, 1), 256),
    Block("inception_5b", Branch(96, 384), None, Pool("max", 2, 96, 1), 256),
)  # fmt: skip


def faceRecoModel(  # noqa: N802 - the published name
    input_shape: tuple[int, int, int] = FACE_SHAPE, pooling: Pooling = "average"
) -> keras.Model:
    """Build nn4.small2 with random weights: 3,743,280 parameters.

    Pictures come channels first, as published. Inside the channels are last, because CPUs have
    no fast convolution for the other order.

    Parameters
    ----------
    input_shape : (3, 96, 96)
        Channels, height and width of a picture; the network has no other size.
    pooling : {"average", "l2"}
        What the blocks 3b, 4a and 5a pool with: the plain average, as in the published course,
        or the root of nine times the average of squares, as in OpenFace itself.

    Returns
    -------
    keras.Model
        From pictures (m, 3, 96, 96), RGB, 0-1, to encodings (m, 128) of length 1.

    Raises
    ------
    ValueError
        For another shape or another pooling.
    """
    if tuple(input_shape) != FACE_SHAPE:
        raise ValueError(
            f"input_shape is {input_shape}; this network takes {FACE_SHAPE}, channels first. "
            f"Resize the pictures to 96 x 96"
        )
    if pooling not in get_args(Pooling):
        raise ValueError(f"pooling is {pooling!r}; it can be 'average' or 'l2'")
    picture = keras.Input(FACE_SHAPE, name="picture")
    x = _stem(layers.Permute((2, 3, 1), name="channels_last")(picture))
    for block in BLOCKS:
        x = _inception(x, block, pooling)
    x = layers.AveragePooling2D(3, strides=1, name="top_pool")(x)
    x = layers.Dense(ENCODING_SIZE, name="dense_layer")(layers.Flatten(name="flatten")(x))
    encoding = layers.UnitNormalization(name="encoding")(x)
    return keras.Model(picture, encoding, name="FaceRecoModel")


@keras.saving.register_keras_serializable("style-and-faces")
class L2Pooling(layers.Layer):
    """Pool (m, n_H, n_W, n_C) by the root of the sum of squares over 3 x 3 places, stride 3."""

    def call(self, x: Any) -> Any:
        mean = keras.ops.average_pool(
            keras.ops.square(x), 3, 3, padding="valid", data_format="channels_last"
        )
        tiny = 1e-12  # the root has no derivative at zero
        return keras.ops.sqrt(keras.ops.maximum(9.0 * mean, tiny))


def _stem(x: Any) -> Any:
    """Turn (m, 96, 96, 3) into (m, 12, 12, 192)."""
    x = _convolution(_pad(x, 3), "conv1", 64, 7, stride=2)
    x = layers.MaxPooling2D(3, strides=2, data_format="channels_last")(_pad(x, 1))
    x = _convolution(x, "conv2", 64, 1)
    x = _convolution(_pad(x, 1), "conv3", 192, 3)
    return layers.MaxPooling2D(3, strides=2, data_format="channels_last")(_pad(x, 1))


def _inception(x: Any, block: Block, pooling: Pooling) -> Any:
    branches = [_branch(x, f"{block.name}_3x3", block.side_3, 3)]
    if block.side_5:
        branches.append(_branch(x, f"{block.name}_5x5", block.side_5, 5))
    branches.append(_pooled(x, f"{block.name}_pool", block.pool, pooling))
    if block.side_1:
        branches.append(_convolution(x, f"{block.name}_1x1_conv", block.side_1, 1))
    return layers.Concatenate(axis=-1, name=block.name)(branches)


def _branch(x: Any, name: str, branch: Branch, side: int) -> Any:
    x = _pad(_convolution(x, f"{name}_conv1", branch.reduce, 1), side // 2)
    return _convolution(x, f"{name}_conv2", branch.channels, side, branch.stride)


def _pooled(x: Any, name: str, pool: Pool, pooling: Pooling) -> Any:
    if pool.kind == "max":
        x = layers.MaxPooling2D(3, strides=pool.stride, data_format="channels_last")(x)
    elif pooling == "l2":
        x = L2Pooling(name=f"{name}_l2")(x)
    else:
        x = layers.AveragePooling2D(3, strides=pool.stride, data_format="channels_last")(x)
    if pool.channels:
        x = _convolution(x, f"{name}_conv", pool.channels, 1)
    return _pad(x, pool.padding)


def _convolution(x: Any, name: str, channels: int, side: int, stride: int = 1) -> Any:
    """Convolve without padding, normalise the batch, cut below zero."""
    x = layers.Conv2D(channels, side, stride, data_format="channels_last", name=name)(x)
    epsilon = FIRST_EPSILON if name == "conv1" else EPSILON
    norm = name.replace("conv", "bn")
    x = layers.BatchNormalization(-1, MOMENTUM, epsilon, name=norm)(x)
    return layers.ReLU()(x)


def _pad(x: Any, zeros: int | tuple[int, int]) -> Any:
    both = zeros if isinstance(zeros, tuple) else (zeros, zeros)
    return layers.ZeroPadding2D((both, both), data_format="channels_last")(x)
