"""Hostile clients beside a good one: memory stays bounded and comes back, the good one is served"""
import dataclasses
import json
import multiprocessing
import os
import pathlib
import statistics
import time

import attackers
import report
from client import Client, Unanswered
from relay import Relayd
from shim import compiled

NUMBERS = [
    report.Number('seconds', 1, 15, 'how long each attack lasts'),
    report.Number('attackers', 1, 2, 'processes that flood at once; one holds connections'),
    report.Number('growth-mib', 32, 32, "growth of relayd's anonymous memory that is allowed"),
    report.Number('kept-mib', 8, 8, 'and what may be left of it afterwards'),
    report.Number('wait', 20, 20, 'seconds in which it is given back'),
]
PLANTS = {'leak': 'each connection leaks 256 KiB'}
FINDINGS = {'leak': 'keeps'}
ORDERS = 1_000
# The p99 of the good client may be twice that of one whose relayd is not attacked, on the same machine at
# the same time: other load and the attackers' own slow both. Below this it is noise.
NOISE_SECONDS = 0.005
WARM_REQUESTS = 300
PARTS = 5


def memory(server: Relayd) -> int:
    """Anonymous memory in KiB."""
    status = pathlib.Path(f'/proc/{server.pid}/status').read_text()
    return int(next(line for line in status.splitlines() if line.startswith('RssAnon:')).split()[1])


def descriptors(server: Relayd) -> int:
    """Open descriptors."""
    return len(os.listdir(f'/proc/{server.pid}/fd'))


@dataclasses.dataclass
class Bystander:
    """A client that reads one order after another, and how long that took."""

    client: Client
    seconds: list[float] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)

    def ask(self) -> None:
        """One request."""
        started = time.monotonic()
        try:
            status = self.client.get('/v1/orders/7').status
            if status != 200:
                self.failed.append(str(status))
        except Unanswered as reason:
            self.failed.append(str(reason))
        self.seconds.append(time.monotonic() - started)

    def p99(self) -> float:
        """Of the requests so far, which it forgets: the median of the p99 of so many parts of them, so that
        what else the machine does for a moment is in one of them only."""
        size = max(1, len(self.seconds) // PARTS)
        parts = [sorted(self.seconds[start:start + size]) for start in range(0, PARTS * size, size)]
        self.seconds.clear()
        return statistics.median(part[len(part) * 99 // 100] for part in parts if part)


def processor(server: Relayd) -> float:
    """Seconds of processor time that it has had."""
    fields = pathlib.Path(f'/proc/{server.pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def work(name: str, unix: pathlib.Path, key: str, until: float, cuts: object) -> None:
    """An attacking process."""
    try:
        cuts.put(attackers.ATTACKS[name](unix, key, until))
    except OSError:
        # Refused at the door: it is cut off as well.
        cuts.put(1)


def perform(
    run: report.Run, name: str, store: pathlib.Path, environment: dict, spared: Bystander,
) -> str:
    """One attack on a relayd of its own; a line of figures. `spared` asks one that is not attacked."""
    server = Relayd(run.programs, store, environment=environment)
    key = run.programs.key(store)
    # The attacker's own, where it is about a limit; the good client has none.
    attacking = key
    if name in attackers.LIMITED:
        made = run.programs.done(
            'keys', 'create', '--store', store, '--account', 1, '--rate', '100/s', '--json')
        attacking = json.loads(made.stdout)['key']
    bystander = Bystander(server.client(key))
    for _ in range(WARM_REQUESTS):
        bystander.ask()
        spared.ask()
    bystander.seconds.clear()
    spared.seconds.clear()
    before, files, spent = memory(server), descriptors(server), processor(server)
    cuts: multiprocessing.Queue = multiprocessing.Queue()
    until = time.monotonic() + run.number('seconds')
    processes = [
        multiprocessing.Process(target=work, args=(name, server.socket, attacking, until, cuts))
        for _ in range(run.number('attackers') if name in attackers.FLOODS else 1)]
    for process in processes:
        process.start()
    highest = before
    while any(process.is_alive() for process in processes) and server.runs():
        bystander.ask()
        spared.ask()
        highest = max(highest, memory(server))
        time.sleep(0.002)
    cut = sum(cuts.get(timeout=30) for _ in processes)
    for process in processes:
        process.join()
    spent = processor(server) - spent
    if name in attackers.LIMITED:
        run.expect(cut > 0, f'{name}: no request was refused with 429')
        run.step(f'{name}: {cut} requests were refused with 429; relayd had {spent:.2f} s of '
                 f'processor time, {spent / max(1, cut) * 1e6:.0f} µs for each of them')
    times = (spared.p99(), bystander.p99())
    return judge(run, name, server, bystander, times, (before, highest), files, cut)


def judge(
    run: report.Run, name: str, server: Relayd, bystander: Bystander,
    times: tuple[float, float], memories: tuple[int, int], files: int, cut: int,
) -> str:
    """What the attack did."""
    (usual, slow), (before, highest) = times, memories
    if not run.expect(server.runs(), f'{name}: relayd died: {server.log()[-500:]}'):
        return f'{name}: relayd died'
    left = wait_for_the_rest(run, server, before, files)
    grown, kept = highest - before, left - before
    run.expect(
        grown <= run.number('growth-mib') << 10, f'{name}: memory grows by {grown} KiB')
    run.expect(
        kept <= run.number('kept-mib') << 10,
        f"{name}: relayd keeps {kept} KiB, {run.number('wait')} s after the attack")
    run.expect(
        descriptors(server) <= files, f'{name}: {descriptors(server) - files} descriptors stay')
    run.expect(
        not bystander.failed,
        f'{name}: the good client failed {len(bystander.failed)} times: {bystander.failed[:1]}')
    run.expect(cut > 0 or name not in attackers.FLOODS, f'{name}: was not cut off')
    # In a second there are not enough requests to say.
    run.expect(
        run.options.short or slow <= 2 * max(usual, NOISE_SECONDS),
        f'{name}: the p99 of the good client is {slow * 1e3:.1f} ms, elsewhere {usual * 1e3:.1f} ms')
    code = server.stop()
    run.expect(code == 0, f'{name}: relayd ended with {code}')
    word = 'refused' if name in attackers.LIMITED else 'cut off'
    return (f'{name}: +{grown / 1024:.1f} MiB, kept {kept / 1024:.1f} MiB, {word} {cut} times, '
            f'p99 {slow * 1e3:.1f} ms, elsewhere {usual * 1e3:.1f} ms')


def wait_for_the_rest(run: report.Run, server: Relayd, before: int, files: int) -> int:
    """Waits until memory and descriptors are given back, or the time is over; the memory."""
    until = time.monotonic() + run.number('wait')
    while time.monotonic() < until:
        is_back = memory(server) - before <= run.number('kept-mib') << 10
        if is_back and descriptors(server) <= files:
            break
        time.sleep(0.05)
    return memory(server)


def torture(run: report.Run) -> None:
    """All attacks, one after the other."""
    multiprocessing.set_start_method('fork', force=True)
    store, environment = run.place / 'store', {}
    run.programs.sample(store, ORDERS, seed=run.seed)
    names = list(attackers.ATTACKS)
    if run.plant:
        library = compiled('leak.c', run.place / 'leak.so', '-shared', '-fPIC', '-ldl')
        environment = {'LD_PRELOAD': str(library), 'TORTURE_LEAK': 'connections'}
        names = ['silence']
    other = run.place / 'spared' / 'store'
    other.parent.mkdir()
    run.programs.sample(other, ORDERS, seed=run.seed)
    spared = Bystander(Relayd(run.programs, other).client(run.programs.key(other)))
    for name in names:
        run.step(perform(run, name, store, environment, spared))
    run.summary = f'{len(names)} attacks'


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
