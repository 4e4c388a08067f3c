"""Where records become MLflow runs: every step may be done again without doing anything twice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlops.core.paths import SAFE_NAME
from mlops.core.record import Record
from mlops.core.version import Standing
from mlops.tracker import contents, limits, models, prepared, standings, versions
from mlops.tracker.contents import KEY, MISSING, Place

if TYPE_CHECKING:
    from mlops.tracker.spool import Spool

PARENT = "mlflow.parentRunId"


class Desk:
    """An open connection to MLflow that delivers records.

    Parameters
    ----------
    spool : Spool
        With an address.

    Raises
    ------
    MlopsError
        The local tracking database is damaged or of another version.
    Exception
        Whatever MLflow raises where it cannot be used.
    """

    def __init__(self, spool: Spool) -> None:
        assert spool.address is not None
        self.spool, self.address = spool, spool.address
        if self.address.database and self.address.artifacts:
            prepared.ready(self.address.database, self.address.artifacts)
        os.environ["MLFLOW_TRACKING_URI"] = self.address.uri  # for what MLflow asks for by itself
        from mlflow.tracking import MlflowClient

        self.client = MlflowClient(tracking_uri=self.address.uri)
        self.client.search_experiments(max_results=1)
        if self.address.database:  # opens the registry while there is nothing else to do
            self.client.search_registered_models(max_results=1)
        self._experiments: dict[str, str] = {}
        self._runs: dict[str, str] = {}

    def answers(self) -> bool:
        """Whether MLflow can be used at this moment."""
        try:
            if self.address.unreachable():
                return False
            if self.address.database and self.address.artifacts:
                prepared.ready(self.address.database, self.address.artifacts)
            self.client.search_experiments(max_results=1)
        except Exception:
            return False
        return True

    @staticmethod
    def is_final(error: Exception) -> bool:
        """Whether MLflow will say the same however often it is asked."""
        return getattr(error, "error_code", "") == "INVALID_PARAMETER_VALUE"

    def deliver(self, record: Record | Standing) -> tuple[str, str, str]:
        """Bring `record` into MLflow; return the run's id, the registered version, a remark.

        The version is empty where none was asked for or none could be made; the remark says why.
        """
        if isinstance(record, Standing):
            return f"{record.model}, line {record.seq}", "", self._align(record)
        experiment = self._experiment(record.experiment)
        run_id = self._run(record, experiment)
        place = Place(self.client, run_id, experiment)
        model = models.find_or_create(place, record)
        contents.describe(place, record, model_id=model.model_id if model else None)
        contents.put_inputs(place, record)
        contents.put_artifacts(place, record)
        if model is not None:
            models.put_files(place, record, model, self.spool.folder / ".models" / record.key)
        version, remark = self._register(place, record, model)
        self.client.set_terminated(run_id, record.status, record.end_ms)
        return run_id, version, remark

    def look(self) -> None:
        """Compare every model's aliases with how they stand, and bring them back in line."""
        for standing in self.spool.standings():
            self._align(standing)

    def _align(self, standing: Standing) -> str:
        return standings.align(
            self.client,
            standing,
            spool=self.spool.folder,
            uri=self.address.uri,
            model_of=self._model_anywhere,
        )

    def _model_anywhere(self, key: str) -> Any:
        """The finished model of a run, whatever its experiment; None if there is none."""
        self._deliver_first(key)
        every = [each.experiment_id for each in self.client.search_experiments()]
        for run in self.client.search_runs(every, f"tags.`{KEY}` = '{key}'", max_results=1):
            place = Place(self.client, run.info.run_id, run.info.experiment_id)
            return _ready(models.logged(place, place.run_id))
        return None

    def _register(self, place: Place, record: Record, own: Any) -> tuple[str, str]:
        """Make a version where one is asked for; return it, or why there is none."""
        if not record.register:
            return "", ""
        model = self._model_of(place, record.model_of) if record.model_of else own
        if model is None:
            absent = f"the model of {record.model_of or record.key}"
            if record.model_of:  # one's own was told with the other files
                self.client.set_tag(place.run_id, MISSING, absent)
            return "", f"no version of {record.register}: {absent} is not there"
        return versions.register(place, record, model, self.address.uri), ""

    def _model_of(self, place: Place, key: str) -> Any:
        """The finished model of another run; one that waits itself is delivered first."""
        self._deliver_first(key)
        run_id = self._find_run(key, place.experiment_id)
        return _ready(models.logged(place, run_id) if run_id else None)

    def _deliver_first(self, key: str) -> None:
        if key not in self.spool.waiting():
            return
        try:
            self.deliver(self.spool.read(key))
        except (ValueError, TypeError, KeyError, FileNotFoundError):
            pass  # a broken entry, or one that was delivered just now
        except Exception as error:
            if not self.is_final(error):
                raise

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            self._experiments[name] = self._find_experiment(limits.cut(name, limits.EXPERIMENT))
        return self._experiments[name]

    def _find_experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return self.client.create_experiment(name, self._artifact_location(name))
            except MlflowException:  # another recorder was faster
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":  # else nothing could be recorded under this name
            self.client.restore_experiment(found.experiment_id)
        return found.experiment_id

    def _artifact_location(self, name: str) -> str | None:
        if self.address.artifacts is None:
            return None
        folder = name if SAFE_NAME.match(name) else limits.name(f"{name}?").replace(" ", "_")[-64:]
        return str(self.address.artifacts / folder)

    def _run(self, record: Record, experiment: str) -> str:
        run_id = self._find_run(record.key, experiment)
        parent = self._parent(record, experiment)
        tags = {PARENT: parent} if parent else {}
        if run_id is None:
            return self._create_run(record, experiment, tags)
        self.client.update_run(run_id, name=record.run_name)  # it may be a parent's stand-in
        for name, value in tags.items():
            self.client.set_tag(run_id, name, value)
        return run_id

    def _create_run(self, record: Record, experiment: str, tags: dict[str, str]) -> str:
        run = self.client.create_run(
            experiment,
            start_time=record.start_ms,
            tags={KEY: record.key, "mlflow.source.name": "mlops", **tags},
            run_name=record.run_name,
        )
        self._runs[record.key] = run.info.run_id
        return run.info.run_id

    def _find_run(self, key: str, experiment: str) -> str | None:
        if key not in self._runs:
            found = self.client.search_runs([experiment], f"tags.`{KEY}` = '{key}'", max_results=9)
            ids = sorted(run.info.run_id for run in found)
            for extra in ids[1:]:  # a request that timed out here, and was carried out there
                self.client.delete_run(extra)
            if ids:
                self._runs[key] = ids[0]
        return self._runs.get(key)

    def _parent(self, record: Record, experiment: str) -> str:
        """The parent's run; one that stands in for it where its own record comes later."""
        if not record.parent_key:
            return ""
        found = self._find_run(record.parent_key, experiment)
        if found is not None:
            return found
        stand_in = Record(
            key=record.parent_key,
            experiment=record.experiment,
            run_name=record.parent_key,
            status="RUNNING",
            start_ms=self.spool.start_ms(record.parent_key) or record.start_ms,
            end_ms=0,
        )
        return self._create_run(stand_in, experiment, {})


def _ready(model: Any) -> Any:
    return model if model is not None and str(model.status) == "READY" else None
