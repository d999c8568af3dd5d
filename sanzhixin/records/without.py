"""An application without one of its pieces, for when that form, event or record is doubted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sanzhixin.errors import DomainError

if TYPE_CHECKING:
    from sanzhixin.records.application import Application, RatingForm

__all__ = ["Piece", "read_piece", "without"]

PieceKind = Literal["rating", "event", "register"]
_PLACES: dict[PieceKind, tuple[str, str, str, str]] = {
    "rating": ("rating", "评议表", "rater_id", "ratings"),
    "event": ("event", "积分事项", "event_id", "events"),
    "register": ("official record", "官方记录", "document_no", "registers"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a household's record.

    Attributes
    ----------
    kind : {"rating", "event", "register"}
        Which table it stands in.
    number : str
        rater_id, event_id or document_no.
    item : str or None
        One indicator of a form; None for all of it.
    """

    kind: PieceKind
    number: str
    item: str | None = None

    def __str__(self) -> str:
        end = "" if self.item is None else f":{self.item}"
        return f"{self.kind}:{self.number}{end}"


def read_piece(text: str) -> Piece:
    """Read how a piece is written.

    Parameters
    ----------
    text : str
        ``rating:RATER``, ``rating:RATER:INDICATOR``, ``event:ID`` or ``register:DOCUMENT``.

    Returns
    -------
    Piece
        As named.

    Raises
    ------
    DomainError
        ``appeal_piece``: written otherwise.

    Examples
    --------
    >>> read_piece("rating:R07:FS01")
    Piece(kind='rating', number='R07', item='FS01')
    """
    kind, _, number = text.partition(":")
    item: str | None = None
    if kind == "rating" and ":" in number:
        number, _, item = number.rpartition(":")
    if kind not in get_args(PieceKind) or not number or item == "":
        raise DomainError("appeal_piece")
    return Piece(kind, number, item)  # type: ignore[arg-type] # one of the kinds


def without(application: Application, pieces: Sequence[Piece]) -> Application:
    """Leave pieces out of an application.

    Parameters
    ----------
    application : Application
        As it was scored; unchanged.
    pieces : sequence of Piece
        All forms of a rater, or one indicator on them, which is then blank; an event; all records
        with a document number.

    Returns
    -------
    Application
        Without them.

    Raises
    ------
    DomainError
        ``appeal_nothing``: no piece; ``appeal_unknown_piece``: the application has none such.
    """
    if not pieces:
        raise DomainError("appeal_nothing")
    for piece in dict.fromkeys(pieces):
        left = _without(application, piece)
        if left == application:
            raise _unknown(piece.kind)
        application = left
    return application


def _unknown(kind: PieceKind) -> DomainError:
    en, zh, column, table = _PLACES[kind]
    return DomainError("appeal_unknown_piece", kind=en, kind_zh=zh, column=column, table=table)


def _without(application: Application, piece: Piece) -> Application:
    if piece.kind == "event":
        kept = tuple(e for e in application.events if e.event_id != piece.number)
        return application.model_copy(update={"events": kept})
    if piece.kind == "register":
        left = tuple(r for r in application.registers if r.document_no != piece.number)
        return application.model_copy(update={"registers": left})
    forms, raters = application.ratings, {form.rater_id for form in application.ratings}
    if piece.item is not None and piece.number not in raters:  # a number may hold a colon
        piece = Piece("rating", f"{piece.number}:{piece.item}")
    if piece.item is None:
        stay = tuple(form for form in forms if form.rater_id != piece.number)
    else:
        stay = tuple(
            _blank(form, piece.item) if form.rater_id == piece.number else form for form in forms
        )
    return application.model_copy(update={"ratings": stay})


def _blank(form: RatingForm, item: str) -> RatingForm:
    """Take one answer off a form; a form that has none such stays as it is."""
    if form.answers.get(item) is None:
        return form
    content = form.model_dump(exclude={"scores", *form.answers})
    return type(form).model_validate({**content, "scores": {**form.answers, item: None}})
