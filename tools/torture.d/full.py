"""full disks, tmpfs, ext4 and thin: refused and said so, nothing lost, writable when there is room"""
import pathlib
import shutil
import time

import report
from disks import BLOCK, Disk, Unmountable, mounted
from load import Ledger, Writers
from relay import Relayd
from report import LeftOut, Number, Run
from verbs import VERBS, call, judge
from workbench import Bench

# On a busy disk it takes a while.
FULL_SECONDS = 60
WRITABLE_SECONDS = 10
# What a verb finds free: nothing, a page, and less than it needs.
LEFT_BYTES = [0, BLOCK, 4 * BLOCK, 40 * BLOCK]


class Full:
    """One file system that is full."""

    def __init__(self, run: Run, disk: Disk) -> None:
        self.run = run
        self.disk = disk
        self.kind = disk.kind
        self.point = disk.point
        # That a disk is full is said as EIO by a thin one, and its file system then refuses all writes.
        self.is_thin = disk.kind == 'thin'
        self.acknowledged = self.refused = self.calls = 0

    def wrong(self, text: str) -> None:
        """Notes something wrong on this file system."""
        self.run.wrong(f'{self.kind}: {text}')

    def serve(self) -> None:
        """relayd writes until the disk is full, is killed there, and goes on with room."""
        store, programs = self.point / 'store', self.run.programs
        programs.sample(store, orders=40, seed=self.run.seed)
        key = programs.key(store)
        server = Relayd(programs, store, self.run.place / f'{self.kind}.sock')
        ledger, said = Ledger(), len(server.log())
        for number in range(1, self.run.number('rounds') + 1):
            what = f'round {number}'
            self.disk.fill(self.run.random.choice([64, 16, 100]) * BLOCK)
            self.until_full(ledger, server, key, what)
            if self.run.plant == 'restored':
                # As a service would that goes back to an older copy when its disk is full.
                self.go_back(server, store)
            elif number % 2 == 0:
                server.kill()
                self.restart_full(server, what)
            self.room_again(ledger, server, key, what)
        if not server.says('level=error', said):
            self.wrong('a full disk is not logged')
        code = server.stop()
        self.run.expect(code == 0, f'{self.kind}: relayd exits with {code}')
        self.acknowledged = ledger.acknowledged
        check = programs.relayctl('check', '--store', store)
        if check.returncode != 0:
            self.wrong(f'check exits with {check.returncode}: {check.stdout}{check.stderr}')
        shutil.rmtree(store)

    def until_full(self, ledger: Ledger, server: Relayd, key: str, what: str) -> None:
        """Threads write until the store says it is full, and a little longer."""
        ledger.statuses.clear()
        ledger.problems.clear()
        with Writers(ledger, server.client(key), 4):
            until = time.monotonic() + FULL_SECONDS
            while time.monotonic() < until and server.runs() and (
                    not any(s >= 500 for s in ledger.statuses)):
                time.sleep(0.02)
            time.sleep(0.2)
        self.refused += ledger.statuses.get(507, 0)
        allowed = (500, 503, 507) if self.is_thin else (503, 507)
        others = {s: text for s, text in ledger.problems.items() if s not in allowed}
        if others:
            self.wrong(f'{what}: a full disk is answered with {others}')
        # A relayd that cannot make a checkpoint ends, perhaps before a write has met it.
        if not ledger.problems and not (self.is_thin and not server.runs()):
            self.wrong(f'{what}: it never was full: {ledger.statuses}')
        if not server.runs():
            code = server.kill()
            # What could not be written may be the meta page: then relayd ends, and says so.
            if not self.is_thin or code != 1 or 'start relayd again' not in server.log():
                self.wrong(f'{what}: relayd ended with {code}: {server.log()[-300:]}')
            return self.restart_full(server, what)
        answer = server.client(key).get('/v1/orders/1')
        if answer.status != 200:
            self.wrong(f'{what}: not readable while full: {answer.status}')

    def restart_full(self, server: Relayd, what: str) -> None:
        """A start on the full disk: it serves, or says why not."""
        said = len(server.log())
        server.start(wait=False)
        if server.wait_until_it_serves():
            return
        code = server.kill()
        if code < 0 or str(self.point) not in server.log()[said:]:
            self.wrong(f'{what}: a start while full: {code}, {server.log()[said:][-300:]}')
        self.disk.make_room()
        self.disk.forget()
        server.start()

    def room_again(self, ledger: Ledger, server: Relayd, key: str, what: str) -> None:
        """With room it takes writes again, and all that it acknowledged is there."""
        self.disk.make_room()
        if self.is_thin:
            # What was acknowledged is on the disk, not only in the kernel's memory.
            server.kill()
            self.disk.forget()
            server.start()
        until, answer = time.monotonic() + WRITABLE_SECONDS, None
        client = server.client(key)
        for line in ledger.lost(client):
            self.wrong(f'{what}: {line}')
        while time.monotonic() < until:
            answer = ledger.write(client, 1)
            if answer is not None and answer.status == 200:
                return
            time.sleep(0.1)
        self.wrong(f'{what}: not writable {WRITABLE_SECONDS} s after there is room: {answer}')
        server.kill()
        server.start()

    def go_back(self, server: Relayd, store: pathlib.Path) -> None:
        """Plants a fault: the store's documents become what the sample's were."""
        server.kill()
        self.disk.make_room()
        older, dump = self.run.place / 'older', self.run.place / 'older.jsonl'
        if not older.exists():
            self.run.programs.sample(older, orders=40, seed=self.run.seed)
            self.run.programs.done('dump', '--store', older, '--to', dump)
        self.run.programs.done('load', '--store', store, dump)
        server.start()

    def verbs(self) -> None:
        """Every verb that writes, with less room than it needs."""
        bench = Bench(
            self.run.programs, self.point / 'work', self.run.place / f'template-{self.kind}',
            self.run.seed)
        bench.prepare()
        most = self.run.number('verbs')
        cases = [(verb, leave) for verb in VERBS for leave in LEFT_BYTES]
        if most < len(cases):
            cases = self.run.random.sample(cases, most)
        for verb, leave in cases:
            bench.put_back()
            self.disk.fill(leave)
            code, message = call(bench, verb)
            self.disk.make_room()
            self.disk.forget()
            self.calls += 1
            for wrong in judge(bench, verb, code, message):
                self.wrong(f'{verb.name} with {leave} bytes free, exit code {code}: {wrong}')
        shutil.rmtree(bench.place)

    def looks(self) -> None:
        """What only looks at a store whose lock file is not there, as after a restore of files."""
        store = self.point / 'store'
        self.run.programs.sample(store, orders=40, seed=self.run.seed)
        for words in (['stat'], ['check'], ['dump'], ['readers'], ['keys', 'list']):
            (store / 'lock.mdb').unlink(missing_ok=True)
            self.disk.fill(0)
            more = ['--account', 1] if words[0] == 'keys' else []
            result = self.run.programs.relayctl(*words, '--store', store, *more)
            self.disk.make_room()
            if result.returncode != 0 and (
                    result.returncode < 0 or str(store) not in result.stderr):
                self.wrong(
                    f'{words[0]} without lock.mdb: {result.returncode}, {result.stderr[-300:]!r}')
        (store / 'lock.mdb').unlink(missing_ok=True)
        self.disk.fill(0)
        server = Relayd(
            self.run.programs, store, self.run.place / f'{self.kind}-look.sock', wait=False)
        if not server.wait_until_it_serves():
            code = server.kill()
            if code < 0 or str(store) not in server.log():
                self.wrong(f'relayd without lock.mdb: {code}, {server.log()[-300:]!r}')
        else:
            server.stop()
        self.disk.make_room()


def torture(run: Run) -> None:
    """Each kind of file system that can be mounted here."""
    said = []
    for kind in ('tmpfs', 'ext4', 'thin'):
        try:
            with mounted(run, kind) as disk:
                full = Full(run, disk)
                full.serve()
                if run.plant is None:
                    full.looks()
                    full.verbs()
        except Unmountable as reason:
            run.step(f'{kind}: left out, it cannot be mounted here: {reason}')
            continue
        said.append(
            f'{kind}: {full.acknowledged} acknowledged writes, {full.refused} refused, '
            f'{full.calls} calls of relayctl')
        run.step(said[-1])
    if not said:
        raise LeftOut('nothing can be mounted here: it takes root')
    run.summary = '; '.join(said)


if __name__ == '__main__':
    report.main(
        torture,
        plants={'restored': 'the store goes back to older documents while the disk is full'},
        numbers=[
            Number('rounds', 2, 10, 'how often the disk gets full under relayd'),
            Number('verbs', 8, 1000, 'most calls of relayctl on each file system')],
        findings={'restored': 'acknowledged w-'})
