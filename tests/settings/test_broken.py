"""A file that is no YAML is told with its place, in words for who edits it, and with nothing that stands in it."""

import pytest

from tests.settings.conftest import STORE, Mistakes

BROKEN = [
    ("stores: [a\n", "2:1", "the list or group that begins on line 1 is not closed with ] before this"),
    (
        "web: {listen: a\nstores: b\n",
        "2:7",
        "the list or group that begins on line 1 is not closed with } before this",
    ),
    ("web: {token: ${SESAME}}\n", "1:15", 'within [ ] and { }, a variable stands in quotes: "${VARIABLE}"'),
    ("stores:\n\t- a\n", "2:1", "a tab: indent with spaces"),
    ("database: @sesame\n", "1:11", 'no value can begin with @: put the whole value into quotes: "…"'),
    ("database: }\n", "1:11", 'no value can begin with }: put the whole value into quotes: "…"'),
    (
        "database: *sesame\n",
        "1:11",
        "a value that begins with * stands for another one, and this other is not there",
    ),
    ("database: !a!sesame x\n", "1:11", 'a value can\'t begin with !: put the whole value into quotes: "…"'),
    ("database: !<sesame x\n", "1:19", 'a value can\'t begin with !: put the whole value into quotes: "…"'),
    ("database: a: sesame\n", "1:12", "a colon too many, or the line before has none"),
    ("database:sesame\nweb: null\n", "2:4", "a colon too many, or the line before has none"),
    (
        "web: null\nsesame\n",
        "3:1",
        "the line before this one is no `key: value`: after a key come a colon and a space",
    ),
    ("database: 'sesame\nweb: null\n", "3:1", "the quote that begins on line 1 is never closed"),
    ("web:\n  listen: a\n token: sesame\n", "3:2", "this line does not fit the ones above it"),
    ("#\n  web: null\n database: sesame\n", "3:2", "this line does not fit the ones above it"),
    ("database: 'a' sesame\n", "1:15", "nothing may follow a value in quotes"),
    ('database: "sesame\\q"\n', "1:19", "a backslash in double quotes means something else"),
    ("database: |sesame\n", "1:12", "a value that begins with | or > goes on in the lines below"),
    ("database: - sesame\n", "1:11", "a list or a `?` can't begin here: write it on lines of its own"),
    ("%YAML 3.0\n---\ndatabase: sesame\n", "1:1", "only YAML 1 is understood"),
    ("database: a\n---\ndatabase: sesame\n", "2:1", "a second document begins here with ---: settings are one"),
    ("web: null\ndatabase: 'sesame\x07'\n", "2:18", "a character that no text has; type the value anew"),
]


@pytest.mark.parametrize(("text", "place", "said"), BROKEN)
def test_broken_yaml_is_told_in_plain_words(mistakes: Mistakes, text: str, place: str, said: str) -> None:
    [line] = mistakes(text)
    assert line.startswith(f"settings.yaml:{place}: this is no YAML: ")
    assert said in line
    assert "sesame" not in line


KEY = "cs_5b1e0a93c7d24f68a1b2c3d4e5f60718293a4b5c"
OTHER = "Zk3v9Qpt7LwXn2Rb"
MISPLACED = [
    STORE.replace("https://shop.example", "{}"),
    STORE.replace("butiken", "'{} !'"),
    STORE.replace("ck_1", "{{file: '/nowhere/{}', x: 1}}"),
    STORE.replace("ck_1", "*{}"),
    STORE.replace("ck_1", "!{} x"),
    STORE.replace("ck_1", "&a x\n    tag: &a {}"),
    STORE + "    {}: x\n",
    STORE + "    poll: {{interval:{}}}\n",
    STORE + "    poll: {{x: 1, '{}': 2}}\n",
    STORE + "    start_from: {}\n",
    STORE + "    concurrency: https://{}@shop.example\n",
    STORE + "    language: ${{{}}}\n",
    STORE + "    actions: {{capture: {{on: ['X{}']}}}}\n",
    STORE + "    limits: {{refund_per_action: '{}'}}\n",
    STORE + "    providers: [{{type: '{}', environment: test}}]\n",
    STORE + "    providers: [{{type: silver, environment: '{}', api_key: x}}]\n",
    STORE + "    providers: [{{type: silver, environment: test, api_key: x, payment_methods: ['[b-a]{}']}}]\n",
    STORE
    + "    providers: [{{type: silver, environment: test, api_key: x, payment_methods: ['{0}']}}, "
    + "{{type: silver, environment: test, api_key: x, payment_methods: ['{0}']}}]\n",
]
"""A secret where none belongs."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("secret", [KEY, OTHER])
@pytest.mark.parametrize("text", MISPLACED)
def test_secret_in_the_wrong_place_is_not_shown(mistakes: Mistakes, text: str, secret: str) -> None:
    assert secret not in "\n".join(mistakes(text.format(secret)))


@pytest.mark.parametrize("value", ["2026-13-01", "production2", "wc-completed", "127.0.0.1:8787x", "refunds"])
def test_what_a_person_has_written_is_shown(mistakes: Mistakes, value: str) -> None:
    assert mistakes(STORE + f"    start_from: {value}\n")[0].endswith(f"found '{value}'")
