"""The sentences in English."""

from bridge.domain.looks import Topics
from bridge.domain.reasons import Reason
from bridge.domain.steps import Call
from bridge.domain.wording.sentences import Attention, Wording

ENGLISH = Wording(
    language="en",
    ampersand="and",
    unsaid="no reason given",
    captured="{provider}: successfully captured {amount}.",
    cancelled="{provider}: successfully cancelled {amount}.",
    refunded="{provider}: successfully refunded {amount} (refund {refund}).",
    rest_refunded="{provider}: successfully refunded {amount} (the rest of the order).",
    lowered="{provider}: successfully updated payment to {target} reserved ({amount} released).",
    raised="{provider}: successfully updated payment to {target} reserved ({amount} added).",
    restored="The order was put back to “{status}”: it is closed, and another status moves no money at {provider}. "
    "To change it, make a refund or a new order.",
    amount="Amount: {amount}.",
    left="Now {reserved} is reserved and {net} captured.",
    left_after_refunds="Now {reserved} is reserved and {net} captured after refunds.",
    shown="{provider} shows {reserved} reserved, {captured} captured and {returned} refunded{limit}.",
    limited=", with a limit of {limit}",
    not_shown="{provider} shows no amounts for the payment.",
    steps={
        Call.CAPTURE: "a capture of {amount}",
        Call.RELEASE: "a release of {amount}",
        Call.RAISE: "an increase of the reservation by {amount}",
        Call.REFUND: "a refund of {amount}",
        Call.RESTORE: "a return to the status “{status}”",
    },
    statuses={
        "pending": "Pending payment",
        "processing": "Processing",
        "on-hold": "On hold",
        "completed": "Completed",
        "cancelled": "Cancelled",
        "refunded": "Refunded",
    },
    remarks={
        Topics.ADOPTED: "{provider} had already refunded {amount}: refund {refund} is not paid again.",
        Topics.SET_BACK: "The order was set back from “{before}” to “{after}”, which moves no money at {provider}. "
        "To give money back, make a refund in the shop; see that money is reserved or captured before you ship.",
        Topics.PENDING: "The payment is not final at {provider} yet{detail}: do not ship. "
        "There is nothing to do; wc-bridge waits for it.",
    },
    attention={
        Reason.NO_MONEY: Attention(
            "No money is secured for this order, which asks for {asked}.",
            "Do not ship: the customer has to pay in another way.",
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
            "Make the change in the {provider} portal before you ship, or set the order back as it was.",
        ),
        Reason.UNDERPAID: Attention(
            "The order asks for {asked}, but the customer is charged only {paid}.",
            "Set the order's total to {right_total}, or have the customer pay {gap} in a new order.",
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
        Reason.SHOP_SAYS_PAID: Attention(
            "The shop marks refund {refund} of {amount} as paid, but {provider} does not show it.",
            "Look in the {provider} portal whether it is paid; if not, ask the administrator to approve it.",
        ),
        Reason.OLD_REFUND: Attention(
            "Refund {refund} of {amount} was already old when wc-bridge first saw it.",
            "Ask the administrator to approve it if the customer has not got it, else to drop it.",
        ),
        Reason.UNMATCHED_RETURN: Attention(
            "{provider} has refunded {amount} that no refund in the shop explains.",
            "Enter a refund of {amount} in the shop (it is not paid again), or ask the administrator to adopt it.",
        ),
        Reason.PENDING_LONG: Attention(
            "The payment has waited long to become final at {provider}{detail}.",
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
        Reason.NOT_SEEN: Attention(
            "{provider} confirmed {step}, but does not show it.",
            "Do not ship or do it again before the administrator has found out whether it happened.",
        ),
        Reason.SHADOWED: Attention(
            "The order came to need {step} while wc-bridge only watched.",
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
)
