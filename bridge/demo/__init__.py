"""The bridge and its sandboxes on one machine: a day in a shop's life (`demo`), and a shop to try (`sandbox`).

`houses` and `sandboxes` are the world, `stage` puts the bridge into it on a clock of its own; `day` is what
happens, `watching` what the bridge is seen to do, `telling` how it is shown, `books` whether shop and providers
agree at the end. `playground` is the same world on real time and fixed ports, with `portal` for what people do in
the providers' portals, and `guide` for the words. `shows` puts either together.
"""
