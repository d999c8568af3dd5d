"""What a refusal found, without its advice: for those who did not ask for what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanzhixin.errors import SanzhixinError

__all__ = ["ADVICE", "finding"]

_METHOD = ("Use method=", "请改用 method=")

ADVICE: dict[str, tuple[str, str]] = {
    "card_few_defaults": ("Until then use", "目前请用"),
    "card_late_few": ("Use holdout=", "请用 holdout="),
    "card_no_characteristic": ("Keep the expert card", "请保留专家卡"),
    "card_not_better": ("Use the expert card", "请用专家卡"),
    "pd_few_defaults": _METHOD,
    "pd_not_converged": _METHOD,
    "pd_points_equal": _METHOD,
    "pd_separated": _METHOD,
    "pd_slope_rises": _METHOD,
}
"""Where the advice of a code begins, in English and in Chinese."""


def finding(error: SanzhixinError) -> tuple[str, str]:
    """Say what an error found, in English and in Chinese.

    Where a card or a method was chosen among several, the one that was refused was not asked for;
    its advice would name what was then done anyway.

    Parameters
    ----------
    error : SanzhixinError
        One whose code `ADVICE` does not know is told whole.

    Returns
    -------
    tuple of (str, str)
        The sentences before the advice.

    Examples
    --------
    >>> from sanzhixin.errors import EvidenceError
    >>> finding(EvidenceError("pd_points_equal", loans=30, points=800))[0]
    'All 30 loans have 800 points, so there is no slope.'
    """
    start = ADVICE.get(error.code)
    if start is None:
        return error.en, error.zh
    en, zh = error.en.partition(start[0])[0], error.zh.partition(start[1])[0]
    return f"{en.rstrip(' .;,')}.", f"{zh.rstrip('。；，')}。"
