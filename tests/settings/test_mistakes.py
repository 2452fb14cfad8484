"""A mistake is told with its place, what was found, and what would be right; all of them at once."""

from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import load
from tests.settings.conftest import KINDS, STORE, Mistakes

PROVIDERS = STORE + "    providers:\n"
SILVER = "      - {type: silver, environment: test, api_key: x}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("databse: x\n", "settings.yaml:1:1: databse: there is no key 'databse'; did you mean database?"),
        (
            STORE + "    poll:\n      intervall: 30s\n",
            "settings.yaml:8:7: stores[0].poll.intervall: there is no key 'intervall'; did you mean interval?",
        ),
        (
            STORE + "    poll: {x: 30s}\n",
            "settings.yaml:7:12: stores[0].poll.x: there is no key 'x'; the keys here are interval, overlap, sweep",
        ),
        (
            PROVIDERS + "      - {type: silver, environment: test, api_key: x, api-key: y}\n",
            "settings.yaml:8:55: stores[0].providers[0].api-key: there is no key 'api-key'; did you mean api_key?",
        ),
    ],
)
def test_unknown_key_names_the_nearest_known_one(mistakes: Mistakes, text: str, said: str) -> None:
    assert mistakes(text) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STORE + "    mode: on\n", "settings.yaml:7:11: stores[0].mode: must be shadow or live; found 'on'"),
        (
            STORE + "    concurrency: 0\n",
            "settings.yaml:7:18: stores[0].concurrency: must be at least 1; found '0'",
        ),
        (
            STORE + "    concurrency: many\n",
            "settings.yaml:7:18: stores[0].concurrency: must be a whole number; found 'many'",
        ),
        (
            STORE + "    concurrency: 9999\n",
            "settings.yaml:7:18: stores[0].concurrency: must be at most 100; found '9999'",
        ),
        (
            STORE + "    actions: {modify: {enabled: maybe}}\n",
            "settings.yaml:7:33: stores[0].actions.modify.enabled: must be true or false; found 'maybe'",
        ),
        (
            STORE + "    actions: {capture: {on: completed}}\n",
            "settings.yaml:7:29: stores[0].actions.capture.on: must be a list, like [one, two]; found 'completed'",
        ),
        (
            STORE + "    actions: {cancel: {on: [wc-paid]}}\n",
            (
                "settings.yaml:7:29: stores[0].actions.cancel.on[0]: "
                "must be the status as the REST API writes it: paid; found 'wc-paid'"
            ),
        ),
        (STORE + "    poll:\n", "settings.yaml:7:5: stores[0].poll: must be a group of keys; found nothing"),
        (STORE + "    poll: []\n", "settings.yaml:7:11: stores[0].poll: must be a group of keys; found a list"),
        (
            STORE + "    poll: {interval: 0s}\n",
            "settings.yaml:7:22: stores[0].poll.interval: must be longer than 0s; found '0s'",
        ),
        (
            STORE + "    start_from: yesterday\n",
            "settings.yaml:7:17: stores[0].start_from: must be now, or a date like 2026-11-01; found 'yesterday'",
        ),
        ("- a\n", "settings.yaml:1:1: must be a group of keys; found a list"),
        ("stores:\n- butiken\n", "settings.yaml:2:3: stores[0]: must be a group of keys; found 'butiken'"),
        (
            'alerts: {daily_at: "25:00"}\n',
            "settings.yaml:1:20: alerts.daily_at: must be a time of day like \"08:00\"; found '25:00'",
        ),
        (
            "web: {listen: a}\n",
            "settings.yaml:1:15: web.listen: must be an address and a port like 127.0.0.1:8787, or null; found 'a'",
        ),
        (
            PROVIDERS + SILVER.replace("silver", "slver"),
            (
                "settings.yaml:8:16: stores[0].providers[0].type: must be a type of provider that is installed "
                "(gold, silver); did you mean silver?; found 'slver'"
            ),
        ),
        (
            PROVIDERS + SILVER.replace("test", "prod"),
            "settings.yaml:8:37: stores[0].providers[0].environment: must be production or test; found 'prod'",
        ),
        (
            PROVIDERS + SILVER.replace("}", ", payment_methods: ['[b-a]']}"),
            "settings.yaml:8:72: stores[0].providers[0].payment_methods: '[b-a]' is no pattern; found a list",
        ),
    ],
)
def test_wrong_value_is_told_with_what_would_be_right(mistakes: Mistakes, text: str, said: str) -> None:
    assert mistakes(text) == [said]


@pytest.mark.parametrize("key", ["name", "url", "consumer_key", "consumer_secret"])
def test_store_must_have(mistakes: Mistakes, key: str) -> None:
    text = "stores:\n  - tag: A\n" + "".join(
        f"    {line.strip(' -')}\n" for line in STORE.splitlines()[2:] if not line.strip(" -").startswith(f"{key}:")
    )
    assert mistakes(text) == [f"settings.yaml:2:5: stores[0].{key}: this key is missing, and it has no default"]


def test_provider_must_have_type_environment_and_credentials(mistakes: Mistakes) -> None:
    lines = mistakes(PROVIDERS + "      - {type: silver}\n      - {environment: test}\n")
    assert lines == [
        "settings.yaml:8:9: stores[0].providers[0].environment: this key is missing, and it has no default",
        "settings.yaml:8:9: stores[0].providers[0].api_key: this key is missing, and it has no default",
        "settings.yaml:9:9: stores[0].providers[1].type: this key is missing, and it has no default",
    ]


def test_key_that_is_there_twice_is_a_mistake(mistakes: Mistakes) -> None:
    """Most readers of YAML take the last one, and say nothing."""
    said = "settings.yaml:8:5: stores[0].mode: this key is here twice; the first is on line 7"
    assert mistakes(STORE + "    mode: shadow\n    mode: live\n") == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stores: &a [*a]\n", "settings.yaml:1:9: stores[0]: an alias that contains itself"),
        ("? [a]\n: b\n", "settings.yaml:1:3: a key must be a word"),
        ("database: !vault x\n", "settings.yaml:1:11: database: a value that begins with ! must be in quotes"),
        ("web: {listen:x}\n", "settings.yaml:1:7: web.listen:***: after listen: there must be a space"),
    ],
)
def test_what_yaml_allows_and_settings_do_not(mistakes: Mistakes, text: str, said: str) -> None:
    assert mistakes(text)[0] == said


def test_alias_stands_for_what_it_names(mistakes: Mistakes) -> None:
    """The mistake is told once, where it is written."""
    lines = mistakes(STORE + "    poll: &clock {sweep: 1}\n    settle: *clock\n")
    assert [line.partition(";")[0] for line in lines] == [
        "settings.yaml:7:19: stores[0].settle.sweep: there is no key 'sweep'",
        "settings.yaml:7:26: stores[0].poll.sweep: a bare number has no unit",
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(mistakes: Mistakes) -> None:
    lines = mistakes("""\
        databse: x
        stores:
          - name: butiken
            mode: lve
            mode: live
            poll: {interval: 30}
            providers:
              - {type: silver, environment: test, api_key: x, payment_methods: ["s*"]}
              - {type: silver, environment: test}
          - name: Butiken
            url: ${NOWHERE}
            consumer_key: x
            consumer_secret: y
        """)
    assert [line.split(": ")[:2] for line in lines] == [
        ["settings.yaml:1:1", "databse"],
        ["settings.yaml:3:5", "stores[0].url"],
        ["settings.yaml:3:5", "stores[0].consumer_key"],
        ["settings.yaml:3:5", "stores[0].consumer_secret"],
        ["settings.yaml:4:11", "stores[0].mode"],
        ["settings.yaml:5:5", "stores[0].mode"],
        ["settings.yaml:6:22", "stores[0].poll.interval"],
        ["settings.yaml:9:9", "stores[0].providers[1].payment_methods"],
        ["settings.yaml:9:9", "stores[0].providers[1].api_key"],
        ["settings.yaml:10:11", "stores[1].name"],
        ["settings.yaml:11:10", "stores[1].url"],
    ]


def test_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere.yaml: can't be read: No such file or directory"):
        load(tmp_path / "nowhere.yaml", KINDS)
    (tmp_path / "old.yaml").write_bytes("stores: [å]".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"old.yaml: this is no UTF-8 text") as caught:
        load(tmp_path / "old.yaml", KINDS)
    assert caught.value.__cause__ is None
