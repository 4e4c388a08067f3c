"""`mlops contract`: what the data promise; `accept` makes what was learned the project's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.config.job import Job
from mlops.core.errors import closest, fail, listed
from mlops.core.paths import near
from mlops.core.record import Result
from mlops.core.report import rounded
from mlops.flow.prepare import contract_folders, contract_name

if TYPE_CHECKING:
    from mlops.contract.schema import Rule

ACTIONS = ("show", "accept")
LONGEST = 48  # letters of the accepted words


class Contract:
    """Show the contract of the recipe's data, or accept the learned one.

    Parameters
    ----------
    action : str
        ``show`` or ``accept``.
    """

    def __init__(self, *, action: str = "show") -> None:
        if action not in ACTIONS:
            raise fail(
                "unknown-word",
                f"`{action}` is nothing that mlops contract does.",
                where="command line",
                found=action,
                accepted=", ".join(ACTIONS),
                closest=closest(action, ACTIONS),
                next_step=f"mlops contract {closest(action, ACTIONS) or 'show'}",
            )
        self.action = action

    def __call__(self, job: Job) -> Result:
        """Show the rules in force, or copy the learned file into ``contracts/``.

        Raises
        ------
        MlopsError
            There is nothing to accept, or the file in force is no contract.
        """
        from mlops.contract.accept import accept
        from mlops.contract.store import in_force

        learned, accepted = contract_folders(job)
        name = contract_name(job)
        if self.action == "accept":
            path = accept(name, learned=learned, accepted=accepted)
            says = f"accepted: {path.relative_to(job.project)} is enforced from now on; commit it"
            return Result(outcome="done", name=job.name, details={"says": says})
        file = in_force(name, learned=learned, accepted=accepted)
        if file is None:
            says = f"nothing is known of this data yet: the first run learns {name}"
            return Result(outcome="done", name=job.name, details={"says": says, "rows": []})
        is_accepted = file.parent == accepted
        more = "accepted" if is_accepted else "learned; `mlops contract accept` is for Git"
        return Result(
            outcome="done",
            name=job.name,
            details={
                "says": f"{near(file, job.project)}: {more}",
                "file": near(file, job.project),
                "accepted": is_accepted,
                "rows": _rules(file),
            },
        )


def _rules(file: Path) -> list[dict[str, Any]]:
    from mlops.contract.store import load

    return [
        {
            "column": name,
            "role": f"{rule.role}, sensitive" if rule.sensitive else rule.role,
            "kind": rule.kind,
            "accepted": _values(rule),
            "missing": "may be" if rule.nullable else "never",
        }
        for name, rule in load(file).columns.items()
    ]


def _values(rule: Rule) -> str:
    if rule.categories is not None:
        said = listed(rule.categories, 30)
        return said if len(said) <= LONGEST else f"{len(rule.categories)} words: {said[:LONGEST]}…"
    if rule.low is None and rule.high is None:
        return "hidden" if rule.sensitive else "any"
    bounds = ["…" if each is None else rounded(each) for each in (rule.low, rule.high)]
    return " to ".join(bounds)
