"""The keys of ``hydra.sweeper`` and ``hydra/sweeper/sampler``, as Hydra's config store takes them.

They are those of hydra-optuna-sweeper, so that its sweeps run as they are, and ``resume``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

PLUGIN = "hydra_plugins.mlops_optuna.OptunaSweeper"
OPTUNA = "optuna.samplers"


@dataclass
class SweeperSettings:
    """Keys of ``hydra.sweeper``.

    Parameters
    ----------
    sampler : dict
        An Optuna sampler: ``hydra/sweeper/sampler=tpe``.
    direction : str or list of str
        ``minimize`` or ``maximize`` what a job returns; a list where it returns several numbers.
    storage : str, dict or None
        An Optuna storage address, or ``{_target_: optuna.storages.…, …}``; None keeps the study
        in memory.
    study_name : str or None
    n_trials : int
        Jobs; with `resume`, of the whole study.
    n_jobs : int
        Jobs that run at once, where the launcher can do that.
    max_failure_rate : float
        In [0, 1]; a larger share of failed jobs ends the sweep.
    params : dict of str to str
        Key to a sweep of Hydra's grammar, or to a value; words of the command line win.
    search_space : dict
        The older form: key to ``{type, low, high, step, log, choices}``.
    custom_search_space : str
        Dotted name of a function that takes the configuration and the trial.
    resume : bool
        Go on with the study of this name until it has `n_trials`; jobs that a kill cut off run
        again.
    """

    _target_: str = PLUGIN
    _recursive_: bool = False  # the sampler is made when the study is known
    defaults: list[Any] = field(default_factory=lambda: [{"sampler": "tpe"}])
    sampler: Any = MISSING
    direction: Any = "minimize"
    storage: Any = None
    study_name: str | None = None
    n_trials: int = 20
    n_jobs: int = 2
    max_failure_rate: float = 0.0
    # Not null, so that a word of the command line can add to them.
    search_space: dict[str, Any] | None = field(default_factory=dict)
    params: dict[str, str] | None = field(default_factory=dict)
    custom_search_space: str | None = None
    resume: bool = False


SAMPLERS: dict[str, dict[str, Any]] = {
    "tpe": {
        "_target_": f"{OPTUNA}.TPESampler",
        "seed": None,
        "n_startup_trials": 10,
        "n_ei_candidates": 24,
        "multivariate": None,
        "group": False,
        "constant_liar": True,
        # Of releases before Optuna 5; set to anything, they are passed on and Optuna says so.
        "consider_prior": None,
        "prior_weight": None,
        "consider_magic_clip": None,
        "consider_endpoints": None,
        "warn_independent_sampling": None,
    },
    "random": {"_target_": f"{OPTUNA}.RandomSampler", "seed": None},
    "cmaes": {
        "_target_": f"{OPTUNA}.CmaEsSampler",
        "seed": None,
        "x0": None,
        "sigma0": None,
        "independent_sampler": None,
        "warn_independent_sampling": True,
        "consider_pruned_trials": False,
        "restart_strategy": None,
        "inc_popsize": None,  # of releases before Optuna 5
        "use_separable_cma": False,
    },
    "nsgaii": {
        "_target_": f"{OPTUNA}.NSGAIISampler",
        "seed": None,
        "population_size": 50,
        "mutation_prob": None,
        "crossover_prob": 0.9,
        "swapping_prob": 0.5,
        "constraints_func": None,
    },
    "gp": {"_target_": f"{OPTUNA}.GPSampler", "seed": None, "n_startup_trials": 10},
    "qmc": {
        "_target_": f"{OPTUNA}.QMCSampler",
        "seed": None,
        "qmc_type": "sobol",
        "scramble": False,
    },
    "grid": {"_target_": f"{OPTUNA}.GridSampler", "_partial_": True, "seed": None},
    # Optuna 5 has no sampler of this name; TPE does the same for several objectives.
    "motpe": {"_target_": f"{OPTUNA}.TPESampler", "seed": None, "n_startup_trials": 10},
}


def store() -> None:
    """Make the settings known to Hydra."""
    known = ConfigStore.instance()
    known.store(group="hydra/sweeper", name="optuna", node=SweeperSettings, provider="mlops")
    for name, node in SAMPLERS.items():
        known.store(group="hydra/sweeper/sampler", name=name, node=node, provider="mlops")
