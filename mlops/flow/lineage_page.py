"""The page of `mlops lineage`: the picture, and what else is known of few runs."""

from __future__ import annotations

from typing import Any

from mlops.ui.graph import graph
from mlops.ui.sheet import Section, sheet

FEW, MOST = 3, 200
BESIDE = ("recipe", "flow", "ui", "tracker")  # what no model is made of


def html(title: str, says: str, tree: list[dict[str, Any]], abouts: list[dict[str, Any]]) -> str:
    """One document that needs nothing else."""
    told = (says,) if says != title else ()
    sections = [Section(title="From data to deployments", says=told, drawn=(graph(tree),))]
    if len(abouts) > FEW:
        abouts = sorted(abouts, key=lambda each: str(each.get("run")), reverse=True)
        rows = tuple(_row(about) for about in abouts[:MOST])
        cut = (f"the newest {MOST} of {len(abouts)}",) if len(abouts) > MOST else ()
        sections.append(Section(title="Runs", says=cut, rows=rows))
    else:
        sections += [
            Section(title=f"Run {about.get('run')}", terms=_terms(about)) for about in abouts
        ]
    return sheet(title, sections)


def _row(about: dict[str, Any]) -> dict[str, Any]:
    choices, primary = about["choices"], str(about.get("primary", ""))
    return {
        "run": about.get("run"),
        "recipe": about.get("recipe"),
        "model": choices.get("model"),
        "metric": primary,
        "value": about["metrics"].get(primary),
        "gates": "passed" if about.get("passed") else "refused",
        "rows": str(about.get("data_fingerprint", ""))[:12],
    }


def _terms(about: dict[str, Any]) -> dict[str, str]:
    choices, code = about["choices"], about["code"]
    machine = ", ".join(f"{name} {value}" for name, value in about["machine"].items())
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in about["metrics"].items())
    changes = " with uncommitted changes" if code.get("git.clean") == "false" else ""
    known = {
        "recipe": about.get("recipe"),
        "choices": ", ".join(
            f"{room}={each}" for room, each in reversed(choices.items()) if room not in BESIDE
        ),
        "seed": about.get("seed"),
        "metrics": metrics,
        "source": about.get("source"),
        "its sha256": about.get("source_key"),
        "rows": about.get("data_fingerprint"),
        "snapshot": about.get("snapshot"),
        "contract": about.get("contract"),
        "code": f"{code['git.commit']}{changes}" if code.get("git.commit") else None,
        "libraries": ", ".join(about["requirements"]),
        "machine": machine,
        "in sweep": about.get("sweep"),
        "repeats": about.get("rerun_of"),
    }
    return {name: str(value) for name, value in known.items() if value not in (None, "")}
