"""Where things lie, how long they are, what they are called."""

from __future__ import annotations

import ast
import re

TOP = {
    ".ci",
    ".gitignore",
    "LICENSE",
    "NOTICE",
    "README.md",
    "conf",
    "mlops",
    "outputs",
    "pyproject.toml",
    "recipes",
    "tests",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
LONGEST = 300
TEXT = {".py", ".yaml", ".yml", ".toml", ".md", ".tmpl", ".cfg", ".txt", ".html", ""}


def test_the_top_folder_holds_what_it_should(tracked_files):
    assert {path.parts[0] for path in tracked_files} <= TOP


def test_outputs_is_kept_and_empty(tracked_files, root):
    assert (root / "outputs" / ".gitkeep").is_file()
    assert not [path for path in tracked_files if path.parts[0] == "outputs"][1:]


def test_no_file_is_too_long(source):
    assert len(source.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_a_package_is_opened_by_a_docstring_and_nothing_else(source):
    if source.name != "__init__.py":
        return
    body = ast.parse(source.read_text(encoding="utf-8")).body
    assert len(body) == 1
    assert ast.get_docstring(ast.parse(source.read_text(encoding="utf-8")))


def test_every_folder_of_the_package_has_its_door_plate(source):
    if source.parent.name == "hydra_plugins":
        return  # a namespace package, which many distributions fill: a file would close it
    assert (source.parent / "__init__.py").is_file()


def test_every_module_says_what_it_is_and_defers_its_annotations(source):
    tree = ast.parse(source.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    defines = any(isinstance(each, (ast.FunctionDef, ast.ClassDef)) for each in tree.body)
    if defines:
        assert "from __future__ import annotations" in source.read_text(encoding="utf-8")


def test_no_name_is_vague(tracked_files):
    words = {
        path: VAGUE & set(re.split(r"[^a-z]+", str(path).lower()))
        for path in tracked_files
        if path.suffix in (".py", ".yaml")
    }
    assert not {str(path): found for path, found in words.items() if found}


def test_no_class_is_a_manager_or_a_helper(source):
    names = [
        node.name
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert not [name for name in names if re.search("Utils?$|Helpers?$|Manager$|Common$", name)]


def test_a_room_has_the_same_name_in_the_package_and_in_conf(root):
    beside_the_road = {"config", "core", "flow", "serving"}
    packages = {path.parent.name for path in (root / "mlops").glob("*/__init__.py")}
    groups = {path.name for path in (root / "conf").iterdir() if path.is_dir()}
    assert packages - beside_the_road <= groups


def test_no_file_names_a_place_on_somebodys_machine(tracked_files, root):
    homes = "|".join(["home", "root", "work", "Users", "private", "mnt"])
    place = re.compile(rf"""(?:^|[\s"'=(`])/(?:{homes})/[\w.-]""", re.MULTILINE)
    assert not _files_with(place, tracked_files, root)


def test_no_file_names_a_package_index(tracked_files, root):
    options = "|".join(["extra-" + "index-url", "index" + "-url", "find-" + "links"])
    index = re.compile(rf"--(?:{options})|https?://[^\s]*/" + "simple" + r"\b")
    assert not _files_with(index, tracked_files, root)


def _files_with(pattern, tracked_files, root):
    texts = [path for path in tracked_files if path.suffix in TEXT and path.name != "LICENSE"]
    found = {path: pattern.search((root / path).read_text(encoding="utf-8")) for path in texts}
    return {str(path): match.group() for path, match in found.items() if match}
