"""What `config` hands to `flow`: one frozen job, plain data and parts made on demand."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from mlops.config.build import build
from mlops.config.candidates import FITTED, Candidates, candidates
from mlops.config.check import check
from mlops.config.compose import Composed
from mlops.config.environment import guarded
from mlops.config.origin import origin
from mlops.config.preflight import preflight
from mlops.config.settings import settings
from mlops.core.errors import MlopsError, closest, fail, listed
from mlops.core.paths import SAFE_NAME


@dataclass(frozen=True)
class Job:
    """One checked configuration and the parts it describes.

    Parameters
    ----------
    values : dict
        The resolved tree, plain data; secrets are marks.
    choices : dict of str to str
        Group to option.
    words : tuple of str
        The overrides as given.
    composed : Composed
        Where every value came from.
    candidates : dict of str to dict
        Group to option to its values, for the groups whose option a search chooses.
    """

    values: dict[str, Any]
    choices: dict[str, str]
    words: tuple[str, ...]
    composed: Composed = field(repr=False)
    candidates: Candidates = field(default_factory=dict, repr=False)
    _parts: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, composed: Composed, groups: list[str] | None = None) -> Job:
        """Check `composed` (its `groups`; default all) and make a job of it.

        Raises
        ------
        MlopsError
            Every problem of the configuration.
        """
        checked = check(composed, composed.catalogue.groups if groups is None else groups)
        problems = [*checked.problems]
        searched = candidates(composed, checked, problems) if "tuner" in checked.sound else {}
        job = cls(checked.values, composed.choices, composed.words, composed, searched)
        if groups is None:
            problems += preflight(job, checked.sound, checked.bad)
        if not problems:
            job.name  # noqa: B018 - an unsafe name is found here, before anything runs
            return job
        raise MlopsError(*problems)

    @cached_property
    def name(self) -> str:
        """Of the experiment and the registered model: safe as a file name."""
        name = self.values.get("name") or self._own_name()
        if isinstance(name, str) and SAFE_NAME.match(name):
            return name
        raise fail(
            "unsafe-name",
            "The name is used for files, experiments and models, and this one is not safe.",
            where=origin(self.composed, "name"),
            found=repr(name)[:80],
            accepted="letters, digits, _ . - (1 to 64, first a letter or digit)",
            next_step="write name=my_model",
        )

    def _own_name(self) -> str:
        if self.choices["recipe"] != "blank":
            return self.choices["recipe"]
        path = str(self.values["data"].get("path") or "")
        is_own = path and not path.startswith("bundled:")
        stem = Path(path).stem if is_own else self.choices["data"]
        safe = re.sub(r"[^A-Za-z0-9]", "_", stem)
        return safe.strip("_")[:64] or "model"

    @property
    def project(self) -> Path:
        """The working folder."""
        return self.composed.catalogue.project

    @cached_property
    def outputs(self) -> Path:
        """The only folder that runs write to, absolute."""
        return (self.project / str(self.values["outputs"])).resolve()

    @property
    def allowed(self) -> tuple[str, ...]:
        """The project's own patterns of names that may be instantiated and loaded."""
        return settings(self.project).allowed_targets

    @property
    def seed(self) -> int:
        """The one seed."""
        return int(self.values["seed"])

    @property
    def mode(self) -> dict[str, Any]:
        """The values of the chosen mode."""
        return self.values["mode"]

    def part(self, group: str) -> Any:
        """The part chosen for `group`, made on first use.

        Raises
        ------
        MlopsError
            It cannot be made; see :func:`mlops.config.build.build`.
        """
        if group not in self._parts:
            where = origin(self.composed, f"{group}._target_")
            catalogue = self.composed.catalogue
            part = build(group, self.values[group], catalogue, where)
            self._parts[group] = self._at_home(part)
        return self._parts[group]

    def sketch(self, group: str) -> Any:
        """The part chosen for `group` without those inside it that are made late.

        What is ``_partial_`` is None in it, and so not imported: enough for the part to look at
        its own values.

        Raises
        ------
        MlopsError
            As :meth:`part`.
        """
        node = {
            key: None if isinstance(value, dict) and value.get("_partial_") else value
            for key, value in self.values[group].items()
        }
        where = origin(self.composed, f"{group}._target_")
        return build(group, node, self.composed.catalogue, where)

    def _at_home(self, part: Any) -> Any:
        """A part that wants to know the outputs folder is told."""
        if hasattr(part, "belongs_to"):
            part.belongs_to(self.outputs, self._told)
        return part

    def _told(self, called: int | str, *, where: str) -> dict[str, Any]:
        """What a version or run said of itself: rooms ask through the job, not one another."""
        versions = self.part("registry").versions(self.outputs, self.name)
        told: dict[str, Any] = versions.about(called, where=where)
        return told

    def other(self, group: str, name: str) -> Any:
        """A part that was not chosen: option `name` of `group` with its own defaults."""
        return self._at_home(build(group, self.declared(group, name), self.composed.catalogue))

    def declared(self, group: str, name: str) -> dict[str, Any]:
        """The own defaults of option `name` of `group`, resolved among this job's values."""
        option = self.composed.catalogue.option(group, name)
        tree = OmegaConf.create({**self.values, group: option.declared})
        with guarded(self.project):
            node = OmegaConf.to_container(tree[group], resolve=True)
        assert isinstance(node, dict)
        return {str(key): value for key, value in node.items()}

    def about(self, group: str) -> dict[str, Any]:
        """What the chosen option of `group` says about itself (``_space_``, ``_tasks_``, …)."""
        return self.composed.catalogue.option(group, self.choices[group]).about

    @cached_property
    def space(self) -> dict[str, str]:
        """Full key to search space, of the options chosen for the fitted parts.

        Where a search chooses the option, the group's name stands for that choice, and the keys
        of each option have its name in them: ``model.ridge.alpha``.
        """
        return self.space_for("")

    def space_for(self, task: str) -> dict[str, str]:
        """The space without options, and without keys of options, that are for other tasks."""
        found: dict[str, str] = {}
        for group in FITTED:
            if group not in self.candidates:
                found |= self._space_of(group, self.choices[group], group, task)
                continue
            names = self.serving(group, task)
            found[group] = f"choice({', '.join(names)})"
            for name in names:
                found |= self._space_of(group, name, f"{group}.{name}", task)
        return found

    def _space_of(self, group: str, name: str, place: str, task: str) -> dict[str, str]:
        about = self.composed.catalogue.option(group, name).about
        others = [each for each in about.get("_tasks_", ()) if task and each != task]
        return {
            f"{place}.{key}": str(text)
            for key, text in about.get("_space_", {}).items()
            if key.partition(".")[0] not in others
        }

    def serving(self, group: str, task: str) -> list[str]:
        """The candidates for `group` that serve `task`; all where it is not known (empty)."""
        option = self.composed.catalogue.option
        names = self.candidates.get(group, {})
        served = {name: option(group, name).about.get("_tasks_") for name in names}
        return [name for name in names if not task or task in (served[name] or [task])]

    def with_values(self, params: dict[str, Any]) -> Job:
        """This job with some values changed (full key to value), for one trial.

        A group's name is the key of its option, one of :attr:`candidates`.

        Raises
        ------
        MlopsError
            A key or an option does not exist.
        """
        drawn = {group: str(params[group]) for group in FITTED if group in params}
        values = {**self.values, **dict(self._drawn(drawn))}
        changed = {key.partition(".")[0] for key in params}
        values |= {group: copy.deepcopy(values.get(group)) for group in changed}
        for key, value in params.items():
            *way, last = key.split(".")
            node: Any = values
            for part in way:
                node = node.get(part) if isinstance(node, dict) else None
            if not isinstance(node, dict):
                raise self._unknown(key)
            if key not in drawn:
                node[last] = value
        kept = {group: part for group, part in self._parts.items() if group not in changed}
        choices = {**self.choices, **drawn}
        composed = replace(self.composed, choices=choices) if drawn else self.composed
        return replace(self, values=values, choices=choices, composed=composed, _parts=kept)

    def _drawn(self, drawn: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
        for group, name in drawn.items():
            known = self.candidates.get(group, {})
            if name not in known:
                raise self._unknown(group, name, known)
            yield group, known[name]

    def _unknown(self, key: str, found: str = "", accepted: Any = None) -> MlopsError:
        accepted = self.space if accepted is None else accepted
        return fail(
            "unknown-key",
            f"{key} is no key of this configuration.",
            where=f"search space, {key}",
            found=found or key,
            accepted=listed(accepted) or "keys of the chosen parts",
            closest=closest(found or key, accepted),
            next_step="correct the key in tuner.space",
        )

    @cached_property
    def text(self) -> str:
        """The resolved configuration as YAML."""
        return yaml.safe_dump(self.values, sort_keys=False, allow_unicode=True, width=100)
