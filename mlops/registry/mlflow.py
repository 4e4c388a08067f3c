"""Models whose gates pass become versions; MLflow's registry follows the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlops.registry.safe_names import safe_name

if TYPE_CHECKING:
    from mlops.registry.versions import Versions


class Mlflow:
    """Registry that takes a version from every run that is accepted.

    What is a version, and which one has which name, stands in a ledger in the outputs folder.
    MLflow's registry is told by the recorder, and brought in line with it.

    Parameters
    ----------
    name : str, optional
        Registered model; None takes the run's own name.

    Examples
    --------
    >>> Mlflow().registers("boston_housing", report_passed=True)
    'boston_housing'
    >>> Mlflow().registers("boston_housing", report_passed=False)
    ''
    """

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
        safe_name("registered model", chosen)
        return chosen if report_passed else ""

    def versions(self, outputs: Path, name: str) -> Versions:
        """The versions of the model that runs called `name` register, whatever they found."""
        from mlops.registry.versions import Versions  # a check asks for a name only

        return Versions(outputs, name if self.name is None else self.name)
