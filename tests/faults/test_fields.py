"""Every field of every file with a wrong type: the contract holds, and what is shown stands in a file.

The fields are those of the whole corpus, each once: every key of every shape that any version of the writers has, the
first item of each list and one symbol of each table.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import assert_contract
from small_worlds import SmallWorld, small_worlds
from verdicts import assert_facts
from walks import Files, Stage, State, Step
from written import written_in

WRONG: tuple[Any, ...] = (None, True, "", "abc", -1, 0, 1e308, [], {}, {"symbol": [[{"nav": None}]]})

Path_ = tuple[Any, ...]


def find_fields() -> dict[str, dict[str, list[Path_]]]:
    """Paths by file and by the world that has them; symbols and items of a list are alike."""
    found: dict[str, dict[str, list[Path_]]] = defaultdict(lambda: defaultdict(list))
    seen = set()
    for world in small_worlds().values():
        for name in (name for name in world.files if name.endswith(".json")):
            for path in walk(json.loads(world.files[name])):
                alike = (name, *("SYMBOL" if str(key).isupper() else key for key in path))
                if alike not in seen:
                    seen.add(alike)
                    found[name][world.name].append(path)
    return found


def walk(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every path of a document, of a list the first item's."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, child in children:
        yield from walk(child, (*path, key))


def replaced(content: bytes, path: Path_, value: Any) -> bytes:
    """The file with one place of it holding something else."""
    document = {"root": json.loads(content)}
    spot: Any = document
    for key in ("root", *path)[:-1]:
        spot = spot[key]
    spot[("root", *path)[-1]] = value
    return json.dumps(document["root"]).encode()


FIELDS = find_fields()


@pytest.mark.parametrize("name", FIELDS, ids=lambda name: Path(name).name)
def test_wrong_type_of_any_field_breaks_nothing(name: str, tmp_path: Path) -> None:
    """Under a page that has seen the file well: what it remembers of one look must not spoil the next."""
    page = Page(tmp_path)
    for world, paths in ((small_worlds()[key], paths) for key, paths in FIELDS[name].items()):
        page.look(world, {})
        for number, path in enumerate(paths):
            value = WRONG[number % len(WRONG)]  # neighbours have the others, and the fuzzer all of them everywhere
            try:
                page.look(world, {name: replaced(world.files[name], path, value)})
            except Exception as error:
                raise AssertionError(f"{name} of {world.name} with {value!r} at {path}") from error


class Page:
    """A page that looks at one directory again and again."""

    def __init__(self, directory: Path) -> None:
        self.stage = Stage(directory / "stage")
        self.checked: State = {}

    def look(self, world: SmallWorld, changed: Files) -> None:
        """The contract, and no number that no file has; a field that nobody reads leaves the state as it was."""
        step = Step({**world.files, **changed}, world.now, {}, fresh=False)
        self.stage.write(step)
        state = self.stage.loader.load(step.now, step.environ)
        if state != self.checked:
            assert_contract(state)
            assert_facts(state, written_in(step.files) | written_in(dict(world.files)))
        self.checked = state


def test_every_file_of_every_version_of_the_writers_is_covered() -> None:
    assert set(FIELDS) == {name for world in small_worlds().values() for name in world.files if name.endswith(".json")}
    assert sum(len(paths) for worlds in FIELDS.values() for paths in worlds.values()) > 900
