"""Models whose gates pass become versions in MLflow's registry."""

from __future__ import annotations

from mlops.core.errors import fail
from mlops.core.paths import SAFE_NAME


class Mlflow:
    """Registry that takes a version from every run that is accepted.

    Parameters
    ----------
    name : str, optional
        Registered model; None takes the run's own name.

    Attributes
    ----------
    aliases : tuple of str
        What the first version is called, and the newest of the later ones.

    Examples
    --------
    >>> Mlflow().registers("boston_housing", report_passed=True)
    'boston_housing'
    >>> Mlflow().registers("boston_housing", report_passed=False)
    ''
    """

    aliases = ("champion", "challenger")

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name

    def registers(self, name: str, report_passed: bool) -> str:
        """The registered model that the run's model becomes a version of; empty for none.

        Parameters
        ----------
        name : str
            What the run is called.
        report_passed : bool
            Whether no gate refuses.

        Raises
        ------
        MlopsError
            The name is not one that every store and file system takes.
        """
        chosen = name if self.name is None else self.name
        if not SAFE_NAME.match(chosen):
            raise fail(
                "bad-model-name",
                "A registered model cannot have this name.",
                where="registry.name",
                found=repr(chosen)[:80],
                accepted="up to 64 letters, digits, '_', '-' and '.', the first a letter or digit",
                next_step="set registry.name=NAME",
            )
        return chosen if report_passed else ""
