"""What mlops is measured against: the same work by hand, without tracking."""

import sys

import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import KFold, cross_validate, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

frame = pd.read_csv(sys.argv[1])
X, y = frame.drop(columns="medv"), frame["medv"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
pipeline = Pipeline(
    [
        ("impute", SimpleImputer(strategy="median")),
        ("scale", StandardScaler()),
        ("model", LinearRegression()),
    ]
)
scoring = ["neg_root_mean_squared_error", "neg_mean_absolute_error", "r2"]
folds = cross_validate(
    pipeline, X_train, y_train, cv=KFold(5, shuffle=True, random_state=0), scoring=scoring
)
pipeline.fit(X_train, y_train)
predicted = pipeline.predict(X_test)
trivial = DummyRegressor().fit(X_train, y_train).predict(X_test)
print("rmse", mean_squared_error(y_test, predicted) ** 0.5)
print("mae", mean_absolute_error(y_test, predicted))
print("r2", r2_score(y_test, predicted))
print("baseline", mean_squared_error(y_test, trivial) ** 0.5)
