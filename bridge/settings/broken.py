"""Why a text is no YAML, in the words of somebody who edits a file of settings, not of somebody who parses it.

Nothing of the text itself is told but single characters: any of it may be a secret.
"""

import re
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

_QUOTES: Final = 'put the whole value into quotes: "…"'
_INDENTED: Final = (
    "this line does not fit the ones above it: keys of one group begin in the same column, and those of a group "
    "inside it further right; nothing may follow a value in quotes"
)
_WORDS: Final = (
    (r"found character '\\t'", "a tab: indent with spaces"),
    (r"found character '(.)' that cannot start", rf"no value can begin with \1: {_QUOTES}"),
    (
        r"undefined alias",
        f"a value that begins with * stands for another one, and this other is not there: {_QUOTES}",
    ),
    (r"tag handle|expected '>'|parsing a tag", f"a value can't begin with !: {_QUOTES}"),
    (
        r"mapping values are not allowed",
        f"a colon too many, or the line before has none; if it belongs to a value, {_QUOTES}",
    ),
    (
        r"could not find expected ':'",
        "the line before this one is no `key: value`: after a key come a colon and a space",
    ),
    (r"found unexpected end of stream", "the quote that begins on line {context} is never closed"),
    (r"expected ',' or '.', but got '{'", 'within [ ] and { }, a variable stands in quotes: "${VARIABLE}"'),
    (
        r"expected ',' or '(.)', but got",
        r"the list or group that begins on line {context} is not closed with \1 before this",
    ),
    (r"expected the node content, but found '(.)'", rf"no value can begin with \1: {_QUOTES}"),
    (r"expected <block end>", _INDENTED),
    (r"expected '<document start>'", _INDENTED),
    (r"found another document", "a second document begins here with ---: settings are one"),
    (
        r"unknown escape|escape sequence",
        "a backslash in double quotes means something else: write '…' with single quotes",
    ),
    (
        r"chomping or indentation|block scalar",
        f"a value that begins with | or > goes on in the lines below: {_QUOTES}",
    ),
    (
        r"(sequence entries|mapping keys) are not allowed",
        "a list or a `?` can't begin here: write it on lines of its own",
    ),
    (r"incompatible YAML", "only YAML 1 is understood: leave the line that begins with % away"),
)


def why_broken(error: MarkedYAMLError) -> str:
    """Say in one sentence what is wrong at the place of the error, and what would be right."""
    said = f"{error.context or ''} {error.problem or ''}"
    line = error.context_mark.line + 1 if error.context_mark else 0
    for pattern, words in _WORDS:
        if found := re.search(pattern, said):
            return found.expand(words).replace("{context}", str(line))
    return "what stands here is not understood: compare it with the lines around it"
