"""Ways down the cost: Adam, and SciPy's L-BFGS-B. Both take up again where they were left."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import tensorflow as tf
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from style_engine.recipe import SCALES, Recipe

ROUND = 50  # evaluations for which L-BFGS-B keeps its memory; between two rounds it can be stopped
FIRST_STEP = 2.0  # levels that a pixel changes by in the first step of a round, on average
MEMORY = 10  # pairs of steps and changes of the gradient that L-BFGS-B remembers
UNTIL_THE_ROUND_IS_OVER = {
    "maxcor": MEMORY,
    "maxfun": 10**9,
    "maxiter": 10**9,
    "ftol": 0.0,
    "gtol": 0.0,
}

Evaluate = Callable[[tf.Tensor], tuple[float, tf.Tensor]]  # a picture's cost and gradient
State = dict[str, tf.Tensor | float | int]


class Optimiser(Protocol):
    """What both ways have in common."""

    def advance(self, evaluate: Evaluate, x: tf.Tensor, most: int) -> tuple[tf.Tensor, int]:
        """Go on from a picture, by at most so many evaluations.

        Returns
        -------
        x : tensor (1, n_H, n_W, 3)
            The picture after that.
        used : int
            How many evaluations it took, at least 1.
        """

    def result(self, best: tf.Tensor) -> tf.Tensor:
        """Return the picture to show: the best one, or a mean of all."""

    def state(self) -> State:
        """Return what is needed to go on later."""

    def restore(self, state: State) -> None:
        """Go on from what `state` has returned."""

    def resized(self, resize: Callable[[tf.Tensor], tf.Tensor]) -> None:
        """Carry everything over to another size of the picture."""


class Adam:
    """Adam, with bounds, a second learning rate and an exponential mean of the pictures.

    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, in the order of operations
    at the end of its section 2, as TensorFlow has it.

    Parameters
    ----------
    recipe : Recipe
    low, high : tensor (3,)
        Bounds, used if the recipe is bounded.
    """

    def __init__(self, recipe: Recipe, low: tf.Tensor, high: tf.Tensor) -> None:
        self._recipe, self._low, self._high = recipe, low, high
        self._steps = 0  # of all sizes, for the moments' correction
        self._here = 0  # of this size, for the later learning rate
        self._first: tf.Tensor | None = None
        self._second: tf.Tensor | None = None
        self._mean: tf.Tensor | None = None
        self._weight = 0.0  # of all pictures in the mean
        self._update = tf.function(self._updated, autograph=False)

    def advance(self, evaluate: Evaluate, x: tf.Tensor, most: int) -> tuple[tf.Tensor, int]:
        """Take one step."""
        _, gradient = evaluate(x)
        if self._first is None:
            self._first, self._second = tf.zeros_like(x), tf.zeros_like(x)
        self._steps += 1
        self._here += 1
        rate = self._rate() * np.sqrt(1 - self._recipe.beta_2**self._steps)
        rate /= 1 - self._recipe.beta_1**self._steps
        rate = tf.constant(rate, tf.float32)
        x, self._first, self._second = self._update(x, gradient, self._first, self._second, rate)
        self._remember(x)
        return x, 1

    def result(self, best: tf.Tensor) -> tf.Tensor:
        """Return the mean, or the best picture if there is no mean."""
        return best if self._mean is None else self._mean / self._weight

    def state(self) -> State:
        """Return steps and moments."""
        state: State = {"steps": self._steps, "here": self._here, "weight": self._weight}
        tensors = {"first": self._first, "second": self._second, "mean": self._mean}
        return state | {name: t for name, t in tensors.items() if t is not None}

    def restore(self, state: State) -> None:
        """Take steps and moments from a state."""
        self._steps, self._here = int(state["steps"]), int(state["here"])
        self._weight = float(state["weight"])
        found = {n: tf.constant(state[n]) for n in ("first", "second", "mean") if n in state}
        self._first, self._second = found.get("first"), found.get("second")
        self._mean = found.get("mean")

    def resized(self, resize: Callable[[tf.Tensor], tf.Tensor]) -> None:
        """Carry the moments over to another size; the mean begins anew."""
        self._here, self._mean, self._weight = 0, None, 0.0
        if self._first is not None and self._second is not None:
            self._first = resize(self._first)
            self._second = tf.maximum(resize(self._second), 0)

    def _rate(self) -> float:
        later = self._recipe.learning_rate_later
        return later[1] if later and self._here > later[0] else self._recipe.learning_rate

    def _updated(
        self, x: tf.Tensor, gradient: tf.Tensor, m: tf.Tensor, v: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        recipe = self._recipe
        m += (1 - recipe.beta_1) * (gradient - m)
        v += (1 - recipe.beta_2) * (tf.square(gradient) - v)
        x -= rate * m / (tf.sqrt(v) + recipe.epsilon)
        return (tf.clip_by_value(x, self._low, self._high) if recipe.bounded else x), m, v

    def _remember(self, x: tf.Tensor) -> None:
        decay = self._recipe.average
        if decay:
            self._mean = (1 - decay) * x + (0 if self._mean is None else decay * self._mean)
            self._weight = 1 - decay + decay * self._weight


class LBFGS:
    """L-BFGS-B by SciPy, in rounds.

    Byrd, Lu, Nocedal and Zhu, "A limited memory algorithm for bound constrained optimization",
    1995. What it remembers of the curve cannot be taken out of SciPy, so it forgets it after
    each round. Between rounds it has no state: it can stop there and go on as if it had not.

    Parameters
    ----------
    recipe : Recipe
    low, high : tensor (3,)
        Bounds, used if the recipe is bounded.
    """

    def __init__(self, recipe: Recipe, low: tf.Tensor, high: tf.Tensor) -> None:
        self._bounded, self._low, self._high = recipe.bounded, low.numpy(), high.numpy()
        self._unit = float(SCALES[recipe.pixels].unit.mean())

    def advance(self, evaluate: Evaluate, x: tf.Tensor, most: int) -> tuple[tf.Tensor, int]:
        """Go through a round."""
        round_ = _Round(evaluate, x, min(most, ROUND), FIRST_STEP / self._unit)
        start = x.numpy().astype(np.float64)
        bounds = self._bounds(start) if self._bounded else None
        start = start.ravel() if bounds is None else np.clip(start.ravel(), *bounds.T)
        # Its vector operations are short; a second thread costs more than it does.
        with threadpool_limits(limits=1, user_api="blas"):
            try:
                minimize(
                    round_, start, jac=True, method="L-BFGS-B", bounds=bounds,
                    options=UNTIL_THE_ROUND_IS_OVER,
                )  # fmt: skip
            except _RoundOverError:
                return round_.best, round_.used
        # It has ended by itself: there is no way further down, or not a measurable one.
        return round_.best, most if round_.improvements <= 1 else round_.used

    def result(self, best: tf.Tensor) -> tf.Tensor:
        """Return the best picture."""
        return best

    def state(self) -> State:
        """Return nothing: between rounds there is no state."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing."""

    def resized(self, resize: Callable[[tf.Tensor], tf.Tensor]) -> None:
        """Do nothing."""

    def _bounds(self, start: np.ndarray) -> np.ndarray:
        low, high = (np.broadcast_to(b, start.shape).ravel() for b in (self._low, self._high))
        return np.stack([low, high], axis=1).astype(np.float64)


class _RoundOverError(Exception):
    """The round has used its evaluations."""


class _Round:
    """The function that SciPy calls: a picture as a vector of float64, cost and gradient back.

    Before it knows any curvature, L-BFGS-B steps by the gradient itself, and with bounds never
    further. So the cost is scaled until that is a step worth taking.
    """

    def __init__(self, evaluate: Evaluate, x: tf.Tensor, most: int, first_step: float) -> None:
        self._evaluate, self._shape, self._most = evaluate, x.shape, most
        self._first_step = first_step
        self.best, self.used, self.improvements = x, 0, 0
        self._least = np.inf
        self._scale = 0.0

    def __call__(self, vector: np.ndarray) -> tuple[float, np.ndarray]:
        if self.used >= self._most:
            raise _RoundOverError
        x = tf.constant(vector.reshape(self._shape), tf.float32)
        cost, gradient = self._evaluate(x)
        self.used += 1
        if cost < self._least:
            self._least, self.best = cost, x
            self.improvements += 1
        slope = gradient.numpy().ravel().astype(np.float64)
        if not self._scale:
            self._scale = (
                self._first_step * np.sqrt(slope.size) / max(np.linalg.norm(slope), 1e-30)
            )
        return cost * self._scale, slope * self._scale
