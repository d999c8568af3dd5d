"""Array functions of the statistics: numpy and scipy only, no tables and no estimators."""
