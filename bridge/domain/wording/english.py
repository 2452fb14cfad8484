"""The sentences in English."""

from bridge.domain.reasons import Reason
from bridge.domain.remarks import Topics
from bridge.domain.steps import Call
from bridge.domain.wording.sentences import Attention, Wording

ENGLISH = Wording(
    language="en",
    ampersand="and",
    unsaid="no reason given",
    unknown_currency="an unknown currency",
    captured="{provider}: successfully captured {amount}.",
    rest_released="The rest, {rest}, was released and is never charged.",
    cancelled="{provider}: successfully cancelled {amount}.",
    leftover_released="{provider}: what was left after the capture, {amount}, was released and is never charged.",
    refunded="{provider}: successfully refunded {amount} (refund {refund}).",
    part_refunded="{provider}: successfully refunded {amount} (a part of refund {refund} of {whole}).",
    rest_refunded="{provider}: successfully refunded {amount} (the rest of the order).",
    lowered="{provider}: successfully updated payment to {target} reserved ({amount} released).",
    raised="{provider}: successfully updated payment to {target} reserved ({amount} added).",
    replaced="{provider}: the reservation of {amount} was cancelled, to be replaced by one of {target}. "
    "Do not ship before the new one is there.",
    restored="The order was put back to “{status}”: it is closed, and another status moves no money at "
    "{provider}. To change it, make a refund or a new order.",
    amount="Amount: {amount}.",
    left="Now {reserved} is reserved and {net} captured.",
    left_after_refunds="Now {reserved} is reserved and {net} captured after refunds.",
    shown="{provider} shows {reserved} reserved, {captured} captured and {returned} refunded{limit}.",
    limited=", with a limit of {limit}",
    not_shown="{provider} shows no amounts for the payment.",
    waits="{provider} has given no usable answer for a while. {step} waits for it, and is made by itself as soon "
    "as it answers. There is nothing to do.",
    steps={
        Call.CAPTURE: "a capture of {amount}",
        Call.RELEASE: "a release of {amount}",
        Call.RAISE: "an increase of the reservation by {amount}",
        Call.REFUND: "a refund of {amount}",
        Call.RESTORE: "a return to the status “{status}”",
    },
    replacing="a replacement of the reservation of {amount} by one of {target}",
    statuses={
        "pending": "Pending payment",
        "processing": "Processing",
        "on-hold": "On hold",
        "completed": "Completed",
        "cancelled": "Cancelled",
        "refunded": "Refunded",
    },
    states={
        "FROZEN": "it is held by the fraud control",
        "INSPECTION": "the credit is being inspected by hand",
        "SUPPLEMENTING_REQUIRED": "more information is needed from the customer",
        "TASK_REDIRECTION_REQUIRED": "the customer has not finished signing or paying",
        "REJECTED": "the payment was rejected",
        "UNKNOWN": "the payment was rejected without a reason",
        "TECHNICAL_ERROR": "a technical error stopped the payment",
        "CREDIT_DENIED": "the credit was denied",
        "PAYMENT_FROZEN": "the fraud control stopped the payment",
        "TIMEOUT": "the customer did not finish in time",
        "ABORTED_BY_CUSTOMER": "the customer broke off the payment",
        "INSUFFICIENT_FUNDS": "the customer did not have enough money",
        "CANCELED": "the payment was cancelled",
        "403": "the payment may have expired, or the account has no access to it",
        "404": "no payment has the id that the order names",
        "PENDING_PAYMENT": "the customer has not paid yet",
        "PENDING_DECISION": "the credit is not decided yet",
        "PENDING_SIGNATURE": "the customer has not signed the contract",
        "PENDING_PROCESSING": "it is still being processed",
        "MANUAL_PROCESSING": "it is being processed by hand",
        "AWAITING_CONTRACT": "the contract is not ready yet",
        "BLOCKED": "it is blocked",
        "ANNULLED": "the payment was cancelled",
        "DENIED": "the payment was denied",
        "FAILED": "the payment failed",
        "ABORTED": "the payment was broken off",
        "EXPIRED": "the payment has expired",
        "STOPPED": "the payment was stopped",
    },
    findings={
        "without an order": "its amounts are missing",
        "SWISH_REFUND_ONGOING": "a Swish refund is on its way",
        "SWISH_REFUND_NOT_BOOKED": "a Swish refund was paid, but is not in the books yet",
        "not found": "no payment has the id that the order names",
        "not a payment id": "what the order names can't be a payment's id",
        "4424": "the payment is not in a state for this (4424)",
    },
    remarks={
        Topics.ADOPTED: "{provider} had already refunded {amount}: refund {refund} is not paid again.",
        Topics.SET_BACK: "The order was set back from “{before}” to “{after}”, which moves no money at "
        "{provider}: what is captured stays captured, and is not captured again. "
        "To give money back, make a refund in the shop.",
        Topics.VOIDED_SET_BACK: "The order was set back from “{before}” to “{after}”, but its payment is "
        "cancelled or refunded: no money is reserved any more. "
        "Do not ship anything before the customer has paid again.",
        Topics.PENDING: "The payment is not final at {provider} yet{detail}. "
        "Do not ship; there is nothing else to do, as wc-bridge waits for it.",
        Topics.WILL_PAY: "wc-bridge is going to pay refund {refund} of {amount} at {provider}. "
        "Do not pay it in the {provider} portal.",
        Topics.BEHIND: "Refund {refund} of {amount} is not paid yet: it waits for what another note on this order "
        "asks for. See to that first, and do not pay the refund in the {provider} portal.",
        Topics.RECORDED: "{provider} can't lower a reservation. When the order is set to “{status}”, {asked} is "
        "captured; the rest, {gap}, is then released and never charged. There is nothing else to do.",
        Topics.RECORDED_NO_MORE: "The order asks for all that is reserved again: {asked} is captured when the "
        "order is set to “{status}”.",
        Topics.FINAL: "The payment is final at {provider} now: {reserved} is reserved, and not captured yet. "
        "You can go on with the order as usual.",
        Topics.MET: "Refund {refund}: {amount} of the order is never charged, so there is nothing to pay back. "
        "Do not pay it in the {provider} portal.",
        Topics.NOT_REPLACED: "The order asks for nothing any more: no new reservation is made at {provider}.",
        Topics.CLEARED: "What needed a person on this order is settled. You can go on with it as usual.",
    },
    attention={
        Reason.NO_MONEY: Attention(
            "No money is secured for this order, which asks for {asked}{detail}.",
            "Do not ship before the customer has paid in another way; else cancel the order.",
            "Do not ship: ask the administrator to approve {step}.",
        ),
        Reason.LESS_RESERVED: Attention(
            "{asked} of the order is still to be captured, but only {reserved} is reserved.",
            "Do not ship yet: lower the order's total by {gap}.",
            "Do not ship yet: lower the order's total by {gap}, or ask the administrator to approve {step}.",
        ),
        Reason.MORE_RESERVED: Attention(
            "{reserved} is reserved, but only {asked} of the order is still to be captured.",
            "Correct the order's total if it is wrong, else release {gap} in the {provider} portal.",
            "Correct the order's total if it is wrong, else ask the administrator to approve {step}.",
        ),
        Reason.CANNOT_CHANGE: Attention(
            "The order asks for {asked}, but {provider} does not let the payment be changed to that.",
            "Do not ship: make the change in the {provider} portal, or set the order back as it was.",
        ),
        Reason.UNDERPAID: Attention(
            "The order asks for {asked}, but the customer is charged only {paid}.",
            "Set the order's total to {right_total}; if {gap} is still owed, let it be paid in a new order.",
        ),
        Reason.OVERPAID: Attention(
            "The customer is charged {paid}, but the order asks for only {asked}.",
            "Set the order's total to {right_total}, then make a refund of {gap} in the shop.",
        ),
        Reason.CANCELLED_BUT_CAPTURED: Attention(
            "The order is cancelled, but the customer is charged {paid}.",
            "Make a refund of {paid} in the shop, or set the order to “Completed” if it stands.",
        ),
        Reason.REFUNDED_NOT_ALL: Attention(
            "The order has the status “Refunded”, but {asked} of its total is not refunded.",
            "Make a refund of {asked} in the shop, or set the status back.",
            "Make a refund of {asked} in the shop, or ask the administrator to approve {step}.",
        ),
        Reason.REFUND_TOO_LARGE: Attention(
            "Refund {refund} asks for {amount}, but only {left} is left to refund.",
            "Delete the refund and make one of {left}, or ask the administrator to approve {step}.",
        ),
        Reason.CANNOT_REFUND: Attention(
            "The customer has paid {paid}, but {provider} takes no refund of {amount} on this payment.",
            "Make refund {refund} in the {provider} portal (it is then recognised here), "
            "or pay it in another way and tell the administrator.",
        ),
        Reason.SHOP_SAYS_PAID: Attention(
            "The shop marks refund {refund} of {amount} as paid, but {provider} does not show it.",
            "If the customer has not got the money, ask the administrator to approve the refund, else to drop it.",
        ),
        Reason.OLD_REFUND: Attention(
            "Refund {refund} of {amount} was made long before wc-bridge first saw it.",
            "If the customer has not got the money, ask the administrator to approve the refund, else to drop it.",
        ),
        Reason.UNMATCHED_RETURN: Attention(
            "{provider} has refunded {amount} that no refund in the shop explains.",
            "Enter a refund of {amount} in the shop (it is not paid again), or ask the administrator to adopt it.",
        ),
        Reason.PENDING_LONG: Attention(
            "The payment is still not final at {provider}{detail}.",
            "Do not ship: ask {provider} what is missing, or cancel the order.",
        ),
        Reason.NOT_SHOWN: Attention(
            "{provider} does not show the payment of this order{detail}.",
            "Do not ship before it is found: look in the {provider} portal, and tell the administrator.",
        ),
        Reason.UNPAID_BUT_RESERVED: Attention(
            "The shop does not count the order as paid, but {reserved} is reserved and {paid} charged.",
            "Set the order to “Processing” if the payment is right, else cancel the order.",
        ),
        Reason.TRASHED: Attention(
            "The order is in the trash or deleted, but {reserved} is reserved.",
            "Restore the order and cancel it, or cancel the payment in the {provider} portal.",
        ),
        Reason.DOUBT_CURRENCY: Attention(
            "The order is in {currency}, but its payment is in {payment_currency}.",
            "Do not ship before the administrator has checked the order; no money is moved until then.",
        ),
        Reason.DOUBT_OWNER: Attention(
            "The payment of this order belongs to another order{reference}.",
            "Do not ship before the administrator has checked which order it belongs to.",
        ),
        Reason.DOUBT_ID: Attention(
            "The order names no payment at {provider}, or another one than before.",
            "Do not ship before the administrator has checked which payment belongs to it.",
        ),
        Reason.REFUSED: Attention(
            "{provider} refused {step}: “{said}”.",
            "Do it in the {provider} portal, or ask the administrator to try again; ship only what is captured.",
        ),
        Reason.OTHER_AMOUNT: Attention(
            "{step} was sent to {provider}, but its books show {done} instead.",
            "Do nothing more with the order before the administrator has asked {provider}, "
            "and approved that the rest is done, or dropped it.",
        ),
        Reason.NOT_SEEN: Attention(
            "{step} was sent to {provider}, but its books do not show whether it was done.",
            "Do nothing more with the order, here or in the portal, before the administrator has found out.",
        ),
        Reason.RESTORED: Attention(
            "The order came to need {step} before the database of wc-bridge was restored from a backup.",
            "Ask the administrator to approve it if it is still right, else to drop it.",
        ),
        Reason.BASELINE_RESERVED: Attention(
            "The order ended before wc-bridge was there: it asks for {asked}, and {reserved} is still reserved.",
            "Capture or cancel in the {provider} portal; wc-bridge leaves the payment alone.",
        ),
    },
    not_restored=Attention(
        "The shop refused {step}: “{said}”.",
        "Set the status by hand; it moves no money at {provider}.",
    ),
    refund_refused=Attention(
        "{provider} refused {step}: “{said}”.",
        "Make the refund in the {provider} portal (it is then recognised here), "
        "or ask the administrator to try again.",
    ),
    cancelled_in_part=Attention(
        "The order is cancelled, but the customer is charged {paid}.",
        "Make a refund of {paid} in the shop.",
    ),
    outdated=Attention(
        "{provider} shows an older state of the payment than it did before.",
        "Do not ship or refund: look in the {provider} portal how it really stands, and tell the administrator.",
    ),
    pending_captured=Attention(
        "The payment is still not final at {provider}{detail}.",
        "Ask {provider} what is missing, and refund nothing in its portal before you know.",
    ),
    only_whole=Attention(
        "{provider} takes no refund of {amount} on this payment, only one of all that is paid, {paid}.",
        "Make refund {refund} in the {provider} portal (it is then recognised here), "
        "or delete it and make one of {paid}.",
    ),
    no_owner=Attention(
        "The payment of this order does not say which order it belongs to.",
        "Do not ship before the administrator has checked that it belongs to this one.",
    ),
)
