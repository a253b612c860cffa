"""hosts that share a log, and its engine, killed under writers with files: none lost, none twice, equal stores"""
import pathlib
import shutil
import threading
import time
from typing import Callable

import books
import client
import engine
import hosts
import relay
import report

NUMBERS = [
    report.Number('leaders', 1, 50, "how often the leader of the engine's servers is killed"),
    report.Number('replicas', 1, 50, 'how often a relayd is killed'),
    report.Number('pauses', 1, 10, 'how often a leader stands still for some seconds, and a relayd as well'),
    report.Number('engines', 1, 5, 'how often all servers of the engine are killed'),
    report.Number('everything', 1, 10, 'how often all of it is killed'),
    report.Number('writers', 16, 16, 'threads that write'),
    report.Number('milliseconds', 500, 2000, 'longest time between two faults'),
]
PLANTS = {
    'twice': 'requests are repeated under another Idempotency-Key',
    'lost': 'engine and hosts go back to older copies together',
    'older': 'at the end the store of one host is an older copy',
    'recreated': 'the log is deleted and made anew from another store',
    'purged': 'the log is emptied while one host is away',
    'rolled-back': "the engine's servers go back to older copies",
}
FINDINGS = {
    'twice': 'there [0-9]+ times|made twice',
    'lost': 'acknowledged and is not there|were acknowledged',
    'older': 'the dumps differ',
    'recreated': 'has stopped: the log is ',
    'purged': 'has stopped: the log begins with message',
    'rolled-back': 'has stopped: the log ends with message',
}
FIRST_ORDERS = 20
# All is read back and compared behind so many faults.
LOOK_EVERY = 20
LONGEST_PAUSE = 4
# In which a host without engine refuses a write; when it knows that there is none, at once.
REFUSED_SECONDS, KNOWN_SECONDS = 12, 2
LOAD_SECONDS = 1.5


class Torture:
    """One run: the cluster and what is done to it."""

    def __init__(self, run: report.Run, cluster: hosts.Cluster) -> None:
        self.run = run
        self.cluster = cluster
        self.engine = cluster.engine
        self.figures = books.Figures()
        self.rounds = 0
        self.longest = 0.0

    # MARK: Load and look

    def load(self) -> books.Load:
        """Writers and readers with books of their own."""
        self.rounds += 1
        return books.Load(
            self.cluster, self.run.number('writers'), f'w{self.rounds}', self.figures)

    def look(self, load: books.Load, what: str) -> None:
        """After a load: everything is as it was told, on each host the same."""
        load.say()
        self.cluster.settle(what)
        host = self.run.random.choice(self.cluster.hosts)
        for line in load.wrong(host):
            self.run.wrong(f'{what}, host {host.name}: {line}')

    def rest(self) -> None:
        """Some time without a fault."""
        time.sleep(self.run.random.uniform(0.1, self.run.number('milliseconds') / 1000))

    # MARK: Faults

    def kill_leader(self) -> None:
        """The server that decides is gone, and comes back."""
        leader = self.engine.led(hosts.LOG)
        self.engine.kill(leader)
        time.sleep(self.run.random.uniform(0, 2))
        self.engine.start(leader)

    def kill_replica(self) -> None:
        """One host is gone, and comes back with the store that it left."""
        host = self.run.random.choice(self.cluster.hosts)
        code = host.kill()
        self.run.expect(code == -9, f'host {host.name} ended by itself with {code}: {host.log()[-600:]}')
        time.sleep(self.run.random.uniform(0, 1))
        host.start()

    def pause_leader(self) -> None:
        """The server that decides stands still, and then believes for a while that it still decides."""
        leader = self.engine.led(hosts.LOG)
        self.engine.pause(leader)
        time.sleep(self.run.random.uniform(0.5, LONGEST_PAUSE))
        self.engine.resume(leader)

    def pause_replica(self) -> None:
        """One host stands still."""
        host = self.run.random.choice(self.cluster.hosts)
        host.pause()
        time.sleep(self.run.random.uniform(0.5, LONGEST_PAUSE))
        host.resume()

    def kill_engine(self) -> None:
        """No server is there: reads are answered, writes refused."""
        self.engine.kill_all()
        threads = [
            threading.Thread(target=self.refused, args=(host,), daemon=True)
            for host in self.cluster.hosts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.engine.start_all()

    def refused(self, host: hosts.Host) -> None:
        """Without engine a host refuses a write in time, the next one at once, and answers a read."""
        for seconds in (REFUSED_SECONDS, KNOWN_SECONDS):
            begun = time.monotonic()
            try:
                answer = client.Client(host.socket, host.key).patch('/v1/orders/1', {'internalId': 'refused'})
                said = f'{answer.status} {hosts.message(answer)}'
            except client.Unanswered as reason:
                said = str(reason)
            took = time.monotonic() - begun
            self.longest = max(self.longest, took)
            self.note(said.startswith('503'), f'host {host.name} without engine answers a write with {said}')
            self.note(
                took <= seconds, f'host {host.name} without engine answers a write with {said} after {took:.1f} s')
        answer = client.Client(host.socket, host.key).get('/v1/orders/1')
        self.note(answer.status == 200, f'host {host.name} without engine answers a read with {answer.status}')

    def note(self, holds: bool, text: str) -> None:
        """What is said from a thread."""
        if not holds:
            try:
                self.run.wrong(text)
            except report.Stop:
                pass

    def kill_everything(self) -> None:
        """All servers and all hosts at once, as a power cut in the whole room."""
        kills: list[Callable[[], object]] = [
            self.engine.kill_all, *(host.kill for host in self.cluster.hosts)]
        self.run.random.shuffle(kills)
        for kill in kills:
            kill()
        starts: list[Callable[[], object]] = [
            self.engine.start_all, *(host.start for host in self.cluster.hosts)]
        self.run.random.shuffle(starts)
        for start in starts:
            start()

    def faults(self) -> list[Callable[[], None]]:
        """All that is to be done, in an order of chance."""
        number = self.run.number
        faults = (
            number('leaders') * [self.kill_leader] + number('replicas') * [self.kill_replica]
            + number('pauses') * [self.pause_leader, self.pause_replica]
            + number('engines') * [self.kill_engine] + number('everything') * [self.kill_everything])
        self.run.random.shuffle(faults)
        return faults

    def perform(self) -> None:
        """Does all of it under load, and looks in between."""
        faults, done = self.faults(), 0
        while done < len(faults):
            part = faults[done:done + LOOK_EVERY]
            load = self.load()
            with load:
                for fault in part:
                    self.rest()
                    fault()
                    self.cluster.await_service(fault.__name__.replace('_', ' '))
                    load.say()
            done += len(part)
            self.look(load, f'after {done} faults')
            self.run.step(
                f'{done} faults, {self.figures.acknowledged} acknowledged writes, {self.figures.refused} '
                f'refused, {self.figures.unknown + self.figures.unanswered} without an end, '
                f'{len(self.run.faults)} wrong')

    # MARK: What must be noticed

    def copy(self, name: str, folders: list[pathlib.Path]) -> pathlib.Path:
        """A copy of what does not run."""
        place = self.run.place / name
        for folder in folders:
            shutil.copytree(folder, place / folder.name, ignore=hosts.no_sockets)
        return place

    def put_back(self, place: pathlib.Path, folders: list[pathlib.Path]) -> None:
        """Puts a copy in place of what does not run."""
        for folder in folders:
            shutil.rmtree(folder)
            shutil.copytree(place / folder.name, folder)

    def stop_all(self) -> None:
        """Ends hosts and servers, with nothing under way."""
        for host in self.cluster.hosts:
            host.stop()
        self.engine.kill_all()

    def start_all(self) -> None:
        """Starts them."""
        self.engine.start_all()
        self.engine.led(hosts.LOG)
        for host in self.cluster.hosts:
            host.start()

    def go_back(self, folders: list[pathlib.Path]) -> None:
        """Has some of what there is go back to what it was before a load, and looks whether that is noticed."""
        self.stop_all()
        copy = self.copy('before', folders)
        self.start_all()
        with self.load() as load:
            time.sleep(LOAD_SECONDS)
        self.stop_all()
        self.put_back(copy, folders)
        self.start_all()
        self.cluster.await_service('going back')
        self.look(load, 'after going back')

    def servers(self) -> list[pathlib.Path]:
        """Where the engine keeps what it has."""
        return [self.engine.store(server) for server in range(engine.SERVERS)]

    def stores(self) -> list[pathlib.Path]:
        """Where the hosts keep it."""
        return [host.store for host in self.cluster.hosts]

    def recreate(self) -> None:
        """The log is another one under the same name."""
        for host in self.cluster.hosts:
            host.stop()
        self.engine.ask(f'$JS.API.STREAM.DELETE.{hosts.LOG}')
        other = self.run.place / 'other'
        self.run.programs.sample(other, orders=FIRST_ORDERS, seed=self.run.seed + 1)
        self.run.programs.done('cluster', 'init', '--log', self.engine.url(hosts.LOG), '--from', other)
        for host in self.cluster.hosts:
            host.start()

    def purge(self) -> hosts.Host:
        """Messages are gone that one host lacks."""
        away = self.cluster.hosts[-1]
        away.stop()
        for host in self.cluster.hosts[:-1]:
            for number in range(3):
                host.asking.patch('/v1/orders/1', {'internalId': f'purged {host.name} {number}'})
        self.cluster.hosts.remove(away)
        self.cluster.settle('before the log is emptied')
        self.cluster.hosts.append(away)
        answer = self.engine.ask(f'$JS.API.STREAM.PURGE.{hosts.LOG}')
        self.run.expect(bool(answer and answer.get('success')), f'the log is not emptied: {answer}')
        away.start()
        return away

    def plant(self) -> None:
        """What was asked for."""
        if self.run.plant == 'lost':
            self.go_back(self.servers() + self.stores())
        elif self.run.plant == 'rolled-back':
            self.go_back(self.servers())
        elif self.run.plant == 'recreated':
            self.recreate()
            self.cluster.await_service('another log')
        elif self.run.plant == 'purged':
            self.purge()
            self.cluster.await_service('an emptied log')
        else:
            with self.load() as load:
                time.sleep(LOAD_SECONDS)
            self.look(load, 'after a load')
            host = self.cluster.hosts[0]
            host.kill()
            copy = self.copy('before', [host.store])
            host.start()
            self.cluster.await_service('a copy')
            self.cluster.settle('after a copy')
            self.cluster.compare(lambda: self.put_back(copy, [host.store]))


def torture(run: report.Run) -> None:
    """Makes a cluster, hurts it, and compares what is left."""
    with engine.Engine(run.place / 'engine') as servers:
        try:
            cluster = hosts.begin(run, servers, FIRST_ORDERS)
            hurt(run, Torture(run, cluster))
        finally:
            relay.end_all()


def hurt(run: report.Run, work: Torture) -> None:
    """Everything between the start and the end."""
    if run.plant is not None:
        work.plant()
        return
    work.perform()
    lines = work.cluster.compare()
    figures = work.figures
    run.expect(figures.acknowledged > 0, 'no write was acknowledged')
    run.summary = (
        f"leader killed {run.number('leaders')} times, relayd {run.number('replicas')}, all servers "
        f"{run.number('engines')}, everything {run.number('everything')}: {figures.acknowledged} "
        f'acknowledged writes, 0 lost, 0 twice, {figures.unknown + figures.unanswered} without an end, '
        f'{figures.replayed} answered again, {figures.refused} refused; three equal dumps of {lines} lines; '
        f'{figures.reads} reads, p99 {1000 * figures.p99():.0f} ms; without engine a write is refused after '
        f'{work.longest:.1f} s; service again after {work.cluster.slowest:.1f} s')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
