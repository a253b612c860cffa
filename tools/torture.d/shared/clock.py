"""clock.c, preloaded: a program whose wall clock is wrong, and becomes wrong while it runs."""
import mmap
import pathlib
import struct

from shim import compiled

HOUR, DAY = 3_600, 86_400


class Clock:
    """The wall clock of programs that run in `environment`."""

    def __init__(self, place: pathlib.Path, name: str) -> None:
        library = place / 'clock.so'
        if not library.exists():
            compiled('clock.c', library, '-shared', '-fPIC', '-ldl', '-pthread')
        file = place / f'clock-{name}'
        file.write_bytes(bytes(4096))
        with open(file, 'r+b') as control:
            self._map = mmap.mmap(control.fileno(), 4096)
        self.environment = {'LD_PRELOAD': str(library), 'TORTURE_CLOCK': str(file)}

    def set(self, seconds: float) -> None:
        """It is ahead by so much from now on; behind, when it is less than 0."""
        struct.pack_into('<q', self._map, 0, int(1_000 * seconds))
