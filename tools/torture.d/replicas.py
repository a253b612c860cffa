"""one host in trouble, the others go on: a slow disk, a full one, a clock that is hours wrong or jumps"""
import contextlib
import dataclasses
import datetime
import shutil
import threading
import time
from typing import Callable, Sequence

import books
import client
import disks
import engine
import hosts
import relay
import report
from clock import DAY, HOUR, Clock
from shim import FOREVER, Shim

NUMBERS = [
    report.Number('rounds', 1, 3, 'how often each trouble comes'),
    report.Number('writers', 3, 16, 'threads that write'),
    report.Number('megabytes', 150, 500, 'what the disk that becomes full has beside the store'),
    report.Number('seconds', 1, 6, 'how long each trouble lasts at least'),
]
PLANTS = {
    'no-room': 'the full disk does not get room again',
    'right-clock': 'a clock is right that is said to be wrong',
}
FINDINGS = {'no-room': 'has not caught up', 'right-clock': 'log does not say so'}
FIRST_ORDERS = 20
SLOW_MILLISECONDS = (50, 1_000)
# Wrong clocks, in seconds.
CLOCKS = (-DAY - HOUR, -HOUR, HOUR, DAY + HOUR, -30 * DAY)
# How far the time of a record may be from the time.
TIME_SECONDS = 90
# In which a host is not ready any more whose store stands still, and in which it has caught up with room.
BEHIND_SECONDS, CAUGHT_UP_SECONDS, PLANTED_SECONDS = 20, 30, 5
# In which a host refuses a write that stands still, and knows it.
REFUSED_SECONDS = 2
# Of the full disk.
LEFT_BYTES = 16 * disks.BLOCK


class Torture:
    """The cluster, and what its hosts believe of disks and clocks."""

    def __init__(self, run: report.Run, servers: engine.Engine) -> None:
        self.run = run
        self.clocks = {name: Clock(run.place, name) for name in hosts.NAMES}
        self.shim = Shim(run.place, run.place / hosts.NAMES[-1])
        environments = {name: dict(clock.environment) for name, clock in self.clocks.items()}
        slow = environments[hosts.NAMES[-1]]
        preloaded = f"{slow['LD_PRELOAD']}:{self.shim.library}"
        slow.update(self.shim.environment, LD_PRELOAD=preloaded)
        self.cluster = hosts.begin(run, servers, FIRST_ORDERS, environments=environments)
        self.figures = books.Figures()
        self.rounds = self.lag = 0
        self.behind = 0.0
        self.left_out: list[str] = []

    @property
    def last(self) -> hosts.Host:
        """The host whose disk is in trouble."""
        return self.cluster.hosts[-1]

    @contextlib.contextmanager
    def load(self, what: str, written: Sequence[hosts.Host]):
        """Writers and readers of these hosts; afterwards all of them have the same, and what was told."""
        self.rounds += 1
        cluster = dataclasses.replace(self.cluster, hosts=list(written))
        load = books.Load(cluster, self.run.number('writers'), f'r{self.rounds}', self.figures)
        with load:
            yield load
        load.say()
        self.cluster.settle(what)
        host = self.run.random.choice(self.cluster.hosts)
        for line in load.wrong(host):
            self.run.wrong(f'{what}, host {host.name}: {line}')
        self.run.step(
            f'{what}: {self.figures.acknowledged} acknowledged writes so far, {len(self.run.faults)} wrong')

    def a_while(self, hosts_that_go_on: Sequence[hosts.Host], what: str) -> None:
        """As long as a trouble lasts at least: these hosts carry out writes meanwhile."""
        until = time.monotonic() + self.run.number('seconds')
        while True:
            self.cluster.await_service(what, hosts_that_go_on)
            self.lag = max(self.lag, *(host.stat()['lag'] for host in self.cluster.hosts))
            if time.monotonic() > until:
                return
            time.sleep(0.2)

    # MARK: Disks

    def slow(self) -> None:
        """Each sync of one host takes long: it goes on, more slowly, and the others do not wait for it."""
        for milliseconds in self.chosen(SLOW_MILLISECONDS):
            what = f'a sync takes {milliseconds} ms'
            with self.load(what, self.cluster.hosts):
                self.shim.fail('sync', 'slow', 1, FOREVER, milliseconds=milliseconds)
                self.a_while(self.cluster.hosts, what)
                self.shim.heal()

    def full(self) -> None:
        """One host's disk is full: it reads on and says so, and goes on by itself when there is room."""
        host, others = self.last, self.cluster.hosts[:-1]
        host.stop()
        moved = self.run.place / 'moved'
        shutil.move(host.store, moved)
        used = sum(file.stat().st_size for file in moved.rglob('*')) >> 20
        disk = disks.Disk(self.run.place, 'ext4', host.store, used + self.run.number('megabytes'))
        try:
            disk.mount()
        except disks.Unmountable as reason:
            host.store.rmdir()
            shutil.move(moved, host.store)
            host.start()
            self.left_out.append(str(reason))
            return
        shutil.copytree(moved, host.store, ignore=hosts.no_sockets, dirs_exist_ok=True)
        try:
            host.start()
            self.cluster.await_service('a small disk', [host])
            self.fill(disk, host, others)
            host.kill()
            shutil.rmtree(moved)
            shutil.copytree(host.store, moved, ignore=hosts.no_sockets)
        finally:
            host.kill()
            disk.unmount()
        shutil.copytree(moved, host.store, dirs_exist_ok=True)
        shutil.rmtree(moved)
        host.start()
        self.cluster.await_service('on the large disk again')

    def fill(self, disk: disks.Disk, host: hosts.Host, others: Sequence[hosts.Host]) -> None:
        """What happens on a disk that becomes full, and has room again."""
        what, said = 'a full disk', len(host.log())
        with self.load(what, others):
            disk.fill(LEFT_BYTES)
            until = time.monotonic() + BEHIND_SECONDS
            while not (why := host.why_not_ready()) and time.monotonic() < until:
                self.cluster.await_service(what, others)
                time.sleep(0.1)
            self.run.expect(
                'has not applied' in why, f'host {host.name} with a full disk is ready, or says {why!r}')
            stat = host.stat()
            self.lag = max(self.lag, stat['lag'])
            self.run.expect(stat['lag'] > 0, f'host {host.name} with a full disk lags by nothing')
            self.run.expect(
                host.says('level=error', said), f'host {host.name} does not say that its disk is full')
            asking = client.Client(host.socket, host.key)
            answer = asking.get('/v1/orders/1')
            self.run.expect(
                answer.status == 200, f'host {host.name} with a full disk answers a read with {answer.status}')
            begun = time.monotonic()
            answer = asking.patch('/v1/orders/1', {'internalId': 'full'})
            took = time.monotonic() - begun
            self.run.expect(
                hosts.message(answer) in ('unavailable', 'storage-full') and took < REFUSED_SECONDS,
                f'host {host.name} with a full disk answers a write with {answer.status} '
                f'{hosts.message(answer)} after {took:.1f} s')
            self.a_while(others, what)
            if self.run.plant != 'no-room':
                disk.make_room()
            self.catch_up(host)

    def catch_up(self, host: hosts.Host) -> None:
        """With room it goes on by itself."""
        begun = time.monotonic()
        seconds = PLANTED_SECONDS if self.run.plant else CAUGHT_UP_SECONDS
        while host.why_not_ready():
            if time.monotonic() > begun + seconds:
                self.cluster.give_up(
                    f'host {host.name} has not caught up within {seconds} s of having room: {host.why_not_ready()}')
            time.sleep(0.05)
        self.behind = max(self.behind, time.monotonic() - begun)

    # MARK: Clocks

    def wrong_clock(self) -> None:
        """One host's clock is wrong while it runs, and when it starts: it writes, and says that it is."""
        for seconds in self.chosen(CLOCKS):
            host = self.run.random.choice(self.cluster.hosts)
            what = f'the clock of host {host.name} is {seconds / HOUR:+.0f} h'
            with self.load(what, self.cluster.hosts):
                said = len(host.log())
                self.set([host], seconds)
                self.a_while(self.cluster.hosts, what)
                self.look_at_times(what)
                host.kill()
                host.start()
                self.a_while(self.cluster.hosts, f'{what} at its start')
                self.look_at_times(what)
                self.run.expect(
                    host.says('clock_differs', said), f'{what}, and its log does not say so')
                told = host.stat()['clockDifferenceMilliseconds'] / 1_000
                self.run.expect(
                    abs(told - seconds) < TIME_SECONDS, f'{what}, and it says {told} s')
                self.set([host], 0)

    def chosen(self, numbers: Sequence[int]) -> Sequence[int]:
        """The first of them in the short form, all in the long one."""
        return numbers if self.run.number('seconds') > 1 else numbers[:1]

    def all_clocks(self) -> None:
        """All hosts' clocks are wrong, so the engine's is, seen from there."""
        for seconds in (HOUR, -HOUR):
            what = f'the clocks of all hosts are {seconds / HOUR:+.0f} h'
            with self.load(what, self.cluster.hosts):
                self.set(self.cluster.hosts, seconds)
                self.a_while(self.cluster.hosts, what)
                self.set(self.cluster.hosts, 0)

    def jumping_clocks(self) -> None:
        """Clocks jump all the time, and the leader of the engine is killed meanwhile."""
        ended = threading.Event()

        def jump() -> None:
            while not ended.wait(0.1):
                self.set(
                    [self.run.random.choice(self.cluster.hosts)],
                    self.run.random.choice([0, HOUR, -HOUR, DAY, -2 * DAY]))
        with self.load('jumping clocks', self.cluster.hosts):
            jumping = threading.Thread(target=jump, daemon=True)
            jumping.start()
            self.a_while(self.cluster.hosts, 'jumping clocks')
            leader = self.cluster.engine.led(hosts.LOG)
            self.cluster.engine.kill(leader)
            self.a_while(self.cluster.hosts, 'jumping clocks without the leader')
            self.cluster.engine.start(leader)
            ended.set()
            jumping.join()
            self.set(self.cluster.hosts, 0)

    def set_back_clocks(self) -> None:
        """All clocks are set back for good in the moment in which the leader of the engine is killed: who waits by
        the wall clock would wait for as long."""
        servers, what = self.cluster.engine, 'clocks that are set back'
        for hours in self.chosen(range(1, 4)):
            with self.load(what, self.cluster.hosts):
                leader = servers.led(hosts.LOG)
                servers.kill(leader)
                time.sleep(self.run.random.uniform(0, 0.3))
                self.set(self.cluster.hosts, -hours * HOUR)
                self.cluster.await_service(what)
                servers.start(leader)
        self.set(self.cluster.hosts, 0)

    def set(self, those: Sequence[hosts.Host], seconds: float) -> None:
        """Sets clocks."""
        for host in those:
            self.clocks[host.name].set(0 if self.run.plant == 'right-clock' else seconds)

    def look_at_times(self, what: str) -> None:
        """What is written on any host has the time of the log, which is the engine's."""
        for host in self.cluster.hosts:
            answer = client.Client(host.socket, host.key).patch('/v1/orders/1', {'internalId': what})
            if not self.run.expect(answer.status == 200, f'{what}: a write on {host.name}: {answer.status}'):
                continue
            shown = client.Client(host.socket, host.key).get('/v1/orders/1').json()['updatedAt']
            off = datetime.datetime.fromisoformat(shown) - datetime.datetime.now(datetime.timezone.utc)
            self.run.expect(
                abs(off.total_seconds()) < TIME_SECONDS,
                f'{what}: host {host.name} writes at {shown}, and it is {off.total_seconds():.0f} s from now')

    # MARK: The whole

    def perform(self) -> None:
        """Each trouble, in an order of chance."""
        troubles: list[Callable[[], None]] = [
            self.slow, self.full, self.wrong_clock, self.all_clocks, self.jumping_clocks,
            self.set_back_clocks]
        if self.run.plant is not None:
            troubles = [self.full if self.run.plant == 'no-room' else self.wrong_clock]
        for _ in range(self.run.number('rounds')):
            self.run.random.shuffle(troubles)
            for trouble in troubles:
                trouble()


def torture(run: report.Run) -> None:
    """Makes a cluster, brings hosts into trouble, and compares what is left."""
    with engine.Engine(run.place / 'engine') as servers, contextlib.ExitStack() as ends:
        ends.callback(relay.end_all)
        work = Torture(run, servers)
        work.perform()
        lines = work.cluster.compare()
    figures = work.figures
    run.expect(figures.acknowledged > 0, 'no write was acknowledged')
    left = f"; a full disk is left out: {work.left_out[0]}" if work.left_out else ''
    run.summary = (
        f"{run.number('rounds')} times slow and full disks and wrong clocks: {figures.acknowledged} acknowledged "
        f'writes, 0 lost, 0 twice, {figures.unknown + figures.unanswered} without an end, {figures.refused} refused; '
        f'three equal dumps of {lines} lines; behind by {work.lag} messages at most, {work.behind:.1f} s after there '
        f'was room by none; {figures.reads} reads, p99 {1000 * figures.p99():.0f} ms{left}')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
