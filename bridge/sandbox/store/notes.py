"""What the store does to the text of an order note before it keeps it."""

import re
from html.parser import HTMLParser

from bridge.sandbox.store.refusals import Refusal

LONGEST = 65_535
"""Bytes: the column's size. 100,000 characters are refused on real stores; the exact border is inferred."""

_KEPT = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br cite code del div em h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre q s small span "
        "strike strong sub sup table tbody td th thead tr u ul",
    )
)
_BARE_AMPERSAND = re.compile(r"&(?!#?\w+;)")


def filtered(text: str) -> str:
    """Drop the tags that WordPress does not allow in a post (their content stays), keep line breaks and emoji."""
    sieve = _Sieve()
    sieve.feed(text)
    sieve.close()
    kept = "".join(sieve.kept)
    if len(kept.encode()) > LONGEST:
        raise Refusal(
            500, "woocommerce_api_cannot_create_order_note", "Cannot create order note, please try again."
        )
    return kept


class _Sieve(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []

    def set_cdata_mode(self, elem: str, **_: bool) -> None:
        """Do nothing: once its tag is gone, a script's content is text like any other."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class's
        if tag in _KEPT:
            self.kept.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _KEPT:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.kept.append(_BARE_AMPERSAND.sub("&amp;", data).replace("<", "&lt;"))

    def handle_entityref(self, name: str) -> None:
        self.kept.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.kept.append(f"&#{name};")
