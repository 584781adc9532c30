"""What the schema of a configuration file is put together from."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def text(description: str, *, most: int, least: int = 1, **more: Any) -> Schema:
    return {"type": "string", "description": description, "minLength": least, "maxLength": most, **more}


def switch(description: str, default: bool) -> Schema:
    return {"type": "boolean", "description": description, "default": default}


def number(description: str, least: int, most: int, default: int) -> Schema:
    return {"type": "integer", "description": description, "minimum": least, "maximum": most, "default": default}


def texts(description: str, **more: Any) -> Schema:
    return {"type": "array", "description": description, "items": {"type": "string"}, **more}


def entries_of(description: str, definition: str) -> Schema:
    return {"type": "array", "description": description, "items": {"$ref": f"#/$defs/{definition}"}}


def entry(description: str, required: list[str], properties: Schema, **more: Any) -> Schema:
    return {
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


UUID = {
    "type": "string",
    "description": "Taken on creation; generated when absent. It never changes afterwards.",
    "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
