"""What `make hub` makes of the answers of a server; the hub itself is tried by the campaign."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.campaigns import hub


class Channel:
    """A kernel that answers a request with what was prepared, after words that belong to another one."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def send(self, text):
        request = json.loads(text)
        assert request["channel"] == "shell" and not request["content"]["stop_on_error"]
        self.parent = request["header"]["msg_id"]
        self.source = request["content"]["code"]

    def recv(self):
        parent, kind, content = self.answers.pop(0)
        header = {"msg_id": parent or self.parent}
        return json.dumps({"parent_header": header, "msg_type": kind, "content": content})


def test_what_a_cell_shows_is_gathered():
    idle = {"execution_state": "idle"}
    channel = Channel(
        ("other", "status", idle),
        ("", "status", {"execution_state": "busy"}),
        ("other", "stream", {"text": "not mine"}),
        ("", "stream", {"text": "a\n"}),
        ("", "display_data", {"data": {"text/plain": "✔ f: right", "text/html": "<b>"}}),
        ("", "error", {"ename": "CheckFailed", "evalue": "not right yet: g"}),
        ("", "status", idle),
        ("", "stream", {"text": "too late"}),
    )
    shown = hub._execute(channel, "%check")
    assert channel.source == "%check"
    assert shown == "a\n✔ f: right\nCheckFailed: not right yet: g\n"
    assert hub._right([shown, "✘ g\n", "✔ h: right\n✔ i: right\n"]) == 3


def test_the_hub_is_made_with_a_python_that_students_may_start():
    try:
        found = Path(os.path.realpath(hub.base_python()))
    except hub.Failed:
        pytest.skip("every Python here lies in a folder that is closed to other users")
    assert os.access(found, os.X_OK)
    assert os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in found.parents)


def test_the_configuration_is_python():
    names = ("public", "hub", "api", "folder", "proxy", "users", "environment", "seconds")
    text = hub._CONFIG.format(**dict.fromkeys(names, 1), token="t", spawner="simple")
    compile(text, "jupyterhub_config.py", "exec")
    assert "{username}" in text and "{{" not in text
