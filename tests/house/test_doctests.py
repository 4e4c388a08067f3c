"""The examples in the docstrings say what happens."""

from __future__ import annotations

import doctest
import importlib


def test_the_examples_of_a_module_are_true(module, work):
    ran = doctest.testmod(
        importlib.import_module(module),
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert ran.attempted
    assert not ran.failed
