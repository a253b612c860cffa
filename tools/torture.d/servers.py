"""the engine of a log loses what it kept: damaged files, a log that is deleted, made anew, set back or emptied"""
import json
import pathlib
import re
import shutil
import time
from typing import Any, Sequence

import books
import client
import damage
import engine
import hosts
import report
import series

NUMBERS = [
    report.Number('one', 1, 40, 'how often files of one server are damaged'),
    report.Number('two', 0, 20, 'how often files of two servers are damaged'),
    report.Number('losses', 0, 3, 'how often the log is deleted, made anew, set back, emptied behind a host'),
    report.Number('writers', 8, 16, 'threads that write'),
]
PLANTS = {'kept': 'the log is not deleted, though it is expected to be'}
FINDINGS = {'kept': 'does not stop'}
# In which a host carries out writes again, or says why it does not; and in which it believes what contradicts it.
TOLD_SECONDS, PLANTED_SECONDS = 60, 12
DAMAGED_FILES = 3
# What a host stops with when the engine has lost something.
LOST = 'the log ends with message|of the log is not the one|the log is |there is no log|begins with message|cannot be'


class Torture(series.Series):
    """One cluster after the other, each for one loss."""

    def __init__(self, run: report.Run) -> None:
        super().__init__(run)
        self.told = 0
        self.outcomes: dict[str, int] = {}

    # MARK: What must hold

    def answers(self, cluster: hosts.Cluster, what: str) -> dict[str, str]:
        """What each host comes to: '' when it carries out writes; else why it does not, in its words."""
        found: dict[str, str] = {}
        until = time.monotonic() + TOLD_SECONDS
        while len(found) < len(cluster.hosts):
            for host in cluster.hosts:
                if host.name in found:
                    continue
                is_late = time.monotonic() > until
                said = self.answer(host, is_late)
                if said is not None:
                    found[host.name] = said
                elif is_late:
                    self.run.wrong(f'{what}: host {host.name} refuses writes for {TOLD_SECONDS} s, and says nothing')
                    found[host.name] = 'nothing'
            time.sleep(0.1)
        return found

    def answer(self, host: hosts.Host, is_late: bool) -> str | None:
        """What a host comes to; None when that is not known yet. It answers reads in any case."""
        asking = client.Client(host.socket, host.key)
        try:
            shown = asking.get('/v1/orders/1')
            self.run.expect(shown.status == 200, f'host {host.name} answers a read with {shown.status}')
            if asking.patch('/v1/orders/1', {'internalId': 'probe'}).status == 200:
                return ''
            stat = host.stat()
        except client.Unanswered as reason:
            self.run.wrong(f'host {host.name} does not answer: {reason}; {host.log()[-600:]}')
            raise report.Stop from reason
        if 'stopped' in stat:
            return stat['stopped']
        return stat.get('trouble') if is_late else None

    def judge(self, cluster: hosts.Cluster, load: books.Load, what: str) -> None:
        """All hosts go on with everything; or those that do not say why, and nothing else is missing."""
        found = self.answers(cluster, what)
        load.say()
        reasons = {name: text for name, text in found.items() if text}
        if not reasons:
            cluster.settle(what)
        else:
            time.sleep(1)
        stats = {host.name: host.stat() for host in cluster.hosts}
        best = max(cluster.hosts, key=lambda host: stats[host.name]['sequence'])
        lost = list(load.wrong(best))
        is_told = any(re.search(LOST, text) for text in reasons.values())
        for line in lost:
            self.run.expect(is_told, f'{what}: {line} on host {best.name}, and nobody says so')
        for host in cluster.hosts:
            stat = stats[host.name]
            if stat['sequence'] == stats[best.name]['sequence'] and not reasons:
                self.run.expect(
                    stat['chain'] == stats[best.name]['chain'], f'{what}: host {host.name} has another chain')
        self.compare(cluster, best, found, what)
        self.told += bool(lost)
        outcome = 'all go on' if not reasons else 'some stop' if len(reasons) < len(found) else 'all stop'
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        said = '; '.join(f'{name}: {text[:110]}' for name, text in reasons.items())
        self.run.step(
            f'{what}: {outcome}{" (" + said + ")" if said else ""}, {len(lost)} acknowledged writes are not in the '
            f'log, {self.figures.acknowledged} so far')

    def compare(
        self, cluster: hosts.Cluster, best: hosts.Host, found: dict[str, str], what: str,
    ) -> None:
        """The stores are sound; no host that goes on has a record that the best one lacks or has otherwise."""
        for host in cluster.hosts:
            code = host.stop()
            self.run.expect(code == 0, f'{what}: relayd of host {host.name} exits with {code} after SIGTERM')
        records = {host.name: self.records(host) for host in cluster.hosts}
        wanted = records[best.name]
        for host in cluster.hosts:
            if found[host.name] and found[best.name] == '':
                continue
            for key, (version, text) in records[host.name].items():
                other = wanted.get(key, (0, ''))
                if version > other[0] or (version == other[0] and text != other[1]):
                    self.run.wrong(
                        f'{what}: host {host.name} serves {key} of version {version}, which host {best.name}, '
                        f'which has applied more, does not: {other[0]}')
                    break

    def records(self, host: hosts.Host) -> dict[tuple, tuple[int, str]]:
        """What a store has, by what it is."""
        self.run.programs.done('check', '--store', host.store)
        dump = self.run.place / f'{host.name}.jsonl'
        self.run.programs.done('dump', '--store', host.store, '--to', dump)
        found: dict[tuple, tuple[int, str]] = {}
        for line in dump.read_text().splitlines()[1:]:
            shown: dict[str, Any] = json.loads(line)
            # The others are no records, such as the number of the last order.
            if 'version' in shown:
                found[shown['account'], shown['resource'], shown['id']] = shown['version'], line
        return found

    # MARK: Damage

    def damaged(self, count: int) -> None:
        """Files of some servers are damaged while these run, or stand still, or are exchanged for older ones."""
        way = self.run.random.choice(['running', 'stopped', 'older', 'gone'])
        with self.cluster() as cluster:
            servers, chosen = cluster.engine, self.run.random.sample(range(engine.SERVERS), count)
            copies = self.run.place / 'copies'
            load = self.load(cluster)
            done: list[str] = []
            with load:
                time.sleep(series.LOAD_SECONDS)
                if way == 'older':
                    self.exchange(servers, chosen, lambda store: shutil.copytree(store, copies / store.name))
                    time.sleep(series.LOAD_SECONDS)
                if way == 'running':
                    for server in chosen:
                        done += self.spoil(servers.store(server))
                    time.sleep(series.LOAD_SECONDS)
                self.exchange(servers, chosen, lambda store: done.extend(self.change(way, store, copies)))
                time.sleep(series.LOAD_SECONDS)
                what = f"{count} of the servers {way}: {', '.join(done)}"
                self.answers(cluster, what)
            self.judge(cluster, load, what)

    def change(self, way: str, store: pathlib.Path, copies: pathlib.Path) -> list[str]:
        """What is done to the files of a server that does not run; says what."""
        if way == 'stopped':
            return self.spoil(store)
        if way in ('older', 'gone'):
            shutil.rmtree(store)
        if way == 'older':
            shutil.copytree(copies / store.name, store)
        return [f'{store.name} {way}'] if way != 'running' else []

    def spoil(self, store: pathlib.Path) -> list[str]:
        """Damages some files; says which."""
        chance, done = self.run.random, []
        for _ in range(chance.randint(1, DAMAGED_FILES)):
            files = [path for path in sorted(store.rglob('*')) if path.is_file() and path.stat().st_size]
            file = chance.choice(files)
            size = file.stat().st_size
            ways = [damage.flip(chance, size) for _ in range(4)] + damage.common(chance, size)
            one = chance.choice(ways)
            changed = one.change(file.read_bytes())
            if changed is None:
                file.unlink()
            else:
                # In place, as a disk would.
                with open(file, 'r+b') as opened:
                    opened.truncate(len(changed))
                    opened.write(changed)
            done.append(f'{file.relative_to(store)} {one.name}')
        return done

    # MARK: A log that is not what it was

    def lose(self, way: str, words: str, stopped: Sequence[int] = (0, 1, 2)) -> None:
        """The log loses something: these hosts stop, with these words, and the others go on."""
        with self.cluster() as cluster:
            load = self.load(cluster)
            with load:
                time.sleep(series.LOAD_SECONDS)
                if self.run.plant is None:
                    getattr(self, way)(cluster)
                seconds = PLANTED_SECONDS if self.run.plant else TOLD_SECONDS
                for number in stopped:
                    self.stops(cluster.hosts[number], words, way, seconds)
            self.judge(cluster, load, way)

    def stops(self, host: hosts.Host, words: str, what: str, seconds: float) -> None:
        """A host stops, says why in its log and to whoever asks, answers reads and refuses writes."""
        until = time.monotonic() + seconds
        while 'stopped' not in host.stat():
            if time.monotonic() > until:
                self.run.wrong(f'{what}: host {host.name} does not stop within {seconds} s')
                return
            time.sleep(0.1)
        why = host.stat()['stopped']
        self.run.expect(re.search(words, why) is not None, f'{what}: host {host.name} stops and says {why}')
        self.run.expect(host.why_not_ready() == why, f'{what}: host {host.name} is ready: {host.why_not_ready()!r}')
        self.run.expect(host.says('replica_stopped', 0), f'{what}: the log of host {host.name} does not say so')
        asking = client.Client(host.socket, host.key)
        answer = asking.patch('/v1/orders/1', {'internalId': 'stopped'})
        self.run.expect(
            answer.status == 503, f'{what}: host {host.name} has stopped and answers a write with {answer.status}')

    def deleted(self, cluster: hosts.Cluster) -> None:
        """It is gone."""
        cluster.engine.ask(f'$JS.API.STREAM.DELETE.{hosts.LOG}')

    def made_anew(self, cluster: hosts.Cluster) -> None:
        """It is another one under the same name."""
        self.deleted(cluster)
        other = self.run.place / 'other'
        self.run.programs.sample(other, orders=series.FIRST_ORDERS, seed=self.run.seed + 1)
        self.run.programs.done('cluster', 'init', '--log', cluster.engine.url(hosts.LOG), '--from', other)

    def set_back(self, cluster: hosts.Cluster) -> None:
        """All servers go back to what they had."""
        everything, copies = range(engine.SERVERS), self.run.place / 'copies'
        self.exchange(
            cluster.engine, everything, lambda store: shutil.copytree(store, copies / store.name))
        cluster.await_service('a copy')
        time.sleep(series.LOAD_SECONDS)
        self.exchange(cluster.engine, everything, lambda store: self.change('older', store, copies))

    def emptied(self, cluster: hosts.Cluster) -> None:
        """It lacks messages that one host lacks too."""
        away = cluster.hosts[-1]
        away.kill()
        cluster.await_service('one is away', cluster.hosts[:-1])
        time.sleep(series.LOAD_SECONDS)
        answer = cluster.engine.ask(f'$JS.API.STREAM.PURGE.{hosts.LOG}')
        self.run.expect(bool(answer and answer.get('success')), f'the log is not emptied: {answer}')
        away.start()

    def losses(self) -> None:
        """Each kind."""
        self.lose('deleted', 'there is no log')
        self.lose('made_anew', 'the log is |the log .* is now ')
        self.lose('set_back', 'the log ends with message|of the log is not the one')
        self.lose('emptied', 'the log begins with message', [2])

    def perform(self) -> None:
        """All of it."""
        if self.run.plant is not None:
            self.lose('deleted', 'there is no log', [0])
            return
        for count, name in ((1, 'one'), (2, 'two')):
            for _ in range(self.run.number(name)):
                self.damaged(count)
        for _ in range(self.run.number('losses')):
            self.losses()


def torture(run: report.Run) -> None:
    """Has engines lose things, and looks what hosts make of that."""
    work = Torture(run)
    work.perform()
    outcomes = ', '.join(f'{name} {count} times' for name, count in sorted(work.outcomes.items()))
    run.summary = (
        f"files damaged on one server {run.number('one')} times, on two {run.number('two')}, the log deleted, made "
        f"anew, set back and emptied {run.number('losses')} times: {work.figures.acknowledged} acknowledged writes; "
        f'{outcomes}; {work.told} times a host that goes on lacked some, which was told, 0 times in silence; no host '
        f'serves what another one that goes on does not')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
