"""A settings.yaml to begin with: the commented template, with one store and what was answered about it."""

from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.representer import RoundTripRepresenter

from bridge.settings.schema import example

_FILE = "file:"
"""Before the path of a file that holds a secret, as it is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Texts as they would stand in the file; a secret may also be `file:PATH`. Amounts: "" for no limit."""

    database: str
    name: str
    url: str
    consumer_key: str
    consumer_secret: str
    providers: tuple[dict[str, str], ...]
    """Of each its `type`, `environment` and credentials."""
    refund_per_action: str
    refunds_per_day: str
    alerts_to: str = ""
    """A mail address; "" for nobody."""


def schema_file() -> Path:
    """Where the JSON Schema lies that came with this installation."""
    return Path(str(files("bridge.settings").joinpath("settings.schema.json")))


def filled_in(answers: Answers) -> str:
    """Return the template with these answers, in `mode: shadow`, and with completion for editors."""
    yaml = _yaml()
    tree = yaml.load(example())
    store = tree["stores"][0]
    del tree["stores"][1:]
    tree["database"] = answers.database
    tree["alerts"]["email"]["to"] = _list(yaml, [answers.alerts_to] if answers.alerts_to else [])
    for key in ("name", "url", "consumer_key", "consumer_secret"):
        store[key] = _value(getattr(answers, key))
    for key in ("refund_per_action", "refunds_per_day"):
        store["limits"][key] = yaml.load(getattr(answers, key) or "null")
    known = {provider["type"]: provider for provider in store["providers"]}
    order = {name: place for place, name in enumerate(known)}
    chosen = sorted(answers.providers, key=lambda given: order.get(given["type"], len(order)))
    store["providers"] = CommentedSeq(_provider(known.get(given["type"]), given) for given in chosen)
    stream = StringIO()
    yaml.dump(tree, stream)
    _, _, hints = example().partition("\n#\n")
    hints = hints.partition("\n\n")[0]
    _, begin, rest = stream.getvalue().partition("database:")
    lines = (
        f"# yaml-language-server: $schema={schema_file()}",
        "# The settings of wc-bridge: every key, at its default where nothing was answered.",
        "#",
        hints,
        "",
    )
    return "\n".join(lines) + f"\n{begin}{rest}"


def _provider(known: CommentedMap | None, given: dict[str, str]) -> CommentedMap:
    provider = CommentedMap() if known is None else known
    for key, text in given.items():
        provider[key] = _value(text)
    return provider


def _value(text: str) -> Any:
    if not text.startswith(_FILE):
        return text
    group = CommentedMap({"file": text.removeprefix(_FILE)})
    group.fa.set_flow_style()
    return group


def _list(yaml: YAML, texts: list[str]) -> Any:
    made = yaml.load("[]")
    made.extend(texts)
    made.fa.set_flow_style()
    return made


class _AsInTheTemplate(RoundTripRepresenter):
    """Writes null where nothing is, as the template does."""


_AsInTheTemplate.add_representer(
    type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Representer = _AsInTheTemplate
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
