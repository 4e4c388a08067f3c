"""Where records become MLflow runs: every step may be done again without doing anything twice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlops.core.paths import SAFE_NAME
from mlops.core.record import Record
from mlops.core.version import Standing
from mlops.tracker import contents, limits, models, prepared, standings, versions
from mlops.tracker.contents import KEY, MISSING, Place
from mlops.tracker.transaction import one_transaction

if TYPE_CHECKING:
    from mlops.tracker.spool import Spool

PARENT = "mlflow.parentRunId"
_PAGE = 1000


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
        self._families: set[tuple[str, str]] = set()  # of which all runs there are in _runs

    def answers(self) -> bool:
        """Whether MLflow can be used at this moment."""
        try:
            if self.address.unreachable():
                return False
            if self.address.database and self.address.artifacts:
                prepared.ready(self.address.database, self.address.artifacts)
            self.client.search_experiments(max_results=1)
        except Exception:  # whatever MLflow, or what it speaks through, raises
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
        known = self._find(record, experiment)
        run_id = self._create_run(record, experiment) if known is None else known
        place = Place(self.client, run_id, experiment)
        model = models.find_or_create(place, record)
        model_id = model.model_id if model else None
        contents.describe(place, record, model_id=model_id, is_tagged=known is None)
        contents.put_inputs(place, record)
        contents.put_artifacts(place, record)
        if model is not None:
            models.put_files(place, record, model, self.spool.folder / ".models" / record.key)
        version, remark = self._register(place, record, model)
        self.client.set_terminated(run_id, record.status, record.end_ms)
        return run_id, version, remark

    def deliver_together(self, records: Sequence[Record]) -> list[str]:
        """Bring records that are slight into MLflow, all of them or none; return the runs' ids.

        Raises
        ------
        Exception
            One of them cannot be delivered so: try each by itself.
        """
        try:
            with one_transaction(self.client):
                return [self.deliver(each)[0] for each in records]
        except BaseException:
            self._runs.clear()  # none of them is there
            self._families.clear()
            raise

    def takes_together(self, record: Record) -> bool:
        """Whether `record` is slight, as those of trials are, and goes to our own database."""
        return (
            self.address.database is not None
            and bool(record.parent_key)
            and not (record.model or record.artifacts or record.dataset or record.register)
        )

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
        found = self._model_there(key)
        if found is None and self.spool.again(key):  # the database is another one than it was
            self._deliver_first(key)
            found = self._model_there(key)
        return found

    def _model_there(self, key: str) -> Any:
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

    def _find(self, record: Record, experiment: str) -> str | None:
        """The run of `record`, brought in line with what stands in for one; None if there is none.

        A child is one of many: all whose keys begin as its own does are looked up once. Whatever
        comes after is made by us, for there is one recorder.
        """
        family = (experiment, record.key.rpartition("-")[0])
        if not record.parent_key or not family[1]:
            self._find_run(record.key, experiment)
        elif family not in self._families:
            self._look_up(experiment, f"tags.`{KEY}` LIKE '{family[1]}-%'")
            self._families.add(family)
        run_id = self._runs.get(record.key)
        if run_id is not None:
            self.client.update_run(run_id, name=record.run_name)  # it may be a parent's stand-in
            for name, value in self._above(record, experiment).items():
                self.client.set_tag(run_id, name, value)
        return run_id

    def _create_run(self, record: Record, experiment: str) -> str:
        own = {KEY: record.key, "mlflow.source.name": "mlops", **self._above(record, experiment)}
        run = self.client.create_run(
            experiment,
            start_time=record.start_ms,
            tags={**contents.tags(record), **own},
            run_name=record.run_name,
        )
        self._runs[record.key] = run.info.run_id
        return str(run.info.run_id)

    def _find_run(self, key: str, experiment: str) -> str | None:
        if key not in self._runs:
            self._look_up(experiment, f"tags.`{KEY}` = '{key}'")
        return self._runs.get(key)

    def _look_up(self, experiment: str, chosen: str) -> None:
        """Take note of runs that are there, one for each key."""
        found: dict[str, list[str]] = {}
        more, among = {"max_results": _PAGE}, [experiment]
        while page := self.client.search_runs(among, chosen, **more):
            for run in page:
                found.setdefault(run.data.tags[KEY], []).append(run.info.run_id)
            if not page.token:
                break
            more["page_token"] = page.token
        for key, ids in found.items():
            self._runs[key], *extra = sorted(ids)
            for each in extra:  # a request that timed out here, and was carried out there
                self.client.delete_run(each)

    def _above(self, record: Record, experiment: str) -> dict[str, str]:
        parent = self._parent(record, experiment)
        return {PARENT: parent} if parent else {}

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
        return self._create_run(stand_in, experiment)


def _ready(model: Any) -> Any:
    return model if model is not None and str(model.status) == "READY" else None
