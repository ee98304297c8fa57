"""The pages of the edge: what a visit looks like to a person and to a program."""

import json
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template

from gateway.edge.visit import Visit

JSON_PATH = "/.json"
_METHODS = ("GET", "HEAD")
_ROWS = {
    "source": "Your address",
    "destination": "Address you asked",
    "host": "Host name",
    "profile": "Traffic profile",
    "prefix": "Matched prefix",
    "tunnel": "Tunnel",
}
_UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A response: status, media type and body."""

    status: HTTPStatus
    content_type: str
    body: bytes


def page_for(method: str, target: str, visit: Visit) -> Page:
    """The page for a request; every one carries the facts of the visit.

    ``/`` is HTML, ``/.json`` JSON, anything else 404 and any method but GET and HEAD 405, in HTML.
    """
    path = target.partition("?")[0]
    if method not in _METHODS:
        return _html(HTTPStatus.METHOD_NOT_ALLOWED, visit)
    if path == JSON_PATH:
        return Page(status=HTTPStatus.OK, content_type="application/json", body=_json(visit))
    return _html(HTTPStatus.OK if path == "/" else HTTPStatus.NOT_FOUND, visit)


def _json(visit: Visit) -> bytes:
    return (json.dumps(visit.facts() | {"time": visit.time_text}, indent=2) + "\n").encode()


def _html(status: HTTPStatus, visit: Visit) -> Page:
    titles = {
        HTTPStatus.OK: f"{visit.host} is reached through the tunnel",
        HTTPStatus.NOT_FOUND: "There is no such page here",
        HTTPStatus.METHOD_NOT_ALLOWED: "Only GET and HEAD are answered here",
    }
    leads = {
        HTTPStatus.OK: "Your request came through the tunnel, and its traffic profile lets it out:",
        HTTPStatus.NOT_FOUND: "The tunnel works, though. Your request arrived as follows:",
        HTTPStatus.METHOD_NOT_ALLOWED: "The tunnel works, though. Your request arrived as follows:",
    }
    rows = [(_ROWS[name], value or _UNKNOWN) for name, value in visit.facts().items()]
    rows.append(("Time", visit.time_text))
    template = Template(files("gateway.edge").joinpath("page.html").read_text(encoding="utf-8"))
    text = template.substitute(
        title=escape(titles[status]),
        lead=leads[status],
        rows="\n".join(f"<dt>{label}</dt><dd>{escape(value)}</dd>" for label, value in rows),
    )
    return Page(status=status, content_type="text/html; charset=utf-8", body=text.encode())
