"""`mlops contract accept`: what was learned about the data becomes the project's, for Git."""

from __future__ import annotations

from mlops.config.job import Job
from mlops.core.errors import closest, fail
from mlops.core.paths import near
from mlops.core.record import Result
from mlops.flow.prepare import contract_folders, contract_name

ACTIONS = ("show", "accept")


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
        """Copy the learned file into ``contracts/``, or say where both are.

        Raises
        ------
        MlopsError
            Nothing has been learned yet.
        """
        from mlops.contract.accept import accept

        learned, accepted = contract_folders(job)
        name = contract_name(job)
        if self.action == "accept":
            path = accept(name, learned=learned, accepted=accepted)
            says = f"accepted: {path.relative_to(job.project)} is enforced from now on; commit it"
            return Result(outcome="done", name=job.name, details={"says": says})
        rows = [
            {"contract": kind, "file": near(path, job.project), "there": path.is_file()}
            for kind, path in (
                ("accepted", accepted / f"{name}.yaml"),
                ("learned", learned / f"{name}.yaml"),
            )
        ]
        return Result(outcome="done", name=job.name, details={"says": name, "rows": rows})
