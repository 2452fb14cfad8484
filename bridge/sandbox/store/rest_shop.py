"""Coupons and webhooks, and what the store tells about itself: version, storage, currency (recordings, 31)."""

from bridge.sandbox.store import coupons
from bridge.sandbox.store.asking import Answer, paged
from bridge.sandbox.store.figures import amount
from bridge.sandbox.store.lines import Json
from bridge.sandbox.store.model import Webhook
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.routes import Call, at
from bridge.sandbox.store.shop import Storage
from bridge.sandbox.store.wire import HOOKS

_WHOLE = "GET, POST, PUT, PATCH, DELETE"
_CURRENCIES = {
    "SEK": ("Swedish krona", "&#107;&#114;"),
    "NOK": ("Norwegian krone", "&#107;&#114;"),
    "DKK": ("Danish krone", "kr."),
    "EUR": ("Euro", "&euro;"),
}
_GATEWAYS = (("bacs", "Direct bank transfer"), ("cheque", "Check payments"), ("cod", "Cash on delivery"))
_FEATURES = (
    "analytics",
    "marketplace",
    "order_attribution",
    "site_visibility_badge",
    "remote_logging",
    "blueprint",
    "point_of_sale",
    "push_notifications",
)
_PRODUCT_TYPES = ("external", "grouped", "simple", "variable")
_VISIBILITY = (
    "exclude-from-catalog",
    "exclude-from-search",
    "featured",
    "outofstock",
    *(f"rated-{stars}" for stars in range(1, 6)),
)


def _create_coupon(call: Call) -> Answer:
    if not call.body.get("code"):
        raise Refusal.missing("code")
    kind = str(call.body.get("discount_type", "fixed_cart"))
    value = amount(call.body.get("amount", 0), "amount")
    return Answer(201, call.write.coupon(coupons.make(call.shop, str(call.body["code"]), kind, value)))


def _create_webhook(call: Call) -> Answer:
    """Take a subscription; its ping is due at once, and carries no signature."""
    topic, url = str(call.body.get("topic", "")), str(call.body.get("delivery_url", ""))
    _check_webhook(topic, url)
    webhook = Webhook(
        id=next(call.shop.webhook_ids),
        name=str(call.body.get("name", "Webhook created")),
        topic=topic,
        delivery_url=url,
        secret=str(call.body.get("secret", "")),
        created=call.shop.now(),
    )
    call.shop.webhooks[webhook.id] = webhook
    return Answer(201, call.write.webhook(webhook))


def _check_webhook(topic: str, url: str) -> None:
    if topic not in HOOKS:
        message = "Webhook topic is required and must be valid."
        raise Refusal(400, "woocommerce_rest_shop_webhook_invalid_topic", message)
    if not url.startswith(("http://", "https://")):
        message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise Refusal(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", message)


def _update_webhook(call: Call) -> Answer:
    """Change what is given and not empty; ping an active one that goes elsewhere, or never answered a ping."""
    webhook, body = _webhook(call), call.body
    status = str(body.get("status") or webhook.status)
    topic, url = str(body.get("topic") or webhook.topic), str(body.get("delivery_url") or webhook.delivery_url)
    _check_webhook(topic, url)
    if status not in ("active", "paused", "disabled"):
        message = "Webhook status must be valid."
        raise Refusal(400, "woocommerce_rest_shop_webhook_invalid_status", message)
    webhook.ping_due = status == "active" and (webhook.ping_pending or url != webhook.delivery_url)
    webhook.status, webhook.topic, webhook.delivery_url = status, topic, url
    webhook.name = str(body.get("name") or webhook.name)
    webhook.secret = str(body.get("secret") or webhook.secret)
    webhook.modified = call.shop.now()
    return Answer(200, call.write.webhook(webhook))


def _list_webhooks(call: Call) -> Answer:
    status = call.asked.choice("status", ("all", "active", "paused", "disabled"), "all")
    newest = sorted(call.shop.webhooks.values(), key=lambda one: (one.created, one.id), reverse=True)
    rows = [call.write.webhook(webhook) for webhook in newest if status in ("all", webhook.status)]
    return paged(call.asked, f"{call.write.api}/webhooks", rows)


def _read_webhook(call: Call) -> Answer:
    return Answer(200, call.write.webhook(_webhook(call)))


def _delete_webhook(call: Call) -> Answer:
    webhook = _webhook(call)
    if not call.asked.flag("force"):
        raise Refusal(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
    del call.shop.webhooks[webhook.id]
    return Answer(200, call.write.webhook(webhook))


def _webhook(call: Call) -> Webhook:
    webhook = call.shop.webhooks.get(call.ids[0])
    if webhook is None:
        raise Refusal(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
    return webhook


def _system_status(call: Call) -> Answer:
    shop, home = call.shop, call.write.home
    hpos = shop.storage is Storage.HPOS
    settings: Json = {
        "api_enabled": False,
        "force_ssl": False,
        "currency": shop.currency,
        "currency_symbol": _CURRENCIES.get(shop.currency, ("", shop.currency))[1],
        "currency_position": "left",
        "thousand_separator": ",",
        "decimal_separator": ".",
        "number_of_decimals": shop.decimals,
        "geolocation_enabled": False,
        "taxonomies": {name: name for name in _PRODUCT_TYPES},
        "product_visibility_terms": {name: name for name in _VISIBILITY},
        "woocommerce_com_connected": "no",
        "enforce_approved_download_dirs": True,
        "order_datastore": "Automattic\\WooCommerce\\Internal\\DataStores\\Orders\\OrdersTableDataStore"
        if hpos
        else "WC_Order_Data_Store_CPT",
        "HPOS_enabled": hpos,
        "HPOS_sync_enabled": False,
    }
    if shop.modern:
        settings["enabled_features"] = [*_FEATURES, *(["custom_order_tables"] if hpos else [])]
    else:
        settings["HPOS_feature_screen_enabled"] = False
    environment = {
        "home_url": home,
        "site_url": home,
        "version": shop.version,
        "wp_version": "6.9.1",
        "wp_multisite": False,
        "default_timezone": "UTC",
        "server_info": "nginx/1.22.1",
        "php_version": "8.2.36",
    }
    # Real stores tell it (WooCommerce's REST documentation); the recordings do not have it.
    if shop.language:
        environment["language"] = shop.language
    return Answer(200, {"environment": environment, "settings": settings})


def _currency(call: Call) -> Answer:
    code = call.shop.currency
    name, symbol = _CURRENCIES.get(code, (code, code))
    currencies = f"{call.write.api}/data/currencies"
    links = {
        "self": [{"href": f"{currencies}/{code}", "targetHints": {"allow": ["GET"]}}],
        "collection": [{"href": currencies}],
    }
    return Answer(200, {"code": code, "name": name, "symbol": symbol, "_links": links})


def _gateways(call: Call) -> Answer:
    rows = [{"id": name, "title": title, "enabled": False} for name, title in _GATEWAYS]
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": "1"}
    return Answer(200, rows, headers if call.shop.modern else {})


def _ecster(call: Call) -> Answer:
    """A payment gateway as WooCommerce shows it, credentials and all; the settings are those of Ecster's plugin
    (reference 8.1).
    """
    manages = call.shop.ecster_manages
    if manages is None:
        raise Refusal(404, "woocommerce_rest_payment_gateway_invalid", "Resource does not exist.")
    settings: Json = {
        name: {"id": name, "label": label, "type": kind, "value": value, "default": "", "tip": ""}
        for name, label, kind, value in (
            ("api_key", "API Key", "text", "ecster-key-of-the-plugin"),
            ("merchant_key", "Merchant Key", "text", "10000001"),
            ("manage_ecster_orders", "Manage orders", "checkbox", "yes" if manages else "no"),
        )
    }
    return Answer(200, {"id": "ecster", "title": "Ecster Pay", "enabled": True, "settings": settings})


def _decimals(call: Call) -> Answer:
    url = f"{call.write.api}/settings/general"
    tip = "This sets the number of decimal points shown in displayed prices."
    allow = ["GET", "POST", "PUT", "PATCH"]
    body: Json = {
        "id": "woocommerce_price_num_decimals",
        "label": "Number of decimals",
        "description": tip,
        "type": "number",
        "default": "2",
        "tip": tip,
        "value": str(call.shop.decimals),
        "group_id": "general",
    }
    links = {
        "self": [{"href": f"{url}/woocommerce_price_num_decimals", "targetHints": {"allow": allow}}],
        "collection": [{"href": url}],
    }
    return Answer(200, body | {"_links": links})


ROUTES = (
    at("/coupons", "GET, POST", post=_create_coupon),
    at("/webhooks", "GET, POST", get=_list_webhooks, post=_create_webhook),
    at("/webhooks/#", _WHOLE, get=_read_webhook, put=_update_webhook, delete=_delete_webhook),
    at("/system_status", "GET", get=_system_status),
    at("/data/currencies/current", "GET", get=_currency),
    at("/payment_gateways", "GET", get=_gateways),
    at("/payment_gateways/ecster", "GET, POST, PUT, PATCH", get=_ecster),
    at("/settings/general/woocommerce_price_num_decimals", "GET, POST, PUT, PATCH", get=_decimals),
)
