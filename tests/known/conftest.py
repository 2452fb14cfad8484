from tests.flow.conftest import _errors_only

__all__ = ["_errors_only"]
