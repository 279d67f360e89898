"""The same list of things behind each kind of credential; without it the answer is 401."""

from __future__ import annotations

from base64 import b64encode

from tests.parity.rest_api.records import Turn, things
from tests.parity.rest_api.routes import SIZE, cut, refused, route
from tests.parity.rest_api.serving import Answer, Asked

KEY, USER, PASSWORD, CLIENT, TOKEN = "k-1 2&3", "ann", "p:ä", "client-1", "token-1"
BASIC = b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@route("auth", "from", "api_key", "sig")
def auth(asked: Asked, turn: Turn) -> Answer:
    """`/auth/<kind>`: two pages and more, so that the credential must come with each request."""
    given = asked.headers.get("authorization")
    passes = {
        "bearer": given == f"Bearer {KEY}",
        "header": asked.headers.get("x-api-key") == KEY,
        "plain": given == KEY,
        "query": asked.query.get("api_key") == KEY,
        "basic": given == f"Basic {BASIC}",
        "oauth2": given == f"Bearer {TOKEN}",
        "signed": asked.headers.get("x-signed") == f"GET {asked.raw_path}",
    }
    kind = asked.segments[1]
    if not passes[kind]:
        return refused("who are you?", 401)
    start = int(asked.query.get("from", 0))
    link = f"{asked.raw_path}?from={start + SIZE}" if start + SIZE < len(things(turn)) else None
    return Answer({"rows": cut(things(turn), start), "next": link})


@route("token")
def token(asked: Asked, _: Turn) -> Answer:
    form = asked.form
    if asked.method != "POST" or form.get("grant_type") != "client_credentials":
        return refused("no client credentials")
    if (form.get("client_id"), form.get("client_secret"), form.get("scope", "read")) != (CLIENT, KEY, "read"):
        return refused("unknown client", 401)
    return Answer({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 600})
