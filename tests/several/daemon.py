"""`wc-bridge run` with leases of other terms: `python -m tests.several.daemon SETTINGS TERMS`, these as JSON."""

import asyncio
import json
import logging
import sys
from functools import partial
from pathlib import Path

from bridge import logs
from bridge.app import read_settings
from bridge.daemon import serve
from bridge.db.leases import Terms

if __name__ == "__main__":
    logs.configure(logging.INFO)
    read = partial(read_settings, Path(sys.argv[1]))
    asyncio.run(serve(read(), terms=Terms(**json.loads(sys.argv[2])), read=read))
