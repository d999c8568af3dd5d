"""The panel of raters: fitted, linked across villages, diagnosed and reported."""
