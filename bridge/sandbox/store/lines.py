"""The lines of an order or refund as the API writes them; 8.2.2 says less and pads less than later versions."""

from typing import Any

from bridge.sandbox.store.figures import bare, number, padded
from bridge.sandbox.store.model import Coupon, CouponLine, Item, ItemKind, Tax, TaxLine
from bridge.sandbox.store.shop import Shop

Json = dict[str, Any]

UNRESTRICTED: Json = {
    "individual_use": False,
    "product_ids": [],
    "excluded_product_ids": [],
    "free_shipping": False,
    "product_categories": [],
    "excluded_product_categories": [],
    "exclude_sale_items": False,
    "email_restrictions": [],
}
"""What a coupon without conditions says of its conditions."""


class LineWriter:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def item(self, item: Item) -> Json:
        figures = {
            "total": self._pad(item.total),
            "total_tax": self._pad(item.tax),
            "taxes": [self._tax(item, tax) for tax in item.taxes],
        }
        meta = {"meta_data": [_shown({"id": meta.id, "key": meta.key, "value": meta.value}) for meta in item.meta]}
        match item.kind:
            case ItemKind.PRODUCT:
                return self._product_line(item, figures, meta)
            case ItemKind.SHIPPING:
                status = {"tax_status": item.tax_status} if self._shop.modern else {}
                head = {"id": item.id, "method_title": item.name, "method_id": item.method_id, "instance_id": ""}
                return head | figures | status | meta
            case ItemKind.FEE:
                head = {"id": item.id, "name": item.name, "tax_class": item.tax_class}
                return head | {"tax_status": item.tax_status, "amount": ""} | figures | meta

    def _product_line(self, item: Item, figures: Json, meta: Json) -> Json:
        product = item.product
        assert product is not None, "a product line without a product"
        return {
            "id": item.id,
            "name": item.name,
            "product_id": product.id,
            "variation_id": 0,
            "quantity": item.quantity,
            "tax_class": item.tax_class,
            "subtotal": self._pad(item.subtotal),
            "subtotal_tax": self._pad(item.subtotal_tax),
            **figures,
            **meta,
            "sku": product.sku,
            **({"global_unique_id": ""} if self._shop.modern else {}),
            "price": number(item.total / (item.quantity or 1)),
            "image": {"id": "", "src": ""},
            "parent_name": None,
        }

    def _tax(self, item: Item, tax: Tax) -> Json:
        write = self._pad if self._shop.modern else bare
        before = write(tax.subtotal) if item.kind is ItemKind.PRODUCT else ""
        return {"id": tax.rate.id, "total": write(tax.total), "subtotal": before}

    def tax_line(self, line: TaxLine) -> Json:
        return {
            "id": line.id,
            "rate_code": line.rate.code,
            "rate_id": line.rate.id,
            "label": line.rate.label,
            "compound": False,
            "tax_total": self._pad(line.tax),
            "shipping_tax_total": self._pad(line.shipping_tax),
            "rate_percent": number(line.rate.percent),
            "meta_data": [],
        }

    def coupon_line(self, line: CouponLine) -> Json:
        coupon = line.coupon
        head = {
            "id": line.id,
            "code": coupon.code,
            "discount": bare(line.discount),
            "discount_tax": bare(line.discount_tax),
        }
        if not self._shop.modern:
            value = self._old_coupon(coupon)
            return head | {"meta_data": [_shown({"id": line.meta_id, "key": "coupon_data", "value": value})]}
        info = f'[{coupon.id},"{coupon.code}","{coupon.kind}",{bare(coupon.amount)}]'
        return head | {
            "meta_data": [_shown({"id": line.meta_id, "key": "coupon_info", "value": info})],
            "discount_type": coupon.kind,
            "nominal_amount": number(coupon.amount),
            "free_shipping": False,
        }

    def _old_coupon(self, coupon: Coupon) -> Json:
        """Older stores keep the whole coupon with the order, as PHP had it in memory."""
        date = {
            "date": self._shop.local(coupon.created).strftime("%Y-%m-%d %H:%M:%S.%f"),
            "timezone_type": 3,
            "timezone": str(self._shop.timezone),
        }
        unlimited: Json = {"usage_limit": 0, "usage_limit_per_user": 0, "limit_usage_to_x_items": None}
        return {
            "id": coupon.id,
            "code": coupon.code,
            "amount": bare(coupon.amount),
            "status": "publish",
            "date_created": date,
            "date_modified": date,
            "date_expires": None,
            "discount_type": coupon.kind,
            "description": "",
            "usage_count": 0,
            **UNRESTRICTED,
            **unlimited,
            "minimum_amount": "",
            "maximum_amount": "",
            "virtual": False,
            "meta_data": [],
        }

    def _pad(self, value: Any) -> str:
        return padded(value, self._shop.decimals)


def _shown(meta: Json) -> Json:
    """An item's meta comes with itself once more for display."""
    return meta | {"display_key": meta["key"], "display_value": meta["value"]}
