"""What every model card says alike: purpose, who decides, limits of use, monitoring."""

__all__ = ["DECIDES", "LIMITS", "MONITORING", "PURPOSE"]

PURPOSE = """The model turns ratings of a village panel, dated ledger entries and other agreed \
factors into points, a tier and a proposed unsecured loan limit for a farm household, with reasons.

Out of scope:

- any purpose but loan limits: no sanction, no ranking, no publication of scores;
- a decision without a person; households without a valid consent for this purpose;
- persons instead of households; minors; use in the EU without legal review."""

DECIDES = """People decide; the model proposes. An account manager answers for each case, a gated \
case needs human confirmation, and the household may ask for the reasons and object."""

LIMITS = """- The points are an assessment by a panel. They are estimates with an error, which \
`score_low` and `score_high` state; they do not tell a person's character.
- No claim is made that such ratings lower defaults: no published causal figure was found.
- Ratings depend on who rates. Related raters are recused and reported; severity of raters and \
villages is taken off only where the scheme's aggregator says so.
- Fewer counted forms than the scheme asks for in any pillar give no points, tier or limit.
- Outcomes are known for approved households only; nothing is known of the others.
- The score serves loan limits only."""

MONITORING = """- Every quarter: share of each status and tier, drift of the score distribution, \
rejected rows, forms per household, blank cells.
- Every half year: severity, agreement and relations of raters; monthly rate of ledger entries.
- Every year: defaults by tier against the table; refusals and limits by audit group.
- A higher default rate than the table's upper bound in any tier: stop, review, refit."""
