"""What opening a database that can't be opened ends in."""

import subprocess
import sys

WITHOUT_DRIVER = """
import asyncio, sys
sys.modules["asyncpg"] = None
from bridge.db.connection import opened
from bridge.errors import DatabaseError
async def work():
    async with opened("postgresql://nobody@127.0.0.1:1/nothing"):
        pass
try:
    asyncio.run(work())
except DatabaseError as error:
    print(error)
"""


def test_postgresql_without_its_driver_says_what_to_install() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT_DRIVER], capture_output=True, text=True, check=True)  # noqa: S603 (our own)
    assert "`pip install '.[postgres]'`" in ran.stdout
