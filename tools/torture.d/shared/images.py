"""What a power cut, or the end of a process, may leave of the files of a store."""
import collections
import copy
import dataclasses
import os
import pathlib
import random
from typing import Iterator

from shim import (
    MADE, REMOVED, SYNC_BEGUN, SYNCED, TRUNCATED, WRITTEN, WRITTEN_SYNC, ZEROED, Step)

SECTOR, PAGE = 512, 4096
META_BYTES = 2 * PAGE
LOG = 'log'


class Content:
    """A file by its pages; one that is not there is zeros."""

    def __init__(self, data: bytes = b'') -> None:
        self.size = 0
        self.pages: dict[int, bytes] = {}
        self.write(0, data)

    def __copy__(self) -> 'Content':
        other = Content()
        other.size, other.pages = self.size, self.pages.copy()
        return other

    def write(self, offset: int, data: bytes) -> None:
        """Writes at an offset."""
        done = 0
        while done < len(data):
            number, start = divmod(offset + done, PAGE)
            part = data[done:done + PAGE - start]
            if len(part) < PAGE:
                page = self.pages.get(number, bytes(PAGE))
                part = page[:start] + part + page[start + len(part):]
                done += PAGE - start
            else:
                done += PAGE
            self.pages[number] = part
        self.size = max(self.size, offset + len(data))

    def resize(self, size: int) -> None:
        """Cuts it, or adds zeros."""
        if size < self.size:
            number, start = divmod(size, PAGE)
            if start and number in self.pages:
                self.pages[number] = self.pages[number][:start] + bytes(PAGE - start)
                number += 1
            for page in [page for page in self.pages if page >= number + (start > 0)]:
                del self.pages[page]
        self.size = size

    def save(self, path: pathlib.Path) -> None:
        """Makes a file of it."""
        with open(path, 'wb', buffering=0) as file:
            run: list[bytes] = []
            first = 0
            for number in sorted(self.pages):
                if run and number != first + len(run):
                    os.pwrite(file.fileno(), b''.join(run), PAGE * first)
                    run = []
                if not run:
                    first = number
                run.append(self.pages[number])
            if run:
                os.pwrite(file.fileno(), b''.join(run), PAGE * first)
            file.truncate(self.size)


Files = dict[str, Content]


def found(store: pathlib.Path) -> Files:
    """The files of a store as they are."""
    paths = [store / 'data.mdb', *sorted((store / LOG).glob('*'))]
    return {str(path.relative_to(store)): Content(path.read_bytes()) for path in paths}


def save(files: Files, store: pathlib.Path) -> None:
    """Makes a store's directory of them; it may hold another one."""
    folder = store / LOG
    for old in folder.glob('*'):
        old.unlink()
    if any(name.startswith(f'{LOG}/') for name in files):
        folder.mkdir(exist_ok=True)
    elif folder.exists():
        folder.rmdir()
    for name, content in files.items():
        content.save(store / name)


def change(files: Files, step: Step) -> None:
    """Performs a write on files."""
    content = files.get(step.file)
    if content is None:
        return
    if step.kind == TRUNCATED:
        content.resize(step.offset)
    elif step.kind == ZEROED:
        if step.offset < content.size:
            content.write(step.offset, bytes(step.size))
        content.size = max(content.size, step.offset + step.size)
    else:
        content.write(step.offset, step.data)


def torn(step: Step, chance: random.Random) -> Iterator[Step]:
    """The sectors of a write that reached the disk: some of them, or a beginning."""
    first = step.offset // SECTOR
    last = (step.offset + len(step.data) - 1) // SECTOR
    if chance.random() < 0.5:
        kept = [(first, chance.randrange(first, last + 1))]
    else:
        bits = chance.getrandbits(last + 1 - first)
        kept = [
            (sector, sector + 1) for sector in range(first, last + 1) if bits >> sector - first & 1]
    for begin, end in kept:
        start = max(step.offset, begin * SECTOR)
        data = step.data[start - step.offset:max(0, end * SECTOR - step.offset)]
        if data:
            yield dataclasses.replace(step, offset=start, data=data)


class Disk:
    """The files of a store while calls are performed on them.

    What a sync began behind is on the disk when it is done; of what came later, each write may be there,
    or a part of it, or not, in each file for itself. A name is there for certain when its directory was
    synced.
    """

    def __init__(self, before: Files) -> None:
        # All calls done, as whoever opens the files sees them.
        self.now = {name: copy.copy(content) for name, content in before.items()}
        # What is on the disk for certain, by files that may have no name yet.
        self.kept = {name: copy.copy(content) for name, content in before.items()}
        self.names = set(before)
        self.pending: list[Step] = []
        self._begun: dict[str, collections.deque[int]] = {}

    def perform(self, step: Step) -> None:
        """One recorded call."""
        if step.kind == SYNC_BEGUN:
            self._begun.setdefault(step.file, collections.deque()).append(step.end)
        elif step.kind == SYNCED:
            self._sync(step.file, self._begun[step.file].popleft())
        elif step.kind == MADE:
            self.now[step.file], self.kept[step.file] = Content(), Content()
            self.pending = [one for one in self.pending if one.file != step.file]
            self.pending.append(step)
        elif step.kind == REMOVED:
            self.now.pop(step.file, None)
            self.pending.append(step)
        elif step.kind == WRITTEN_SYNC:
            change(self.now, step)
            change(self.kept, step)
            end = step.offset + len(step.data)
            self.pending = [
                one for one in self.pending
                if one.file != step.file or one.kind != WRITTEN or one.offset < step.offset
                or one.offset + len(one.data) > end]
        else:
            change(self.now, step)
            self.pending.append(step)

    def _sync(self, file: str, begun: int) -> None:
        """What was done to a file, or the names in a directory, before a moment is on the disk."""
        rest = []
        for one in self.pending:
            is_name = one.kind in (MADE, REMOVED)
            if one.end > begun or (LOG if is_name else one.file) != file:
                rest.append(one)
            elif is_name:
                self._name(self.names, one)
            else:
                change(self.kept, one)
        self.pending = rest

    @staticmethod
    def _name(names: set[str], step: Step) -> None:
        if step.kind == MADE:
            names.add(step.file)
        else:
            names.discard(step.file)

    def with_steps(self, steps: list[Step]) -> Files:
        """What is there when these of the unsynced calls reached the disk, in this order."""
        names = set(self.names)
        for step in steps:
            if step.kind in (MADE, REMOVED):
                self._name(names, step)
        files = {name: copy.copy(self.kept[name]) for name in names if name in self.kept}
        for step in steps:
            if step.kind not in (MADE, REMOVED):
                change(files, step)
        return files

    def killed(self) -> Files:
        """What is there when the process is killed now: all of it."""
        return {name: copy.copy(content) for name, content in self.now.items()}

    def cut(self, chance: random.Random, count: int) -> Iterator[tuple[str, Files]]:
        """What may be there when the power fails now: synced writes, and some of the others."""
        pending = self.pending
        yield 'all unsynced writes kept', self.with_steps(pending)
        if not pending:
            return
        yield 'all unsynced writes dropped', self.with_steps([])
        metas = [step for step in pending if step.file == 'data.mdb' and step.offset < META_BYTES]
        if metas:
            log = [step for step in pending if step.file != 'data.mdb']
            yield 'of the store meta pages only', self.with_steps(
                metas + (log if chance.random() < 0.5 else []))
        for _ in range(count):
            share = {step.file: chance.choice((0, 0.1, 0.5, 0.9, 1)) for step in pending}
            some = [step for step in pending if chance.random() < share[step.file]]
            chance.shuffle(some)
            yield 'some unsynced writes kept, in another order', self.with_steps(some)
            pieces: list[Step] = []
            for step in pending:
                if step.kind != WRITTEN:
                    pieces.append(step)
                elif chance.random() < share[step.file]:
                    pieces += torn(step, chance)
            yield 'unsynced writes torn', self.with_steps(pieces)
