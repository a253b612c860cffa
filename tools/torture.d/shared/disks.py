"""Small file systems that can be filled."""
import contextlib
import fcntl
import os
import pathlib
import random
import struct
import subprocess
from typing import Iterator, Sequence

import relay
from report import Run

# relayctl wants 64 MiB free beside what it writes.
MEGABYTES = 100
# What a thin disk says that it has, and what there is room for: a recovery writes once more all that the
# store's file has grown by since the last checkpoint.
THIN_MEGABYTES, POOL_MEGABYTES = 600, 300
BLOCK = 4096
# An ext4 does nothing from here on, and what it has not written is gone (linux/ext4.h).
SHUTDOWN, WITHOUT_JOURNAL = 0x8004587D, 2


class Unmountable(Exception):
    """This kind of file system cannot be mounted here."""


def _run(*command: object) -> str:
    result = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if result.returncode != 0:
        raise Unmountable(f'{command[0]}: {(result.stdout + result.stderr).strip()}')
    return result.stdout.strip()


class Disk:
    """A file system at `point`, and a file that takes what is free of it: 'tmpfs' or 'ext4'.

    `place` is a directory for what it is made of; without `point` it is mounted there, too.
    """

    def __init__(
        self, place: pathlib.Path, kind: str, point: pathlib.Path | None = None,
        megabytes: int = MEGABYTES,
    ) -> None:
        self.kind = kind
        self.megabytes = megabytes
        self.point = point or place / kind
        self.image = place / f'{kind}.image'
        self.filler = self.point / 'filler'
        self.point.mkdir(parents=True, exist_ok=point is not None)

    def mount(self) -> None:
        """Makes it, empty."""
        if self.kind == 'tmpfs':
            _run('mount', '-t', 'tmpfs', '-o', f'size={self.megabytes}m', 'torture', self.point)
            return
        with open(self.image, 'wb') as file:
            file.truncate(self.megabytes << 20)
        _run('mkfs.ext4', '-q', '-F', '-m', '0', self.image)
        _run('mount', '-o', 'loop', self.image, self.point)

    def unmount(self) -> None:
        """Lets go of it, lazily when something still holds it: it is gone with its last user."""
        if subprocess.run(['umount', self.point], capture_output=True).returncode != 0:
            subprocess.run(['umount', '--lazy', self.point], check=False)

    def fill(self, leave: int) -> None:
        """Fills it but for some bytes. What was written before is on the disk."""
        self.sync()
        with open(self.filler, 'wb', buffering=0) as file:
            size = 1 << 20
            while size >= BLOCK:
                try:
                    if file.write(bytes(size)) < size:
                        size //= 2
                except OSError:
                    size //= 2
            os.fsync(file.fileno())
            if leave:
                file.truncate(max(0, file.tell() - leave))
            os.fsync(file.fileno())

    def sync(self) -> None:
        """Has everything that was written to it be on it."""
        _run('sync', '--file-system', self.point)

    def make_room(self) -> None:
        """Makes room again."""
        self.filler.unlink(missing_ok=True)
        self.sync()

    def forget(self) -> None:
        """Has nothing but what is really on the disk be read from now on."""


class CutDisk(Disk):
    """An ext4 whose power can be cut: what was synced is there afterwards, and of the rest what happens to be."""

    def __init__(self, place: pathlib.Path, name: str, point: pathlib.Path, megabytes: int) -> None:
        super().__init__(place, 'ext4', point, megabytes)
        self.image = place / f'{name}.image'

    def cut(self, chance: random.Random, shares: Sequence[float]) -> None:
        """Cuts the power. What was not synced is written first of one of these shares of the files."""
        share = chance.choice(shares)
        for file in sorted(self.point.rglob('*')):
            if chance.random() < share and file.is_file():
                with contextlib.suppress(FileNotFoundError), open(file, 'rb') as opened:
                    os.fsync(opened.fileno())
        point = os.open(self.point, os.O_RDONLY)
        try:
            fcntl.ioctl(point, SHUTDOWN, struct.pack('I', WITHOUT_JOURNAL))
        finally:
            os.close(point)

    def restore(self) -> None:
        """Mounts it again, with what is on the disk. Nobody may use it."""
        _run('umount', self.point)
        _run('mount', '-o', 'loop', self.image, self.point)


class ThinDisk(Disk):
    """An ext4 that says it has room while what it lies on is full: 'thin'.

    It is in a sparse file on a full tmpfs. A write of a block that the file has not got fails, as late as
    the sync; what was written is seen until it is mounted again. When it is the journal that
    has no room, the file system is read-only until then.
    """

    def __init__(self, place: pathlib.Path) -> None:
        super().__init__(place, 'thin', megabytes=POOL_MEGABYTES)
        self.pool = place / 'pool'
        self.image, self.filler = self.pool / 'image', self.pool / 'filler'
        self.device = ''

    def mount(self) -> None:
        self.pool.mkdir()
        _run('mount', '-t', 'tmpfs', '-o', f'size={self.megabytes}m', 'torture', self.pool)
        try:
            with open(self.image, 'wb') as file:
                file.truncate(THIN_MEGABYTES << 20)
            self.device = _run('losetup', '--find', '--show', self.image)
            # A whole page at a time: of a request of several that has room for the first ones only, loop devices
            # say that all of it is written (Linux 6.18), which no disk may.
            queue = pathlib.Path('/sys/block', pathlib.Path(self.device).name, 'queue')
            (queue / 'max_sectors_kb').write_text(str(BLOCK >> 10))
            _run('mkfs.ext4', '-q', '-F', '-m', '0', '-b', BLOCK, self.device)
            _run('mount', self.device, self.point)
        except (Unmountable, OSError) as error:
            self._let_go()
            raise Unmountable(str(error)) from error

    def unmount(self) -> None:
        super().unmount()
        self._let_go()

    def _let_go(self) -> None:
        if self.device:
            subprocess.run(['losetup', '--detach', self.device], check=False)
        subprocess.run(['umount', '--lazy', self.pool], check=False)

    def make_room(self) -> None:
        self.filler.unlink(missing_ok=True)

    def forget(self) -> None:
        """Mounts it anew: its journal is played, as after an accident."""
        _run('umount', self.point)
        # 1: errors were found, which the file system had noted itself, and mended.
        checked = subprocess.run(
            ['e2fsck', '-p', self.device], capture_output=True, text=True)
        if checked.returncode > 1:
            raise RuntimeError(f'e2fsck: {checked.stdout}{checked.stderr}')
        _run('mount', self.device, self.point)


@contextlib.contextmanager
def mounted(run: Run, kind: str) -> Iterator[Disk]:
    """A small file system of its own; Unmountable where it cannot be mounted."""
    disk = ThinDisk(run.place) if kind == 'thin' else Disk(run.place, kind)
    disk.mount()
    try:
        yield disk
    finally:
        relay.end_all()
        disk.unmount()
