"""Which scripts formgrader's pages may run: those of its own templates, and no other.

A policy for the whole Jupyter server would stop JupyterLab, and formgrader has no setting for one. Its handlers inherit
the property that Jupyter's servers take a page's policy from; it is set here, together with a number that is drawn for
each page and stands on every script of a template. What comes into a page later, from a name or a notebook, cannot know it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import sys
from contextvars import ContextVar
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import BaseLoader, Environment

NONCE: ContextVar[str] = ContextVar("formgrader's page", default="")
"""The number of the page that is being made."""
_FRAMES = "frame-ancestors 'self'"
_BASE = "nbgrader.server_extensions.formgrader.base"
_HANDLERS = "nbgrader.server_extensions.formgrader.handlers"
_MACROS = "formgrade_macros.html.j2"
_SCRIPT = re.compile(r"<script\b")
_HANDLER = re.compile(r'\bon[a-z]+="([^"{}]*)"', re.IGNORECASE)


class MarkingLoader(BaseLoader):
    """Loads formgrader's templates with the page's number on each of their scripts."""

    def __init__(self, loader: BaseLoader):
        self._loader = loader

    def get_source(self, environment: Environment, template: str) -> tuple[str, Any, Any]:
        """Return a template, marked."""
        source, name, is_current = self._loader.get_source(environment, template)
        return _marked(source, "script_nonce"), name, is_current

    def list_templates(self) -> list[str]:
        """Return the names of all templates."""
        return self._loader.list_templates()


def _marked(source: str, variable: str) -> str:
    return _SCRIPT.sub(f'<script nonce="{{{{ {variable} }}}}"', source)


def _templates() -> Path:
    return Path(sys.modules[_BASE].__file__ or "").parent / "templates"


def marked_macros() -> dict[str, str]:
    """Return the template with the scripts of formgrader's page on a submission, marked."""
    path = _templates() / "formgrade" / _MACROS if _BASE in sys.modules else None
    if path is None or not path.is_file():
        return {}
    return {_MACROS: _marked(path.read_text(encoding="utf-8"), "resources.script_nonce")}


@cache
def _handlers() -> str:
    """The sums of what formgrader's templates have in attributes such as `onclick`."""
    found = set()
    for path in sorted(_templates().rglob("*")):
        if path.suffix in (".tpl", ".j2"):
            found.update(_HANDLER.findall(path.read_text(encoding="utf-8")))
    sums = (hashlib.sha256(text.encode()).digest() for text in sorted(found))
    return " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in sums)


def policy(nonce: str) -> str:
    """Return the policy of a page of formgrader."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'nonce-{nonce}' 'unsafe-hashes' {_handlers()}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "object-src 'none'",
            "frame-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


def guard_formgrader() -> None:
    """Give formgrader's pages their policy, and print what comes from an address in the form it has in an address.

    Its pages about one student print the name from the address into a script and into the text as it is. Percent
    encoding serves both, and the script builds an address of it again. Does something only within formgrader's server.
    """
    base, handlers = sys.modules.get(_BASE), sys.modules.get(_HANDLERS)
    if base is None or handlers is None or getattr(base.BaseHandler, "is_guarded", False):
        return
    handler = base.BaseHandler
    render, submission = handler.render, handlers.SubmissionHandler.get

    def script_nonce(self: Any) -> str:
        if not hasattr(self, "_script_nonce"):
            self._script_nonce = secrets.token_urlsafe(16)
        return self._script_nonce

    def content_security_policy(self: Any) -> str:
        # What an administrator has set stays. Jupyter's own has an address for reports that formgrader spells wrong.
        others = self.settings.get("headers", {}).get("Content-Security-Policy")
        return f"{others or _FRAMES}; {policy(self.script_nonce)}"

    def guarded_render(self: Any, name: str, **namespace: Any) -> str:
        environment = self.settings["nbgrader_jinja2_env"]
        if not isinstance(environment.loader, MarkingLoader):
            environment.loader = MarkingLoader(environment.loader)
        for key in ("student_id", "assignment_id", "notebook_id"):
            if isinstance(namespace.get(key), str):
                namespace[key] = quote(namespace[key], safe=" +,;=@~()")
        for key in ("current_config", "course_dir"):
            if key in namespace:
                namespace[key] = escape(str(namespace[key]))
        return render(self, name, script_nonce=self.script_nonce, **namespace)

    def guarded_submission(self: Any, *arguments: Any, **named: Any) -> Any:
        token = NONCE.set(self.script_nonce)
        try:
            return submission(self, *arguments, **named)
        finally:
            NONCE.reset(token)

    handler.script_nonce = property(script_nonce)
    handler.content_security_policy = property(content_security_policy)
    handler.render = guarded_render
    handlers.SubmissionHandler.get = guarded_submission
    handler.is_guarded = True
