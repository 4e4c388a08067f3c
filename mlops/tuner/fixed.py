"""No search: the configuration as it is, scored once."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops.core.tuning import Objective, Tuned


class Fixed:
    """Score the configuration as it is.

    Examples
    --------
    >>> from mlops.core.tuning import Objective
    >>> objective = Objective(score=lambda params: ({"r2": 0.7},), metric="r2",
    ...     greater_is_better=True, seed=0)
    >>> Fixed().tune(objective, {}).best.params
    {}
    """

    def check(self, space: dict[str, str]) -> None:
        """Accept any search space: none of it is used."""

    def tune(self, objective: Objective, space: dict[str, str]) -> Tuned:
        """Give one trial without parameters; an error of the parts is not caught.

        Parameters
        ----------
        objective : Objective
        space : dict of str to str
            Not used.
        """
        from mlops.core.tuning import Trial, Tuned  # whoever only checks needs neither

        start = perf_counter()
        scores = tuple(objective.score({}))
        best = Trial(number=0, params={}, scores=scores, seconds=perf_counter() - start)
        return Tuned(best=best, trials=(best,))
