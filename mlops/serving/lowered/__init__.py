"""Lowered: a fitted pipeline as look-ups and array arithmetic, without scikit-learn or pandas.

A fitted pipeline enters :func:`mlops.serving.lowered.lower.lower`, a small program leaves, which
can be pickled and answers a row in microseconds. The ``from_…`` modules read fitted steps;
everything else is what runs, and imports NumPy at most. To add a model, say in ``from_model`` how
it is read; what is not known there is answered by ONNX or by scikit-learn.
"""
