"""EIO, ENOSPC and short writes at the n-th call: nothing lost, no "done" that is not"""
import dataclasses
import shutil
import time
from typing import Iterator

import client
import report
from load import Ledger, Writers
from relay import Relayd
from report import Number, Run
from shim import FATES, Shim
from verbs import VERBS, Verb, call, judge
from workbench import Bench

# What may go wrong with each kind of call.
FAULTS = {
    'write': ['EIO', 'ENOSPC', 'short'], 'sync': ['EIO'], 'truncate': ['EIO', 'ENOSPC'],
    'rename': ['EIO', 'ENOSPC'], 'link': ['EIO'], 'create': ['EIO', 'ENOSPC'],
    'mkdir': ['ENOSPC'], 'unlink': ['EIO']}
# Calls of a served store are not the same twice: of each file's, the n-th from a moment on are tried.
SERVED_CALLS = {
    '/data.mdb': {'write': 16, 'sync': 2}, '/log/segment-': {'write': 6, 'sync': 4},
    '/log/control': {'write': 2, 'sync': 2}}
SYNCED_COMMITS = {'/data.mdb': {'write': 16, 'sync': 5}}
# A checkpoint is made a second after a write, and a fault at the second one's calls is two away.
HIT_SECONDS = 3
WRITABLE_SECONDS = 10


@dataclasses.dataclass(frozen=True)
class Fault:
    """The n-th call of a kind, counted from 1, and what happens to it; `count` calls in a row.

    With `file` only calls on paths with this in them count.
    """

    call: str
    number: int
    fate: str
    count: int = 1
    file: str = ''

    def __str__(self) -> str:
        times = '' if self.count == 1 else f' and the next {self.count - 1}'
        where = f' of {self.file}' if self.file else ''
        return f'{self.fate} at {self.call} {self.number}{times}{where}'


def faults(counts: dict[str, int], plant: str | None) -> Iterator[Fault]:
    """Every fault of so many calls."""
    for call, count in counts.items():
        for number in range(1, count + 1):
            if plant == 'lost':
                if call == 'write':
                    yield Fault(call, number, 'drop')
                continue
            for fate in FAULTS.get(call, []):
                yield Fault(call, number, fate)


def chosen(run: Run, all_faults: list[Fault]) -> list[Fault]:
    """All of them, or as many by chance as the options want."""
    most = run.number('faults')
    return all_faults if len(all_faults) <= most else run.random.sample(all_faults, most)


class Verbs:
    """Every verb of relayctl that writes, with every fault."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.bench = Bench(run.programs, run.place / 'work', run.place / 'template', run.seed)
        self.bench.prepare()
        self.shim = Shim(run.place, self.bench.place)
        self.tried = 0

    def go(self) -> None:
        """Each verb first without a fault: its calls are counted, and it has to be right."""
        for verb in VERBS:
            code, message = self.call(verb, None)
            wrong = verb.wrong_when_done(self.bench) if code == verb.code else message
            if not self.run.expect(not wrong, f'{verb.name}, without a fault: {wrong}'):
                continue
            counts = {call: self.shim.count(call) for call in FAULTS}
            before = len(self.run.faults)
            cases = chosen(self.run, list(faults(counts, self.run.plant)))
            failed = sum(self.try_fault(verb, fault) for fault in cases)
            self.tried += len(cases)
            calls = ', '.join(f'{count} {call}' for call, count in counts.items() if count)
            self.run.step(
                f'{verb.name}: {calls}; {len(cases)} faults, {failed} times failed, '
                f'{len(self.run.faults) - before} wrong')

    def call(self, verb: Verb, fault: Fault | None) -> tuple[int, str]:
        """Calls a verb on a bench that is put back: its exit code and what it said."""
        self.bench.put_back()
        self.shim.reset()
        if fault is not None:
            self.shim.fail(fault.call, fault.fate, fault.number)
        return call(self.bench, verb, self.shim.environment)

    def try_fault(self, verb: Verb, fault: Fault) -> bool:
        """One fault: whether the verb said that it failed."""
        code, message = self.call(verb, fault)
        hit = self.shim.hits() > 0
        what = f'{verb.name}, {fault}, exit code {code}'
        if code == verb.code and hit and fault.call == 'sync':
            self.run.wrong(f'{what}: done, though a sync failed')
        for wrong in judge(self.bench, verb, code, message):
            self.run.wrong(f'{what}: {wrong}')
        return code != verb.code


class Served:
    """relayd under load, with every fault of its store's files."""

    def __init__(self, run: Run, calls: dict[str, dict[str, int]], options: list[str]) -> None:
        self.run = run
        self.calls = calls
        self.options = options
        self.template = run.place / f'served-{len(options)}'
        run.programs.sample(self.template, orders=40, seed=run.seed)
        self.key = run.programs.key(self.template)
        self.store = run.place / 'store'
        self.shim = Shim(run.place, self.store)
        self.acknowledged = self.tried = self.hit = 0

    def go(self) -> None:
        """Each fault once, and each for a while."""
        said, before = [], len(self.run.faults)
        for file, calls in self.calls.items():
            cases = [
                dataclasses.replace(fault, file=file) for fault in faults(calls, self.run.plant)]
            if self.run.plant is None:
                cases += [dataclasses.replace(fault, count=20) for fault in cases]
            cases = chosen(self.run, cases)
            hit = self.hit
            for fault in cases:
                for wrong in self.try_fault(fault):
                    self.run.wrong(f'relayd {" ".join(self.options)}, {fault}: {wrong}')
            self.tried += len(cases)
            said.append(f'{len(cases)} faults of {file[1:]}, {self.hit - hit} of them hit')
            self.run.expect(self.hit > hit, f'none of {len(cases)} faults of {file} was hit')
        self.run.step(
            f'relayd {" ".join(self.options)}: {"; ".join(said)}; {self.acknowledged} acknowledged '
            f'writes, {len(self.run.faults) - before} wrong')

    def try_fault(self, fault: Fault) -> Iterator[str]:
        """One fault under load, and all read back after a restart."""
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.template, self.store)
        self.shim.reset()
        self.shim.only(fault.file)
        server = Relayd(
            self.run.programs, self.store, options=self.options, environment=self.shim.environment)
        ledger, said = Ledger(), len(server.log())
        with Writers(ledger, server.client(self.key), self.run.number('threads')):
            time.sleep(0.03)
            self.shim.fail(fault.call, fault.fate, fault.number, fault.count)
            until = time.monotonic() + HIT_SECONDS
            while self.shim.hits() == 0 and time.monotonic() < until and server.runs():
                time.sleep(0.005)
            until = time.monotonic() + 1
            while self.shim.hits() < fault.count and time.monotonic() < until and server.runs():
                time.sleep(0.005)
            self.hit += self.shim.hits() > 0
            self.shim.heal()
        yield from self.during(server, ledger, fault, said)
        server.kill()
        self.acknowledged += ledger.acknowledged
        server = Relayd(self.run.programs, self.store, options=self.options)
        yield from ledger.lost(server.client(self.key))
        answer = ledger.write(server.client(self.key), 1)
        if answer is None or answer.status != 200:
            yield f'not writable after a restart: {answer}'
        server.stop()
        check = self.run.programs.relayctl('check', '--store', self.store)
        if check.returncode != 0:
            yield f'check exits with {check.returncode}: {(check.stdout + check.stderr)[-300:]}'

    def during(
        self, server: Relayd, ledger: Ledger, fault: Fault, said: int,
    ) -> Iterator[str]:
        """What is wrong about what it said, and whether it is writable again or has ended."""
        failed = {code: text for code, text in ledger.problems.items() if code >= 500}
        if fault.fate == 'ENOSPC' and set(failed) - {503, 507}:
            yield f'a full disk is answered with {failed}'
        if (failed or not server.runs()) and not server.says('level=error', said):
            yield f'nothing is logged, with answers {ledger.statuses} {failed}'
        until = time.monotonic() + WRITABLE_SECONDS
        answer = None
        while server.runs() and answer is None and time.monotonic() < until:
            try:
                answer = server.client(self.key).get('/v1/orders/1')
            except client.Unanswered:
                pass
            # With 503, or nobody let in, it is about to end.
            if answer is None or answer.status == 503:
                answer = None
                time.sleep(0.05)
        if not server.runs():
            if server.kill() <= 0:
                yield f'ended with {server.kill()}: {server.log()[said:][-300:]}'
            return
        if answer is None or answer.status != 200:
            yield f'not readable: {answer}'
        while time.monotonic() < until and server.runs():
            answer = ledger.write(server.client(self.key), 1)
            if answer is not None and answer.status == 200:
                return
            time.sleep(0.1)
        if server.runs():
            health = self.run.programs.relayctl('health', '--store', self.store)
            yield (
                f'not writable {WRITABLE_SECONDS} s later: {answer}, and health exits with '
                f'{health.returncode}')


def torture(run: Run) -> None:
    """Verbs of relayctl, then relayd."""
    assert set(FATES) >= {fate for fates in FAULTS.values() for fate in fates}
    verbs = Verbs(run)
    verbs.go()
    served = [
        Served(run, SERVED_CALLS, []),
        Served(run, SYNCED_COMMITS, ['--durability', 'synced-commits'])]
    for one in served:
        one.go()
    run.summary = (
        f'{verbs.tried} faults in {len(VERBS)} verbs of relayctl, {sum(one.tried for one in served)} '
        f'in relayd with {sum(one.acknowledged for one in served)} acknowledged writes, 0 lost')


if __name__ == '__main__':
    report.main(
        torture,
        plants={'lost': 'a write is left out, and is said to be done'},
        numbers=[
            Number('faults', 4, 1_000_000, 'most faults of a verb, and of relayd'),
            Number('threads', 4, 4, 'threads that write')],
        findings={'lost': 'acknowledged w-|done, but'})
