"""Makes a project of the user's own, which runs at once and passes its own tests."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.core.errors import ENVIRONMENT, MlopsError, fail
from mlops.core.paths import whole_folder
from mlops.core.record import Result, Step

if TYPE_CHECKING:
    from mlops.config.job import Job

TEMPLATE = Path(__file__).with_name("template")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FOLDERS = ("conf", "contracts", "data", "outputs", "recipes", "tests")  # of every project


class Init:
    """Write a new project: a recipe, a component with its test, a CI workflow, its settings.

    Parameters
    ----------
    name : str
        Of the project, its package and its recipe: small letters, digits and ``_``, at most 40
        characters, and no module that is already there.
    folder : str or None
        Where it is to lie; None is ``./<name>``. It must not exist, and appears whole or not
        at all.
    """

    def __init__(self, *, name: str, folder: str | None = None) -> None:
        self.name = name
        self.folder = folder

    def __call__(self, job: Job | None = None) -> Result:
        """Write the files.

        Parameters
        ----------
        job : Job or None
            Not looked at: a new project depends on nothing that is there.

        Returns
        -------
        Result
            ``details["rows"]``: one dict a file (``file``, ``about``); ``details["next"]``: what
            to type now.

        Raises
        ------
        MlopsError
            The name is not safe or taken, the folder exists (exit code 2), or it cannot be
            written (4).
        """
        started = time.monotonic()
        name = _checked_name(str(self.name))
        folder = Path(self.folder or name)
        _check_folder(folder)
        files = _filled(name)
        try:
            with whole_folder(folder.absolute()) as made:
                for place, content in files.items():
                    (made / place).parent.mkdir(parents=True, exist_ok=True)
                    (made / place).write_bytes(content)
        except OSError as error:
            raise _unwritable(folder, error) from error
        seconds = time.monotonic() - started
        step = Step(name="init", status="done", says=f"{len(files)} files", seconds=seconds)
        return Result(
            outcome="done",
            name=name,
            folder=str(folder),
            steps=(step,),
            details={
                "rows": _rows(name, files),
                "lines": ["", "Next:", *(f"  {command}" for command in _next(folder))],
                "next": _next(folder),
            },
            seconds=seconds,
        )


def _filled(name: str) -> dict[str, bytes]:
    """The template's files by their place in the project; ``NAME`` and ``@NAME@`` filled in."""
    files: dict[str, bytes] = {}
    for path in sorted(TEMPLATE.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        parts = path.relative_to(TEMPLATE).parts
        place = "/".join(re.sub("^dot_", ".", part).replace("NAME", name) for part in parts)
        content = path.read_bytes().replace(b"@NAME@", name.encode())
        files[place.removesuffix(".tmpl")] = content
    return files


def _rows(name: str, files: dict[str, bytes]) -> list[dict[str, str]]:
    about = {
        name: "a cleaner of your own",
        "conf": "its option",
        "conf/config.yaml": "what is chosen where nothing is typed",
        "data": "made-up data, to be replaced",
        "recipes": "what `mlops` runs",
        "tests": "tests of your own parts",
        "mlops.yaml": "what your configs may reach",
        ".github": "tests and smoke runs on every push",
        "README.md": "start here",
    }
    return [
        {"file": place, "about": about.get(place) or about.get(place.split("/")[0], "")}
        for place in files
    ]


def _next(folder: Path) -> list[str]:
    return [f"cd {folder}", "mlops", "pytest"]


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise _unsafe(name)
    if name in _FOLDERS or name in sys.stdlib_module_names or _installed(name):
        what = "a folder of every project" if name in _FOLDERS else "a module that Python has here"
        raise fail(
            "name-taken",
            f"A project called {name} would hide something else of that name.",
            where="mlops init",
            found=f"{name}, {what}",
            accepted="a name that no installed module and no folder of a project has",
            closest=f"my_{name}"[:40],
            next_step=f"mlops init my_{name}"[:51],
        )
    return name


def _installed(name: str) -> bool:
    return name in sys.modules or importlib.util.find_spec(name) is not None


def _unsafe(name: str) -> MlopsError:
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").lstrip("0123456789_")[:40]
    usable = words if words and not keyword.iskeyword(words) else "my_project"
    return fail(
        "unsafe-name",
        "This cannot be the name of a Python package.",
        where="mlops init",
        found=repr(name[:80]),
        accepted="small letters, digits and _, a letter first, at most 40, no word of Python's own",
        closest=usable,
        next_step=f"mlops init {usable}",
    )


def _check_folder(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise fail(
            "folder-exists",
            "The project's folder is already there; nothing was changed.",
            where=f"folder {folder}",
            found="a folder" if folder.is_dir() else "a file",
            accepted="a folder that does not exist yet",
            next_step="choose another name, or another place with folder=…",
        )


def _unwritable(folder: Path, error: OSError) -> MlopsError:
    return fail(
        "cannot-write",
        "The project's folder cannot be written; nothing was left behind.",
        where=f"folder {folder.parent.absolute()}",
        found=error.strerror or type(error).__name__,
        accepted="a folder that you may write to, on a disk with room",
        next_step="change to another folder, or write folder=…",
        exit_code=ENVIRONMENT,
    )
