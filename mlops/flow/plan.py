"""`mlops plan`: what a run would reuse, run and change, without running it."""

from __future__ import annotations

from typing import Any

from mlops.config.job import Job
from mlops.core.record import Result
from mlops.core.store import Store, key_of
from mlops.flow.fitting import front_parts
from mlops.flow.prepare import contract_parts, data_parts, split_parts
from mlops.flow.steps import Steps


class Plan:
    """Follow the keys of the steps through the cache."""

    def __call__(self, job: Job) -> Result:
        """Give one row a step: reuse or run, and why."""
        rows = _Follower(job).rows()
        reused = sum(row["plan"] == "reuse" for row in rows)
        return Result(
            outcome="done",
            name=job.name,
            details={
                "says": f"{reused} of {len(rows)} steps would be reused; nothing was run",
                "rows": rows,
            },
        )


class _Follower:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.store = Store(job.outputs / "cache")
        self.steps = Steps(self.store, job.name, job.part("ui"))
        self.missed = ""

    def rows(self) -> list[dict[str, Any]]:
        job = self.job
        data_row, key = self.step("data", data_parts(job))
        contract_row, key = self.step("contract", contract_parts(job, key))
        split_row, key = self.step("splitter", split_parts(job, key))
        rows = [data_row, contract_row, split_row]
        rows.append(self.step("features", front_parts(job, key, None))[0])
        for room in ("tuner", "model", "evaluator"):
            rows.append({"step": room, "plan": "run", "why": f"{job.choices[room]}, always run"})
        for room in ("deployer", "monitor"):
            rows.append({"step": room, "plan": "ask", "why": f"{job.choices[room]}, if it passes"})
        return [*rows[:-2], self.registry(), *rows[-2:], self.tracker()]

    def step(self, name: str, parts: dict[str, Any]) -> tuple[dict[str, Any], str]:
        key = key_of([name, parts])
        if self.store.get(name, key) is not None:
            return {"step": name, "plan": "reuse", "why": "nothing changed"}, key
        why = self.steps.reason(name, parts) or "never run before"
        if self.missed and why.endswith(" changed"):
            why = f"follows {self.missed}"
        self.missed = self.missed or name
        return {"step": name, "plan": "run", "why": why}, key

    def registry(self) -> dict[str, Any]:
        name = self.job.part("registry").registers(self.job.name, True)
        if not self.job.mode["judge"]:
            return {
                "step": "registry",
                "plan": "nothing",
                "why": f"mode={self.job.choices['mode']}",
            }
        if not name:
            return {"step": "registry", "plan": "nothing", "why": self.job.choices["registry"]}
        return {"step": "registry", "plan": "register", "why": f"{name}, if every gate passes"}

    def tracker(self) -> dict[str, Any]:
        why = f"one run in experiment {self.job.name}, by {self.job.choices['tracker']}"
        return {"step": "tracker", "plan": "record", "why": why}
