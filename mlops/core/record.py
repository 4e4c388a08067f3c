"""What is written about a run: its record, and the result a caller gets."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any

from mlops.core.lines import parsed


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """The fitted pipeline as it lies in the run folder.

    Parameters
    ----------
    path : str
        The skops file, relative to the run folder.
    trusted_types : tuple of str
        Types beyond the skops defaults that this pipeline holds; a subset of our own list.
    inputs : tuple of (str, str, bool)
        Column name, kind (``double``, ``long``, ``string``, ``boolean``, ``datetime``), required.
    output : str
        Kind of the prediction, of the same words.
    example : tuple of dict
        A few input rows as records, sensitive columns left out of them; may be empty.
    requirements : tuple of str
        Pinned ``package==version`` lines.
    """

    path: str
    trusted_types: tuple[str, ...]
    inputs: tuple[tuple[str, str, bool], ...]
    output: str
    example: tuple[dict[str, Any], ...]
    requirements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything the tracking server is to know about one run; plain data, JSON on disk.

    Parameters
    ----------
    key : str
        The run key: unique, made by us, checked before an MLflow run is created.
    experiment, run_name : str
    status : str
        ``FINISHED``, ``FAILED`` or ``KILLED``.
    start_ms, end_ms : int
        Milliseconds since the epoch.
    parent_key : str
        Run key of the parent; empty for none.
    params, tags : dict of str to str
    metrics : tuple of (name, value, step)
    dataset : dict
        ``name``, ``digest``, ``source``, ``rows``, ``columns`` (list of [name, kind]).
    folder : str
        The run folder, absolute; empty if there are no files.
    artifacts : tuple of str
        Files and folders in it to deliver, relative.
    model : ModelFile or None
    register : str
        Registered-model name under which the model becomes a version; empty for none.
    model_of : str
        Run key of the run whose model that is; empty for this run's own. A sweep registers the
        model of its winner.
    replaces : bool
        Told in place of an earlier record of the same run: a sweep that goes on.
    """

    key: str
    experiment: str
    run_name: str
    status: str
    start_ms: int
    end_ms: int
    parent_key: str = ""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: tuple[tuple[str, float, int], ...] = ()
    dataset: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    artifacts: tuple[str, ...] = ()
    model: ModelFile | None = None
    register: str = ""
    model_of: str = ""
    replaces: bool = False

    def to_json(self) -> str:
        """The record as one JSON document."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        ValueError, TypeError
            The text is not such a document.
        """
        raw = parsed(text)
        model = raw.pop("model")
        if model:
            model["inputs"] = tuple(tuple(each) for each in model["inputs"])
            for name in ("trusted_types", "example", "requirements"):
                model[name] = tuple(model[name])
        raw["metrics"] = tuple(tuple(each) for each in raw["metrics"])
        raw["artifacts"] = tuple(raw["artifacts"])
        raw.pop("aliases", None)  # of a record that an earlier release left waiting
        return cls(model=ModelFile(**model) if model else None, **raw)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Whether a record reached MLflow.

    Parameters
    ----------
    delivered : bool
    says : str
        One line for people, e.g. why it waits in the spool.
    run_id, version, uri : str
        MLflow's run id, registered version and tracking address (no secrets); empty if unknown.
    """

    delivered: bool
    says: str
    run_id: str = ""
    version: str = ""
    uri: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One hop of the road as it went.

    Parameters
    ----------
    name : str
        The room, or a verb's own step.
    status : str
        ``done``, ``reused``, ``refused``, ``failed`` or ``skipped``.
    says : str
        What came out, or why it was not reused.
    seconds : float
    """

    name: str
    status: str
    says: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of one command; ``result.json`` holds the same.

    Parameters
    ----------
    outcome : str
        ``passed``, ``refused``, ``failed``, ``aborted`` or ``done`` (verbs that judge nothing).
    exit_code : int
    name : str
        The recipe's name, which is also the experiment's and the registered model's.
    key : str
        The run key; empty for verbs that are no run.
    folder : str
        The run folder, relative to the working folder where it lies inside it.
    steps : tuple of Step
    metrics : tuple of dict
        :class:`mlops.core.report.Metric` as plain data.
    gates : tuple of dict
        :class:`mlops.core.report.Gate` as plain data.
    warnings : tuple of str
    problems : tuple of dict
        :class:`mlops.core.errors.Problem` as plain data.
    delivery : Delivery or None
    details : dict
        What a verb adds (the rows of ``plan``, of ``doctor``, of a sweep's table).
    seconds : float
    """

    outcome: str
    exit_code: int = 0
    name: str = ""
    key: str = ""
    folder: str = ""
    steps: tuple[Step, ...] = ()
    metrics: tuple[dict[str, Any], ...] = ()
    gates: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[dict[str, Any], ...] = ()
    delivery: Delivery | None = None
    details: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def __float__(self) -> float:
        """The primary metric, in cross-validation where there is one: what a search goes by.

        Raises
        ------
        ValueError
            Nothing was measured.
        """
        if not self.metrics:
            said = self.problems[0]["says"] if self.problems else "nothing was measured"
            raise ValueError(f"no metric: {said}")
        primary = self.metrics[0]
        return float(primary["value"] if primary["cv_mean"] is None else primary["cv_mean"])

    def to_json(self) -> str:
        """The result as one strict JSON document (no NaN)."""
        return json.dumps(_strict(self), indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Result:
        """Read what :meth:`to_json` wrote; numbers that were none are None.

        Raises
        ------
        ValueError, TypeError, AttributeError
            The text is not such a document.
        """
        raw = parsed(text)
        raw["steps"] = tuple(Step(**each) for each in raw["steps"])
        raw["delivery"] = Delivery(**raw["delivery"]) if raw.get("delivery") else None
        for name in ("metrics", "gates", "warnings", "problems"):
            raw[name] = tuple(raw[name])
        return cls(**raw)


def _strict(value: Any) -> Any:
    """Plain data; JSON has no NaN and no infinity: they become null."""
    if is_dataclass(value):
        return {each.name: _strict(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {str(key): _strict(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(each) for each in value]
    if isinstance(value, float) and not (float("-inf") < value < float("inf")):
        return None
    return value
