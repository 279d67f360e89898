"""What the configuration's response actions say of a response, before its status is judged."""

from __future__ import annotations

import codecs
from email.message import Message

from headrace.model.plan import ResponseAction
from headrace.transport.send import Received


def action_for(actions: tuple[ResponseAction, ...], received: Received) -> ResponseAction | None:
    """The first action that holds for the response: its status and its text, where the action names them."""
    return next((action for action in actions if _holds(action, received)), None)


def _holds(action: ResponseAction, received: Received) -> bool:
    if action.status is not None and action.status != received.status:
        return False
    return action.content is None or _within(action.content, received)


def _within(content: str, received: Received) -> bool:
    """Whether the text is in the body. Bytes are compared where the body is UTF-8, as JSON is: no page is decoded."""
    charset = _charset(received.headers.get("content-type", ""))
    if charset in ("utf-8", "ascii"):
        return content.encode("utf-8", "replace") in received.body
    try:
        return content in received.body.decode(charset, "replace")
    except LookupError:  # Python also has codecs that are none of text
        return content.encode("utf-8", "replace") in received.body


def _charset(content_type: str) -> str:
    """The charset that a Content-Type states, by Python's name; UTF-8 where it states none that is known."""
    if "charset" not in content_type.lower():
        return "utf-8"
    message = Message()
    message["content-type"] = content_type
    try:
        return codecs.lookup(message.get_content_charset("utf-8")).name
    except LookupError:
        return "utf-8"
