"""JSON and JSON lines: each record's text where it has one, else its values by name.

LangChain's JSONLoader needs a jq program for every file; here the field is found.
"""

import json
from collections.abc import Iterator, Mapping

from vectorstore.errors import Refused
from vectorstore.ingest.clean import clean, line
from vectorstore.ingest.document import Limits
from vectorstore.ingest.draft import Block, Draft
from vectorstore.ingest.encoding import decode

_TEXTS = ("page_content", "text", "content", "body", "mes", "message", "value", "description")
_NAMES = ("title", "name", "comment", "heading", "id")
_SPEAKERS = ("speaker", "author", "user", "role", "name")
_DATES = ("date", "timestamp", "created_at", "send_date", "ts", "time")
_SPOKEN = frozenset({"mes", "message", "content"})
_DEEP = "its JSON is nested too deeply"


def load(data: bytes, limits: Limits) -> Draft:
    """A JSON file: a list of records, records under one key, or one record."""
    value = parse(data)
    records = _records(value)
    return _draft(records, decode(data)[1], ())


def load_lines(data: bytes, limits: Limits) -> Draft:
    """JSON lines; a broken line is left out and counted."""
    text, remark = decode(data)
    records, broken = [], 0
    for each in text.replace("\r\n", "\n").split("\n"):
        if not each.strip():
            continue
        try:
            records.append(json.loads(each))
        except RecursionError as error:
            raise Refused(_DEEP) from error
        except ValueError:
            broken += 1
    if broken and not records:
        raise Refused("none of its lines is JSON")
    return _draft(records, remark, (f"{broken} lines that are not JSON were left out",) if broken else ())


def parse(data: bytes) -> object:
    """JSON as Python values. Raises Refused."""
    text, _ = decode(data)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Refused(_DEEP) from error
    except json.JSONDecodeError as error:
        raise Refused(f"its JSON is broken in line {error.lineno}") from error
    except ValueError as error:
        raise Refused("its JSON holds a number that is too long") from error


def _draft(records: list[object], remark: str, remarks: tuple[str, ...]) -> Draft:
    blocks = tuple(block for number, record in enumerate(records) if (block := _block(record, number)).text)
    if not blocks:
        raise Refused("its JSON holds no text")
    return Draft(blocks, remarks=tuple(filter(None, (remark, *remarks))))


def _records(value: object) -> list[object]:
    """The list within the file: itself, the one list or table of objects under a key, or the file as one record."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and not any(isinstance(value.get(key), str) for key in _TEXTS):
        for inner in value.values():
            members = list(inner.values()) if isinstance(inner, Mapping) else inner
            if isinstance(members, list) and members and all(isinstance(each, Mapping) for each in members):
                return members
    return [value]


def _block(record: object, number: int) -> Block:
    if not isinstance(record, Mapping):
        return Block(clean("\n".join(_flat(record, ""))), group=number)
    field = next((key for key in _TEXTS if isinstance(record.get(key), str) and record[key].strip()), "")
    if not field:
        return Block(clean("\n".join(_flat(record, ""))), _path(record), group=number, whole=True)
    text = clean(record[field])
    speaker = _first(record, _SPEAKERS) if field in _SPOKEN else _first(record, _SPEAKERS[:1])
    date = _first(record, _DATES)
    if speaker:
        return Block(f"{speaker}: {text}", speaker=speaker, date=date)
    path = _path(record)
    return Block(f"{path[0]}\n{text}" if path else text, path, date=date, group=number)


def _path(record: Mapping[str, object]) -> tuple[str, ...]:
    name = _first(record, _NAMES[:-1])
    return (name,) if name else ()


def _first(record: Mapping[str, object], keys: tuple[str, ...]) -> str:
    return next(
        (line(str(record[key])) for key in keys if isinstance(record.get(key), str | int | float) and record[key]), ""
    )


def _flat(value: object, name: str) -> Iterator[str]:
    """ "a.b: value" lines of whatever is nested; bare values of a list on lines of their own."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, name)
    elif value not in (None, ""):
        yield f"{name}: {value}" if name else str(value)
