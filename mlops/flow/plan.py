"""`mlops plan`: what a run would reuse, run and change, without running it."""

from __future__ import annotations

from itertools import count, takewhile
from typing import Any

from mlops.config.job import Job
from mlops.core.record import Result
from mlops.core.store import Store, key_of
from mlops.flow.front import front_parts
from mlops.flow.prepare import contract_parts, data_parts, split_parts
from mlops.flow.steps import Steps

KEPT = ("data", "contract", "splitter", "features")


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
                "says": f"{reused} of {len(KEPT)} reusable steps would be reused; nothing was run",
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
        """In the order in which a run goes through them."""
        job = self.job
        data, key = self.step("data", data_parts(job))
        contract, key = self.step("contract", contract_parts(job, key))
        split, key = self.step("splitter", split_parts(job, key))
        rows = [data, contract, split, self.tuner(key), self.features(key)]
        for room in ("model", "evaluator"):
            among = len(job.candidates.get(room, ()))
            named = f"one of {among} options" if among else job.choices[room]
            rows.append(_row(room, "run", f"{named}, every time"))
        return [*rows, *self.afterwards(), self.tracker()]

    def step(self, name: str, parts: dict[str, Any]) -> tuple[dict[str, Any], str]:
        key = key_of([name, parts])
        if self.store.is_whole(name, key):
            return _row(name, "reuse", "nothing changed"), key
        why = self.steps.reason(name, parts) or "never run before"
        if self.store.has(name, key):
            why = "its kept result is damaged"
        if self.missed and why.endswith(" changed"):
            why = f"follows {self.missed}"
        self.missed = self.missed or name
        return _row(name, "run", why), key

    def tuner(self, split_key: str) -> dict[str, Any]:
        """It runs every time, on features of folds that may be kept."""
        option = self.job.choices["tuner"]
        kept = sum(1 for _ in takewhile(self.has_fold(split_key), count()))
        why = f"{option}, every time"
        return _row(
            "tuner", "run", f"{why}; the features of {kept} folds are kept" if kept else why
        )

    def has_fold(self, split_key: str) -> Any:
        """Whether the features of a fold, given by its number, are kept."""

        def asked(fold: int) -> bool:
            name, parts = f"fold {fold + 1}", front_parts(self.job, split_key, fold)
            return self.store.is_whole(name, key_of([name, parts]))

        return asked

    def features(self, split_key: str) -> dict[str, Any]:
        """What a tuner that searches will choose is known only when it has run."""
        row, _ = self.step("features", front_parts(self.job, split_key, None))
        searches = getattr(self.job.sketch("tuner"), "merged", None)
        space = searches(self.job.space) if searches else {}
        changes = any(key.partition(".")[0] in ("cleaner", "features") for key in space)
        if changes and row["plan"] == "reuse":
            row["why"] += f", unless tuner={self.job.choices['tuner']} finds better values"
        return row

    def afterwards(self) -> list[dict[str, Any]]:
        """What follows if every gate passes: a version, which is deployed and watched."""
        job = self.job
        name = job.part("registry").registers(job.name, bool(job.mode["judge"]))
        if not name:
            decides = "registry" if job.mode["judge"] else "mode"
            why = f"{decides}={job.choices[decides]} registers nothing"
            return [_row(room, "skip", why) for room in ("registry", "deployer", "monitor")]
        return [
            _row("registry", "register", f"{name}, if every gate passes"),
            _row("deployer", "deploy", f"{job.choices['deployer']}, if it is champion then"),
            _row("monitor", "watch", f"{job.choices['monitor']}, if it is champion then"),
        ]

    def tracker(self) -> dict[str, Any]:
        why = f"one run in experiment {self.job.name}, by {self.job.choices['tracker']}"
        return _row("tracker", "record", why)


def _row(step: str, plan: str, why: str) -> dict[str, Any]:
    return {"step": step, "plan": plan, "why": why}
