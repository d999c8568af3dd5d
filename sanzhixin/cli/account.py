"""The account of one household: why it got this proposal, as text in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sanzhixin.cli.texts import TEXTS
from sanzhixin.cli.voice import Voice, aligned
from sanzhixin.errors.words import CONFIRM_WORDS, NO_LIMIT_WORDS, UNSURE_WIDTH, held_words

if TYPE_CHECKING:
    from sanzhixin.scoring.explain import Explanation, PartLine, RecordLine

__all__ = ["Account"]

_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Account:
    """Turns an explanation into text; raters stay masked.

    Attributes
    ----------
    why : Explanation
        What stands behind the proposal.
    override : str or None
        The reason that people gave for an override.
    voice : Voice
        Of one language.
    """

    why: Explanation
    override: str | None
    voice: Voice

    def brief(self) -> str:
        """Title, score, the four limits, reasons, advice and review triggers."""
        return "\n".join(
            [*self._head(), *self._limits(), *self._reasons(), *self._next(), *self._triggers()]
        )

    def full(self) -> str:
        """Everything: also pillars, forms, items, events, records, bounds and members."""
        sections = [
            *(self._head(), self._limits(), self._reasons(), self._sum()),
            *(self._pillars(), self._items()),
            *(self._events(), self._records(), self._bounds(), self._members()),
            *(self._next(), self._triggers()),
        ]
        return "\n".join(line for section in sections for line in section)

    def _head(self) -> list[str]:
        answer = self.why.proposal
        lines = [
            self.voice.text(
                "account_title",
                household=answer.household_id,
                status=self.voice.pick(*answer.outcome, joint=" "),
            ),
            _INDENT
            + self.voice.text(
                "account_facts",
                as_of=answer.as_of,
                model=answer.model_id,
                scheme=answer.scheme_id,
                until=answer.valid_until,
            ),
        ]
        if answer.score is None:
            return [*lines, _INDENT + self.voice.text("account_no_score")]
        score = self.voice.text(
            "account_score",
            score=f"{answer.score:g}",
            band=_band(answer.score_low, answer.score_high),
            tier=(answer.tier, "unrated" if answer.is_unrated else answer.tier),
        )
        rate = self.why.rate_bp
        priced = [] if rate is None else [_INDENT + self.voice.text("rate", rate=f"{rate / 100:g}")]
        return [*lines, _INDENT + score, *priced, _INDENT + self._default()]

    def _default(self) -> str:
        answer = self.why.proposal
        if answer.prob_default is None:
            known = answer.pd_basis != "none"
            return self.voice.text("account_pd_beyond" if known else "account_no_pd")
        if (answer.pd_upper or 0) - (answer.pd_lower or 0) > UNSURE_WIDTH:
            return self.voice.text("account_pd_few")
        return self.voice.text(
            "account_pd",
            pd=f"{answer.prob_default:.2%}",
            lower=f"{answer.pd_lower:.2%}",
            upper=f"{answer.pd_upper:.2%}",
            basis=TEXTS[f"basis.{answer.pd_basis}"],
        )

    def _limits(self) -> list[str]:
        answer = self.why.proposal
        four = (
            ("limit_village", answer.village_limit_yuan, "not_stated"),
            ("limit_manager", answer.manager_limit_yuan, "not_stated"),
            ("limit_system", answer.system_limit_yuan, "not_given"),
            ("limit_proposed", answer.limit_yuan, "not_given"),
        )
        cells = [
            f"{self.voice.text(key)} {self.voice.text(absent) if yuan is None else f'{yuan:,}'}"
            for key, yuan, absent in four
        ]
        if answer.limit_yuan == 0:  # 0 yuan is no limit
            cells[-1] = self.voice.pick(*NO_LIMIT_WORDS["none"], joint=" ")
        why = self.voice.pick(*self.why.why_limit)
        return self._section("head_limits", [" | ".join(cells), why]) + (
            self._section("head_override", [self.override]) if self.override else []
        )

    def _reasons(self) -> list[str]:
        return self._section(
            "head_reasons",
            [self.voice.pick(item.zh, item.en) for item in self.why.proposal.reasons]
            or [self.voice.text("no_reasons")],
        )

    def _pillars(self) -> list[str]:
        link = self.why.link
        about = [] if link is None else [self.voice.text("adjusted", link=TEXTS[f"link.{link}"])]
        per = [
            self.voice.text(
                "pillar_line" if line.plain is None else "pillar_line_adjusted",
                name=self.voice.pick(line.zh, line.en),
                score=_with_error(line.shown, line.se),
                plain=line.plain,
                points=line.points,
                full=line.points_full,
                forms=line.n_forms,
                unfamiliar=line.n_unfamiliar,
                recused=line.n_recused,
            )
            for line in self.why.pillars
        ]
        return [*self._section("head_pillars", [*about, *per]), *self._forms()]

    def _sum(self) -> list[str]:
        """Parts of the points and what they consist of: each line adds up, and so do all."""
        parts, answer = self.why.parts, self.why.proposal
        if answer.points is None or answer.score is None:
            return []
        lines = [
            self.voice.text(
                "part_of" if part.inner else "part",
                name=(part.zh, part.en),
                points=part.points,
                inner=_added(part.inner),
            )
            for part in parts
        ]
        total = self.voice.text(
            "sum",
            parts=_added(parts),
            points=answer.points,
            per=self.why.points_per_score,
            score=f"{answer.score:g}",
        )
        return self._section("head_sum", [*lines, total])

    def _forms(self) -> list[str]:
        names = [self.voice.pick(line.zh, line.en) for line in self.why.pillars]
        head = ("col_rater", "col_role", "col_relation", "col_round", "col_date")
        rows = [
            [
                form.rater,
                self.voice.word(f"role.{form.role}"),
                self.voice.word(f"relation.{form.relation}"),
                form.round,
                form.rated_on,
                *(self.voice.word(f"form.{form.outcomes[p.code]}") for p in self.why.pillars),
            ]
            for form in self.why.forms
        ]
        return _table([*map(self.voice.text, head), *names], rows)

    def _items(self) -> list[str]:
        head = [self.voice.text(key) for key in ("col_code", "col_name", "col_answers", "col_mean")]
        rows = [
            [
                line.code,
                self.voice.pick(line.zh, line.en),
                line.n_ratings,
                _of(line.mean, line.highest),
            ]
            for line in self.why.items
        ]
        return self._section("head_items", []) + _table(head, rows)

    def _events(self) -> list[str]:
        names = ("col_code", "col_name", "col_level", "col_date", "col_outcome")
        rows = [
            [
                line.code,
                self.voice.pick(line.zh, line.en),
                self.voice.pick(line.level_zh, line.level),
                line.occurred_on,
                self.voice.word(f"event.{line.outcome}"),
            ]
            for line in self.why.events
        ]
        return self._listed("head_events", [self.voice.text(key) for key in names], rows)

    def _records(self) -> list[str]:
        names = ("col_code", "col_name", "col_date", "col_ended", "col_effect")
        rows = [
            [
                line.code,
                self.voice.pick(line.zh, line.en),
                line.issued_on,
                line.ended_on or "-",
                _effect(line, self.voice),
            ]
            for line in self.why.records
        ]
        return self._listed("head_records", [self.voice.text(key) for key in names], rows)

    def _bounds(self) -> list[str]:
        rows: list[Sequence[object]] = [
            [
                self.voice.word(f"bound.{line.bound}"),
                "-" if line.yuan is None else line.yuan,
                self._mark(stated=line.yuan is not None, binds=line.binds),
            ]
            for line in self.why.bounds
        ]
        head = [self.voice.text(key) for key in ("col_bound", "col_amount", "col_binds")]
        return self._listed("head_bounds", head, rows)

    def _members(self) -> list[str]:
        """Adults who may sign a contract; no section where the register names none."""
        if not self.why.members or not self.why.proposal.limit_yuan:
            return []
        names = ("col_member", "col_exposure", "col_may_sign", "col_by")
        rows: list[Sequence[object]] = [
            [
                line.member,
                self.voice.text("not_stated") if line.exposure is None else f"{line.exposure:,}",
                f"{line.yuan:,}",
                self.voice.text(f"by.{line.binding_bound}"),
            ]
            for line in self.why.members
        ]
        head = [self.voice.text(key) for key in names]
        return [*self._listed("head_members", head, rows), _INDENT + self.voice.text("shared")]

    def _mark(self, *, stated: bool, binds: bool) -> str:
        if not stated:
            return self.voice.text("absent")
        return self.voice.text("binds") if binds else ""

    def _next(self) -> list[str]:
        if self.why.proposal.score is None:
            return []
        step, held = self.why.proposal.next_tier, self.why.held_by
        if step is None:
            return self._section("head_next", [self.voice.text("highest_tier")])
        rest = [] if held is None else [self.voice.pick(*held_words(held))]
        return self._section("head_next", [self.voice.pick(step.zh, step.en), *rest])

    def _triggers(self) -> list[str]:
        answer = self.why.proposal
        told = [self._trigger(code) for code in answer.review_triggers]
        if answer.status in CONFIRM_WORDS:
            told.insert(0, self.voice.pick(*CONFIRM_WORDS[answer.status]))
        return self._section("head_triggers", told or [self.voice.text("none")])

    def _trigger(self, code: str) -> str:
        from sanzhixin.records.columns import TABLES

        kind, _, what = code.partition(":")
        key = f"trigger.{kind}"
        if key not in TEXTS:
            return code
        records = {line.code: (line.zh, line.en) for line in self.why.records}
        named: str | tuple[str, str] = what
        if kind == "near_cutoff":
            low, _, high = what.partition("|")
            named = f"{low} 与 {high}", f"between {low} and {high}"
        elif what in TABLES:
            named = TABLES[what].zh, what
        elif what in records:
            zh, en = records[what]
            named = f"“{zh}”", f"“{en}”"
        elif f"bound.{what}" in TEXTS:
            named = TEXTS[f"bound.{what}"]
        return self.voice.text(key, what=named)

    def _section(self, key: str, lines: Sequence[str]) -> list[str]:
        return ["", self.voice.text(key), *(_INDENT + line for line in lines)]

    def _listed(self, key: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
        if not rows:
            return self._section(key, [self.voice.text("none")])
        return self._section(key, []) + _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [aligned([head, *rows], indent=_INDENT)]


def _band(low: float | None, high: float | None) -> str | tuple[str, str]:
    """One standard error to both sides; forms that agree by chance have none to show."""
    if low is None or high is None or low == high:
        return ""
    ends = {"low": _decimal(low), "high": _decimal(high)}
    zh, en = (template.format_map(ends) for template in TEXTS["account_band"])
    return zh, en


def _with_error(shown: str, error: float | None) -> str | tuple[str, str]:
    if error is None or error != error:
        return shown
    given = {"score": shown, "error": _decimal(error)}
    key = "pillar_error" if error else "pillar_agree"
    zh, en = (template.format_map(given) for template in TEXTS[key])
    return zh, en


def _effect(line: RecordLine, voice: Voice) -> str:
    """Say what a record does and until when."""
    if not line.in_force:
        return voice.text("lapsed")
    return voice.text(
        "in_force_open" if line.counts_until is None else "in_force",
        action=TEXTS[f"action.{line.action}"],
        until=line.counts_until,
        months=line.expires_months,
    )


def _added(parts: Sequence[PartLine]) -> tuple[str, str]:
    """Write parts as a sum in Chinese and English; what takes off has its minus."""
    told = []
    for names in ([part.zh for part in parts], [part.en for part in parts]):
        text = ""
        for name, part in zip(names, parts, strict=True):
            sign = "-" if part.points < 0 else "+" if text else ""
            text += f" {sign} {name} {abs(part.points)}" if sign else f"{name} {part.points}"
        told.append(text.strip())
    zh, en = told
    return zh, en


def _of(mean: float | None, highest: int) -> str:
    return "-" if mean is None else f"{_decimal(mean)} / {highest}"


def _decimal(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.2f}".rstrip("0").rstrip(".")
