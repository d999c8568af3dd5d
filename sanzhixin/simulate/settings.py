"""Everything that can be set about a simulated county, with the range that each value must keep."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, fields
from typing import Any, get_args

from sanzhixin.errors import DomainError
from sanzhixin.scheme.catalog import Role

__all__ = ["SimulationSettings", "check_count"]


_FIRST_DAY, _LAST_DAY = dt.date(1950, 1, 1), dt.date(2190, 12, 31)
"""Scoring dates for which every date of a county lies in the years that tables accept."""


def _between(default: float, low: float, high: float) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


def _share(default: float) -> Any:
    return _between(default, 0.0, 1.0)


def check_count(name: str, value: object, low: int, high: int) -> int:
    """Return a whole number that lies in its range.

    Parameters
    ----------
    name : str
        What is counted, for the message.
    value : object
        What was given; booleans and floats are refused.
    low, high : int
        Smallest and largest value.

    Returns
    -------
    int
        The value as a Python integer.

    Raises
    ------
    DomainError
        ``simulation_value``: not a whole number, or outside the range.

    Examples
    --------
    >>> check_count("villages", 40, 1, 9999)
    40
    """
    whole = hasattr(value, "__index__") and not isinstance(value, bool)
    number = int(value) if whole else low - 1  # type: ignore[call-overload]
    if not low <= number <= high:
        raise DomainError("simulation_value", name=name, value=repr(value), low=low, high=high)
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationSettings:
    r"""Settings of `simulate_county`; an unknown name is refused by the constructor.

    The unit of the **trait scale** is the standard deviation between the households of one
    village.  Standing, severity, halo and kin bias are all stated on it.  The **logit scale** is
    the trait scale times `discrimination`; the thresholds are stated there (see Notes).

    Parameters
    ----------
    as_of : datetime.date, default=2026-06-30
        Scoring date, from 1950 to 2190; every date of the county is on or before it, except ends
        of consent.
    rounds : int, default=2
        Rounds of ratings; the last lies 5 to 89 days before `as_of`.
    round_gap_days : int, default=456
        Days between two rounds; loans follow the last but one round.
    raters_per_village, raters_per_household : int, default=7
        Size of a village's panel, and how many of it rate one household (drawn at random).
    neighbours_per_village, group_leaders_per_village : int, default=1
        Raters of the panel with these roles; all others have the role ``panel``.
    vignettes : int, default=0
        Anchor cases that every rater rates in the last round.
    bridge_raters, bridge_households : int, default=0 and 10
        Raters from outside who rate so many households in every village.
    bridge_role : {"account_manager", "panel", "neighbour", "group_leader"}
        Their role; by the built-in scheme an account manager answers one pillar only.
    pillar_correlation : float, default=0.7
        Correlation of the household traits of two pillars within a village.
    village_merit_sd, village_severity_sd : float, default=0.3 and 0.2
        Spread of the villages' mean standing and of their panels' mean severity (trait scale).
    severity_sd, halo_sd : float, default=0.4 and 0.6
        Spread of raters within a village, and of rater x household opinions (trait scale).
    halo_pillar_share : float, default=0.5
        Share of the halo variance that is common to the three pillars of a form.
    kin_share, kin_bias : float, default=0.08 and 0.5
        Share of related pairs, and what kinship adds to their forms (trait scale).
    undeclared_kin_share : float, default=0
        Share of the related pairs whose form says that there is no relation.
    debt_share, business_share : float, default=0.01 and 0.01
        Share of pairs with such a relation; it is declared and has no effect on the ratings.
    unfamiliar_share : float, default=0.2
        Share of pairs in which the rater does not know the household: the form is blank.
    blank_share : float, default=0.05
        Share of single cells left blank on the other forms.
    careless_share, central_share, colluding_share : float, default=0.05, 0.05 and 0.02
        Share of raters who answer at random, who avoid the ends of the scale, who hand in a copy
        of another form of their village.  Nobody is two of these.
    careless_uniform : float, default=0
        Weight of equal category shares in a careless answer; the rest follows the shares that the
        item has in the county.
    central_stretch : float, default=2
        Factor on the distance of each item's thresholds from their mean, for central raters.
    discrimination : float, default=1.6
        Logits per unit of the trait scale.
    thresholds : tuple of 4 float
        Mean step thresholds on the logit scale.
    item_sd : float, default=0.8
        Spread of the items about the mean thresholds (logits).
    proposed_limit_share : float, default=0.5
        Share of filled forms that propose an amount.
    honours_per_year, ceremonies_per_year, volunteering_per_year : float
        Mean yearly ledger entries FS06, FS07, ML05 per household.
    models_per_year, breaches_per_year, mediations_per_year : float
        Mean yearly ledger entries ML06, ML07, NR07 per household.
    event_history_months : int, default=36
        How far back the ledger reaches.
    event_trait_slope : float, default=0.3
        Log rate of an entry per unit of the pillar's trait (negative for breaches and registers).
    pending_share, rejected_share, revoked_share : float, default=0.04, 0.03 and 0.02
        Ledger entries that are not approved.
    register_share : float, default=0.02
        Households with an official record of any class, at average standing.
    written_consent_share, requested_share : float, default=0.5 and 0.7
        Households with written consent (income, debt, assets), and with a requested amount.
    council_share, manager_share : float, default=0.6 and 0.5
        Households with an amount of the council, and of the account manager.
    approval_share, approval_noise_sd : float, default=0.6 and 0.5
        Loans go to the households above a cut on the panel's mean of the earlier round plus noise
        (in standard deviations of that mean).
    take_up_share : float, default=0.6
        Approved households that take the loan.
    base_default_rate : float, default=0.015
        Mean 12-month default probability of the approved households; it sets the intercept.
    default_intercept : float, default=nan
        When it is a number, the intercept itself (logits); the base rate is then not used.
    default_slope, shock_sd : float, default=1 and 0.5
        Fall of the default logit per unit of `theta_all`, and spread of the household's own shock.
    group_rating_bias : float, default=0
        Shift of the forms of households in the audit group ``minority`` (trait scale).

    Raises
    ------
    DomainError
        ``simulation_value``: a value is outside its range or not a number; ``run_option``:
        `as_of` is no date or outside its range;
        ``simulation_thresholds``: not four finite thresholds;
        ``simulation_role``: an unknown role of the bridge raters;
        ``simulation_shares``: shares that exclude one another exceed one;
        ``simulation_panel``: more raters per household, or more roles, than a panel has.
    TypeError
        An unknown name.

    Notes
    -----
    A rating steps from category k-1 to k with odds

    .. math:: \exp(a (\theta_{np} - c_j + h_{njp} + \gamma\,kin_{nj}) - d_{ik})

    with `discrimination` a and thresholds d.  Spread of severity and halo therefore follow the
    trait (sd 1) and not the logits, and a alone says how much of a rating is chance.  The default
    a and thresholds were chosen so that the mean rating is near 3.9 and the 100-point expert card
    spreads households over its tiers; they are no finding about any village.

    Examples
    --------
    >>> SimulationSettings(severity_sd=0).severity_sd
    0
    """

    as_of: dt.date = dt.date(2026, 6, 30)
    rounds: int = _between(2, 1, 10)
    round_gap_days: int = _between(456, 456, 1000)
    raters_per_village: int = _between(7, 1, 99)
    raters_per_household: int = _between(7, 1, 99)
    neighbours_per_village: int = _between(1, 0, 99)
    group_leaders_per_village: int = _between(1, 0, 99)
    vignettes: int = _between(0, 0, 20)
    bridge_raters: int = _between(0, 0, 99)
    bridge_households: int = _between(10, 1, 9999)
    bridge_role: Role = "account_manager"
    pillar_correlation: float = _share(0.7)
    village_merit_sd: float = _between(0.3, 0, 5)
    village_severity_sd: float = _between(0.2, 0, 5)
    severity_sd: float = _between(0.4, 0, 5)
    halo_sd: float = _between(0.6, 0, 5)
    halo_pillar_share: float = _share(0.5)
    kin_share: float = _share(0.08)
    kin_bias: float = _between(0.5, -5, 5)
    undeclared_kin_share: float = _share(0.0)
    debt_share: float = _share(0.01)
    business_share: float = _share(0.01)
    unfamiliar_share: float = _share(0.2)
    blank_share: float = _share(0.05)
    careless_share: float = _share(0.05)
    central_share: float = _share(0.05)
    colluding_share: float = _share(0.02)
    careless_uniform: float = _share(0.0)
    central_stretch: float = _between(2.0, 1, 5)
    discrimination: float = _between(1.6, 0, 10)
    thresholds: tuple[float, ...] = (-7.4, -5.2, -2.6, 3.5)
    item_sd: float = _between(0.8, 0, 3)
    proposed_limit_share: float = _share(0.5)
    honours_per_year: float = _between(0.025, 0, 10)
    ceremonies_per_year: float = _between(0.05, 0, 10)
    volunteering_per_year: float = _between(1.2, 0, 50)
    models_per_year: float = _between(0.006, 0, 10)
    breaches_per_year: float = _between(0.06, 0, 10)
    mediations_per_year: float = _between(0.06, 0, 10)
    event_history_months: int = _between(36, 1, 120)
    event_trait_slope: float = _between(0.3, 0, 2)
    pending_share: float = _share(0.04)
    rejected_share: float = _share(0.03)
    revoked_share: float = _share(0.02)
    register_share: float = _share(0.02)
    written_consent_share: float = _share(0.5)
    requested_share: float = _share(0.7)
    council_share: float = _share(0.6)
    manager_share: float = _share(0.5)
    approval_share: float = _share(0.6)
    approval_noise_sd: float = _between(0.5, 0, 10)
    take_up_share: float = _share(0.6)
    base_default_rate: float = _between(0.015, 1e-6, 0.9)
    default_intercept: float = math.nan
    default_slope: float = _between(1.0, -5, 5)
    shock_sd: float = _between(0.5, 0, 5)
    group_rating_bias: float = _between(0.0, -5, 5)

    def __post_init__(self) -> None:
        """Check every value against its range, then the values that depend on one another."""
        for one in fields(self):
            if one.metadata:
                self._check_range(one.name, isinstance(one.default, int), **one.metadata)
        is_date = isinstance(self.as_of, dt.date)
        if not is_date or not _FIRST_DAY.year <= self.as_of.year <= _LAST_DAY.year:
            known = f"{_FIRST_DAY} ... {_LAST_DAY}"
            raise DomainError("run_option", name="as_of", value=self.as_of, known=known)
        if len(self.thresholds) != 4 or not all(map(math.isfinite, self.thresholds)):
            raise DomainError("simulation_thresholds", value=self.thresholds)
        if self.bridge_role not in get_args(Role):
            raise DomainError(
                "simulation_role", value=self.bridge_role, roles=", ".join(get_args(Role))
            )
        self._check_shares("careless_share", "central_share", "colluding_share")
        self._check_shares("kin_share", "debt_share", "business_share")
        self._check_shares("pending_share", "rejected_share", "revoked_share")
        roles = self.neighbours_per_village + self.group_leaders_per_village
        if self.raters_per_village < max(self.raters_per_household, roles):
            raise DomainError(
                "simulation_panel",
                panel=self.raters_per_village,
                each=self.raters_per_household,
                roles=roles,
            )

    def _check_range(self, name: str, is_count: bool, *, low: float, high: float) -> None:
        value = getattr(self, name)
        if is_count:
            check_count(name, value, int(low), int(high))
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise DomainError("simulation_value", name=name, value=repr(value), low=low, high=high)

    def _check_shares(self, *names: str) -> None:
        total = sum(getattr(self, name) for name in names)
        if total > 1:
            raise DomainError("simulation_shares", names=", ".join(names), total=total)
