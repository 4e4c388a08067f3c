"""Made-up data of any size whose difficulty is known: for tests, benchmarks and trying things."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from mlops.data.tabular import Tabular

if TYPE_CHECKING:
    import numpy as np

    from mlops.core.dataset import Dataset

LEVELS = 4
VERSION = 1  # raise it when the same keys give other rows


class Synthetic(Tabular):
    """Independent normal features and categories; the target is linear in them, plus noise.

    With weights w_j = 1/j for feature j, an effect for each level of a category, and noise e
    from N(0, noise²): y = Σ w_j x_j + Σ effects + e for a regression. For c classes each class
    has weights of its own, and the class with the highest score wins.

    Parameters
    ----------
    rows : int, >= 2
    features : int, >= 1
        Numeric columns ``x1``, ``x2``, ….
    categories : int, >= 0
        Categorical columns ``c1``, ``c2``, … with four levels.
    classes : int, >= 2
        Labels 0, 1, …, for a classification.
    noise : float, >= 0
        Standard deviation of e.
    missing_share : float in [0, 1)
        Of the feature cells, blanked at random.
    seed : int
    target, task, positive, costs, roles, sensitive
        As for :class:`mlops.data.tabular.Tabular`; `task` is ``regression`` or
        ``classification``.
    """

    def __init__(
        self,
        *,
        rows: int = 1000,
        features: int = 10,
        categories: int = 2,
        classes: int = 2,
        noise: float = 0.5,
        missing_share: float = 0.0,
        seed: int = 0,
        target: str = "target",
        task: str = "regression",
        positive: Any = None,
        costs: dict[Any, float] | None = None,
        roles: dict[str, Any] | None = None,
        sensitive: list[str] | None = None,
    ) -> None:
        super().__init__(
            target=target, task=task, positive=positive, costs=costs, roles=roles,
            sensitive=sensitive,
        )  # fmt: skip
        self.rows = rows
        self.features = features
        self.categories = categories
        self.classes = classes
        self.noise = noise
        self.missing_share = missing_share
        self.seed = seed

    def header(self) -> list[str]:
        """Names of the columns: ``x1`` …, ``c1`` …, the target.

        Raises
        ------
        MlopsError
            A column named in the configuration is not among them.
        """
        numbers = [f"x{number}" for number in range(1, self.features + 1)]
        words = [f"c{number}" for number in range(1, self.categories + 1)]
        names = [*numbers, *words, self.target]
        self._check_names(names)
        return names

    def source_key(self) -> str:
        """SHA-256 of the keys that shape the rows."""
        shape = {
            key: value for key, value in vars(self).items() if key not in ("costs", "positive")
        }
        text = json.dumps([VERSION, shape], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def read(self) -> Dataset:
        """Make the rows.

        Raises
        ------
        MlopsError
            Too few rows for the classes, or a column is not among those made.
        """
        import numpy as np
        import pandas as pd

        names = self.header()
        random = np.random.default_rng([self.seed, VERSION])
        numbers = random.standard_normal((self.rows, self.features))
        levels = random.integers(0, LEVELS, (self.rows, self.categories))
        y = self._target(random, numbers, levels)
        columns: dict[str, Any] = {}
        for place, name in enumerate(names[: self.features]):
            columns[name] = numbers[:, place]
        words = np.array([f"level_{level}" for level in range(LEVELS)], dtype=object)
        for place, name in enumerate(names[self.features : -1]):
            columns[name] = pd.array(words, dtype="str").take(levels[:, place])
        frame = pd.DataFrame(columns)
        if self.missing_share:
            frame = frame.mask(random.random(frame.shape) < self.missing_share)
        frame[self.target] = y
        return self._dataset(frame, source=f"synthetic, seed {self.seed}")

    def _target(
        self, random: np.random.Generator, numbers: np.ndarray, levels: np.ndarray
    ) -> np.ndarray:
        import numpy as np

        outputs = self.classes if self.task == "classification" else 1
        falling = 1 / np.arange(1, self.features + 1)
        signs = random.choice([-1.0, 1.0], (self.features, outputs))
        effects = random.normal(0, 0.5, (self.categories, LEVELS, outputs))
        scores = numbers @ (falling[:, None] * signs)
        for place in range(self.categories):
            scores += effects[place][levels[:, place]]
        scores += random.normal(0, self.noise, scores.shape)
        return scores.argmax(axis=1) if self.task == "classification" else scores[:, 0]
