"""Everything that speaks Hydra: command-line words and YAML go in, one frozen Job comes out.

``commandline`` turns words into overrides, ``catalogue`` and ``source`` find the files,
``compose`` lets Hydra put them together, ``check`` walks the result, ``build`` makes the parts.
Nobody outside sees a DictConfig.
"""
