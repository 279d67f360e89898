"""What of a plan dlt's words cannot say: the plan that they can, and a sentence for each loss."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from headrace.model.plan import (
    ApiKey,
    Auth,
    Client,
    Cursor,
    HttpBasic,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Offset,
    ParentField,
    Ref,
    Resource,
    RetryPolicy,
    Slot,
    Text,
)
from headrace.model.slots import slots_of, with_slots
from headrace.spec.faults import listed
from headrace.spec.references import joined
from headrace.spec.resource import with_size, with_size_param
from headrace.spec.writing import Meant
from headrace.spec.writing_ancestors import by_way_of_parents, takes_above
from headrace.spec.writing_paging import sized_oddly

_LONGEST = 64
_changed = msgspec.structs.replace


def without_ours(meant: Meant) -> tuple[Meant, tuple[str, ...]]:
    """What dlt can be told of it, and what it cannot."""
    plain = replace(
        meant,
        name=source_name(meant.name),
        address=Text((Ref("base_url", "config"),)) if meant.address is None else meant.address,
        client=_client(meant.client),
        resources=by_way_of_parents(_resource(each) for each in meant.resources),
    )
    return plain, (*_of_name(meant.name), *_of_client(meant.client), *_of_resources(meant.resources), *_of_auths(meant))


def source_name(name: str) -> str:
    """A name as dlt takes it: a Python identifier of at most 64 characters, in small letters."""
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()[:_LONGEST]
    return word if word.isidentifier() else f"source_{word}"[:_LONGEST].rstrip("_")


# --- the plan that is left -------------------------------------------------------------------


def _client(client: Client) -> Client:
    return _changed(client, limit=None, allowed_origins=(), auth=_auth(client.auth))


def _resource(resource: Resource) -> Resource:
    paging = resource.paging
    if isinstance(paging, Cursor):
        paging = _changed(paging, follow_urls=False)
    request = with_slots(resource.request, _plain)
    if sized_oddly(resource) and not isinstance(paging, Offset):
        paging = with_size(_changed(paging, size=None, size_param=None), request)
        request = with_size_param(request, paging)
    return _changed(
        resource,
        paging=paging,
        retry=RetryPolicy(),
        deadline_s=None,
        actions=tuple(action for action in resource.actions if action.action != "retry"),
        auth=None if resource.auth is None or isinstance(resource.auth, NoAuth) else _auth(resource.auth),
        request=request,
        guesses=frozenset(),
    )


def _plain(slot: ParentField) -> ParentField:
    """One value of one row: dlt puts it into a path as it is."""
    return ParentField(slot.path, above=slot.above)


def _auth(auth: Auth) -> Auth:
    """The same credentials in a form that dlt sends alike, where it has one."""
    match auth:
        case HttpBasic(username=Text(parts=(str() as first, *_))) if first.startswith("Basic "):
            return ApiKey(auth.username)
        case ApiKey(api_key, name, "cookie"):
            pair = joined((f"{name}=", *api_key.parts))
            return ApiKey(pair if isinstance(pair, Text) else Text((pair,)), "Cookie")
        case OAuth2ClientCredentials():
            return _changed(auth, client_auth="body")
        case _:
            return auth


# --- what is lost ----------------------------------------------------------------------------


def _of_name(name: str) -> Iterator[str]:
    if source_name(name) != name:
        yield f"The name `{name}`: dlt takes only small letters, digits and underscores."


def _of_client(client: Client) -> Iterator[str]:
    if client.limit is not None:
        limit = f"{client.limit.requests} requests in {client.limit.window_s:g} s"
        yield f"The limit of {limit}: dlt knows none, and sends as fast as it can."
    if client.allowed_origins:
        origins = listed(client.allowed_origins).replace(" or ", " and ")
        yield f"That links to {origins} may be followed without credentials: dlt follows every link, with them."


def _of_resources(resources: tuple[Resource, ...]) -> Iterator[str]:
    for words, lost in _LOSSES:
        names = [each.name for each in resources if lost(each)]
        if names:
            yield words.format(names=_names(names, resources))
    guessed = [
        f"`{value}` in {_names([each.name for each in resources if value in each.guesses], resources)}"
        for value in sorted({value for each in resources for value in each.guesses})
    ]
    if guessed:
        what = "What is only guessed, which headrace tries before a row counts and dlt takes as it stands"
        yield f"{what}: {'; '.join(guessed)}."


def _names(names: list[str], resources: tuple[Resource, ...]) -> str:
    return "every resource" if len(names) == len(resources) > 1 else listed(names).replace(" or ", " and ")


_ONE_CURSOR = (
    "In {names}, how far each row of the parent has come: dlt has one cursor for all, and loses rows of those that lie"
    " behind. Load with `from headrace.rest_api import rest_api_source`, which has one for each."
)
_LOSSES = (
    (
        "In {names}, a cursor that is a whole URL: headrace follows it, dlt sends it as the parameter.",
        lambda each: isinstance(each.paging, Cursor) and each.paging.follow_urls,
    ),
    (
        "In {names}, which statuses are asked again, how often and for how long: dlt has one setting for all requests.",
        lambda each: each.retry != RetryPolicy(),
    ),
    (
        "In {names}, how long a whole walk may take: dlt has no deadline for it.",
        lambda each: each.deadline_s is not None,
    ),
    (
        "In {names}, responses that are asked again by their text or status: dlt's response actions only ignore.",
        lambda each: any(action.action == "retry" for action in each.actions),
    ),
    (
        "In {names}, which parameter is the page size: dlt sends it without knowing.",
        sized_oddly,
    ),
    (
        "In {names}, that no credentials are sent: dlt sends the client's.",
        lambda each: isinstance(each.auth, NoAuth),
    ),
    (
        "In {names}, a value of the parent's row that is escaped in the path: dlt leaves its slashes, blanks and `?`.",
        lambda each: isinstance(each.request.path, Text) and any(map(_escaped, each.request.path.slots)),
    ),
    (
        _ONE_CURSOR,
        lambda each: each.parent is not None and each.incremental is not None and each.incremental.end_value is None,
    ),
    (
        "In {names}, one request for many rows of the parent: dlt sends one for each.",
        lambda each: any(slot.batch is not None for slot in slots_of(each.request)),
    ),
    (
        "In {names}, values of rows above the parent's: dlt takes them of the parent, where they become columns.",
        takes_above,
    ),
)


def _escaped(slot: Slot) -> bool:
    return isinstance(slot, ParentField) and not slot.raw


def _of_auths(meant: Meant) -> Iterator[str]:
    auths = (meant.client.auth, *(each.auth for each in meant.resources))
    if any(isinstance(auth, OAuth2Jwt) for auth in auths):
        yield "That a signed token needs no other: dlt looks for one first; give it CREDENTIALS__TOKEN=none."
    if any(isinstance(auth, OAuth2ClientCredentials) and auth.client_auth == "basic" for auth in auths):
        yield "That id and secret of OAuth 2 go into a header: dlt sends them in the form."
