"""Files that somebody changed, swapped or made up: refused, nothing run, the champion untouched."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest

from mlops.core.errors import MlopsError
from mlops.core.store import digest
from mlops.registry.versions import Versions

QUICK = ("mode.folds=2", "mode.bootstrap=0", "tracker=offline")
HARSH = "evaluator.regression.gates.r2.min=0.99"
MODEL, ROWS, ANSWERS = "model/model.skops", "golden/rows.parquet", "golden/expected.json"


class Trap:
    """Whoever unpickles it writes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return (Path.touch, (self.canary,))


class Shop:
    """Two versions, the second one champion, and a run that a gate refused."""

    def __init__(self, place):
        self.place, self.outputs = place, place.outputs
        for model in ("linear", "ridge"):
            place(f"model={model}", *QUICK)
        self.run = place("model=dummy", HARSH, *QUICK)
        place("promote", "version=2", "tracker=offline")
        self.versions = Versions(place.outputs, "boston_housing")
        self.canary = place.folder / "canary"
        self.whole = place.folder / "whole"
        shutil.copytree(self.outputs, self.whole)

    def as_new(self):
        """Put everything back."""
        shutil.rmtree(self.outputs)
        shutil.copytree(self.whole, self.outputs)

    def refuses(self, *words):
        """The code of the refusal, after making sure that nothing else happened."""
        with pytest.raises(MlopsError) as refused:
            self.place(*words, "tracker=offline")
        assert refused.value.exit_code == 3
        assert not self.canary.exists()
        return refused.value.problems[0].code

    def champion(self):
        return self.versions.holder("champion").version


@pytest.fixture(scope="module")
def opened_shop(new_place):
    return Shop(new_place())


@pytest.fixture
def shop(opened_shop):
    opened_shop.as_new()
    return opened_shop


def put(path, data):
    """Another content under this name; what the run wrote keeps its own."""
    path.unlink()
    path.write_bytes(data)


def flip_a_bit(shop, folder):
    data = bytearray((folder / MODEL).read_bytes())
    data[len(data) // 2] ^= 1
    put(folder / MODEL, bytes(data))


def cut_it_off(shop, folder):
    put(folder / MODEL, (folder / MODEL).read_bytes()[:-100])


def take_the_other_version_s(shop, folder):
    put(folder / MODEL, (shop.versions.shelf.place(2) / MODEL).read_bytes())


def put_a_pickle(shop, folder):
    put(folder / MODEL, pickle.dumps(Trap(shop.canary)))


def put_a_pickle_for_rows(shop, folder):
    put(folder / ROWS, pickle.dumps(Trap(shop.canary)))


def put_a_pickle_for_answers(shop, folder):
    put(folder / ANSWERS, pickle.dumps(Trap(shop.canary)))


def put_a_zip_that_climbs(shop, folder):
    put(folder / MODEL, climbing(folder / MODEL))


def climbing(path):
    """The same archive with a member that wants to lie above."""
    data = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("../../canary", "here")
    return data.getvalue()


def link_the_model(shop, folder):
    elsewhere = shop.place.folder / "elsewhere.skops"
    shutil.copyfile(folder / MODEL, elsewhere)
    (folder / MODEL).unlink()
    (folder / MODEL).symlink_to(elsewhere)


def link_the_folder_of_the_model(shop, folder):
    elsewhere = shop.place.folder / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    (folder / "model").rename(elsewhere)
    (folder / "model").symlink_to(elsewhere)


def link_the_version(shop, folder):
    elsewhere = shop.place.folder / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def edit_the_manifest_too(shop, folder):
    flip_a_bit(shop, folder)
    about = json.loads((folder / "version.json").read_text())
    about["files"][MODEL] = digest(folder / MODEL)
    put(folder / "version.json", json.dumps(about, indent=1).encode())


DAMAGES = [
    *(flip_a_bit, cut_it_off, take_the_other_version_s, put_a_pickle, put_a_pickle_for_rows),
    *(put_a_pickle_for_answers, put_a_zip_that_climbs, link_the_model),
    *(link_the_folder_of_the_model, link_the_version, edit_the_manifest_too),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_a_version_that_is_not_as_it_was_registered_is_given_no_name(shop, damage):
    damage(shop, shop.versions.shelf.place(1))
    before = shop.versions.ledger.path.read_bytes()
    assert shop.refuses("promote", "version=1") == "version-not-whole"
    assert shop.refuses("rollback") == "version-not-whole"
    assert shop.refuses("history", "verify=true") == "version-not-whole"
    assert shop.champion() == 2
    assert shop.versions.ledger.path.read_bytes() == before
    row = next(r for r in shop.place("doctor").details["rows"] if r["check"] == "versions")
    assert row["state"] in ("look", "broken")
    assert "version 1" in row["found"]


def change_a_line(ledger):
    ledger.write_bytes(ledger.read_bytes().replace(b'"version": 2', b'"version": 1', 1))


def take_a_line_out(ledger):
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:1] + lines[2:]))


def take_the_last_line(ledger):
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:-1]))


def take_the_last_line_and_what_remembers_it(ledger):
    take_the_last_line(ledger)
    (ledger.parent / "head.json").unlink()


def link_it(ledger):
    ledger.rename(ledger.with_name("other"))
    ledger.symlink_to("other")


@pytest.mark.parametrize(
    "edit",
    [
        *(change_a_line, take_a_line_out, take_the_last_line, link_it),
        take_the_last_line_and_what_remembers_it,
    ],
    ids=lambda each: each.__name__,
)
def test_by_a_history_that_was_edited_nothing_is_decided(shop, edit):
    edit(shop.versions.ledger.path)
    after = shop.versions.ledger.path.read_bytes()
    for words in (["promote", "version=1"], ["rollback"], ["history", "verify=true"]):
        assert shop.refuses(*words) == "ledger-broken"
    assert shop.versions.ledger.path.read_bytes() == after


def test_a_run_registers_nothing_in_a_history_that_was_edited(shop):
    change_a_line(shop.versions.ledger.path)
    assert shop.refuses("model=linear", "seed=7", *QUICK[:2]) == "ledger-broken"
    assert not shop.versions.shelf.place(3).exists()


def promote_the_run(shop):
    words = ("override=true", "reason=why not")
    return shop.refuses("promote", f"run={shop.run.key}", *words)


def agreeing(folder):
    """Make what the run says of its files fit to what they are now."""
    about = json.loads((folder / "candidate.json").read_text())
    about["hashes"] = {name: digest(folder / name) for name in about["hashes"]}
    put(folder / "candidate.json", json.dumps(about).encode())


def put_a_strange_type(shop, folder):
    """A file of skops that is whole, and names what is on no list."""
    data = io.BytesIO((folder / MODEL).read_bytes())
    with zipfile.ZipFile(data) as old:
        members = {name: old.read(name) for name in old.namelist()}
    schema = members["schema.json"].replace(b'"Pipeline"', b'"system"', 1)
    members["schema.json"] = schema.replace(b'"sklearn.pipeline"', b'"os"', 1)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    put(folder / MODEL, made.getvalue())


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (flip_a_bit, "artefact-refused"),
        (cut_it_off, "artefact-refused"),
        (put_a_pickle, "artefact-refused"),
        (put_a_zip_that_climbs, "artefact-refused"),
        (put_a_strange_type, "untrusted-type"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_run_whose_model_is_not_to_be_trusted_becomes_no_version(shop, damage, code):
    folder = shop.place.run_folder(shop.run)
    damage(shop, folder)
    assert promote_the_run(shop) == code
    agreeing(folder)
    assert promote_the_run(shop) == code
    assert len(shop.versions.all()) == 2


def name_a_file_above(shop, folder):
    about = json.loads((folder / "candidate.json").read_text())
    about["files"].append("../../../secret")
    (shop.place.folder / "secret").write_text("mine")
    put(folder / "candidate.json", json.dumps(about).encode())


@pytest.mark.parametrize(
    "damage",
    [
        *(take_the_other_version_s, put_a_pickle_for_rows, put_a_pickle_for_answers),
        *(link_the_model, link_the_folder_of_the_model, name_a_file_above),
    ],
    ids=lambda each: each.__name__,
)
def test_a_run_that_is_not_as_it_ended_becomes_no_version(shop, damage):
    damage(shop, shop.place.run_folder(shop.run))
    assert promote_the_run(shop) == "run-not-whole"
    assert (len(shop.versions.all()), shop.champion()) == (2, 2)
    assert not list(shop.outputs.rglob("secret"))


def test_left_alone_the_same_run_becomes_one(shop):
    words = ("override=true", "reason=why not", "alias=trial", "tracker=offline")
    shop.place("promote", f"run={shop.run.key}", *words)
    assert shop.versions.version(3).aliases == ("trial",)


NESTED = b"[" * 100_000 + b"\n"
OTHER = b'{"standing": 1, "lines": 2, "seq": "x", "files": 3, "number": [], "at": 4, "event": 5}\n'
STRANGE = [b"[]\n", OTHER, b"\xff\xfe\n", NESTED]
FILES = ["head.json", "format.json", "intent.json", "online.json", "deployments.jsonl"]
FILES += ["ledger.jsonl", "versions/1/version.json"]
BESIDE = ["../../backups/last.json", "../../spool/standings/boston_housing.json"]


@pytest.mark.parametrize("name", [*FILES, *BESIDE])
def test_whatever_stands_in_a_file_of_the_registry_no_command_breaks_down(shop, name):
    path = shop.versions.folder / name
    commands = (["history", "verify=true"], ["doctor"], ["report"], ["rollback"])
    for content in STRANGE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        for words in commands:
            try:
                shop.place(*words, "tracker=offline")
            except MlopsError as error:
                assert error.exit_code in (2, 3, 4), (content[:20], words)
        shop.as_new()


@pytest.mark.parametrize("name", [*FILES[:6], ".lock"])
def test_nothing_is_written_through_a_link_that_lies_in_the_registry(shop, name):
    mine = shop.place.folder / "mine"
    mine.write_text("precious")
    (shop.versions.folder / name).unlink(missing_ok=True)
    (shop.versions.folder / name).symlink_to(mine)
    for words in (["rollback"], ["promote", "version=1"], ["promote", "version=2"]):
        try:
            shop.place(*words, "tracker=offline")
        except MlopsError as error:
            assert error.exit_code in (3, 4)
    assert mine.read_text() == "precious"
