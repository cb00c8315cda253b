"""nn4.small2: its size, its names, and each block against plain NumPy."""

import keras
import numpy as np
import pytest

from facenet_weights import facenet_arrays
from inception_blocks_v2 import faceRecoModel

# Written from the published table: (kernel side, stride, padding) of each branch's last
# convolution, (kind, stride, padding) of the pooling, and the shape that comes out.
STEM_SHAPE = (12, 12, 192)
BLOCKS = {
    "inception_3a": ((3, 1, 1), (5, 1, 2), ("max", 2, (3, 4)), (12, 12, 256)),
    "inception_3b": ((3, 1, 1), (5, 1, 2), ("mean", 3, (4, 4)), (12, 12, 320)),
    "inception_3c": ((3, 2, 1), (5, 2, 2), ("max", 2, (0, 1)), (6, 6, 640)),
    "inception_4a": ((3, 1, 1), (5, 1, 2), ("mean", 3, (2, 2)), (6, 6, 640)),
    "inception_4e": ((3, 2, 1), (5, 2, 2), ("max", 2, (0, 1)), (3, 3, 1024)),
    "inception_5a": ((3, 1, 1), None, ("mean", 3, (1, 1)), (3, 3, 736)),
    "inception_5b": ((3, 1, 1), None, ("max", 2, (1, 1)), (3, 3, 736)),
}


def randomised(pooling):
    """Return a network whose every weight is random, moving averages and biases too."""
    keras.utils.set_random_seed(3)
    model = faceRecoModel(pooling=pooling)
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.gamma.shape[0]
            gamma, variance = rng.uniform(0.5, 1.5, n), rng.uniform(0.5, 2, n)
            layer.set_weights([gamma, rng.normal(0, 0.3, n), rng.normal(0, 0.3, n), variance])
        elif layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, rng.normal(0, 0.1, bias.shape)])
    return model


@pytest.fixture(scope="module", params=["average", "l2"])
def network(request):
    model = randomised(request.param)
    arrays = {name: array.astype(np.float64) for name, array in facenet_arrays(model).items()}
    return model, arrays, request.param


def padded(x, before, after):
    return np.pad(x, ((before, after), (before, after), (0, 0)))


def windows(x, side, stride):
    """Return (n_H, n_W, n_C, side, side)."""
    return np.lib.stride_tricks.sliding_window_view(x, (side, side), (0, 1))[::stride, ::stride]


def convolved(x, arrays, name, stride=1):
    """Convolve, normalise with the moving averages, cut below zero; x is (n_H, n_W, n_C)."""
    kernel = arrays[f"{name}_w"]  # (out, in, side, side)
    x = np.tensordot(windows(x, kernel.shape[-1], stride), kernel, ((2, 3, 4), (1, 2, 3)))
    x = x + arrays[f"{name}_b"]
    norm = name.replace("conv", "bn")
    epsilon = 1e-3 if norm == "bn1" else 1e-5
    x = (x - arrays[f"{norm}_m"]) / np.sqrt(arrays[f"{norm}_v"] + epsilon)
    return np.maximum(x * arrays[f"{norm}_w"] + arrays[f"{norm}_b"], 0)


def pooled(x, kind, stride):
    found = windows(x, 3, stride)
    if kind == "max":
        return found.max(axis=(3, 4))
    return found.mean(axis=(3, 4)) if kind == "mean" else np.sqrt((found**2).sum(axis=(3, 4)))


def block_in_numpy(x, arrays, name, pooling):
    side_3, side_5, (kind, pool_stride, pool_pad), _ = BLOCKS[name]
    branches = []
    for branch, last in (("3x3", side_3), ("5x5", side_5)):
        if last:
            _, stride, pad = last
            reduced = convolved(x, arrays, f"{name}_{branch}_conv1")
            branches.append(
                convolved(padded(reduced, pad, pad), arrays, f"{name}_{branch}_conv2", stride)
            )
    pool = pooled(x, "l2" if (kind, pooling) == ("mean", "l2") else kind, pool_stride)
    if f"{name}_pool_conv_w" in arrays:
        pool = convolved(pool, arrays, f"{name}_pool_conv")
    branches.append(padded(pool, *pool_pad))
    if f"{name}_1x1_conv_w" in arrays:
        branches.append(convolved(x, arrays, f"{name}_1x1_conv"))
    return np.concatenate(branches, axis=-1)


def stem_in_numpy(x, arrays):
    x = convolved(padded(x, 3, 3), arrays, "conv1", 2)
    x = convolved(pooled(padded(x, 1, 1), "max", 2), arrays, "conv2")
    x = convolved(padded(x, 1, 1), arrays, "conv3")
    return pooled(padded(x, 1, 1), "max", 2)


@pytest.fixture(scope="module")
def activations(network):
    """Return each block's activation of one random picture: the network's, and NumPy's."""
    model, arrays, pooling = network
    picture = np.random.default_rng(5).random((1, 3, 96, 96))
    taps = keras.Model(model.input, [model.get_layer(name).output for name in BLOCKS])
    theirs = dict(zip(BLOCKS, taps(picture.astype(np.float32), training=False), strict=True))
    x = stem_in_numpy(picture[0].transpose(1, 2, 0), arrays)
    assert x.shape == STEM_SHAPE
    mine = {}
    for name in BLOCKS:
        x = mine[name] = block_in_numpy(x, arrays, name, pooling)
    mean = x.mean(axis=(0, 1))  # over 3 x 3 places
    encoding = arrays["dense_w"] @ mean + arrays["dense_b"]
    whole = np.asarray(model(picture.astype(np.float32), training=False))[0]
    return theirs, mine, whole, encoding / np.linalg.norm(encoding)


@pytest.mark.parametrize("name", BLOCKS)
def test_each_block_is_what_numpy_computes(activations, name):
    theirs, mine, _, _ = activations
    assert tuple(theirs[name].shape[1:]) == BLOCKS[name][-1]
    np.testing.assert_allclose(theirs[name][0], mine[name], rtol=1e-3, atol=1e-4)


def test_the_encoding_is_what_numpy_computes(activations):
    _, _, theirs, mine = activations
    np.testing.assert_allclose(theirs, mine, atol=1e-5)


def test_the_two_poolings_differ():
    picture = np.random.default_rng(1).random((1, 3, 96, 96)).astype(np.float32)
    plain, l2 = (np.asarray(randomised(kind)(picture)) for kind in ("average", "l2"))
    assert np.abs(plain - l2).max() > 1e-3


def test_it_has_the_published_number_of_parameters(network):
    model, _, _ = network
    assert model.count_params() == 3_743_280


def test_it_has_the_published_arrays(network):
    _, arrays, _ = network
    assert len(arrays) == 37 * (2 + 4) + 2
    assert arrays["conv1_w"].shape == (64, 3, 7, 7)
    assert arrays["inception_4e_5x5_conv2_w"].shape == (128, 64, 5, 5)
    assert arrays["inception_5b_pool_bn_v"].shape == (96,)
    assert arrays["dense_w"].shape == (128, 736)


def test_encodings_have_length_one_and_do_not_depend_on_the_batch(network):
    model, _, _ = network
    pictures = np.random.default_rng(6).random((32, 3, 96, 96)).astype(np.float32)
    together = np.asarray(model(pictures, training=False))
    assert together.shape == (32, 128)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    alone = np.concatenate([model(p[None], training=False) for p in pictures[:4]])
    np.testing.assert_allclose(together[:4], alone, atol=1e-5)


def test_l2_pooling_has_a_gradient_where_all_is_zero():
    import tensorflow as tf  # after the network has silenced its start

    model = randomised("l2")
    picture = tf.Variable(tf.zeros((1, 3, 96, 96)))
    with tf.GradientTape() as tape:
        encoding = model(picture, training=False)[0, 0]
    assert np.isfinite(tape.gradient(encoding, picture)).all()


def test_another_size_or_pooling_is_refused():
    with pytest.raises(ValueError, match=r"\(3, 160, 160\).*Resize the pictures to 96 x 96"):
        faceRecoModel(input_shape=(3, 160, 160))
    with pytest.raises(ValueError, match="'max'; it can be 'average' or 'l2'"):
        faceRecoModel(pooling="max")
