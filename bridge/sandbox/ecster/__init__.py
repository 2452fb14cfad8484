"""An Ecster Pay on this machine: order management as bridge.providers.ecster meets it, and a dashboard for staff.

It keeps to what Ecster's pages and working clients show. What neither shows is a switch.
Carts, order events and "update order" are left out: the bridge uses none of them.
"""

from bridge.sandbox.ecster.sandbox import EcsterSandbox
from bridge.sandbox.ecster.switches import Switches

__all__ = ["EcsterSandbox", "Switches"]
