"""A store that is not well: switches for the states that real ones get into (recordings, 30)."""

from dataclasses import dataclass, field
from datetime import timedelta

from bridge.sandbox.store.asking import Answer

_PAGE = """<!DOCTYPE html>
<html{attributes}>
<head>
\t<title>{title}</title>
</head>
<body id="error-page">
\t<div class="wp-die-message">{message}</div></body>
</html>
\t"""
_HTML = {"Content-Type": "text/html; charset=UTF-8"}
_CRASH = (
    "<p>There has been a critical error on this website.</p><p><a "
    'href="https://wordpress.org/documentation/article/faq-troubleshooting/">Learn more about troubleshooting '
    "WordPress.</a></p>"
)
NOTICE = "<br />\n<b>Notice</b>: Undefined index: x in plugin.php on line 3<br />\n"
"""What a plugin prints ahead of the JSON."""


@dataclass(slots=True, kw_only=True)
class Mishaps:
    """Each may be switched at any time; all are off at first."""

    maintenance: bool = False
    """WordPress updates itself."""
    firewall: int = 0
    """What stands in front of WordPress answers everything with this status (403, 429), and a page; 0: nothing."""
    retry_after: str = "600"
    """What both say of how long to wait; "": nothing."""
    crash: bool = False
    """A plugin crashes PHP, before anything happens."""
    notice: bool = False
    """A plugin prints a PHP notice ahead of every JSON answer."""
    plain_permalinks: bool = False
    """Only `/?rest_route=` leads to the API."""
    rest_off: bool = False
    """A security plugin refuses the API to everybody."""
    caching: bool = False
    """A cache in front answers a GET of the same URL as it did the first time since it was switched on."""
    lag: timedelta = timedelta()
    """So long a cache in front gives an answer again, whatever a nonce says, and with a new Date, as nginx does."""
    ignores_modified_after: bool = False
    """As stores before 5.8: the parameter is not known, so a poll gets everything."""
    ignores_include: bool = False
    """The list of all refunds takes no notice of `include` (that it does is inferred from WooCommerce's source)."""
    unstable_ties: bool = False
    """As one store on posts storage did (recordings, 8.2.2, 20): orders of the same second come in another order on
    every page, so a walk page by page meets one twice and misses another."""
    broken: set[int] = field(default_factory=set)
    """Orders that are counted and can't be loaded (just deleted, a damaged row): their page is short."""
    lists_drafts: bool = False
    """Whether `any` holds the drafts of a checkout; inferred either way, the recordings have none."""

    def instead(self, *, pretty: bool) -> Answer | None:
        """Return what comes in place of any answer; `pretty`: the request went to `/wp-json/`."""
        wait = {"Retry-After": self.retry_after} if self.retry_after else {}
        if self.firewall:
            return _page(self.firewall, "Stop", "Your address was noticed.", **wait)
        if self.maintenance:
            text = "Briefly unavailable for scheduled maintenance. Check back in a minute."
            return _page(503, "Maintenance", text, " dir='ltr'", **wait)
        if self.crash:
            return _page(500, "WordPress &rsaquo; Error", _CRASH, ' lang="en-US"')
        if self.plain_permalinks and pretty:
            return _page(404, "Page not found", "It looks like nothing was found at this location.")
        if self.rest_off:
            message = "The REST API is disabled on this site."
            return Answer(401, {"code": "rest_disabled", "message": message, "data": {"status": 401}})
        return None


def redirect(home: str) -> Answer:
    """What a path outside the API gives: WordPress sends the visitor on to the page itself."""
    return Answer(301, "", _HTML | {"Location": f"{home}/"})


def _page(status: int, title: str, message: str, attributes: str = "", **headers: str) -> Answer:
    return Answer(status, _PAGE.format(title=title, message=message, attributes=attributes), _HTML | headers)
