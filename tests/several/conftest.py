from tests.commands.conftest import _logs_as_they_were, _nothing_of_this_machine

__all__ = ["_logs_as_they_were", "_nothing_of_this_machine"]
