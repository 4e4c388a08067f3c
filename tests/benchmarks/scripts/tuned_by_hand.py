"""A search by hand: FOLDER MODEL TRIALS SEED optuna|grid, two at a time, as documentations show it.

The rows and the folds are those in the folder; the last line printed is the best mean RMSE.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler, TargetEncoder

warnings.simplefilter("ignore")
folder, name, trials, seed, way = (
    Path(sys.argv[1]),
    sys.argv[2],
    *map(int, sys.argv[3:5]),
    sys.argv[5],
)
frame, rows = pd.read_parquet(folder / "rows.parquet"), np.load(folder / "folds.npz")
train, test = frame.iloc[rows["train"]], frame.iloc[rows["test"]]
X, y = train.drop(columns="y"), train["y"]
folds = [(rows[f"fit{n}"], rows[f"held{n}"]) for n in range(len(rows.files) // 2 - 1)]
numbers = [column for column in X if column.startswith("n")]
few = [column for column in X if column.startswith("few")]
many = [column for column in X if column.startswith("many")]
SCORING = "neg_root_mean_squared_error"


def pipeline(model):
    return Pipeline(
        [
            ("features", ColumnTransformer([
                ("numbers", Pipeline([("scale", StandardScaler()),
                                      ("products", PolynomialFeatures(2, include_bias=False))]),
                 numbers),
                ("few", OneHotEncoder(handle_unknown="ignore", sparse_output=False), few),
                ("many", TargetEncoder(target_type="continuous",
                                       cv=KFold(5, shuffle=True, random_state=seed)), many),
            ])),
            ("best", SelectKBest(f_regression, k=50)),
            ("model", model),
        ]
    )  # fmt: skip


def suggested(trial):
    if name == "ridge":
        alpha = trial.suggest_float("alpha", 0.001, 1000, log=True)
        return Ridge(alpha=alpha, fit_intercept=trial.suggest_categorical("fit", [True, False]))
    return HistGradientBoostingRegressor(
        learning_rate=trial.suggest_float("learning_rate", 0.01, 0.5, log=True),
        max_leaf_nodes=trial.suggest_int("max_leaf_nodes", 7, 63),
        min_samples_leaf=trial.suggest_int("min_samples_leaf", 5, 50),
        random_state=seed,
    )


def by_optuna():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial):
        model = pipeline(suggested(trial))
        return cross_val_score(model, X, y, cv=folds, scoring=SCORING).mean()

    sampler = optuna.samplers.TPESampler(seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=trials, n_jobs=2)
    fitted = pipeline(suggested(optuna.trial.FixedTrial(study.best_params))).fit(X, y)
    return study.best_value, fitted


def by_grid():
    if name == "ridge":
        grid = {"alpha": np.geomspace(0.001, 1000, trials // 2), "fit_intercept": [True, False]}
        model = Ridge()
    else:
        leaves, rates = [7, 15, 31, 63][: max(1, trials // 25)], np.geomspace(0.01, 0.5, 5)
        least = np.linspace(5, 50, max(1, trials // len(leaves) // 5)).astype(int)
        grid = {"learning_rate": rates, "max_leaf_nodes": leaves, "min_samples_leaf": least}
        model = HistGradientBoostingRegressor(random_state=seed)
    search = GridSearchCV(
        pipeline(model), {f"model__{key}": each for key, each in grid.items()},
        cv=folds, scoring=SCORING, n_jobs=2,
    ).fit(X, y)  # fmt: skip
    return search.best_score_, search.best_estimator_


best, fitted = by_optuna() if way == "optuna" else by_grid()
fitted.predict(test.drop(columns="y"))
print(-best)
