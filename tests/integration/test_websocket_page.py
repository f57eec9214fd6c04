"""docs/websocket.md and its schema say the same: each example fits, and each message has an example."""

import json
import pathlib
import re

import jsonschema
import pytest

DOCS = pathlib.Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "websocket.md").read_text()
SCHEMA = json.loads((DOCS / "websocket.schema.json").read_text())
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
SELF_EXPLAINING = {"client_leave", "server_ok", "server_offer"}  # named in the text


def fits(message, definition):
    check = {"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    return jsonschema.Draft202012Validator(check).is_valid(message)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: f"{m['type']}-{m['n']}")
def test_each_example_fits_the_schema(message):
    jsonschema.Draft202012Validator(SCHEMA).validate(message)


def test_each_message_has_an_example():
    messages = [name for name in SCHEMA["$defs"] if name.startswith(("client_", "server_"))]

    without = {name for name in messages if not any(fits(e, name) for e in EXAMPLES)}

    assert without <= SELF_EXPLAINING


def test_what_lacks_a_member_or_has_another_type_does_not_fit():
    join = EXAMPLES[0]

    assert fits(join, "from_client")
    assert not fits({k: v for k, v in join.items() if k != "room"}, "from_client")
    assert not fits(join | {"n": 0}, "from_client")
    assert not fits(join | {"name": ""}, "from_client")
    assert not fits({"type": "mute", "n": 1}, "from_client")
    assert not fits({"type": "ack"}, "from_client")
    assert fits({"type": "ack", "ack": 3}, "from_client")
    assert not fits({"type": "chat", "n": 1, "text": "x" * 2001}, "from_client")


def test_each_code_of_an_example_is_in_the_table():
    table = PAGE[PAGE.index("| code | means |"):]

    assert {e["code"] for e in EXAMPLES if e["type"] == "error"} <= set(re.findall(r"`([a-z_]+)`", table))
