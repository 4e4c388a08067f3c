"""A Gaussian process over the space, by scikit-learn: Optuna's own needs PyTorch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import StudyDirection
from optuna.trial import TrialState

CANDIDATES = 1024
NEAR = 256
KNOWN = (TrialState.COMPLETE, TrialState.PRUNED)  # these with the mean of the folds they had
MOST_TRIALS = 200  # fitting costs the cube of them; the best and the latest are kept


class GpSampler(BaseSampler):
    r"""Draw the point of greatest expected improvement under a Gaussian process.

    Numbers are scaled to 0…1 (by their logarithm where the space says so) and categories are
    one-hot. The kernel is Matérn 5/2 with a length for each key plus white noise, its parameters
    fitted by maximum likelihood. With mean :math:`\mu`, deviation :math:`\sigma` and best value
    :math:`f^*`, the expected improvement is
    :math:`(f^* - \mu)\Phi(z) + \sigma\varphi(z)`, :math:`z = (f^* - \mu) / \sigma` (Jones,
    Schonlau, Welch 1998), maximised over random points and points near the best ones. Trials that
    are being scored count with the mean of what is known, so that no two workers get one point.

    Several metrics are made one, by weights that every trial draws anew: ParEGO (Knowles 2006).

    Parameters
    ----------
    seed : int or None
    n_startup_trials : int
        Random ones at first.
    """

    def __init__(self, *, seed: int | None = None, n_startup_trials: int = 10) -> None:
        self.n_startup_trials = n_startup_trials
        self._random = np.random.default_rng(seed)
        self._independent = RandomSampler(seed=seed)
        self._space = IntersectionSearchSpace(include_pruned=True)

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """The keys that all trials have; one with a single value needs no search."""
        found = self._space.calculate(study)
        return {name: each for name, each in found.items() if not each.single()}

    def sample_relative(self, study: Any, trial: Any, space: dict[str, Any]) -> dict[str, Any]:
        """The most promising point of `space`; none while too little is known."""
        known = [
            each
            for each in study.get_trials(deepcopy=False, states=KNOWN)
            if each.values and space.keys() <= each.params.keys()
        ]
        if not space or len(known) < self.n_startup_trials:
            return {}
        signs = [1 if each == StudyDirection.MINIMIZE else -1 for each in study.directions]
        losses = _scalar(np.array([each.values for each in known]) * signs, self._random)
        points = np.array([_placed(each.params, space) for each in known])
        if len(known) > MOST_TRIALS:
            kept = np.union1d(np.argsort(losses)[: MOST_TRIALS // 2],
                              np.arange(len(known))[-MOST_TRIALS // 2 :])  # fmt: skip
            losses, points = losses[kept], points[kept]
        running = [
            _placed(each.params, space)
            for each in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if each.number != trial.number and space.keys() <= each.params.keys()
        ]
        return self._best(space, points, losses, running)

    def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
        """A random value."""
        return self._independent.sample_independent(study, trial, name, distribution)

    def _best(
        self, space: dict[str, Any], points: Any, losses: Any, running: Sequence[Any]
    ) -> dict[str, Any]:
        losses = (losses - losses.mean()) / (losses.std() or 1.0)
        process = _fitted(points, losses)
        if running:
            points = np.vstack([points, running])
            losses = np.append(losses, process.predict(np.array(running)))
            process = _fitted(points, losses, process.kernel_)
        candidates = [_drawn(space, self._random) for _ in range(CANDIDATES)]
        order = np.argsort(losses)[: max(1, len(losses) // 10)]
        for _ in range(NEAR):
            place = points[self._random.choice(order)]
            moved = place + self._random.normal(0.0, 0.05, len(place))
            candidates.append(_read(np.clip(moved, 0.0, 1.0), space))
        placed = np.array([_placed(each, space) for each in candidates])
        mean, deviation = process.predict(placed, return_std=True)
        gain = losses.min() - mean
        z = gain / np.maximum(deviation, 1e-9)
        phi = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
        cumulative = np.array([0.5 * math.erfc(-each / math.sqrt(2)) for each in z])
        return candidates[int(np.argmax(gain * cumulative + deviation * phi))]


def _scalar(losses: Any, random: Any) -> Any:
    """One loss a trial, of one or several: the worst by random weights, and a bit of their sum."""
    if losses.shape[1] == 1:
        return losses[:, 0]
    low, high = losses.min(axis=0), losses.max(axis=0)
    weighed = random.dirichlet(np.ones(losses.shape[1])) * (losses - low) / ((high - low) + 1e-12)
    return weighed.max(axis=1) + 0.05 * weighed.sum(axis=1)


def _fitted(points: Any, losses: Any, kernel: Any = None) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern, WhiteKernel

    size = points.shape[1]
    start = Matern([0.5] * size, [(0.05, 20.0)] * size, nu=2.5) + WhiteKernel(0.01, (1e-6, 1.0))
    optimizer = None if kernel is not None else "fmin_l_bfgs_b"
    process = GaussianProcessRegressor(kernel or start, optimizer=optimizer, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length at its bound is an answer too
        return process.fit(points, losses)


def _placed(params: dict[str, Any], space: dict[str, Any]) -> list[float]:
    """A point's coordinates, each from 0 to 1."""
    found: list[float] = []
    for name, each in space.items():
        inner = each.to_internal_repr(params[name])
        if isinstance(each, CategoricalDistribution):
            found += [float(at == inner) for at in range(len(each.choices))]
        else:
            low, high, value = _scaled(each, each.low, each.high, inner)
            found.append((value - low) / ((high - low) or 1.0))
    return found


def _read(place: Any, space: dict[str, Any]) -> dict[str, Any]:
    """The point at some coordinates."""
    params, at = {}, 0
    for name, each in space.items():
        if isinstance(each, CategoricalDistribution):
            size = len(each.choices)
            params[name] = each.choices[int(np.argmax(place[at : at + size]))]
        else:
            size = 1
            low, high = _scaled(each, each.low, each.high)
            params[name] = _stepped(each, low + float(place[at]) * (high - low))
        at += size
    return params


def _drawn(space: dict[str, Any], random: Any) -> dict[str, Any]:
    """A random point."""
    sizes = [
        len(each.choices) if isinstance(each, CategoricalDistribution) else 1
        for each in space.values()
    ]
    return _read(random.random(sum(sizes)), space)


def _scaled(distribution: Any, *values: float) -> tuple[float, ...]:
    return tuple(math.log(each) for each in values) if distribution.log else values


def _stepped(distribution: Any, value: float) -> Any:
    """A value of the space from one on its scale."""
    value = math.exp(value) if distribution.log else value
    if distribution.step:
        steps = round((value - distribution.low) / distribution.step)
        value = distribution.low + steps * distribution.step
    value = min(max(value, distribution.low), distribution.high)
    return round(value) if isinstance(distribution.low, int) else float(value)
