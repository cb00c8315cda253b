"""What is done before the first fork leaves the process fit for forking, and no number changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grading import ROOT, isolation

CAN_STILL_FORK = """
import json, os
import grading.warm_tensorflow
from tensorflow.python.eager import context
print(json.dumps([len(os.listdir("/proc/self/task")), context.context()._initialized]))
"""

NUMBERS = """
import json, sys
import tensorflow as tf
if "warm" in sys.argv:
    import grading.warm_tensorflow

def draws():
    tf.random.set_seed(1)
    return [tf.random.normal((3,), seed=3).numpy().tolist() for _ in range(2)]

@tf.function
def in_a_graph(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.tanh(tf.matmul(x, x, transpose_b=True)))
    return tape.gradient(y, x)

def error():
    try:
        tf.reshape(tf.ones((2, 3)), (4,))
    except tf.errors.InvalidArgumentError as error:
        return str(error)

x = tf.constant([[1.0, 2.0], [0.5, -1.0]])
variable = tf.Variable(x)
tf.keras.optimizers.Adam(0.1).apply_gradients([(x, variable)])
numbers = [in_a_graph(x), tf.linalg.inv(x), tf.nn.softmax(x), variable]
print(json.dumps([[n.numpy().tolist() for n in numbers], draws(), error()]))
"""


def told(source, *arguments):
    """Run Python as the process that forks for students does; return what it prints."""
    environment = os.environ | isolation.environment() | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", source, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks Linux for the threads")
def test_it_starts_no_thread_and_runs_no_operation():
    assert told(CAN_STILL_FORK) == [1, False]


def test_the_numbers_are_the_same_as_without_it():
    (plain, plain_draws, plain_error), (warm, draws, error) = told(NUMBERS), told(NUMBERS, "warm")
    assert warm == plain
    assert draws == plain_draws
    # This is how to see that an operation is executed as it is, not as a function.
    assert "function_node" in plain_error
    assert "function_node" not in error
    assert plain_error.endswith(error)
