"""shim.c, preloaded: which calls of a program fail, and a record of what it wrote."""
import dataclasses
import errno
import mmap
import pathlib
import struct
import subprocess
import uuid
from typing import Iterator

HERE = pathlib.Path(__file__).resolve().parent

# The kinds of calls, as in shim.c.
CALLS = {
    'write': 1, 'sync': 2, 'truncate': 3, 'rename': 4, 'link': 5, 'create': 6, 'mkdir': 7,
    'unlink': 8}
# What may happen to a call: an error, a half-done write, success without doing it, a pause before it.
FATES = {'EIO': errno.EIO, 'ENOSPC': errno.ENOSPC, 'short': 1000, 'drop': 1001, 'slow': 1002}
FOREVER = (1 << 64) - 1
SLOW_AT, COUNTS_AT = 6, 8
# How long a call takes that is slow, unless it is said.
SLOW_MILLISECONDS = 400

WRITTEN, SYNCED, TRUNCATED, WRITTEN_SYNC, ZEROED, SYNC_BEGUN, MADE, REMOVED = range(1, 9)
RECORD_HEAD = struct.Struct('<IIQ32s')
# Where in the control file the part of a path stands, and its bytes with a zero behind it.
CONTAINING_AT, CONTAINING_BYTES = 8 * 24, 64


def compiled(source: str, target: pathlib.Path, *flags: str) -> pathlib.Path:
    """Compiles a C file of this folder."""
    subprocess.run(
        ['cc', '-O2', '-Wall', '-Werror', '-o', target, HERE / source, *flags], check=True)
    return target


@dataclasses.dataclass(frozen=True)
class Step:
    """One recorded call on a file of the store: a write, a sync, a change of size (then `offset` is the
    size), zeros (then `size` is how many), a file that was made or removed.
    """

    kind: int
    file: str
    offset: int
    data: bytes
    size: int
    end: int  # the length of the record behind it


class Shim:
    """The preloaded library, and what it does to programs that run in `environment`.

    It only looks at files whose path begins with `within`.
    """

    def __init__(self, place: pathlib.Path, within: pathlib.Path, record: bool = False) -> None:
        self.library = place / 'shim.so'
        if not self.library.exists():
            compiled('shim.c', self.library, '-shared', '-fPIC', '-ldl', '-pthread')
        file = place / 'control'
        file.write_bytes(bytes(4096))
        with open(file, 'r+b') as control:
            self._map = mmap.mmap(control.fileno(), 4096)
        self.environment = {
            'LD_PRELOAD': str(self.library), 'TORTURE_CONTROL': str(file),
            'TORTURE_WITHIN': str(within)}
        self.record_path = place / 'record'
        if record:
            self.record_path.write_bytes(b'')
            self.environment['TORTURE_RECORD'] = str(self.record_path)

    def _word(self, place: int) -> int:
        return struct.unpack_from('<Q', self._map, 8 * place)[0]

    def count(self, call: str) -> int:
        """How many calls of a kind there were since `reset`."""
        return self._word(COUNTS_AT + CALLS[call])

    def hits(self) -> int:
        """How many calls did not do what they should, since `fail`."""
        return self._word(4)

    def reset(self) -> None:
        """Nothing fails any more, and counts begin at 0."""
        self._map[:4096] = bytes(4096)

    def fail(
        self, call: str, fate: str, first: int = 1, count: int = 1,
        milliseconds: int = SLOW_MILLISECONDS,
    ) -> None:
        """From the `first` call of a kind on, counted from now, `count` calls get a fate: those that are slow
        take so long."""
        start = self.count(call) + first
        last = min(start + count - 1, FOREVER)
        # The call is written last, so that the others are valid then.
        struct.pack_into('<Q', self._map, 0, 0)
        struct.pack_into('<QQQQ', self._map, 8, start, last, FATES[fate], 0)
        struct.pack_into('<Q', self._map, 8 * SLOW_AT, 1000 * milliseconds)
        struct.pack_into('<Q', self._map, 0, CALLS[call])

    def heal(self) -> None:
        """Nothing fails any more; counts and hits stay."""
        struct.pack_into('<Q', self._map, 0, 0)

    def only(self, containing: str) -> None:
        """From now on only calls on paths with this in them count, or may fail; '' means all."""
        text = containing.encode().ljust(CONTAINING_BYTES, b'\0')
        self._map[CONTAINING_AT:CONTAINING_AT + CONTAINING_BYTES] = text

    def booted(self, file: pathlib.Path) -> dict[str, str]:
        """The environment of a program that is to believe that the machine was started anew.

        What it believes is in a file. It may be added to `environment`.
        """
        file.write_text(f'{uuid.uuid4()}\n')
        return {'LD_PRELOAD': str(self.library), 'TORTURE_BOOT': str(file)}

    def told_in_use(self) -> dict[str, str]:
        """Plants a fault: the environment of a program that believes that a process has the store open."""
        return {'LD_PRELOAD': str(self.library), 'TORTURE_IN_USE': '1'}

    def record_late_meta(self) -> None:
        """Plants a fault: meta pages count as written, but not as synced."""
        struct.pack_into('<Q', self._map, 8 * 5, 1)

    def recorded(self) -> int:
        """Length of the record now."""
        return self.record_path.stat().st_size

    def steps(self) -> Iterator[Step]:
        """All recorded calls, in order."""
        record = self.record_path.read_bytes()
        place = 0
        while place < len(record):
            kind, size, offset, name = RECORD_HEAD.unpack_from(record, place)
            place += RECORD_HEAD.size
            length = 0 if kind == ZEROED else size
            data = record[place:place + length]
            place += length
            yield Step(kind, name.rstrip(b'\0').decode(), offset, data, size, place)
