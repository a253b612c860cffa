"""power cuts: every prefix of what relayd wrote, unsynced writes dropped, torn, in any order"""
import dataclasses
import os
import pathlib
import random
import subprocess
import time
from typing import Iterator

import report
from load import Ledger, Writers
from relay import Relayd
from report import Number, Run, Stop
from shim import FOREVER, SYNCED, TRUNCATED, WRITTEN_SYNC, Shim, Step, compiled

SECTOR = 512
PROGRESS = 10_000
TMPFS = pathlib.Path('/dev/shm')


class Checker:
    """The program that reads images (image.c); one that traps is started again."""

    def __init__(self, place: pathlib.Path) -> None:
        self.program = compiled('image.c', place / 'image', '-D_GNU_SOURCE', '-llmdb', '-lxxhash')
        self.process: subprocess.Popen | None = None

    def read(self, image: pathlib.Path) -> tuple[str, dict[int, str]]:
        """What is wrong with an image (nothing: ''), and the orders' texts in it."""
        if self.process is None:
            self.process = subprocess.Popen(
                [self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f'{image}\n')
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        if not words:
            code, self.process = self.process.wait(), None
            return f'reading it ends with signal {-code}', {}
        if words[0] != 'ok':
            return ' '.join(words[1:]), {}
        pairs = (word.split('=') for word in words[1:])
        return '', {int(order): text for order, text in pairs}

    def end(self) -> None:
        """Ends the program."""
        if self.process is not None:
            assert self.process.stdin
            self.process.stdin.close()
            self.process.wait()


@dataclasses.dataclass
class Recording:
    """A run of relayd: the file before, each call, and what was acknowledged by when.

    `acknowledged` has the record's length when the acknowledgement came, the order, the text.
    """

    before: bytes
    steps: list[Step]
    acknowledged: list[tuple[int, int, str]]


def record(run: Run) -> Recording:
    """Has threads write until enough calls are recorded."""
    store = run.place / 'store'
    run.programs.sample(store, orders=50, seed=run.seed)
    key = run.programs.key(store)
    before = (store / 'data.mdb').read_bytes()
    shim = Shim(run.place, store, record=True)
    if run.plant == 'no-sync':
        shim.fail('sync', 'drop', 1, FOREVER)
    if run.plant == 'no-meta-sync':
        shim.record_late_meta()
    server = Relayd(run.programs, store, environment=shim.environment)
    ledger = Ledger()
    acknowledged: list[tuple[int, int, str]] = []
    ledger.on_acknowledged = (
        lambda order, text: acknowledged.append((shim.recorded(), order, text)))
    with Writers(ledger, server.client(key), run.number('threads')):
        until = time.monotonic() + run.number('seconds')
        while ledger.acknowledged < run.number('writes') and time.monotonic() < until:
            time.sleep(0.01)
    server.kill()
    if not acknowledged:
        raise Stop(f'nothing was acknowledged: {ledger.statuses}, {server.log()[-300:]}')
    recording = Recording(before, list(shim.steps()), sorted(acknowledged))
    run.step(
        f'{len(acknowledged)} acknowledged writes, {len(recording.steps)} recorded calls, '
        f'{sum(step.kind == WRITTEN_SYNC for step in recording.steps)} commits')
    return recording


def apply(image: bytearray, step: Step) -> None:
    """Performs a recorded call on an image."""
    if step.kind == TRUNCATED:
        if step.offset < len(image):
            del image[step.offset:]
        else:
            image.extend(bytes(step.offset - len(image)))
        return
    end = step.offset + len(step.data)
    if end > len(image):
        image.extend(bytes(end - len(image)))
    image[step.offset:end] = step.data


def torn(step: Step, chance: random.Random) -> Iterator[Step]:
    """The sectors of a write that reached the disk: some of them, or a beginning."""
    first = step.offset // SECTOR
    last = (step.offset + len(step.data) - 1) // SECTOR
    cut = chance.randrange(first, last + 1)
    beginning = chance.random() < 0.5
    for sector in range(first, last + 1):
        if (sector < cut) if beginning else (chance.random() < 0.5):
            start = max(step.offset, sector * SECTOR)
            end = min(step.offset + len(step.data), (sector + 1) * SECTOR)
            data = step.data[start - step.offset:end - step.offset]
            yield dataclasses.replace(step, offset=start, data=data)


def images(
    durable: bytearray, pending: list[Step], chance: random.Random, count: int,
) -> Iterator[tuple[str, bytearray]]:
    """What may be on the disk when the power fails now: synced writes, and some of the others."""
    def with_steps(steps: list[Step]) -> bytearray:
        image = bytearray(durable)
        for step in steps:
            apply(image, step)
        return image

    yield 'all unsynced writes kept', with_steps(pending)
    if not pending:
        return
    yield 'all unsynced writes dropped', with_steps([])
    for _ in range(count):
        some = [step for step in pending if chance.random() < 0.5]
        chance.shuffle(some)
        yield 'some unsynced writes kept, in another order', with_steps(some)
        pieces: list[Step] = []
        for step in pending:
            if step.kind == TRUNCATED:
                pieces.append(step)
            else:
                pieces += torn(step, chance)
        yield 'unsynced writes torn', with_steps(pieces)


class Replay:
    """All images of a recording, each checked."""

    def __init__(self, run: Run, recording: Recording) -> None:
        self.run = run
        self.recording = recording
        # In memory where that is possible: thousands of images are written.
        home = TMPFS if os.access(TMPFS, os.W_OK) else run.place
        self.folder = home / run.place.name
        self.folder.mkdir(exist_ok=True)
        self.image = self.folder / 'data.mdb'
        self.checker = Checker(run.place)
        self.count = self.checked = self.bad = 0
        self.needed: dict[int, str] = {}

    def end(self) -> None:
        """Removes what it made outside of the run's place."""
        self.checker.end()
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()

    def go(self) -> None:
        """Replays all; of many steps only as many as make the wanted number of images."""
        durable, pending = bytearray(self.recording.before), []
        acknowledged = iter(self.recording.acknowledged)
        following = next(acknowledged, None)
        chosen = self.chosen()
        for place, step in enumerate(self.recording.steps):
            if step.kind == SYNCED:
                for earlier in pending:
                    apply(durable, earlier)
                pending = []
            elif step.kind == WRITTEN_SYNC:
                apply(durable, step)
            else:
                pending.append(step)
            while following is not None and following[0] <= step.end:
                self.needed[following[1]] = following[2]
                following = next(acknowledged, None)
            if place in chosen:
                variants = self.run.number('variants')
                for what, image in images(durable, pending, self.run.random, variants):
                    self.look(f'call {place} of {len(self.recording.steps)}, {what}', image)

    def chosen(self) -> set[int]:
        """The calls behind which the power fails."""
        total, each = len(self.recording.steps), 2 + 2 * self.run.number('variants')
        # About every third call leaves nothing unsynced and so makes one image only.
        wanted = min(total, 1 + self.run.number('images') * 3 // (2 * each))
        return set(self.run.random.sample(range(total), wanted))

    def look(self, what: str, image: bytearray) -> None:
        """One image: it can be read whole, and every acknowledged write is in it."""
        self.image.write_bytes(image)
        self.count += 1
        if self.count % PROGRESS == 0:
            self.run.step(f'{self.count} images, {self.bad} of them bad')
        wrong, texts = self.checker.read(self.image)
        lost = [
            f'order {order} has {texts.get(order)} instead of {text}'
            for order, text in self.needed.items() if texts.get(order, '') < text]
        if not wrong and not lost and self.count % self.run.number('check-every') == 0:
            check = self.run.programs.relayctl('check', '--store', self.folder)
            self.checked += 1
            if check.returncode != 0:
                wrong = f'relayctl check: {check.stdout}{check.stderr}'
        if wrong or lost:
            self.bad += 1
            self.run.wrong(f'{what}: {wrong or "; ".join(lost[:3])}')


def torture(run: Run) -> None:
    """Records a run of relayd and checks what a power cut may leave of it."""
    replay = Replay(run, record(run))
    try:
        replay.go()
    finally:
        replay.end()
    run.summary = (
        f'{replay.count} images of {len(replay.recording.steps)} calls, '
        f'{len(replay.recording.acknowledged)} acknowledged writes, 0 lost; {replay.checked} '
        'images also checked by relayctl')
    run.step(f'{replay.count} images, {replay.bad} of them bad')


if __name__ == '__main__':
    report.main(
        torture,
        plants={
            'no-sync': 'fdatasync does nothing and says it did',
            'no-meta-sync': 'the meta page is on the disk only with the next commit'},
        numbers=[
            Number('images', 400, 60_000, 'about how many images are made'),
            Number('writes', 300, 6_000, 'acknowledged writes that are recorded'),
            Number('seconds', 20, 300, 'longest time that is recorded'),
            Number('threads', 8, 8, 'threads that write'),
            Number('variants', 2, 3, 'images of each kind behind a call'),
            Number('check-every', 50, 100, 'relayctl check looks at one image in so many')],
        findings={'no-meta-sync': 'instead of'})
