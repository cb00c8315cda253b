"""Train the compact network that comes with the course: a thin VGG-19, taught by the true one.

    COURSE_TEST_DATA=folder python -m training.backbone [--steps 2600]

The teacher is the first eight convolutions of the VGG-19 of Simonyan and Zisserman (CC BY 4.0).
For each of its layers a linear map of the student's activation has to reproduce the teacher's
activation. The student's fourth and fifth block learn the teacher's third one for the picture
at half and at a quarter of its size, which has the same number of places and sees larger
patterns. Pictures are procedural (`training.textures`) and photographs that scikit-learn and
scikit-image ship.

The run is seeded, writes a checkpoint every 100 steps and goes on from it when called again. It
takes about twelve minutes on two cores; a graphics card is used when there is one. The log of
the relative errors and a figure of them go to training/backbone.csv and docs/backbone.png, the
network, its scales set by `training.balance`, to pretrained-model/vgg19-compact.mat.
"""

import argparse
import csv
import dataclasses
import functools
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import skimage.data
import sklearn.datasets
import tensorflow as tf
from tqdm import tqdm

from nst_utils import CONFIG, COURSE_DIR
from training.balance import balanced
from training.matconvnet import write_matconvnet
from training.random_network import make_network
from training.textures import texture
from training.true_layers import TRUE_LAYERS, read_true_layers
from vgg19 import LAYERS
from vgg19_weights import CONVOLUTIONS, MEAN_PIXEL, VGGWeights

WIDTHS = dict(zip(CONVOLUTIONS, (32, 24, 48, 48, 96, 96, 96, 96, *[128] * 8), strict=True))
INPUT_SCALE = 60.0  # about the deviation of a photograph's pixels
MEMORY = 0.95  # of the moving averages, a step
RIDGE = 0.001  # keeps a map from living on small differences of large activations

# Which layer of the teacher, for the picture made how many times smaller, a layer learns.
LESSONS = {name: (name, 1) for name in TRUE_LAYERS}
LESSONS |= {f"conv4_{i}": (f"conv3_{i}", 2) for i in range(1, 5)}
LESSONS |= {f"conv5_{i}": (f"conv3_{i}", 4) for i in range(1, 5)}

# The layers that a painting's costs are read from count double, the two deepest blocks half.
WEIGHTS = {name: 0.5 if name[4] in "45" else 1.0 for name in LESSONS}
WEIGHTS |= dict.fromkeys(("conv1_1", "conv2_1", "conv3_1", "conv3_4"), 2.0)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run does; two runs of one plan give the same network."""

    steps: int = 2600
    batch: int = 12
    crop: int = 96  # pixels; a multiple of 32
    rate: float = 3e-3  # falls along a cosine, after
    warm_up: int = 150  # steps
    n_textures: int = 800
    save_every: int = 100  # steps
    seed: int = 1


# --- pictures -------------------------------------------------------------------------------


def photographs() -> list[np.ndarray]:
    """Return the sample photographs that are learnt from, arrays (n_H, n_W, 3), 0-255."""
    data = skimage.data
    grey = [data.grass(), data.gravel(), data.brick()]
    colour = [sklearn.datasets.load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    colour += [data.chelsea(), data.rocket(), data.hubble_deep_field(), data.colorwheel()]
    return [image[..., :3] for image in colour] + [np.stack([g] * 3, axis=-1) for g in grey]


@functools.cache
def some_textures(seed: int, count: int) -> list[np.ndarray]:
    """Return procedural pictures of 256 x 256 pixels."""
    rng = np.random.default_rng(seed)
    return [texture(rng, 256) for _ in tqdm(range(count), desc="textures")]


def batches(plan: Plan, start: int) -> Iterator[np.ndarray]:
    """Yield batches (m, crop, crop, 3), RGB minus the mean; half textures, half photographs."""
    textures = some_textures(plan.seed, plan.n_textures)
    sources = [image.astype(np.float32) for image in photographs()]
    for step in range(start, plan.steps):
        rng = np.random.default_rng((plan.seed, step))
        half = plan.batch // 2
        crops = [random_crop(rng, textures[rng.integers(len(textures))], plan.crop)
                 for _ in range(half)]  # fmt: skip
        crops += [random_crop(rng, sources[rng.integers(len(sources))], plan.crop)
                  for _ in range(plan.batch - half)]  # fmt: skip
        yield (np.stack(crops) - np.array(MEAN_PIXEL)).astype(np.float32)


def random_crop(rng: np.random.Generator, image: np.ndarray, side: int) -> np.ndarray:
    """Cut a square, at a size between whole and half, turned, mirrored and recoloured."""
    scale = int(rng.integers(1, 3)) if min(image.shape[:2]) >= 2 * side else 1
    wide = side * scale
    y = rng.integers(0, image.shape[0] - wide + 1)
    x = rng.integers(0, image.shape[1] - wide + 1)
    crop = image[y : y + wide, x : x + wide].reshape(side, scale, side, scale, 3).mean((1, 3))
    crop = np.rot90(crop, rng.integers(4))[:, :: rng.choice((-1, 1))]
    if rng.random() < 0.5:
        crop = crop[..., rng.permutation(3)]
    contrast, brightness = rng.uniform(0.6, 1.3), rng.normal(0, 20, 3 if rng.random() < 0.5 else 1)
    return np.clip((crop - 128) * contrast + 128 + brightness, 0, 255)


# --- networks -------------------------------------------------------------------------------


def forward(kernels, biases, x) -> dict[str, tf.Tensor]:
    """Return all convolutions after their ReLU, as far as there are kernels."""
    activations = {}
    for name in LAYERS:
        if name.startswith("avgpool"):
            x = tf.nn.avg_pool2d(x, 2, 2, "SAME")
            continue
        if name not in kernels:
            break
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernels[name], 1, "SAME"), biases[name]))
        activations[name] = x
    return activations


class Teacher:
    """The true layers, on pictures in RGB minus the mean."""

    def __init__(self, folder: Path | None = None) -> None:
        kernels, biases = read_true_layers(folder)
        self._kernels = {name: tf.constant(kernels[name]) for name in TRUE_LAYERS}
        self._biases = {name: tf.constant(biases[name]) for name in TRUE_LAYERS}

    def lessons(self, pictures: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return what each of the student's layers is to reproduce."""
        targets = {}
        for times in (1, 2, 4):
            small = tf.nn.avg_pool2d(pictures, times, times, "VALID") if times > 1 else pictures
            found = forward(self._kernels, self._biases, small)
            for name, (layer, smaller) in LESSONS.items():
                if smaller == times:
                    targets[name] = found[layer]
        return targets


class Student(tf.Module):
    """The compact network and, for each layer, the best linear map to what it learns.

    The map is solved, not trained: least squares over moving averages of the products of
    activations and targets. At its optimum the gradient with respect to the activations is the
    same as if it were a constant.
    """

    def __init__(self, plan: Plan, pictures: np.ndarray) -> None:
        super().__init__()
        start = make_network(WIDTHS, plan.seed, pictures / INPUT_SCALE, deviation=1.0)
        self.kernels = {name: tf.Variable(start.kernels[name]) for name in CONVOLUTIONS}
        self.biases = {name: tf.Variable(start.biases[name]) for name in CONVOLUTIONS}
        self.own, self.shared = {}, {}
        for name, width in WIDTHS.items():
            taught = 64 * 2 ** (int(LESSONS[name][0][4]) - 1)
            self.own[name] = tf.Variable(tf.zeros((width, width)), trainable=False)
            self.shared[name] = tf.Variable(tf.zeros((width, taught)), trainable=False)

    def errors(self, pictures: tf.Tensor, targets: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return each layer's squared error relative to its target's variance."""
        found = forward(self.kernels, self.biases, pictures / INPUT_SCALE)
        return {name: self._error(name, found[name], targets[name]) for name in LESSONS}

    def linear_map(self, name: str) -> tf.Tensor:
        """Return the map (student's channels, teacher's channels) of a layer."""
        own = self.own[name]
        energy = tf.linalg.diag_part(own)
        ridge = RIDGE * (energy + tf.reduce_mean(energy))
        return tf.linalg.solve(own + tf.linalg.diag(ridge), self.shared[name])

    def _error(self, name: str, found: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        found, target = _centred(found), _centred(target)
        spread = tf.reduce_mean(tf.square(target))
        target /= tf.sqrt(spread)
        places = tf.cast(tf.shape(found)[0], tf.float32)
        fixed = tf.stop_gradient(found)
        for average, factor in ((self.own[name], fixed), (self.shared[name], target)):
            present = tf.matmul(fixed, factor, transpose_a=True) / places
            average.assign(MEMORY * average + (1 - MEMORY) * present)
        answer = tf.matmul(found, tf.stop_gradient(self.linear_map(name)))
        return tf.reduce_mean(tf.square(answer - target))


def _centred(activation: tf.Tensor) -> tf.Tensor:
    """Return the activation as (places, channels), each channel minus its mean."""
    flat = tf.reshape(activation, (-1, activation.shape[-1]))
    return flat - tf.reduce_mean(flat, axis=0)


# --- the run --------------------------------------------------------------------------------


def train(plan: Plan, teacher: Teacher, folder: Path) -> Student:
    """Train, or go on with, a student; log and checkpoint go to the folder."""
    student = Student(plan, next(batches(dataclasses.replace(plan, batch=64), 0)))
    rate = tf.keras.optimizers.schedules.CosineDecay(
        plan.rate / 20, plan.steps - plan.warm_up, 0.0, warmup_target=plan.rate,
        warmup_steps=plan.warm_up,
    )  # fmt: skip
    optimizer = tf.keras.optimizers.Adam(rate, global_clipnorm=1.0)
    variables = list(student.trainable_variables)
    optimizer.build(variables)
    done = tf.Variable(0, trainable=False)
    checkpoint = tf.train.Checkpoint(student=student, optimizer=optimizer, done=done)
    manager = tf.train.CheckpointManager(checkpoint, str(folder / "checkpoints"), max_to_keep=2)
    checkpoint.restore(manager.latest_checkpoint)

    @tf.function
    def step(pictures):
        targets = teacher.lessons(pictures)
        with tf.GradientTape() as tape:
            errors = student.errors(pictures, targets)
            loss = tf.add_n([WEIGHTS[name] * error for name, error in errors.items()])
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return errors

    with (folder / "log.csv").open("a" if int(done) else "w", newline="") as file:
        log = csv.writer(file)
        if not int(done):
            log.writerow(["step", *LESSONS])
        bar = tqdm(batches(plan, int(done)), total=plan.steps, initial=int(done), desc="training")
        means: list[list[float]] = []
        for pictures in bar:
            means.append([float(e) for e in step(tf.constant(pictures)).values()])
            done.assign_add(1)
            if int(done) % plan.save_every == 0 or int(done) == plan.steps:
                row = np.mean(means, axis=0)
                log.writerow([int(done), *(f"{value:.4f}" for value in row)])
                file.flush()
                bar.set_postfix(error=f"{row.mean():.4f}")
                means.clear()
                manager.save()
    return student


def weights_of(student: Student) -> VGGWeights:
    """Return the student for pictures in 0-255 minus the mean."""
    kernels = {name: kernel.numpy() for name, kernel in student.kernels.items()}
    kernels["conv1_1"] /= np.float32(INPUT_SCALE)
    biases = {name: bias.numpy() for name, bias in student.biases.items()}
    return VGGWeights(kernels, biases, np.array(MEAN_PIXEL, np.float32), "student")


def draw_log(log: Path, target: Path) -> None:
    """Draw the relative error of every layer over the steps."""
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows]
    figure, axis = plt.subplots(figsize=(9, 5), layout="tight")
    shades = plt.colormaps["viridis"](np.linspace(0, 0.9, len(LESSONS)))
    for shade, name in zip(shades, LESSONS, strict=True):
        axis.semilogy(steps, [float(row[name]) for row in rows], color=shade, label=name)
    axis.set(xlabel="step", ylabel="squared error relative to the variance of what is taught")
    axis.grid(alpha=0.3)
    axis.legend(ncols=2, fontsize=8)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def main() -> None:
    """Train, balance and write the network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--folder", type=Path, default=COURSE_DIR / "build" / "backbone",
                        help="checkpoints of the run")  # fmt: skip
    parser.add_argument("--out", type=Path, default=COURSE_DIR / CONFIG.COMPACT_MODEL)
    arguments = parser.parse_args()
    plan = Plan(steps=arguments.steps, seed=arguments.seed)
    folder = arguments.folder / f"seed-{plan.seed}-steps-{plan.steps}"
    folder.mkdir(parents=True, exist_ok=True)
    teacher = Teacher()
    student = train(plan, teacher, folder)
    maps = {name: student.linear_map(name).numpy() for name in CONVOLUTIONS}
    write_matconvnet(arguments.out, balanced(weights_of(student), maps))
    if plan == Plan():  # what is shipped
        shutil.copyfile(folder / "log.csv", COURSE_DIR / "training" / "backbone.csv")
        draw_log(folder / "log.csv", COURSE_DIR / "docs" / "backbone.png")
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {arguments.out.stat().st_size} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main()
