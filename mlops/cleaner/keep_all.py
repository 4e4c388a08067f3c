"""Keep every row and every value."""

from __future__ import annotations

from mlops.cleaner.step import Step


class KeepAll(Step):
    """Clean nothing; what comes in goes on.

    Examples
    --------
    >>> import pandas as pd
    >>> KeepAll().fit_transform(pd.DataFrame({"a": [1.0, None]}))["a"].tolist()
    [1.0, nan]
    """
