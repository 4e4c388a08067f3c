"""A monitor that a test can ask what it was told to watch."""

from __future__ import annotations

from pathlib import Path


class Window:
    """Monitor that keeps a list."""

    def __init__(self, *, clean: bool = True) -> None:
        self.clean = clean

    def watch(self, name: str, folder: Path) -> str:
        """Write down the version whose files lie in `folder`."""
        if not self.clean:
            raise RuntimeError("the window is dirty")
        with Path("watched.txt").open("a") as file:
            file.write(f"{name} {folder.name}\n")
        return f"watches {name} {folder.name}"
