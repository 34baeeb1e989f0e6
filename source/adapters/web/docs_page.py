"""The API's description as a page."""

import json
from html import escape
from typing import Any, Final

from source.adapters.web.openapi import operations_of

# Any: the description is JSON whose shape is OpenAPI's.
_Json = dict[str, Any]

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .6rem .8rem; background: color-mix(in srgb, currentColor 8%, transparent); }
summary { cursor: pointer; padding: .3rem 0; }
summary b { display: inline-block; min-width: 4.5rem; }
details > div { margin: 0 0 1rem 1rem; border-left: 2px solid; padding-left: 1rem; }
td, th { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0; }
.scope { opacity: .7; }
"""


def page_of(description: _Json) -> str:
    """Return the whole page."""
    info = description["info"]
    sections = "".join(_section(tag, description) for tag in description.get("tags", []))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} API <small>{escape(info['version'])}</small></h1>"
        f"<p>{_prose(info.get('description', ''))}</p>"
        f"<p>For programs: <a href=openapi.json>openapi.json</a> (OpenAPI {escape(description['openapi'])}).</p>"
        f"{sections}</html>"
    )


def _section(tag: _Json, description: _Json) -> str:
    operations = "".join(
        _operation(path, method, operation, description)
        for path, method, operation in operations_of(description)
        if tag["name"] in operation.get("tags", ())
    )
    return f"<h2>{escape(tag['name'].capitalize())}</h2><p>{_prose(tag['description'])}</p>{operations}"


def _operation(path: str, method: str, operation: _Json, description: _Json) -> str:
    scopes = {scope for each in operation.get("security", ()) for names in each.values() for scope in names}
    scope = f" <span class=scope>{escape(', '.join(sorted(scopes)))}</span>" if scopes else ""
    return (
        f"<details id='{escape(operation['operationId'])}'>"
        f"<summary><b>{method.upper()}</b> <code>{escape(path)}</code>{scope}</summary><div>"
        f"<p>{_prose(operation.get('description', ''))}</p>{_parameters(operation)}"
        f"{_body(operation, description)}{_responses(operation)}</div></details>"
    )


def _parameters(operation: _Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code><td>{escape(each['in'])}<td>{_prose(each.get('description', ''))}"
        for each in operation.get("parameters", ())
    )
    return f"<table>{rows}</table>" if rows else ""


def _body(operation: _Json, description: _Json) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    media = content.get("application/json")
    return f"<p>Body:<pre>{escape(_pretty(_example(media['schema'], description)))}</pre>" if media else ""


def _responses(operation: _Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(status)}</code><td>{_prose(each['description'])}"
        for status, each in operation["responses"].items()
    )
    return f"<table>{rows}</table>"


def _example(schema: _Json, description: _Json, inside: frozenset[str] = frozenset()) -> object:
    """Return an example of what a schema takes, made of those of its parts; of one `inside` itself only the name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in inside:
            return f"<{name}>"
        return _example(description["components"]["schemas"][name], description, inside | {name})
    if schema.get("examples"):
        return schema["examples"][0]
    if "example" in schema:
        return schema["example"]
    if "properties" in schema:
        return {name: _example(each, description, inside) for name, each in schema["properties"].items()}
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        return _example(choice, description, inside)
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), description, inside)]
    return schema.get("default", f"<{schema.get('format') or schema.get('type', 'any')}>")


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _prose(text: str) -> str:
    """Return text with its `code` marked."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
