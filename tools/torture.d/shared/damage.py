"""Ways to damage a file, and to put it back."""
import contextlib
import dataclasses
import pathlib
import random
import sqlite3
import subprocess
from typing import Callable, Iterator

PAGE = 4096
# Offsets of a meta page's magic and version (lmdb: mdb.c, MDB_meta).
META_MAGIC, META_VERSION = 16, 20


@dataclasses.dataclass(frozen=True)
class Damage:
    """What is done to a file: its bytes become others, or None when it is removed."""

    name: str
    change: Callable[[bytes], bytes | None]


def flip(chance: random.Random, size: int) -> Damage:
    """One bit of a file of this size, chosen by chance."""
    place, bit = chance.randrange(size), chance.randrange(8)

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        return bytes(changed)
    return Damage(f'bit {bit} of byte {place} flipped', change)


def common(chance: random.Random, size: int) -> list[Damage]:
    """What can happen to any file."""
    cut = chance.randrange(1, max(2, size))
    hole = chance.randrange(0, max(1, size - PAGE))
    return [
        Damage('removed', lambda _content: None),
        Damage('emptied', lambda _content: b''),
        Damage(f'cut to {cut} bytes', lambda content: content[:cut]),
        Damage('without its last byte', lambda content: content[:-1]),
        Damage('with a line more', lambda content: content + b'more\n'),
        Damage('all zeros', lambda content: bytes(len(content))),
        Damage(
            f'zeros from {hole} on',
            lambda content: content[:hole] + bytes(min(PAGE, len(content) - hole))
            + content[hole + PAGE:])]


def foreign(place: pathlib.Path) -> dict[str, bytes]:
    """Files of other programs."""
    database = place / 'foreign.sqlite'
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute('CREATE TABLE "documents" (id INTEGER, title TEXT)')
        connection.commit()
    other = place / 'foreign.lmdb'
    text = (
        'VERSION=3\nformat=print\ndatabase=documents\ntype=btree\nHEADER=END\n key\n value\n'
        'DATA=END\n')
    subprocess.run(['mdb_load', '-n', other], input=text, text=True, check=True)
    return {
        'an SQLite database': database.read_bytes(),
        "another program's LMDB file": other.read_bytes(),
        'a JSON file': b'{"title":"no store"}\n', 'a picture': b'\x89PNG\r\n\x1a\n' + bytes(5000)}


def of_other_architecture(content: bytes) -> bytes:
    """Meta pages as a machine with the other byte order writes them."""
    changed = bytearray(content)
    for page in (0, PAGE):
        for place in (page + META_MAGIC, page + META_VERSION):
            changed[place:place + 4] = changed[place:place + 4][::-1]
    return bytes(changed)


def of_newer_lmdb(content: bytes) -> bytes:
    """Meta pages of LMDB's next data version."""
    changed = bytearray(content)
    for page in (0, PAGE):
        changed[page + META_VERSION] += 1
    return bytes(changed)


@contextlib.contextmanager
def damaged(file: pathlib.Path, damage: Damage) -> Iterator[None]:
    """The file with a damage, and as it was behind it."""
    before = file.read_bytes()
    after = damage.change(before)
    try:
        if after is None:
            file.unlink()
        else:
            file.write_bytes(after)
        yield
    finally:
        file.write_bytes(before)
