"""The next commit of a branch, put together in a temporary index of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from mlops.core.errors import ENVIRONMENT, fail
from mlops.registry.repository import Answer, Repository

ATTRIBUTES, POINTER = ".gitattributes", "filter=lfs diff=lfs merge=lfs -text"
VERBATIM = "* -text\nledger.jsonl -merge\nhead.json -merge\naliases.json -merge\n"


class Draft:
    """The content of the next commit.

    Parameters
    ----------
    repository : Repository
    root : pathlib.Path
        Files are added from here.
    index : pathlib.Path
        A temporary index.
    folder : str
        The first part of every path that is ours.
    """

    def __init__(self, repository: Repository, root: Path, index: Path, folder: str) -> None:
        self.repository, self.root, self.folder = repository, root, folder
        self.env = {
            "GIT_DIR": str(self.repository.git_dir),
            "GIT_WORK_TREE": str(root),
            "GIT_INDEX_FILE": str(index),
        }
        self.index = index

    def put(self, files: dict[str, bytes]) -> None:
        """Files by path, byte for byte."""
        place = self.index.with_suffix(".files")
        place.mkdir()
        try:
            for number, content in enumerate(files.values()):
                (place / str(number)).write_bytes(content)
            listed = "".join(f"{place / str(number)}\n" for number in range(len(files)))
            words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
            blobs = self.repository.get(*words, stdin=listed.encode()).decode().split()
        finally:
            shutil.rmtree(place)
        lines = [f"100644 {blob}\t{path}\0" for blob, path in zip(blobs, files, strict=True)]
        words = ("update-index", "-z", "--add", "--index-info")
        self.repository.get(*words, stdin="".join(lines).encode(), env=self.env)

    def add(self, folder: str) -> None:
        """A folder of the root; large files as the repository says.

        Raises
        ------
        MlopsError
            Large files are to go to Git LFS, which is not there (exit code 4).
        """
        self._say_how_files_are_kept(folder)
        self.repository.get("add", "--force", "--", folder, env=self.env)

    def graft(self, path: str, tree: str) -> None:
        """A folder of another commit, at another path."""
        self.repository.get("read-tree", f"--prefix={path}/", tree, env=self.env)

    def commit(self, parent: str, message: str) -> str:
        """Make a commit of it; no ref names it yet."""
        tree = self.repository.get("write-tree", env=self.env).decode().strip()
        words = ["commit-tree", tree, *(["-p", parent] if parent else []), "-F", "-"]
        env = self.repository.person()
        return self.repository.get(*words, stdin=message.encode(), env=env).decode().strip()

    def _say_how_files_are_kept(self, folder: str) -> None:
        """Write the attributes: every byte as it is, and in Git LFS what the user keeps there."""
        path, place = f"{self.folder}/{ATTRIBUTES}", self.root / folder
        now = self.repository.ask("cat-file", "blob", f":{path}", env=self.env).out.decode()
        files = [str(each.relative_to(self.root)) for each in place.rglob("*") if each.is_file()]
        text = now or VERBATIM
        for name in sorted({Path(each).name for each in self._large(files)}):
            line = f"{name} {POINTER}\n"
            text += "" if line in text else line
        if text != now:
            self.put({path: text.encode()})

    def _large(self, files: list[str]) -> set[str]:
        """Those that go to Git LFS: as this branch says, or the files of the user's work tree."""
        listed = "\0".join(files).encode()
        words = ("check-attr", "-z", "--stdin", "--cached", "filter")
        found = _in_lfs(self.repository.ask(*words, stdin=listed, env=self.env))
        found |= is_large(self.repository, *files)
        if found:
            needs_lfs(self.repository)
        return found


def is_large(repository: Repository, *files: str) -> set[str]:
    """Those of some files that would go to Git LFS in the user's work tree."""
    listed = "\0".join(files).encode()
    words = ("check-attr", "-z", "--stdin", "filter")
    return _in_lfs(repository.ask(*words, stdin=listed, at=repository.top))


def _in_lfs(answer: Answer) -> set[str]:
    told = answer.out.decode().split("\0")
    return {path for path, value in zip(told[::3], told[2::3], strict=False) if value == "lfs"}


def needs_lfs(repository: Repository) -> None:
    """Make sure that Git LFS is there: without it, Git would take large files for small ones.

    Raises
    ------
    MlopsError
        It is not (exit code 4).
    """
    is_set = not repository.ask("config", "--get-regexp", r"^filter\.lfs\.(clean|process)$").code
    if is_set and not repository.ask("lfs", "version").code:
        return
    raise fail(
        "lfs-missing",
        "The repository keeps models in Git LFS, which is not set up here.",
        where=str(repository.folder),
        found="no filter.lfs in Git's configuration" if not is_set else "no program git-lfs",
        accepted="git-lfs, installed and set up",
        next_step="install git-lfs, then git lfs install",
        exit_code=ENVIRONMENT,
    )
