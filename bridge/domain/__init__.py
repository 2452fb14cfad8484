"""What the bridge knows and how it decides: values and pure functions.

Nothing in here waits, reads a clock, draws chance, logs, or talks to a database or a network; the import
contracts in pyproject.toml keep it so. Amounts are whole minor units (`int`) with a currency beside them.
"""
