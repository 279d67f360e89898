"""What stands where a credential is meant: templates are references, fillers are needs, and neither is ever sent."""

from __future__ import annotations

import json

import pytest

from headrace.model.plan import ApiKey, Bearer, HttpBasic, OAuth2ClientCredentials, Ref, Text
from headrace.spec.read import Options
from headrace.spec.secrets import Lookup
from headrace.spec.settings import Settings

from .documents import codes, nothing, of, plan_of, python, the_error, told, with_client, with_endpoint

LOOKUP = Options(lookup=nothing)


def bearer(token: str) -> dict[str, object]:
    return with_client(auth={"type": "bearer", "token": token})


@pytest.mark.parametrize(
    ("words", "ref"),
    [
        ("${TOKEN}", Ref("TOKEN", "env")),
        ("${TOKEN:-nobody}", Ref("TOKEN", "env", "nobody")),
        ("${env:TOKEN}", Ref("TOKEN", "env")),
        ("$ACME_TOKEN", Ref("ACME_TOKEN", "env")),
        ("env:TOKEN", Ref("TOKEN", "env")),
        ("process.env.TOKEN", Ref("TOKEN", "env")),
        ("os.getenv('TOKEN')", Ref("TOKEN", "env")),
        ('os.environ.get("TOKEN", "")', Ref("TOKEN", "env")),
        ("{{ env('TOKEN') }}", Ref("TOKEN", "env")),
        ("{{ env.TOKEN }}", Ref("TOKEN", "env")),
        ("{{ env_var('TOKEN') }}", Ref("TOKEN", "env")),
        ("{{ secrets.token }}", Ref("token")),
        ("${{ secrets.ACME_TOKEN }}", Ref("ACME_TOKEN")),
        ("{{ secrets['token'] }}", Ref("token")),
        ("{{ config['api_key'] }}", Ref("api_key")),
        ("{{ config.get('api_key') }}", Ref("api_key")),
        ("{{ token }}", Ref("token")),
    ],
)
def test_a_template_of_a_credential_is_the_reference_that_it_names(words: str, ref: Ref) -> None:
    reading = of(bearer(words), LOOKUP)
    assert plan_of(reading).client.auth == Bearer(Text((ref,)))
    assert codes(reading, "note") == ["credential-named"]
    assert reading.needs == (() if ref.default is not None else (f"{ref.kind}:{ref.name}",))


@pytest.mark.parametrize(
    "words",
    ["<token>", "<YOUR_API_KEY>", "YOUR_TOKEN", "your-api-key-here", "xxx", "xxxx-xxxx", "changeme", "change_me",
     "***", "...", "REPLACE_ME", "insert-your-token", "API_KEY", "access_token", "TODO", "{token}",
     "[API KEY]", "Your API key", "token_goes_here", "YOUR_ACCESS_TOKEN"],
)  # fmt: skip
def test_a_filler_is_a_need_and_is_not_sent(words: str) -> None:
    reading = of(bearer(words), LOOKUP)
    assert plan_of(reading).client.auth == Bearer(Text((Ref("token"),)))
    assert codes(reading, "warning") == ["credential-filler"]
    assert reading.needs == ("secret:token",)


@pytest.mark.parametrize(
    "words",
    ["s3cr3t", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "$ecret1", "eyJhbGciOi.J9.x", "user@acme.io", "hunter2", "your",
     "my-secret", "x", "X", "xx", "a<b>c", "5d{2}f", "whereabouts"],
)  # fmt: skip
def test_what_may_be_a_credential_is_left_as_it_is(words: str) -> None:
    reading = of(bearer(words), LOOKUP)
    assert plan_of(reading).client.auth == Bearer(Text((words,)))
    assert reading.faults == ()


def test_a_filler_that_is_given_from_outside_is_no_longer_needed() -> None:
    reading = of(bearer("YOUR_TOKEN"), Options(lookup=Lookup({"TOKEN": "real"})))
    assert reading.needs == ()


def test_a_scheme_before_a_template_or_filler_stays() -> None:
    headers = {"Authorization": "Bearer ${TOKEN}", "X-Api-Key": "YOUR_KEY", "Accept": "${NOT_SECRET}"}
    reading = of(with_client(headers=headers), LOOKUP)
    assert plan_of(reading).client.headers == (
        ("Authorization", Text(("Bearer ", Ref("TOKEN", "env")))),
        ("X-Api-Key", Text((Ref("x_api_key"),))),
        ("Accept", Text(("${NOT_SECRET}",))),
    )


def test_a_parameter_with_the_name_of_a_credential_is_looked_at_and_no_other() -> None:
    reading = of(with_endpoint(params={"api_key": "<key>", "q": "<all>"}), LOOKUP)
    assert dict(plan_of(reading).resources[0].request.params) == {
        "api_key": Text((Ref("api_key"),)),
        "q": Text(("<all>",)),
    }


def test_the_name_of_a_key_is_no_credential() -> None:
    auth = {"type": "api_key", "name": "api_key", "api_key": "{{ secrets.k }}", "location": "query"}
    assert plan_of(of(with_client(auth=auth), LOOKUP)).client.auth == ApiKey(Text((Ref("k"),)), "api_key", "query")


def test_user_and_password_and_client_are_credentials_too() -> None:
    basic = {"type": "http_basic", "username": "${USER}", "password": "changeme"}
    auth = plan_of(of(with_client(auth=basic), LOOKUP)).client.auth
    assert auth == HttpBasic(Text((Ref("USER", "env"),)), Text((Ref("password"),)))
    bought = {
        "type": "oauth2_client_credentials",
        "access_token_url": "https://acme.io/t",
        "client_id": "YOUR_CLIENT_ID",
        "client_secret": "{{ secrets.s }}",
    }
    bought_auth = plan_of(of(with_client(auth=bought), LOOKUP)).client.auth
    assert isinstance(bought_auth, OAuth2ClientCredentials)
    assert (bought_auth.client_id, bought_auth.client_secret) == (Text((Ref("client_id"),)), Text((Ref("s"),)))


@pytest.mark.parametrize("form", ["yaml", "json", "toml", "py"])
def test_templates_and_fillers_are_found_in_every_format(form: str) -> None:
    config = bearer("${TOKEN}") | {"resources": ["users"]}
    texts = {
        "yaml": json.dumps(config),
        "json": json.dumps(config),
        "toml": '[client]\nbase_url = "https://a.io"\n[client.auth]\ntype = "bearer"\ntoken = "${TOKEN}"\n'
        '[[resources]]\nname = "users"\n',
        "py": f"rest_api_source({config!r})",
    }
    reading = told(texts[form], form, LOOKUP)
    assert reading.needs == ("env:TOKEN",)


def test_an_endpoints_own_auth_is_looked_at() -> None:
    reading = of(with_endpoint(auth={"type": "bearer", "token": "YOUR_TOKEN"}), LOOKUP)
    assert plan_of(reading).resources[0].auth == Bearer(Text((Ref("token"),)))


def test_a_quoted_reference_of_python_is_that_reference() -> None:
    config = bearer("dlt.secrets['acme_token']")
    assert plan_of(python(f"rest_api_source({config!r})", LOOKUP)).client.auth == Bearer(Text((Ref("acme_token"),)))


def test_no_message_tells_the_default_of_a_template() -> None:
    reading = of(bearer("${TOKEN:-hunter2}"), LOOKUP)
    assert "hunter2" not in str(reading.faults)


NAMES = """
def source(token, host, user):
    return rest_api_source({{
        "client": {{"base_url": "https://api.acme.io", {client}}},
        "resources": [{{"name": "users", "endpoint": {{"params": {params}}}}}],
    }})
"""


@pytest.mark.parametrize(
    ("client", "params", "needs"),
    [
        ('"auth": {"token": token}', "{}", ("secret:token",)),
        ('"auth": BearerTokenAuth(token)', "{}", ("secret:token",)),
        ('"auth": {"type": "api_key", "name": "X-Key", "api_key": host}', "{}", ("secret:host",)),
        ('"auth": {"type": "http_basic", "username": user, "password": pw}', "{}", ("config:user", "secret:pw")),
        ('"headers": {"Authorization": f"Bearer {access_token}"}', "{}", ("secret:access_token",)),
        ('"headers": {"X-Acme": access_token, "X-Host": host}', "{}", ("secret:access_token", "config:host")),
        ("", '{"api_key": key, "since": since}', ("secret:key", "config:since")),
        ('"auth": {"token": dlt.config["token"]}', "{}", ("config:token",)),
    ],
)
def test_a_python_name_without_a_value_is_a_secret_where_a_credential_is_meant(
    client: str, params: str, needs: tuple[str, ...]
) -> None:
    reading = python(NAMES.format(client=client, params=params), LOOKUP)
    assert reading.needs == needs
    told_of = {fault.code for fault in reading.faults if "dlt.secrets" in fault.fix}
    assert told_of == ({"unbound-credential"} if "secret:" in " ".join(needs) else set())
    assert not any("--set" in words for words in reading.lacking if "secret" in words)


def test_a_secret_is_not_taken_from_the_command_line() -> None:
    text = NAMES.format(client='"auth": {"token": token}', params="{}")
    reading = python(text, Options(lookup=Lookup({"TOKEN": "t0k3n"}), settings=Settings({"token": "x"})))
    fault = the_error(reading)
    assert (fault.code, fault.path) == ("credential-setting", "--set token")
    assert "into the environment as TOKEN" in fault.fix
