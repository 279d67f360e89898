"""Which names are those of a credential, whoever wrote them."""

from __future__ import annotations

import pytest

from headrace.model.credential import names_credential


@pytest.mark.parametrize(
    "name",
    ["api_key", "apikey", "apiKey", "X-API-Key", "api_key2", "key", "access_key", "accessToken", "apitoken",
     "X-Auth-Token", "Authorization", "proxy-authorization", "Cookie", "client_secret", "pwd", "PASSWORD", "hapikey",
     "x-amz-signature", "page_access_token", "next_auth_secret", "sync_secret", "primary_api_key", "user_pass",
     "private_key_pem", "client_secret_value", "token_v2", "ApiKeyV2", "X-Secret-Value", "X-Auth-Token-V2",
     "X-Next-Api-Key", "refreshtoken", "session_key"],
)  # fmt: skip
def test_a_name_of_a_credential_is_one_however_it_is_written(name: str) -> None:
    assert names_credential(name)


@pytest.mark.parametrize(
    "name",
    ["page_token", "pageToken", "next_token", "sort_key", "primary_key", "limit", "author", "keywords", "monkey_id", "",
     "tokens_used", "authors", "design", "private", "pagetoken", "token_type", "auth_method", "compass", "key_name"],
)  # fmt: skip
def test_a_place_in_a_list_and_other_names_are_none(name: str) -> None:
    assert not names_credential(name)
