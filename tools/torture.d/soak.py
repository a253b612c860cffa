"""Hours of mixed load with snapshots: memory, descriptors and the store's file stay as they are"""
import dataclasses
import os
import pathlib
import random
import re
import statistics
import subprocess
import threading
import time

import report
from client import Client, Connection, Unanswered
from relay import Relayd
from shim import compiled

NUMBERS = [
    report.Number('seconds', 60, 7_200, 'how long'),
    report.Number('writes', 500, 500, 'writes in a second, and as many reads'),
    report.Number('orders', 1_000, 20_000, 'orders in the store'),
    report.Number('snapshot-seconds', 5, 60, 'time between two snapshots'),
    report.Number('percent', 2, 2, 'growth allowed from the third quarter to the fourth'),
    report.Number('memory-mib', 8, 1, 'and growth of memory: a minute is too short for it to settle'),
]
PLANTS = {
    'memory': 'each commit leaks 64 KiB',
    'descriptors': 'one commit in 25 leaks a descriptor',
    'file': 'a reader of the store stands still',
}
FINDINGS = {'memory': 'memory', 'descriptors': 'descriptors', 'file': 'file'}
THREADS = 8
# A planted fault grows fast, so less time is enough to find it, and less is allowed.
PLANT_SECONDS = 16
# The first snapshot only: behind it nothing but the planted fault makes the file grow.
PLANT_SNAPSHOT_SECONDS = 3_600
KEPT_SNAPSHOTS = 3
PRUNED_AT = 3
# A connection more that is just made, and the files of a snapshot.
DESCRIPTOR_SLACK = 4
LEAST_LOAD = 0.4


@dataclasses.dataclass(frozen=True)
class Sample:
    """What relayd has at a moment: bytes of anonymous memory, descriptors, bytes of data.mdb.

    `held` is by how many bytes the file has grown so far because snapshots held a commit, and
    `held_once` the most for one of them.
    """

    memory: int
    descriptors: int
    file: int
    held: int = 0
    held_once: int = 0


def sample(server: Relayd) -> Sample:
    """Looks at a running relayd."""
    status = pathlib.Path(f'/proc/{server.pid}/status').read_text()
    memory = next(line for line in status.splitlines() if line.startswith('RssAnon:'))
    held = [int(count) for count in re.findall(r'the store grew by ([0-9]+) bytes', server.log())]
    return Sample(
        int(memory.split()[1]) << 10, len(os.listdir(f'/proc/{server.pid}/fd')),
        (server.store / 'data.mdb').stat().st_size, sum(held), max(held, default=0))


class Load(threading.Thread):
    """One client of the mixed load, at a steady rate."""

    def __init__(self, run: report.Run, server: Relayd, key: str, number: int, ids: int) -> None:
        super().__init__(daemon=True)
        self.torture = run
        self.server = server
        self.client: Client = server.client(key)
        self.random = random.Random(f'{run.seed} {number}')
        self.number = number
        self.ids = ids
        self.over = threading.Event()
        self.count = 0
        self.late = 0.0
        self.failed: list[str] = []

    def run(self) -> None:
        """A write and a read, again and again."""
        pause = THREADS / self.torture.number('writes')
        due = time.monotonic()
        while not self.over.is_set():
            try:
                self.write()
                self.read()
            except (Unanswered, KeyError, ValueError) as error:
                self.failed.append(repr(error))
                return
            due += pause
            self.late = max(self.late, time.monotonic() - due)
            if (left := due - time.monotonic()) > 0:
                time.sleep(left)

    def expect(self, answer, *statuses: int) -> None:
        """Ends the load at an answer that should not be."""
        if answer.status not in statuses:
            raise ValueError(f'{answer.status}: {answer.body[:200]!r}')

    def write(self) -> None:
        """Changes an order; now and then makes and deletes one of another size."""
        self.count += 1
        if self.count % 20:
            order = self.random.randint(1, self.ids)
            # Of one length, so that the store has no reason to grow.
            text = f'{self.random.randrange(1 << 40):013}'
            self.expect(self.client.patch(f'/v1/orders/{order}', {'internalId': text}), 200)
            return
        # An appointment would be kept for calendars for 30 days, as cancelled.
        fields = [{'name': 'soak', 'position': 1, 'content': 'x' * self.random.randint(1, 4_000)}]
        made = self.client.post('/v1/orders', {'title': 'soak', 'fields': fields})
        self.expect(made, 201)
        self.expect(self.client.delete(f"/v1/orders/{made.json()['id']}"), 200, 204)

    def read(self) -> None:
        """Reads an order or a page; now and then with a new connection that is left at once."""
        chance = self.random.random()
        if chance < 0.9:
            order = self.random.randint(1, self.ids)
            self.expect(self.client.get(f'/v1/orders/{order}'), 200)
        elif chance < 0.99:
            offset = self.random.randint(0, self.ids)
            self.expect(self.client.get(f'/v1/orders?limit=20&offset={offset}'), 200)
        else:
            Connection(str(self.server.socket)).close()


def torture(run: report.Run) -> None:
    """Loads relayd, looks at it every second, and compares the last two quarters."""
    store, orders = run.place / 'store', run.number('orders')
    run.programs.sample(store, orders, seed=run.seed)
    key = run.programs.key(store)
    repository = run.place / 'snapshots'
    interval = PLANT_SNAPSHOT_SECONDS if run.plant else run.number('snapshot-seconds')
    server = Relayd(run.programs, store, options=[
        '--keep-changes-mib', '1', '--snapshot-every', f'{interval}s', '--snapshot-to', repository],
        environment=leak(run))
    with standing_reader(run, server):
        loads = [Load(run, server, key, number, orders) for number in range(THREADS)]
        for load in loads:
            load.start()
        try:
            samples = watch(run, server, loads, repository)
        finally:
            for load in loads:
                load.over.set()
        for load in loads:
            load.join(60)
    judge(run, samples)
    judge_load(run, server, loads, repository, len(samples))


def leak(run: report.Run) -> dict[str, str]:
    """The environment of a relayd that leaks, if that is planted."""
    if run.plant not in ('memory', 'descriptors'):
        return {}
    library = compiled('leak.c', run.place / 'leak.so', '-shared', '-fPIC', '-ldl')
    return {'LD_PRELOAD': str(library), 'TORTURE_LEAK': run.plant}


class standing_reader:
    """A dump that nobody reads from, if that is planted: the store cannot use its pages again."""

    def __init__(self, run: report.Run, server: Relayd) -> None:
        self.run = run
        self.command = [
            run.programs.directory / 'relayctl', 'dump', '--store', server.store, '--to', '-']
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> None:
        if self.run.plant == 'file':
            self.process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


def watch(
    run: report.Run, server: Relayd, loads: list[Load], repository: pathlib.Path,
) -> list[Sample]:
    """A sample in each second; old snapshots are pruned meanwhile."""
    seconds = PLANT_SECONDS if run.plant else run.number('seconds')
    samples: list[Sample] = []
    started = time.monotonic()
    while len(samples) < seconds:
        time.sleep(max(0.0, started + len(samples) + 1 - time.monotonic()))
        if not server.runs() or any(load.failed for load in loads):
            break
        samples.append(sample(server))
        if len(samples) % (5 * run.number('snapshot-seconds')) == PRUNED_AT:
            prune(run, repository)
        if len(samples) % max(10, seconds // 8) == 0:
            run.step(f'{len(samples)} s: {shown(samples[-1])}')
    return samples


def prune(run: report.Run, repository: pathlib.Path) -> None:
    """Removes old snapshots, unless relayd takes one just now: then the next time does it."""
    result = run.programs.relayctl(
        'snapshot', 'prune', repository, '--keep-last', KEPT_SNAPSHOTS)
    run.expect(
        result.returncode == 0 or 'is at work on' in result.stderr,
        f'snapshot prune exits with {result.returncode}: {result.stderr}')


def shown(one: Sample) -> str:
    """A sample for people."""
    return (f'memory {one.memory / 1e6:.1f} MB, {one.descriptors} descriptors, '
            f'file {one.file / 1e6:.1f} MB')


def summed_up(samples: list[Sample]) -> Sample:
    """The highest of each figure; of memory the median.

    A snapshot takes more than all the rest holds, for less than a second: whether a sample meets
    it is luck. What leaks is in all samples.
    """
    return Sample(
        int(statistics.median(one.memory for one in samples)), max(one.descriptors for one in samples),
        max(one.file for one in samples), max(one.held for one in samples),
        max(one.held_once for one in samples))


def judge(run: report.Run, samples: list[Sample]) -> None:
    """The last quarter against the one before."""
    quarter = len(samples) // 4
    if quarter == 0:
        run.wrong(f'the load ended after {len(samples)} s')
        return
    third, fourth = (
        summed_up(samples[begin * quarter:(begin + 1) * quarter]) for begin in (2, 3))
    run.step(f'third quarter: {shown(third)}; fourth: {shown(fourth)}')
    most = 1 + run.number('percent') / 100
    # While a snapshot holds a commit, no page of it is used again: that is what the file may grow by.
    # One that is still under way has not said yet how much that was; with a planted fault none is.
    held = fourth.held - third.held + (0 if run.plant else fourth.held_once)
    slacks = {
        'memory': run.number('memory-mib') << 20, 'descriptors': DESCRIPTOR_SLACK, 'file': held}
    for name, slack in slacks.items():
        before, after = getattr(third, name), getattr(fourth, name)
        run.expect(
            after <= before * most + slack, f'{name} grew from {before} to {after} in the last '
            f'quarter, by {100 * (after / before - 1):.1f} %')
    most_memory = max(one.memory for one in samples)
    run.summary = (f'{shown(fourth)} in the last quarter, before it {shown(third)}; '
                   f'memory {most_memory / 1e6:.1f} MB at most')


def judge_load(
    run: report.Run, server: Relayd, loads: list[Load], repository: pathlib.Path, seconds: int,
) -> None:
    """Whether the load was what it should be, and the snapshots were taken."""
    for load in loads:
        for text in load.failed:
            run.wrong(f'a request failed: {text}')
    code = server.stop()
    run.expect(code == 0, f'relayd ended with {code}: {server.log()[-500:]}')
    listed = run.programs.done('snapshot', 'verify', repository, '--quick').stdout
    writes = sum(load.count for load in loads)
    late = max(load.late for load in loads)
    run.step(f'{writes / max(seconds, 1):.0f} writes/s, at most {late:.1f} s late; '
             f'{listed.strip().splitlines()[-1]}')
    # A busy machine may make less of it, but not next to nothing.
    run.expect(
        writes >= LEAST_LOAD * seconds * run.number('writes'),
        f'only {writes} writes in {seconds} s')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
