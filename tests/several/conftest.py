from tests.commands.conftest import _nothing_of_this_machine

__all__ = ["_nothing_of_this_machine"]
