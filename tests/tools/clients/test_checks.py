"""What `make clients` says of names, of stories and of tomorrow: it must be able to say no."""

import json
from pathlib import Path

import pytest

from tools.clients.__main__ import compare
from tools.clients.languages import GENERATORS
from tools.clients.names import FILE, Names, camel, check_names, pascal, snake
from tools.clients.tomorrow import ADDED, TOMORROW, later
from tools.clients.toolchain import Broken

ROOT = Path(__file__).parents[3]
NAMES = Names(
    operations=("api.py", r"^def (\w+)"), models=("models/*.py", FILE), case=snake, helpers="_.*"
)
DOCUMENT = {
    "paths": {"/a": {"get": {"operationId": "get_a"}, "post": {"operationId": "make_a"}}},
    "components": {"schemas": {"A": {}, "Problem": {}}, "parameters": {"header.If-Match": {}}},
}


def _client(folder: Path, api: str, *models: str) -> Path:
    (folder / "models").mkdir()
    (folder / "api.py").write_text(api)
    for model in ("__init__", *models):
        (folder / "models" / f"{model}.py").write_text("")
    document = folder / "document.json"
    document.write_text(json.dumps(DOCUMENT))
    return document


def test_a_client_with_the_documents_names_is_let_pass(tmp_path: Path) -> None:
    document = _client(
        tmp_path, "def get_a():\ndef make_a():\ndef _help():\n", "A", "HeaderIfMatch"
    )
    assert check_names(tmp_path, NAMES, document) == (2, 2)


@pytest.mark.parametrize(
    ("api", "models", "named"),
    [
        ("def get_a():\ndef make_a_v1_v1():\n", ("A",), "make_a_v1_v1"),
        ("def get_a():\n", ("A",), "make_a"),
        ("def get_a():\ndef make_a():\n", ("A", "A1"), "A1"),
        ("def get_a():\ndef make_a():\n", ("A", "AInner"), "AInner"),
    ],
)
def test_an_invented_or_missing_name_is_told(
    tmp_path: Path, api: str, models: tuple[str, ...], named: str
) -> None:
    document = _client(tmp_path, api, *models)
    with pytest.raises(Broken, match=named):
        check_names(tmp_path, NAMES, document)


def test_operation_ids_are_written_as_each_language_has_it() -> None:
    written = [case("open_after_sales_entry") for case in (snake, camel, pascal)]
    assert written == ["open_after_sales_entry", "openAfterSalesEntry", "OpenAfterSalesEntry"]


def test_every_language_is_tried_and_python_and_typescript_twice() -> None:
    names = [generator.name for generator in GENERATORS]
    assert len(set(names)) == len(names) == 6
    assert {name.partition(":")[0] for name in names} == {"python", "typescript", "go", "java"}


def test_tomorrow_says_more_everywhere_and_states_nobody_has_heard_of() -> None:
    said = {"state": "open", "payment": {"method": "online"}, "lines": [{"code": "a"}], "n": 1}
    assert later(said) == {
        "state": TOMORROW,
        "payment": {"method": "online", **ADDED},
        "lines": [{"code": TOMORROW, **ADDED}],
        "n": 1,
        **ADDED,
    }


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [{"step": "a", "status": 200}],
        [{"step": "a", "status": 201}, {"step": "b", "status": 200}],
        [{"step": "a", "status": 200}, {"step": "b", "status": 200}, {"step": "c", "status": 200}],
    ],
)
def test_a_story_told_differently_is_told(seen: list[dict[str, object]]) -> None:
    with pytest.raises(Broken):
        compare(seen, [{"step": "a", "status": 200}, {"step": "b", "status": 200}])


def test_the_story_names_every_step_once() -> None:
    story = json.loads((ROOT / "clients" / "story" / "story.json").read_text("utf-8"))
    for told in (story["steps"], story["tomorrow_steps"]):
        names = [step["step"] for step in told]
        assert len(set(names)) == len(names)
        assert all(isinstance(step["status"], int) for step in told)
