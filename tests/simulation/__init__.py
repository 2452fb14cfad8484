"""A proof by histories: the whole bridge in a shop's bad days, on a virtual clock, each day drawn from a seed.

`python -m tests.simulation --seeds 2000` lives through 2000 of them and ends 1 if one broke a promise of the
design; `--seed S` prints one as a story. The same seed is the same history, on every machine.

What is real: the bridge from its composition root down, aiohttp's client and server and every byte between them,
SQLite and its transactions, the sandboxes of shop and providers. What is not: time, which jumps to whatever comes
next (`loop`); the bytes' way, which is memory (`wires`); the database driver's thread (`disk`). What happens is
drawn by the seed: what people do (`people`), the weather of the network, the disk and the clocks (`road`,
`weather`), and where the bridge's process dies (`life`, `bridge`). The judges share no code with what the bridge
decides by: at every call `watch`, at every note `claims`, at every log line `logbook`, and at the end `asked`.

What it can't see: two requests that really run at once, a disk that loses what it said is safe, PostgreSQL.
"""
