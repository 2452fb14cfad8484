"""What the bridge knows and how it decides: values and pure functions.

Nothing in here waits, reads a clock, draws chance, logs, or talks to a database or a network; the import
contracts in pyproject.toml keep it so. Amounts are whole minor units (`int`) with a currency beside them.

Values that a look makes (records, decisions, steps, cases, remarks) are msgspec's structs: making and copying them
is most of what a look does, and takes a tenth of the time that frozen dataclasses take. They are copied by
`msgspec.structs.replace`. Orders, payments and rules, which a look is only given, are dataclasses.
"""
