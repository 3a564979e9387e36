"""The bytes of a file made JSON, or a sentence on why they cannot be."""

import json
from typing import Any, TypeVar

from state.files.values import JsonDict

T = TypeVar("T")


class UnusableFileError(Exception):
    """A file that is there but cannot be used; its text says why. `position` is where a syntax error was met."""

    def __init__(self, status: str, reason: str, position: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.position = position


def decode(content: bytes, root: type[T]) -> T:
    """The JSON document in `content`.

    Raises:
        UnusableFileError: it is empty, not JSON, not UTF-8, nested too deeply or of another type than `root`.
    """
    if not content.strip():
        raise UnusableFileError("malformed", "the file is empty")
    try:
        parsed: Any = json.loads(content)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        reason = f"torn or not JSON: {what} at character {error.pos:,}"
        raise UnusableFileError("malformed", reason, error.pos) from error
    except UnicodeDecodeError as error:
        raise UnusableFileError("malformed", f"not UTF-8 text at byte {error.start:,}") from error
    except RecursionError as error:
        raise UnusableFileError("malformed", "nested too deeply") from error
    except ValueError as error:
        raise UnusableFileError("malformed", "holds a number too long to read") from error
    if not isinstance(parsed, root):
        raise UnusableFileError("malformed", f"holds a JSON {_json_type(parsed)}, not {_json_type(root())}")
    return parsed


def decode_object(content: bytes) -> JsonDict:
    """The JSON object in `content`; one without any key was written by nobody who had something to say.

    Raises:
        UnusableFileError: as `decode`, and with the status `empty` for `{}`.
    """
    found: JsonDict = decode(content, dict)
    if not found:
        raise UnusableFileError("empty", "the file carries nothing")
    return found


def _json_type(value: object) -> str:
    names: dict[type, str] = {
        dict: "object",
        list: "list",
        str: "string",
        bool: "boolean",
        int: "number",
        float: "number",
    }
    return names.get(type(value), "null")
