"""The stop file: models that monitoring has stopped, and the refusal to score with one of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanzhixin.batch.files import publishing, whole_file
from sanzhixin.errors import ArtifactError
from sanzhixin.errors.words import alarms_told
from sanzhixin.records.turns import turn
from sanzhixin.scoring.canonical import canonical_json, strict_loads

__all__ = ["StopOrder", "check_not_stopped", "read_stops", "write_stop"]

_KIND, _PROTOCOL = "sanzhixin.stop", 1
_FIELDS = {"model_id", "as_of", "reasons"}


@dataclass(frozen=True, slots=True)
class StopOrder:
    """One model that is stopped.

    Attributes
    ----------
    model_id : str
        ``name/version``.
    as_of : date
        Date of the look that stopped it.
    reasons : tuple of str
        Kinds of alarm, keys of ``ALARM_WORDS``; another is told as it stands.
    """

    model_id: str
    as_of: dt.date
    reasons: tuple[str, ...]


def read_stops(path: str | Path) -> tuple[StopOrder, ...]:
    """Read a stop file.

    Parameters
    ----------
    path : str or Path
        A file that is not there stops nothing.

    Returns
    -------
    tuple of StopOrder
        Sorted by model.

    Raises
    ------
    ArtifactError
        ``stop_damaged``: the file is there, and cannot be read or is no stop file.

    Examples
    --------
    >>> read_stops("none/stop.json")
    ()
    """
    place = Path(path)
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError:
        raise _damaged(place, "it cannot be opened", "无法打开") from None
    try:
        content = strict_loads(data, name=place.name)
    except ArtifactError:
        raise _damaged(place, "it is not JSON", "不是 JSON") from None
    known = isinstance(content, dict) and content.keys() == {"kind", "protocol", "stops"}
    if not known or content["kind"] != _KIND or not isinstance(content["stops"], list):
        raise _damaged(place, f"it is no {_KIND}", f"不是 {_KIND}")
    if (type(content["protocol"]), content["protocol"]) != (int, _PROTOCOL):
        raise _damaged(place, "a newer version wrote it", "由更新的版本写出")
    return tuple(_order(entry, place) for entry in content["stops"])


def write_stop(path: str | Path, order: StopOrder) -> None:
    """Add a stopped model to a stop file; the order takes the place of an earlier one of its own.

    Nothing here takes a model off again: somebody who answers for it removes the file.  Threads and
    processes that add to one file take turns by a lock beside it (where the system has file locks,
    as Linux and macOS do), so that no order is lost; whoever reads finds the file as it was before
    or after, never a part.

    Parameters
    ----------
    path : str or Path
        New, or a stop file whose other models stay; canonical JSON.
    order : StopOrder
        What is stopped, and why.

    Raises
    ------
    ArtifactError
        ``stop_damaged``: what stands there is no stop file; it is left alone.
    OutputError
        ``run_not_committed``: disk full or no permission.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "stop.json"
    ...     write_stop(path, StopOrder("a/1.0.0", dt.date(2026, 6, 30), ("defaults",)))
    ...     [order.model_id for order in read_stops(path)]
    ['a/1.0.0']
    """
    place = Path(path)
    with publishing(place), turn(place):
        others = [one for one in read_stops(place) if one.model_id != order.model_id]
        stops = [
            {
                "model_id": one.model_id,
                "as_of": one.as_of.isoformat(),
                "reasons": list(one.reasons),
            }
            for one in sorted([*others, order], key=lambda one: one.model_id)
        ]
        content = canonical_json({"kind": _KIND, "protocol": _PROTOCOL, "stops": stops})
        with whole_file(place) as stream:
            stream.write(content + b"\n")


def check_not_stopped(model_id: str, path: str | Path | None) -> None:
    """Refuse a model that a stop file names.

    Parameters
    ----------
    model_id : str
        Who would score.
    path : str, Path or None
        Stop file; None, or one that is not there, stops nothing.

    Raises
    ------
    ArtifactError
        ``model_stopped``; ``stop_damaged``: nobody can tell whom the file stops.

    Examples
    --------
    >>> check_not_stopped("a/1.0.0", None)
    """
    if path is None:
        return
    for order in read_stops(path):
        if order.model_id == model_id:
            raise ArtifactError(
                "model_stopped",
                model_id=model_id,
                as_of=order.as_of.isoformat(),
                reasons_zh=alarms_told("zh", order.reasons),
                reasons_en=alarms_told("en", order.reasons),
                name=Path(path).name,
            )


def _order(entry: Any, place: Path) -> StopOrder:
    """Check one entry."""
    if isinstance(entry, dict) and entry.keys() == _FIELDS:
        model_id, day, reasons = entry["model_id"], entry["as_of"], entry["reasons"]
        texts = [model_id, day, *(reasons if isinstance(reasons, list) else [None])]
        if all(isinstance(text, str) and text for text in texts):
            try:
                return StopOrder(model_id, dt.date.fromisoformat(day), tuple(reasons))
            except ValueError:
                pass
    raise _damaged(place, "an entry lacks model_id, as_of or reasons", "条目缺少模型、日期或原因")


def _damaged(place: Path, en: str, zh: str) -> ArtifactError:
    return ArtifactError("stop_damaged", name=place.name, problem_en=en, problem_zh=zh)
