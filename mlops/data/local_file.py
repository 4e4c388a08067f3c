"""A file on this machine: is it there, is it what it should be, what does it hold."""

from __future__ import annotations

from pathlib import Path

from mlops.core.errors import ENVIRONMENT, closest, fail, listed
from mlops.core.paths import PACKAGE

BUNDLED = "bundled:"
FILES = PACKAGE / "data" / "files"
SIGNATURES = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a ZIP archive (XLSX files are such)",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x80\x02": "a Python pickle",
    b"\x80\x03": "a Python pickle",
    b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "PDF",
}


def find(path: str, suffix: str) -> Path:
    """The file at `path`, after making sure that it is one.

    Parameters
    ----------
    path : str
        Relative to the working folder, absolute, with ``~``, or ``bundled:NAME`` for a file that
        comes with the package.
    suffix : str
        Of the files to name when it is not there, e.g. ``.csv``.

    Raises
    ------
    MlopsError
        There is no file, it is a folder or a device, or it may not be read.
    """
    file = FILES / path[len(BUNDLED) :] if path.startswith(BUNDLED) else Path(path).expanduser()
    try:
        if file.is_file():
            with file.open("rb"):
                return file
        raise _not_a_file(path, file, suffix)
    except OSError as error:
        raise fail(
            "data-unreadable",
            "The data file cannot be read.",
            where=f"data.path={path}",
            found=error.strerror or type(error).__name__,
            accepted="a file that this user may read",
            next_step="look at the rights of the file and of its folders",
            exit_code=ENVIRONMENT,
        ) from None


def _not_a_file(path: str, file: Path, suffix: str) -> Exception:
    folder = file if file.is_dir() else file.parent
    there = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    fitting = [name for name in there if name.endswith(suffix)]
    if "://" in path:
        found = "an address"
    elif file.is_dir():
        found = f"a folder, with {len(fitting)} {suffix} files"
    elif file.exists():
        found = "something that is no regular file"
    else:
        found = "no such file" if folder.is_dir() else f"no such folder: {folder}"
    near = closest(file.stem + suffix, fitting) or closest(file.name, there)
    if file.is_dir():
        near = near or (fitting[0] if fitting else "")
    return fail(
        "data-not-found",
        "There is no data file.",
        where=f"data.path={path}",
        found=found,
        accepted=f"a {suffix} file on this machine"
        + (f"; in that folder: {listed(fitting, 6)}" if fitting else ""),
        closest=str(folder / near) if near else "",
        next_step="correct data.path, e.g. data.path=FILE",
    )


def refuse_other_kinds(file: Path, path: str, wanted: str) -> None:
    """Look at the first bytes of `file`.

    Raises
    ------
    MlopsError
        The file is empty, or plainly of another kind than `wanted` (``CSV``, ``Parquet``).
    """
    with file.open("rb") as opened:
        start = opened.read(16)
    if not start:
        raise fail(
            "data-empty",
            "The data file is empty.",
            where=f"data.path={path}",
            found="0 bytes",
            accepted=f"a {wanted} file with a header and rows",
            next_step="write the file again, or choose another one with data.path=FILE",
        )
    found = next((kind for mark, kind in SIGNATURES.items() if start.startswith(mark)), "")
    if found and found != wanted:
        other = "use data=parquet" if found == "Parquet" else f"export the data as {wanted}"
        raise fail(
            "data-wrong-kind",
            f"The data file is no {wanted} file.",
            where=f"data.path={path}",
            found=found,
            accepted=wanted,
            closest="data=parquet" if found == "Parquet" else "",
            next_step=f"{other}; nothing is ever unpickled or unpacked",
        )
