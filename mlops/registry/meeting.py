"""Brings what others pushed and what only stands here together, on one branch.

Nothing is merged line by line. Their commits come first; each act of ours that they do not have
is done again on top of them, see :mod:`mlops.registry.replay`.
"""

from __future__ import annotations

from mlops.core.errors import REFUSED, fail
from mlops.core.paths import SAFE_NAME
from mlops.registry import chain
from mlops.registry.acts import Acts
from mlops.registry.branch import Branch
from mlops.registry.draft import Draft
from mlops.registry.ledger import FILE
from mlops.registry.remote import Remote
from mlops.registry.replay import Replay

MOVED = ".moved"  # in a model's folder: its lines are about to be other ones, and rightly so


def meet(branch: Branch, remote: Remote) -> dict[str, Replay]:
    """Let the branch have what was fetched, and what only stands here on top of it.

    Returns
    -------
    dict of str to Replay
        What became of our acts, by model.

    Raises
    ------
    MlopsError
        What was fetched is no continuation of what is known, or a newer release wrote it (exit
        code 3).
    """
    mine, theirs = branch.tip(), branch.tip(remote.ref)
    if branch.is_behind(theirs, mine):
        return {}
    known = branch.base(mine, theirs) if mine else ""
    if _is_not_ours_alone(branch, mine, theirs, known):
        remote.away = f"there are changes beside {branch.folder}: git pull brings them in"
        return {}
    for model in sorted({*_models(branch, theirs), *_models(branch, known)}):
        _trust(branch, remote, model, known)
    commit, replays = theirs, {}
    for model in _models(branch, mine) if known != mine else ():
        commit, replays[model] = _replayed(Acts(branch, model), commit, mine)
    branch.move(commit, mine, f"what {remote.name} has")
    for model, replay in replays.items():
        Acts(branch, model).tag(commit, replay.entries)
    return replays


def _models(branch: Branch, commit: str) -> list[str]:
    return [each for each in branch.models(commit) if SAFE_NAME.match(each)]


def _is_not_ours_alone(branch: Branch, mine: str, theirs: str, known: str) -> bool:
    """Whether other files than ours would have to be merged, or changed under somebody's hands."""
    if mine and known != mine and branch.changes_more(known, mine):
        return True
    return bool(branch.checked_out()) and branch.changes_more(mine, theirs)


def _trust(branch: Branch, remote: Remote, model: str, known: str) -> None:
    """Make sure that what was fetched only adds lines to what is known."""
    theirs = branch.tip(remote.ref)
    branch.refuse_newer(theirs, model)
    lines, before = branch.lines(theirs, model), branch.lines(known, model)
    wrong = chain.broken(lines, model)
    if not wrong and lines[: len(before)] == before:
        return
    raise fail(
        "ledger-broken",
        f"The history of {model} on {remote.name} is not as it was written.",
        where=f"{remote.name}/{branch.name}:{branch.folder}/{model}/{FILE}",
        found=wrong or "lines that are known here were changed or taken out there",
        accepted="lines that were only ever added, by mlops",
        next_step=f"git log -p {remote.name}/{branch.name} shows who did it; "
        "registry.remote=null goes on with what stands here",
        exit_code=REFUSED,
    )


def _replayed(acts: Acts, theirs: str, mine: str) -> tuple[str, Replay]:
    """Our acts, each a commit behind `theirs`; no ref names them yet."""
    replay = Replay(acts.model, acts.entries(theirs), acts.entries(mine))
    was = {number: old for old, number in replay.numbers.items()}

    def files(draft: Draft, number: int) -> None:
        draft.graft(acts.files(number), f"{mine}:{acts.files(was[number])}")

    commit = theirs
    for entry in replay.new:
        commit = acts.commit(commit, replay.entries[: entry.seq], files)
    folder = acts.branch.root / acts.place
    if replay.became and folder.exists():
        (folder / MOVED).touch()
    return commit, replay
