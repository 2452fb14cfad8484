"""Order statuses: which there are, and what a change from one to another does besides."""

BUILT_IN = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
TRASH = "trash"
HIDDEN = (TRASH, "auto-draft", "checkout-draft")
"""What `status=any` leaves out."""
EDITABLE = ("pending", "on-hold", "auto-draft")
UNPAID = ("pending", "failed")

_NEW = ("pending", "failed", "cancelled")


def mails(old: str, new: str) -> tuple[list[str], list[str]]:
    """Return the mails that a change sends (by their titles) before and after the store notes the change.

    Which come first is as the recordings show it (07, 10, 12); the mail on hold is inferred.
    """
    match new:
        case "processing":
            customer = ["Processing order"] if old in (*_NEW, "on-hold") else []
            return [], [*(["New order"] if old in _NEW else []), *customer]
        case "completed":
            return ["Completed order"], (["New order"] if old in _NEW else [])
        case "on-hold":
            return [], (["New order", "Order on-hold"] if old in _NEW else [])
        case "cancelled" if old in ("processing", "on-hold"):
            return [], ["Cancelled order"]
        case _:
            return [], []
