"""The law of option files: a sentence, a target that exists, keys that it takes, a fitting name."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

METADATA = {
    *("_tasks_", "_ranges_", "_space_", "_extra_", "_positionals_", "_scope_", "_text_"),
    "_words_",
}
RESERVED = {"_target_", "_args_", "_partial_", "_convert_", "_recursive_", "defaults"}
SHORTEST, LONGEST = 2, 25  # a sentence and a target, where there are no keys


def read(option_file: Path) -> dict[str, Any]:
    return yaml.safe_load(option_file.read_text(encoding="utf-8"))


def nodes(value: Any, where: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every mapping that names a target, with its dotted place."""
    found = []
    if isinstance(value, dict):
        found += [(where, value)] if "_target_" in value else []
        for key, each in value.items():
            found += nodes(each, f"{where}.{key}".strip("."))
    if isinstance(value, list):
        for position, each in enumerate(value):
            found += nodes(each, f"{where}.{position}")
    return found


def resolve(target: str) -> Any:
    module, _, name = target.rpartition(".")
    return getattr(importlib.import_module(module), name)


def snake(name: str) -> str:
    """``TargetEncoder`` is ``target_encoder``, ``PCA`` is ``pca``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return words.lower()


def own_keys(node: dict[str, Any]) -> list[str]:
    return [key for key in node if key not in METADATA | RESERVED]


def parameters(target: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(resolve(target)).parameters)


@pytest.fixture(scope="module")
def served(root) -> Counter[str]:
    """How many options name a target."""
    options = [read(path) for path in (root / "conf").glob("*/*.yaml")]
    return Counter(str(option["_target_"]) for option in options if "_target_" in option)


def test_the_first_line_is_a_sentence_or_an_address(option_file):
    first = option_file.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"# (https://\S+|[A-Z0-9`].*[.:])", first), first


def test_the_file_is_short(option_file):
    assert SHORTEST <= len(option_file.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_nothing_is_an_anchor_and_no_key_stands_twice(option_file):
    text = option_file.read_text(encoding="utf-8")
    tokens = list(yaml.scan(text))
    assert not [each for each in tokens if isinstance(each, (yaml.AnchorToken, yaml.AliasToken))]
    twice = [
        [key for key, times in Counter(k.value for k, _ in node.value).items() if times > 1]
        for node in _mappings(yaml.compose(text))
    ]
    assert not any(twice)


def _mappings(node: Any) -> list[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        return [node, *(each for _, value in node.value for each in _mappings(value))]
    if isinstance(node, yaml.SequenceNode):
        return [each for value in node.value for each in _mappings(value)]
    return []


def test_metadata_comes_last(option_file):
    keys = list(read(option_file))
    places = [position for position, key in enumerate(keys) if key in METADATA]
    assert places == list(range(len(keys) - len(places), len(keys)))


def test_an_underscored_key_is_one_that_the_house_knows(option_file):
    known = METADATA | RESERVED
    for where, node in nodes(read(option_file)):
        strange = [key for key in node if key.startswith("_") and key not in known]
        assert not strange, where


def test_every_target_exists_and_takes_the_keys_in_the_order_of_its_constructor(option_file):
    for where, node in nodes(read(option_file)):
        accepted = parameters(node["_target_"])
        order = {name: position for position, name in enumerate(accepted)}
        takes_any = any(each.kind is each.VAR_KEYWORD for each in accepted.values())
        keys = own_keys(node)
        unknown = [key for key in keys if key not in order and not takes_any]
        assert not unknown, f"{where}: {node['_target_']} does not take {unknown}"
        places = [order[key] for key in keys if key in order]
        assert places == sorted(places), f"{where}: the constructor's order is {list(accepted)}"


def test_our_own_class_shows_all_its_arguments(option_file):
    for where, node in nodes(read(option_file)):
        if not node["_target_"].startswith("mlops."):
            continue
        required = [
            name
            for name, each in parameters(node["_target_"]).items()
            if each.kind is each.KEYWORD_ONLY and each.default is each.empty
        ]
        assert set(required) <= set(own_keys(node)), where


def test_our_own_class_takes_keywords_only(option_file):
    for where, node in nodes(read(option_file)):
        if node["_target_"].startswith("mlops."):
            kinds = {each.kind for each in parameters(node["_target_"]).values()}
            allowed = {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
            assert kinds <= allowed, where


def test_our_own_class_lies_in_the_file_of_its_name(option_file):
    for _, node in nodes(read(option_file)):
        if node["_target_"].startswith("mlops."):
            module, _, name = node["_target_"].rpartition(".")
            assert module.rpartition(".")[2] == snake(name)


def test_the_option_is_called_as_its_class(option_file, served):
    """A class that serves several options has variants, and each of those its own name."""
    target = read(option_file).get("_target_")
    if target is None or served[target] > 1:
        return
    name = snake(target.rpartition(".")[2])
    stem = option_file.stem
    if target.startswith("mlops."):
        assert stem == name
    else:
        assert stem.replace("_", "") in name.replace("_", "")


def test_metadata_speaks_of_keys_that_the_option_has(option_file):
    option = read(option_file)
    for metadata in ("_ranges_", "_space_"):
        for key in option.get(metadata, {}):
            place: Any = option
            for part in key.split("."):
                takes_any = isinstance(place, dict) and place == {}
                assert takes_any or part in place, f"{metadata}: {key}"
                place = {} if takes_any else place[part]
    assert option.get("_scope_", "itself") in ("itself", "recipe")
    for metadata in ("_positionals_", "_text_", "_words_"):
        assert set(option.get(metadata, [])) <= set(own_keys(option))
