"""Secrets and variables: read when they are used, shown nowhere, and missed with their place."""

from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import Secret
from tests.settings.conftest import STORE, Load, Mistakes

SESAME = "sesame-open"


def test_value_is_the_secret(load_text: Load) -> None:
    assert load_text(STORE).stores[0].consumer_key.reveal() == "ck_1"


def test_variable_is_read_when_it_is_used(load_text: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = load_text(STORE.replace("ck_1", "${WC_KEY}")).stores[0].consumer_key
    monkeypatch.setenv("WC_KEY", SESAME)
    assert secret.reveal() == SESAME


def test_variable_may_be_a_part_of_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WC_KEY", SESAME)
    assert Secret("ck_${WC_KEY}").reveal() == f"ck_{SESAME}"


@pytest.mark.parametrize("value", [None, ""])
def test_variable_that_is_not_set_is_missed_with_its_place(
    load_text: Load, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("WC_KEY", raising=False)
    else:
        monkeypatch.setenv("WC_KEY", value)
    secret = load_text(STORE.replace("ck_1", "${WC_KEY}")).stores[0].consumer_key
    with pytest.raises(SettingsError) as caught:
        secret.reveal()
    said = "settings.yaml:5:19: stores[0].consumer_key: the environment variable WC_KEY is not set"
    assert str(caught.value) == said


def test_file_is_the_secret_without_its_line_end(
    load_text: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wc_key").write_text(f"{SESAME}\n", encoding="utf-8")
    secret = load_text(STORE.replace("ck_1", '{file: "${CREDENTIALS_DIRECTORY}/wc_key"}')).stores[0].consumer_key
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret.reveal() == SESAME


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "can't be read: No such file or directory"), (b" \n", "is empty"), (b"\xff\xfe", "is not UTF-8 text")],
)
def test_file_that_holds_no_secret_is_missed_with_its_place(
    load_text: Load, tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    secret = load_text(STORE.replace("ck_1", "{file: key}")).stores[0].consumer_key
    with pytest.raises(SettingsError, match=said) as caught:
        secret.reveal()
    assert str(caught.value).startswith("settings.yaml:5:26: stores[0].consumer_key.file: the file key ")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "value", ['""', "null", "[a]", "{file: a, mode: b}", "{path: a}", '"${WC-KEY}"', '"${WC_KEY"']
)
def test_what_can_name_no_secret_is_refused_at_once(mistakes: Mistakes, value: str) -> None:
    (line,) = mistakes(STORE.replace("ck_1", value))
    assert line.startswith("settings.yaml:5:19: stores[0].consumer_key: ")


def test_settings_show_no_secret(load_text: Load) -> None:
    settings = load_text(
        f"database: postgresql://bridge:{SESAME}@db/bridge\nweb: {{token: {SESAME}}}\n"
        + STORE.replace("ck_1", SESAME)
        + f"    webhook_secret: {SESAME}\n    providers:\n"
        + f"      - {{type: silver, environment: test, api_key: {SESAME}}}\n"
    )
    assert SESAME not in repr(settings)
    assert SESAME not in str(settings)
    assert SESAME not in f"{settings.stores[0].consumer_key}"
    assert SESAME not in settings.stores[0].model_dump_json()
    assert settings.stores[0].consumer_key.reveal() == SESAME


def test_no_mistake_shows_a_secret(mistakes: Mistakes) -> None:
    lines = mistakes(f"""
        database: postgres://bridge:{SESAME}@db/bridge
        alerts: {{heartbeat_url: [{SESAME}]}}
        web: {{token: "{SESAME}${{", public_url: "https://bridge:{SESAME}/@shop.example"}}
        stores:
          - name: butiken
            url: https://bridge:{SESAME}@shop.example
            consumer_key: [{SESAME}]
            consumer_secret: {{path: {SESAME}}}
            consumer_sercet: {SESAME}
            webhook_secret: {{file: {SESAME}, x: {SESAME}}}
            providers:
              - {{type: silver, environment: test, api_key: [{SESAME}], apikey: {SESAME}}}
        """)
    assert len(lines) == 11
    assert SESAME not in "\n".join(lines)


def test_other_variables_are_read_at_once(load_text: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "https://shop.example")
    monkeypatch.setenv("AT_ONCE", "7")
    monkeypatch.setenv("METHOD", "silver")
    (store,) = load_text(
        STORE.replace("https://shop.example", "${SHOP}/se")
        + "    concurrency: ${AT_ONCE}\n    providers:\n"
        + "      - {type: silver, environment: test, api_key: x, payment_methods: ['${METHOD}_*']}\n"
    ).stores
    assert (store.url, store.concurrency) == ("https://shop.example/se", 7)
    assert store.providers[0].payment_methods == ("silver_*",)


def test_other_variable_that_is_not_set_is_a_mistake(mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE_OF_NOTES", raising=False)
    (line,) = mistakes(STORE + "    language: ${LANGUAGE_OF_NOTES}\n")
    assert line.startswith(
        "settings.yaml:7:15: stores[0].language: the environment variable LANGUAGE_OF_NOTES is not set"
    )


def test_variable_in_the_wrong_place_is_shown_by_name_only(
    mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WC_SECRET", SESAME)
    (line,) = mistakes(STORE.replace("https://shop.example", "${WC_SECRET}"))
    assert line.endswith("found '${WC_SECRET}'")
