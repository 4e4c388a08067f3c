"""The folder that MLflow calls a model, made around a skops file without loading it.

It holds what ``mlflow.sklearn.save_model`` would write, so that plain ``mlflow.pyfunc.load_model``
and ``mlflow.sklearn.load_model`` read it. Neither scikit-learn nor the pipeline is loaded here:
the recorder executes nothing that came out of a run.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from mlops.core.record import ModelFile, Record

FILE = "model.skops"
_ENVIRONMENTS = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}


def build(record: Record, folder: Path, *, run_id: str, model: Any) -> None:
    """Make the model folder of `record` at `folder`.

    Parameters
    ----------
    record : Record
        With a model whose file exists.
    folder : pathlib.Path
        Does not exist yet.
    run_id : str
    model : mlflow.entities.LoggedModel
        What the folder is made for.
    """
    assert record.model is not None
    folder.mkdir(parents=True)
    _put(Path(record.folder) / record.model.path, folder / FILE)
    _write_environment(record.model, folder)
    _write_description(record.model, folder, run_id=run_id, model=model)


def _put(source: Path, target: Path) -> None:
    try:
        os.link(source, target)  # it is read only, and copied once more by MLflow
    except OSError:
        shutil.copyfile(source, target)


def _write_environment(model: ModelFile, folder: Path) -> None:
    requirements = list(model.requirements)
    if not any(line.partition("==")[0].strip() == "mlflow" for line in requirements):
        requirements.insert(0, f"mlflow=={version('mlflow')}")
    python = platform.python_version()
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", _pinned("pip", "<="), {"pip": requirements}],
    }
    plain = {
        "python": python,
        "build_dependencies": [_pinned(name, "==") for name in ("pip", "setuptools", "wheel")],
        "dependencies": ["-r requirements.txt"],
    }
    (folder / "requirements.txt").write_text("\n".join(requirements), encoding="utf-8")
    (folder / "conda.yaml").write_text(yaml.safe_dump(conda), encoding="utf-8")
    (folder / "python_env.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")


def _pinned(package: str, sign: str) -> str:
    try:
        return f"{package}{sign}{version(package)}"
    except PackageNotFoundError:
        return package


def _write_description(model_file: ModelFile, folder: Path, *, run_id: str, model: Any) -> None:
    from mlflow.models import Model

    described = Model(
        artifact_path=model.artifact_location,
        model_uuid=model.model_id,
        model_id=model.model_id,
        run_id=run_id,
        signature=_signature(model_file),
        saved_input_example_info=_write_example(model_file, folder),
    )
    described.add_flavor(
        "python_function",
        predict_fn="predict",
        model_path=FILE,
        loader_module="mlflow.sklearn",
        python_version=platform.python_version(),
        env=_ENVIRONMENTS,
    )
    described.add_flavor(
        "sklearn",
        pickled_model=FILE,
        sklearn_version=version("scikit-learn"),
        serialization_format="skops",
        skops_trusted_types=list(model_file.trusted_types),
        code=None,
    )
    described.model_size_bytes = sum(path.stat().st_size for path in folder.iterdir())
    described.save(str(folder / "MLmodel"))


def _signature(model_file: ModelFile) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = [
        ColSpec(DataType[kind], name, required=is_required)
        for name, kind, is_required in model_file.inputs
    ]
    return ModelSignature(
        inputs=Schema(inputs), outputs=Schema([ColSpec(DataType[model_file.output])])
    )


def _write_example(model_file: ModelFile, folder: Path) -> dict[str, str] | None:
    """The example in both forms that MLflow knows: a frame, and the body of a request."""
    if not model_file.example:
        return None
    columns = list(model_file.example[0])
    rows = [[row.get(name) for name in columns] for row in model_file.example]
    frame = {"columns": columns, "data": rows}
    request = {"dataframe_split": frame}
    (folder / "input_example.json").write_text(json.dumps(frame), encoding="utf-8")
    (folder / "serving_input_example.json").write_text(json.dumps(request), encoding="utf-8")
    return {
        "artifact_path": "input_example.json",
        "pandas_orient": "split",
        "serving_input_path": "serving_input_example.json",
        "type": "dataframe",
    }
