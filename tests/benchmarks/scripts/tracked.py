"""The same work by hand, logged to MLflow as its documentation shows."""

import sys

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import KFold, cross_validate, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

frame = pd.read_csv(sys.argv[1])
mlflow.set_experiment("boston")
X, y = frame.drop(columns="medv"), frame["medv"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
with mlflow.start_run():
    pipeline = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("scale", StandardScaler()),
            ("model", LinearRegression()),
        ]
    )
    mlflow.log_params({"model": "linear", "test_size": 0.2, "seed": 0})
    scoring = ["neg_root_mean_squared_error", "neg_mean_absolute_error", "r2"]
    folds = cross_validate(
        pipeline, X_train, y_train, cv=KFold(5, shuffle=True, random_state=0), scoring=scoring
    )
    pipeline.fit(X_train, y_train)
    predicted = pipeline.predict(X_test)
    trivial = DummyRegressor().fit(X_train, y_train).predict(X_test)
    mlflow.log_metric("rmse", mean_squared_error(y_test, predicted) ** 0.5)
    mlflow.log_metric("mae", mean_absolute_error(y_test, predicted))
    mlflow.log_metric("r2", r2_score(y_test, predicted))
    mlflow.log_metric("baseline_rmse", mean_squared_error(y_test, trivial) ** 0.5)
    mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(X_test, predicted),
        input_example=X_test.head(3),
        skops_trusted_types=["numpy.dtype"],
        registered_model_name="boston",
    )
