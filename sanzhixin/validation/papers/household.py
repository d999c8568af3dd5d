"""The page that explains one household's proposal to it, in both languages and without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sanzhixin.errors.words import (
    BASIS_MEANINGS,
    CONFIRM_WORDS,
    LINK_WORDS,
    NO_LIMIT_WORDS,
    UNSURE_WIDTH,
    Lang,
    held_words,
    pick,
)
from sanzhixin.scoring.dates import last_day_counted
from sanzhixin.validation.papers.layout import (
    Block,
    Grid,
    Listing,
    Paper,
    Part,
    Text,
    to_page,
)
from sanzhixin.validation.papers.notice import rights_told
from sanzhixin.validation.papers.phrases import reason_told, trigger_told
from sanzhixin.validation.papers.scheme_words import tier_word
from sanzhixin.validation.papers.terms import trial_mark
from sanzhixin.validation.papers.words import EVENT_WORDS, FORM_WORDS, bound_word, say

if TYPE_CHECKING:
    from sanzhixin.scoring.explain import PillarLine
    from sanzhixin.validation.papers.case import DocumentLine, EventSum, HouseholdCase

__all__ = ["LEAST_ANSWERS", "household_page", "household_paper"]

LEAST_ANSWERS = 3
"""Fewest ratings of an item whose mean is shown: a mean of fewer would tell single answers."""


def household_page(
    case: HouseholdCase,
    override: str | None = None,
    *,
    first: Lang = "zh",
    status: str | None = None,
) -> str:
    """Write the page: what counted, what did not and why, and what would move the household up.

    Parameters
    ----------
    case : HouseholdCase
        From `household_case`.
    override : str, optional
        The reason that people gave for another amount.
    first : {"zh", "en"}
        Language that is shown first; the reader switches to the other on the page.
    status : str, optional
        Of the model; unless it is ``approved``, the first line says that the page is for trial.

    Returns
    -------
    str
        HTML that stands alone, without scripts.  Raters, their roles, relations and days are not
        in it; means of fewer than `LEAST_ANSWERS` ratings are not shown.

    Examples
    --------
    >>> import sanzhixin as szx
    >>> from sanzhixin.validation.papers.case import household_case
    >>> county = szx.simulate_county(villages=1, seed=7)
    >>> model = szx.fit(county, szx.load_scheme("tongxiang"))
    >>> record = county.application(county.households["household_id"].iloc[0])
    >>> page = household_page(household_case(model, record, county.as_of))
    >>> "<script" in page, page.count("<section")
    (False, 2)
    """
    order: tuple[Lang, Lang] = ("zh", "en") if first == "zh" else ("en", "zh")
    return to_page([household_paper(case, lang, override, status) for lang in order])


def household_paper(
    case: HouseholdCase, lang: Lang, override: str | None = None, status: str | None = None
) -> Paper:
    """Put the explanation of one household together in one language.

    Parameters
    ----------
    case : HouseholdCase
        From `household_case`.
    lang : {"zh", "en"}
        Language.
    override : str, optional
        The reason that people gave for another amount.
    status : str, optional
        Of the model, as in `household_page`.

    Returns
    -------
    Paper
        Without points, score, amounts and advice where none are given.
    """
    writer = _Writer(case, lang, override)
    answer = case.why.proposal
    scored = answer.points is not None
    parts = [
        ("head_effects" if scored else "head_why", writer.reasons()),
        *([("head_score", writer.score())] if scored else []),
        ("head_pillars", writer.pillars()),
        ("head_items", writer.items()),
        ("head_forms", writer.forms()),
        ("head_events", writer.events()),
        ("head_records", writer.records()),
        ("head_factors", writer.factors()),
        *([("head_pd", writer.default_probability())] if scored else []),
        ("head_limits", writer.limits()),
        *([("head_next", writer.next_tier())] if scored else []),
        ("head_triggers", writer.triggers()),
        ("head_rights", (rights_told(case, lang),)),
    ]
    made = tuple(Part(say(lang, title), tuple(blocks)) for title, blocks in parts)
    head = (*map(Text, trial_mark(lang, status)), *writer.head())
    return Paper(lang, say(lang, "page_title"), head, made, (_foot(case, lang),))


def _foot(case: HouseholdCase, lang: Lang) -> Text:
    """Model, scheme and digest, below everything."""
    answer = case.why.proposal
    model, scheme, digest = answer.model_id, answer.scheme_id, answer.input_digest
    return Text(say(lang, "source_model", model=model, scheme=scheme, digest=digest))


def _of_full(line: PillarLine) -> str:
    return f"{line.points} / {line.points_full}"


def _effect(line: DocumentLine, lang: Lang) -> str:
    """Say what a record does and until when."""
    if not line.in_force:
        return say(lang, "record_lapsed")
    effect = say(lang, f"record_{line.action}")
    if line.ended_on is None:
        return say(lang, "record_open", effect=effect, months=line.expires_months)
    until = last_day_counted(line.ended_on, line.expires_months)
    return say(lang, "record_until", effect=effect, until=until)


class _Writer:
    """Blocks of one household in one language."""

    def __init__(self, case: HouseholdCase, lang: Lang, override: str | None) -> None:
        self.case, self.lang, self.override = case, lang, override
        self.why, self.answer = case.why, case.why.proposal
        self.scored = self.answer.points is not None

    def say(self, key: str, /, **values: object) -> str:
        return say(self.lang, key, **values)

    def pick(self, zh: str, en: str) -> str:
        return pick(self.lang, (zh, en))

    def grid(
        self, keys: tuple[str, ...], rows: Sequence[tuple[str, ...]], more: tuple[str, ...] = ()
    ) -> Block:
        """Make a table with columns by key, then columns by name; no rows are said to be none."""
        head = (*(self.say(f"col_{key}") for key in keys), *more)
        return Grid(head, tuple(rows)) if rows else Text(self.say("none"))

    def head(self) -> Iterator[Block]:
        answer = self.answer
        yield Text(self.say("addressed", household=answer.household_id, as_of=answer.as_of))
        yield Text(self.say("page_status", status=pick(self.lang, answer.outcome)))
        yield Text(self.say("only_proposal"))
        lines = [self._score_line() if self.scored else self.say("page_no_score")]
        if self.scored and self.why.rate_bp is not None:
            lines.append(self.say("rate_line", rate=f"{self.why.rate_bp / 100:g}"))
        lines.append(self.say("until_line", until=answer.valid_until))
        yield Listing(tuple(lines))

    def _score_line(self) -> str:
        answer, ends = self.answer, ""
        low_end, high_end = answer.score_low, answer.score_high
        if low_end is not None and high_end is not None and low_end < high_end:
            low, high = f"{low_end:.2f}", f"{high_end:.2f}"
            ends = self.say("page_range", low=low, high=high)
        score = self.case.score_of(answer.points or 0)
        tier = tier_word(self.lang, answer.tier or "", self.case.scheme)
        return self.say("page_score", score=score, range=ends, tier=tier)

    def reasons(self) -> Iterator[Block]:
        """Tell what moved the score, after what is said of the score as a whole."""
        reasons = self.answer.reasons
        if self.scored:
            whole = tuple(reason for reason in reasons if reason.points is None)
            reasons = tuple(reason for reason in reasons if reason.points is not None)
            yield from (Text(reason_told(reason, self.lang)) for reason in whole)
        told = tuple(reason_told(reason, self.lang) for reason in reasons)
        yield Listing(told or (self.say("no_reasons"),), numbered=bool(told))

    def score(self) -> Iterator[Block]:
        rows = [(self.pick(part.zh, part.en), str(part.points)) for part in self.why.parts]
        yield self.grid(("part", "points"), rows)
        per = self.why.points_per_score
        yield Text(self.say("sum_line", points=self.answer.points, per=per))

    def pillars(self) -> Iterator[Block]:
        if self.why.link is not None:
            link = pick(self.lang, LINK_WORDS[self.why.link])
            yield Text(self.say("adjusted_line", link=link))
        adjusted = any(line.plain is not None for line in self.why.pillars)
        few = self.say("few_answers", least=LEAST_ANSWERS)
        rows = []
        for line in self.why.pillars:
            error = "-"
            if line.se is not None and line.score is not None:
                error = f"{line.se:.2f}" if line.se else self.say("forms_agree")
            hidden = 0 < line.n_forms < LEAST_ANSWERS
            told = [few if hidden else line.shown, "-" if hidden else error]
            told += ["-" if hidden else line.plain or "-"] * adjusted
            told += [f"- / {line.points_full}" if hidden else _of_full(line)] * self.scored
            counts = (line.n_forms, line.n_recused, line.n_unfamiliar)
            rows.append((self.pick(line.zh, line.en), *told, *map(str, counts)))
        head = ["pillar", "score", "error", *["plain"] * adjusted, *["points"] * self.scored]
        yield self.grid((*head, "forms", "recused", "unfamiliar"), rows)

    def items(self) -> Iterator[Block]:
        few = self.say("few_answers", least=LEAST_ANSWERS)
        names = {line.code: self.pick(line.zh, line.en) for line in self.why.pillars}
        rows = [
            (
                self.pick(line.zh, line.en),
                names[line.pillar],
                str(line.n_ratings),
                few
                if line.mean is None or line.n_ratings < LEAST_ANSWERS
                else f"{line.mean:.2f} / {line.highest}",
                line.code,
            )
            for line in self.why.items
        ]
        yield self.grid(("name", "pillar", "answers", "mean", "code"), rows)

    def forms(self) -> Iterator[Block]:
        """Show what became of each form, sorted by that, so that its place tells no more."""
        order = list(FORM_WORDS)
        told = sorted(
            tuple(order.index(form.outcomes[p.code]) for p in self.why.pillars)
            for form in self.why.forms
        )
        rows = [
            (f"#{k}", *(pick(self.lang, FORM_WORDS[order[place]]) for place in row))
            for k, row in enumerate(told, start=1)
        ]
        names = tuple(self.pick(line.zh, line.en) for line in self.why.pillars)
        yield self.grid(("form",), rows, names)
        yield Text(self.say("outcome_rule"))

    def events(self) -> Iterator[Block]:
        rows = [
            (
                self.pick(line.zh, line.en),
                self.pick(line.level_zh, line.level),
                str(line.occurred_on),
                pick(self.lang, EVENT_WORDS[line.outcome]),
                line.code,
            )
            for line in self.why.events
        ]
        yield self.grid(("name", "level", "date", "outcome", "code"), rows)
        if self.case.event_sums:
            first = (self.say("event_start"), self.case.score_of(self.case.event_start), "-", "-")
            sums = [first, *(self._event_sum(line) for line in self.case.event_sums)]
            yield self.grid(("name", "units", "cap", "valid"), sums)
        if self.scored:
            start, part, most = (
                self.case.score_of(points)
                for points in (self.case.event_start, self.case.event_part, self.case.event_most)
            )
            yield Text(self.say("event_part", start=start, part=part, most=most))
            if not self.case.events_add:
                yield Text(self.say("event_bins"))

    def _event_sum(self, line: EventSum) -> tuple[str, ...]:
        cap = "-"
        if line.cap is not None:
            key = "event_loss_cap" if line.cap < 0 else "event_cap"
            most = self.case.score_of(abs(line.cap))
            cap = self.say(key, cap=most, months=line.cap_months)
        valid = self.say("event_valid", months=line.valid_months)
        return self.pick(line.zh, line.en), self.case.score_of(line.points), cap, valid

    def records(self) -> Iterator[Block]:
        rows = [
            (
                self.pick(line.zh, line.en),
                self.pick(line.list_zh, line.list_en),
                line.document_no,
                str(line.issued_on),
                "-" if line.ended_on is None else str(line.ended_on),
                _effect(line, self.lang),
            )
            for line in self.case.documents
        ]
        yield self.grid(("name", "class", "document", "issued", "ended", "effect"), rows)

    def factors(self) -> Iterator[Block]:
        rows = []
        for line in self.case.factors:
            value = self.pick(line.label_zh, line.label_en)
            if line.points is None:
                value = self.say("factor_unused")
            elif not line.is_given:
                value = self.say("factor_missing")
            points = (str(line.points or 0),) if self.scored else ()
            consent = self.say(f"consent_{line.consent}")
            rows.append((self.pick(line.zh, line.en), value, *points, consent))
        yield self.grid(("name", "value", *["points"] * self.scored, "consent"), rows)

    def default_probability(self) -> Iterator[Block]:
        answer = self.answer
        if answer.prob_default is None or answer.pd_basis == "none":
            yield Text(self.say("pd_none" if answer.pd_basis == "none" else "pd_beyond"))
            return
        if (answer.pd_upper or 0) - (answer.pd_lower or 0) > UNSURE_WIDTH:
            yield Text(self.say("pd_few"))
            return
        values = (answer.prob_default, answer.pd_lower, answer.pd_upper)
        pd, lower, upper = ("-" if value is None else f"{value:.2%}" for value in values)
        basis = pick(self.lang, BASIS_MEANINGS[answer.pd_basis])
        yield Text(self.say("pd_line", pd=pd, lower=lower, upper=upper, basis=basis))

    def limits(self) -> Iterator[Block]:
        answer = self.answer
        four = {
            "limit_village": answer.village_limit_yuan,
            "limit_manager": answer.manager_limit_yuan,
            "limit_system": answer.system_limit_yuan,
            "limit_proposed": answer.limit_yuan,
        }
        absent = (*["not_stated"] * 2, *["not_given"] * 2)  # by people, by the system
        cells = tuple(
            self.say(key) if yuan is None else f"{yuan:,}"
            for key, yuan in zip(absent, four.values(), strict=True)
        )
        if answer.limit_yuan == 0:  # 0 yuan is no limit
            cells = (*cells[:-1], pick(self.lang, NO_LIMIT_WORDS["none"]))
        yield Grid(tuple(map(self.say, four)), (cells,))
        yield Text(self.pick(*self.why.why_limit))
        if self.override:
            yield Text(self.say("override_line", reason=self.override))
        if self.why.bounds:
            yield self.grid(("bound", "yuan", "binds"), list(self._bounds()))
        if self.why.members and answer.limit_yuan:
            rows = [(line.member, f"{line.yuan or 0:,}") for line in self.why.members]
            yield self.grid(("member", "may_sign"), rows)
            yield Text(self.say("shared_line"))

    def _bounds(self) -> Iterator[tuple[str, ...]]:
        for line in self.why.bounds:
            name = bound_word(self.lang, line.bound)
            if line.yuan is None:
                yield name, "-", self.say("absent")
            else:
                yield name, f"{line.yuan:,}", self.say("binds") if line.binds else ""

    def next_tier(self) -> Iterator[Block]:
        step, held = self.answer.next_tier, self.why.held_by
        yield Text(self.say("highest_tier") if step is None else self.pick(step.zh, step.en))
        if step is not None and held is not None:
            yield Text(self.pick(*held_words(held)))

    def triggers(self) -> Iterator[Block]:
        codes = self.answer.review_triggers
        told = tuple(trigger_told(self.case, code, self.lang) for code in codes)
        if self.answer.status in CONFIRM_WORDS:
            told = (pick(self.lang, CONFIRM_WORDS[self.answer.status]), *told)
        yield Listing(told) if told else Text(self.say("none"))
