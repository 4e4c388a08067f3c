"""A hand-written Hydra + MLflow application: `python sweep_app.py -m data=F alpha=1,2 seed=0,1`."""

import hydra
import mlflow
import pandas as pd
from hydra.core.config_store import ConfigStore
from mlflow.models import infer_signature
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import KFold, cross_validate, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

ConfigStore.instance().store(
    "config", {"data": "???", "alpha": 1.0, "seed": 0, "hydra": {"output_subdir": None}}
)


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(config):
    """One job."""
    frame = pd.read_csv(config.data)
    X, y = frame.drop(columns="medv"), frame["medv"]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, random_state=config.seed
    )
    mlflow.set_experiment("sweep")
    with mlflow.start_run():
        mlflow.log_params({"alpha": config.alpha, "seed": config.seed})
        model = Pipeline([("scale", StandardScaler()), ("model", Ridge(alpha=config.alpha))])
        folds = KFold(5, shuffle=True, random_state=config.seed)
        cross_validate(model, X_train, y_train, cv=folds, scoring="r2")
        predicted = model.fit(X_train, y_train).predict(X_test)
        mlflow.log_metric("rmse", mean_squared_error(y_test, predicted) ** 0.5)
        mlflow.log_metric("r2", r2_score(y_test, predicted))
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(X_test, predicted),
            input_example=X_test.head(3),
            skops_trusted_types=["numpy.dtype"],
        )


main()
