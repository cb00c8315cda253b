"""Old notebooks, written for TensorFlow 1 sessions, run with the import line changed alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from nst_utils import COURSE_DIR
from tests.unit.small_network import small_weights
from training.matconvnet import write_matconvnet

PAINT_WITH_A_SESSION = """
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
import numpy as np
from nst_utils import *

CONFIG.IMAGE_HEIGHT, CONFIG.IMAGE_WIDTH = 48, 64
STYLE_LAYERS = [("conv1_1", 0.5), ("conv3_1", 0.5)]

def compute_content_cost(a_C, a_G):
    m, n_H, n_W, n_C = a_G.get_shape().as_list()
    return tf.reduce_sum(tf.square(a_C - a_G)) / (4 * n_H * n_W * n_C)

def compute_style_cost(model, STYLE_LAYERS):
    J_style = 0
    for name, weight in STYLE_LAYERS:
        out = model[name]
        a_S = sess.run(out)
        J_style += weight * tf.reduce_mean(tf.square(tf.reduce_mean(a_S - out, axis=[1, 2])))
    return J_style

tf.reset_default_graph()
SESSION
content_image = reshape_and_normalize_image(read_image("images/content_temple.jpg", (48, 64)))
style_image = reshape_and_normalize_image(read_image("images/content_flower.jpg", (48, 64)))
generated_image = generate_noise_image(content_image, seed=1)
model = load_vgg_model("WEIGHTS")

sess.run(model["input"].assign(content_image))
out = model["conv4_2"]
a_C = sess.run(out)
a_G = out
J_content = compute_content_cost(a_C, a_G)
sess.run(model["input"].assign(style_image))
J_style = compute_style_cost(model, STYLE_LAYERS)
J = 10 * J_content + 40 * J_style
optimizer = tf.train.AdamOptimizer(2.0)
train_step = optimizer.minimize(J)

def model_nn(sess, input_image, num_iterations=12):
    sess.run(tf.global_variables_initializer())
    sess.run(model["input"].assign(input_image))
    costs = []
    for i in range(num_iterations):
        sess.run(train_step)
        generated_image = sess.run(model["input"])
        Jt, Jc, Js = sess.run([J, J_content, J_style])
        costs.append(Jt)
    save_image("output/generated_image.jpg", generated_image)
    return generated_image, costs

generated, costs = model_nn(sess, generated_image)
assert generated.shape == (1, 48, 64, 3), generated.shape
assert costs[-1] < 0.9 * costs[0], costs
assert np.abs(generated - generated_image).max() > 5
print("painted")
"""


@pytest.mark.parametrize("session", ["InteractiveSession", "Session"])
def test_a_session_notebook_paints(tmp_path, session):
    write_matconvnet(tmp_path / "vgg.mat", small_weights())
    script = PAINT_WITH_A_SESSION.replace("SESSION", f"sess = tf.{session}()")
    (tmp_path / "old.py").write_text(script.replace("WEIGHTS", str(tmp_path / "vgg.mat")))
    run = subprocess.run(
        [sys.executable, "old.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(COURSE_DIR), "TF_CPP_MIN_LOG_LEVEL": "3", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "painted" in run.stdout
    assert Path(tmp_path / "output" / "generated_image.jpg").is_file()
