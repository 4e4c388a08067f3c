"""What all tables have in common: what the user says of the columns, and the way to a Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlops.core.dataset import ROLES, Column, Dataset
from mlops.core.errors import MlopsError, Problem, closest, fail, listed
from mlops.data.costs import cost_problems, no_classes

if TYPE_CHECKING:
    import pandas as pd

SENSITIVE = "sensitive"


class Tabular:
    """The keys that every tabular source has.

    Parameters
    ----------
    target : str
        Name of the column to predict.
    task : {"regression", "classification"} or None
        None: a target of text, booleans, two values or few whole numbers is a class.
    positive : object or None
        The label to detect, for two classes. None: the label that sorts last.
    costs : dict of label to float, or None
        What one mistaken row of that true class costs, >= 0; classes left out cost 1.
    roles : dict of str to str or [str, "sensitive"], or None
        Column to role, where inference is to be overruled.
    sensitive : list of str or None
        Columns whose values are never written, beside those whose names tell.
    """

    def __init__(
        self,
        *,
        target: str,
        task: str | None = None,
        positive: Any = None,
        costs: dict[Any, float] | None = None,
        roles: dict[str, Any] | None = None,
        sensitive: list[str] | None = None,
    ) -> None:
        self.target = target
        self.task = task
        self.positive = positive
        self.costs = costs
        self.roles = roles
        self.sensitive = sensitive

    def _check_names(self, names: Sequence[str]) -> None:
        """Hold target, roles, sensitive columns and costs against the header; tell all at once."""
        problems = []
        if self.target not in names:
            problems.append(_unknown("data.target", self.target, names))
        for name, said in (self.roles or {}).items():
            if str(name) not in names:
                problems.append(_unknown("data.roles", str(name), names))
            problems += self._role_problems(str(name), said)
        problems += [
            _unknown("data.sensitive", name, names)
            for name in self.sensitive or []
            if name not in names
        ]
        problems += cost_problems(self.costs)
        problems += no_classes(self.costs, self.positive) if self.task == "regression" else []
        if problems:
            raise MlopsError(*problems)

    def _role_problems(self, name: str, said: Any) -> list[Problem]:
        role, flags = stated(said)
        wrong = [flag for flag in flags if flag != SENSITIVE]
        if role in ROLES and not wrong and (role == "target") == (name == self.target):
            return []
        others = [each for each in ROLES if each != "target"]
        accepted = ["target"] if name == self.target else others
        return [
            Problem(
                code="role-unknown",
                says="A column cannot have that role.",
                where=f"data.roles.{name}",
                found=repr(said),
                accepted=f"{listed(accepted)}; or [ROLE, {SENSITIVE}]",
                closest=SENSITIVE if wrong else closest(role, accepted),
                next_step=f"data.roles.{name}={accepted[0]}, or leave it out",
            )
        ]

    def _dataset(self, frame: pd.DataFrame, *, source: str, decimal: str = ".") -> Dataset:
        """Give every column its role and type, the target its task, the content its fingerprint."""
        from mlops.data import cast, fingerprint, labels

        _refuse_few(len(frame), source)
        columns, kept, notes, task = [], {}, [], None
        for name in map(str, frame.columns):
            raw = frame.pop(name)
            column, told = self._column(raw, decimal)
            columns.append(column)
            notes += told
            if name == self.target:
                kept[name], task, told = labels.settle(
                    raw, task=self.task, positive=self.positive, costs=self.costs, decimal=decimal
                )
            else:
                kept[name], told = cast.typed(raw, column.role, decimal=decimal)
            notes += told
        _refuse_no_features(columns)
        whole = _frame(kept)
        if task is None:
            raise MlopsError(_unknown("data.target", self.target, list(kept)))
        return Dataset(
            whole, tuple(columns), task, fingerprint.of(whole), source, tuple(notes)
        )  # fmt: skip

    def _column(self, raw: pd.Series, decimal: str) -> tuple[Column, list[str]]:
        """Role and sensitivity of one column, and what people should know of the inference."""
        from mlops.data.roles import is_sensitive, role_of

        name = str(raw.name)
        said = {str(each): stated(role) for each, role in (self.roles or {}).items()}
        sensitive = name in (self.sensitive or [])
        if name == self.target or name in said:
            role, flags = said.get(name, ("target", []))
            return Column(name, role, sensitive or SENSITIVE in flags), []
        role = role_of(raw, decimal=decimal)
        notes = []
        if role in _LEFT_OUT:
            notes.append(f"{name}: {_LEFT_OUT[role]}; data.roles.{name}=ROLE overrules")
        by_name = is_sensitive(raw)
        if by_name and not sensitive:
            notes.append(f"{name}: taken as sensitive by its name; data.roles.{name}=ROLE if not")
        return Column(name, role, sensitive or by_name), notes


_LEFT_OUT = {
    "id": "taken as an identifier (every row has its own), no feature",
    "ignored": "no value in any row, no feature",
    "time": "taken as the time of the row, no feature",
}


def stated(said: Any) -> tuple[str, list[str]]:
    """Take ``role`` or ``[role, sensitive]`` apart.

    >>> stated(["numeric", "sensitive"])
    ('numeric', ['sensitive'])
    """
    parts = [str(each) for each in said] if isinstance(said, (list, tuple)) else [str(said)]
    return (parts[0] if parts else ""), parts[1:]


def _refuse_few(rows: int, source: str) -> None:
    if rows < 2:
        raise fail(
            "too-few-rows",
            "There is nothing to learn from.",
            where=f"data.path={source}",
            found="1 row" if rows else "0 rows",
            accepted="at least two rows, better hundreds",
            next_step="choose another source, e.g. another data.path",
        )


def _frame(columns: dict[str, pd.Series]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns, copy=False)


def _refuse_no_features(columns: list[Column]) -> None:
    from mlops.core.dataset import FEATURE_ROLES

    if not any(column.role in FEATURE_ROLES for column in columns):
        others = [column.name for column in columns if column.role != "target"]
        step = f"data.roles.{others[0]}=numeric, or " if others else ""
        raise fail(
            "no-features",
            "No column is left for a model to see.",
            where="data.roles",
            found=listed(f"{column.name}: {column.role}" for column in columns),
            accepted=f"at least one column that is {listed(FEATURE_ROLES)}",
            next_step=f"{step}more columns in the file",
        )


def _unknown(key: str, name: str, names: Sequence[str]) -> Problem:
    near = closest(name, names)
    return Problem(
        code="column-unknown",
        says=f"There is no column {name!r} in the data.",
        where=f"{key}: {name}" if key != "data.target" else f"{key}={name}",
        found=name,
        accepted=listed(names),
        closest=near,
        next_step=(f"write {near} instead" if near else "choose one of these columns")
        + ", or look at the file's header and data.separator",
    )
