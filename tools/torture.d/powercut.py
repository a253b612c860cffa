"""power cuts: every prefix of what relayd wrote, unsynced writes dropped, torn, in any order"""
import collections
import concurrent.futures
import dataclasses
import mmap
import os
import pathlib
import shutil
import struct
import subprocess
import threading
import time
from typing import Iterator

import images
import report
from images import Disk, Files
from load import Ledger, Writers
from relay import Relayd
from report import Number, Run, Stop
from shim import FOREVER, SYNCED, WRITTEN, WRITTEN_SYNC, Shim, Step, compiled

PROGRESS = 10_000
TMPFS = pathlib.Path('/dev/shm')
CONTROL, SEGMENT = 'log/control', 'log/segment-'
# Long texts that one thread writes each time: 1 MB in one of so many rounds, in which the log comes to its
# next segment, and less in the others.
LONG_FIELDS, FEW_FIELDS, LONG_EVERY = 100, 4, 4
# Where the lock file has its readers, and bytes of each (lmdb: mdb.c, MDB_reader).
READERS_AT, READER_BYTES = 128, 64
NO_COMMIT = (1 << 64) - 1
SYNCED_COMMITS = ['--durability', 'synced-commits']
# Plants of relayd without its log.
SYNCED_PLANTS = ('no-sync', 'no-meta-sync')


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
    """A run of a program: the files before, each call, and what was acknowledged by when.

    `acknowledged` has the record's length when the acknowledgement came, the order, the text.
    `environment` is that of its boot: what goes on in the same one has it, too.
    """

    before: Files
    steps: list[Step]
    acknowledged: list[tuple[int, int, str]]
    name: str = ''
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


class PinThief:
    """Plants a fault: while it lives, nothing tells the writer of relayd which commits are needed."""

    def __init__(self, store: pathlib.Path, process: int) -> None:
        with open(store / 'lock.mdb', 'r+b') as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._ended.wait(0.001):
            for place in range(READERS_AT, READERS_AT + 64 * READER_BYTES, READER_BYTES):
                commit, process = struct.unpack_from('<QI', self._map, place)
                if process == self._process and commit != NO_COMMIT:
                    struct.pack_into('<Q', self._map, place, NO_COMMIT)

    def end(self) -> None:
        """Lets relayd alone."""
        self._ended.set()
        self._thread.join()


def record(run: Run, options: list[str], fields: int) -> Recording:
    """Has threads write through relayd, which is killed and started again in between."""
    store = run.place / 'store'
    shutil.rmtree(store, ignore_errors=True)
    run.programs.sample(store, orders=20, seed=run.seed)
    key = run.programs.key(store)
    before = images.found(store)
    shim = Shim(run.place, store, record=True)
    if run.plant == 'no-sync':
        shim.fail('sync', 'drop', 1, FOREVER)
    if run.plant == 'no-log-sync':
        shim.only(f'/{SEGMENT}')
        shim.fail('sync', 'drop', 1, FOREVER)
    if run.plant == 'no-meta-sync':
        shim.record_late_meta()
    ledger = Ledger()
    acknowledged: list[tuple[int, int, str]] = []
    ledger.on_acknowledged = (
        lambda order, text: acknowledged.append((shim.recorded(), order, text)))
    server = Relayd(run.programs, store, options=options, environment=shim.environment)
    # A relayd whose checkpoint is not kept may not start again.
    lives = 1 if run.plant == 'pin-lost' else run.number('lives')
    for life in range(1, lives + 1):
        thief = PinThief(store, server.pid) if run.plant == 'pin-lost' else None
        until = time.monotonic() + run.number('seconds')
        with Writers(
                ledger, server.client(key), run.number('threads'), pause=run.number('pause') / 1000,
                fields=fields):
            while ledger.acknowledged * lives < run.number('writes') * life and (
                    time.monotonic() < until):
                time.sleep(0.01)
        if thief is not None:
            thief.end()
        if life < lives and life % 2 == 0:
            server.stop()
        else:
            server.kill()
        if life < lives:
            server.start()
    if not acknowledged:
        raise Stop(f'nothing was acknowledged: {ledger.statuses}, {server.log()[-300:]}')
    run.expect(not ledger.problems, f'refused: {ledger.problems}')
    recording = Recording(before, list(shim.steps()), sorted(acknowledged))
    counts = collections.Counter(
        (step.kind, step.file.split('-')[0]) for step in recording.steps)
    begun = sum(step.file.startswith(SEGMENT) and step.offset == 0 and step.kind == WRITTEN
                for step in recording.steps)
    run.step(
        f'{"synced commits" if options else "log"}: {len(acknowledged)} acknowledged writes, '
        f'{len(recording.steps)} recorded calls, {counts[SYNCED, SEGMENT[:-1]]} syncs of the log '
        f'in {begun} segments, '
        f'{counts[SYNCED, CONTROL]} of its control, {counts[SYNCED, "data.mdb"]} of the store, '
        f'{counts[WRITTEN_SYNC, "data.mdb"]} commits that sync')
    return recording


class Judge:
    """One of those that look at images at the same time, each in a folder of its own."""

    def __init__(self, run: Run, number: int) -> None:
        self.run = run
        # In memory where that is possible: thousands of images are written.
        home = TMPFS if os.access(TMPFS, os.W_OK) else run.place
        self.folder = home / f'{run.place.name}-{number}'
        self.folder.mkdir()
        self.boot = run.place / f'boot-{number}'
        self.shim = Shim(run.place, run.place / 'none')
        self.checker = Checker(run.place)

    def judge(
        self, files: Files, needed: dict[int, str], environment: dict[str, str],
    ) -> tuple[str, str]:
        """What is wrong with an image that relayctl opens; nothing: ''. And how it said it began."""
        images.save(files, self.folder)
        (self.folder / 'lock.mdb').unlink(missing_ok=True)
        if self.run.plant == 'meta-kept':
            (self.folder / 'lock.mdb').touch()
            environment = self.shim.told_in_use()
        check = self.run.programs.relayctl('check', '--store', self.folder, environment=environment)
        said = check.stdout + check.stderr
        begun = next((word for word in ('last checkpoint', 'newest commit') if word in said), '')
        if check.returncode != 0:
            return f'relayctl check exits with {check.returncode}: {said[-300:]}', begun
        wrong, texts = self.checker.read(self.folder / 'data.mdb')
        if wrong:
            return wrong, begun
        lost = [
            f'order {order} has {texts.get(order)} instead of {text}'
            for order, text in needed.items() if texts.get(order, '') < text]
        twice = [
            f'{text} is in {count} orders'
            for text, count in collections.Counter(texts.values()).items() if count > 1]
        return '; '.join((lost + twice)[:3]), begun

    def end(self) -> None:
        """Removes what it made outside of the run's place."""
        self.checker.end()
        shutil.rmtree(self.folder)


class Replay:
    """Images of recordings, each checked."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.shim = Shim(run.place, run.place / 'none')
        self.idle = [Judge(run, number) for number in range(run.number('judges'))]
        self.judges = list(self.idle)
        self.pool = concurrent.futures.ThreadPoolExecutor(len(self.judges))
        self.waiting: collections.deque = collections.deque()
        self.count = self.bad = self.recovered = 0
        self.begun: collections.Counter[str] = collections.Counter()

    def end(self) -> None:
        """Removes what it made outside of the run's place."""
        self.pool.shutdown(cancel_futures=True)
        for judge in self.judges:
            judge.end()

    def go(self, recording: Recording, wanted: int, recoveries: int = 0) -> None:
        """Replays all; of many steps only as many as make the wanted number of images.

        So many of the images are opened under the recorder, and the power fails meanwhile once more.
        """
        disk, needed = Disk(recording.before), {}
        acknowledged = iter(recording.acknowledged)
        following = next(acknowledged, None)
        chosen = self.chosen(recording, wanted)
        again = set(self.run.random.sample(sorted(chosen), min(len(chosen), recoveries)))
        for place, step in enumerate(recording.steps):
            disk.perform(step)
            while following is not None and following[0] <= step.end:
                needed[following[1]] = following[2]
                following = next(acknowledged, None)
            if place not in chosen:
                continue
            what = f'{recording.name}call {place} of {len(recording.steps)}'
            cuts = list(disk.cut(self.run.random, self.run.number('variants')))
            for how, files in cuts:
                self.look(f'{what}, {how}', files, dict(needed), None)
            if place in again:
                how, files = self.run.random.choice(cuts)
                self.recover(f'{what}, {how}', files, dict(needed))
            self.look(
                f'{what}, the process killed', disk.killed(), dict(needed), recording.environment)
        self.settle(0)

    def recover(self, what: str, files: Files, needed: dict[int, str]) -> None:
        """Opens an image, and has the power fail while that is done."""
        store = self.run.place / 'again'
        store.mkdir(exist_ok=True)
        images.save(files, store)
        (store / 'lock.mdb').unlink(missing_ok=True)
        shim = Shim(self.run.place, store, record=True)
        boot = shim.booted(self.run.place / 'boot')
        check = self.run.programs.relayctl(
            'check', '--store', store, environment={**shim.environment, **boot})
        steps = list(shim.steps())
        if not self.run.expect(check.returncode == 0, f'{what}: {check.stdout}{check.stderr}') or (
                not steps):
            return
        acknowledged = [(0, order, text) for order, text in needed.items()]
        self.recovered += 1
        self.go(
            Recording(files, steps, acknowledged, f'{what}, then recovery, ', boot),
            self.run.number('images') // 4 // self.run.number('recoveries'))

    def chosen(self, recording: Recording, wanted: int) -> set[int]:
        """The calls behind which the power fails: those around a checkpoint too, which are few."""
        total, each = len(recording.steps), 4 + 2 * self.run.number('variants')
        count = min(total, 1 + wanted // each)
        near = [
            place + more for place, step in enumerate(recording.steps) for more in (-2, -1, 0, 1)
            if step.file == CONTROL and 0 <= place + more < total]
        some = self.run.random.sample(near, min(len(near), count // 4))
        return set(some) | set(self.run.random.sample(range(total), count - len(set(some))))

    def look(
        self, what: str, files: Files, needed: dict[int, str], boot: dict[str, str] | None,
    ) -> None:
        """One image: it can be read whole, and every acknowledged write is in it.

        `boot` is the environment that it is opened in; none is that of another boot.
        """
        self.settle(2 * len(self.judges))
        self.waiting.append((what, self.pool.submit(self.judged, files, needed, boot)))

    def judged(
        self, files: Files, needed: dict[int, str], boot: dict[str, str] | None,
    ) -> tuple[str, str]:
        """Has one of the judges look at an image."""
        judge = self.idle.pop()
        try:
            environment = self.shim.booted(judge.boot) if boot is None else boot
            return judge.judge(files, needed, environment)
        finally:
            self.idle.append(judge)

    def settle(self, most: int) -> None:
        """Waits until at most so many images are being looked at."""
        while len(self.waiting) > most:
            what, future = self.waiting.popleft()
            wrong, begun = future.result()
            self.count += 1
            self.begun[begun] += 1
            if wrong:
                self.bad += 1
                self.run.wrong(f'{what}: {wrong}')
            if self.count % PROGRESS == 0:
                self.run.step(f'{self.count} images, {self.bad} of them bad')


def torture(run: Run) -> None:
    """Records runs of relayd and checks what a power cut may leave of them."""
    replay, said = Replay(run), []
    try:
        for options, name in (([], 'images'), (SYNCED_COMMITS, 'synced-images')):
            if not run.number(name) or run.plant and bool(options) != (run.plant in SYNCED_PLANTS):
                continue
            rounds, before = run.number('rounds'), replay.count
            recoveries = 0 if options or run.plant else run.number('recoveries')
            calls = writes = 0
            for number in range(1, rounds + 1):
                fields = FEW_FIELDS if number % LONG_EVERY else LONG_FIELDS
                recording = record(run, options, fields)
                calls += len(recording.steps)
                writes += len(recording.acknowledged)
                replay.go(recording, run.number(name) // rounds, -(-recoveries // rounds))
            said.append(
                f'{replay.count - before} images of {calls} calls, {writes} acknowledged writes '
                f'{"of synced commits" if options else "of the log"}')
    finally:
        replay.end()
    said.append(f'the power failed again in {replay.recovered} recoveries')
    said.append('0 lost')
    said += [f'{count} went on from their {begun}' for begun, count in replay.begun.items() if begun]
    run.summary = ', '.join(said)
    run.step(f'{replay.count} images, {replay.bad} of them bad')
    if run.plant is None and run.number('images'):
        run.expect(replay.begun['last checkpoint'] > 0, 'no image went on from its last checkpoint')


if __name__ == '__main__':
    report.main(
        torture,
        plants={
            'no-log-sync': 'fdatasync of the log does nothing and says it did',
            'meta-kept': 'the meta page of the last checkpoint is not put back after a power cut',
            'pin-lost': 'pages of the last checkpoint are used again before the next one',
            'no-sync': 'without the log, fdatasync does nothing and says it did',
            'no-meta-sync': 'without the log, the meta page is on the disk only with the next commit'},
        numbers=[
            Number('images', 200, 100_000, 'about how many images are made of relayd with its log'),
            Number('synced-images', 60, 10_000, 'and with --durability synced-commits'),
            Number('rounds', 1, 40, 'runs that are recorded'),
            Number('writes', 300, 900, 'acknowledged writes that are recorded in a round'),
            Number('seconds', 1, 4, 'longest time that is recorded of a life'),
            Number('lives', 2, 3, 'how often relayd is started in a round'),
            Number('threads', 8, 8, 'threads that write'),
            Number('pause', 40, 20, 'milliseconds that a thread waits between two writes'),
            Number('variants', 2, 3, 'images of each kind behind a call'),
            Number('recoveries', 1, 200, 'images in whose recovery the power fails once more'),
            Number('judges', 2, 2, 'images that are looked at at the same time')],
        findings={'no-meta-sync': 'instead of'})
