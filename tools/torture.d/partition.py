"""networks that part hosts from the engine of their log, and its servers: refused in time, none lost, none twice"""
import threading
import time
from typing import Callable

import books
import client
import engine
import hosts
import network
import relay
import report

NUMBERS = [
    report.Number('partitions', 2, 25, 'how often the network is parted'),
    report.Number('writers', 16, 16, 'threads that write'),
]
PLANTS = {'unhealed': 'one host does not get its network back'}
FINDINGS = {'unhealed': 'takes no write'}
SERVERS = ['s0', 's1', 's2']
FIRST_ORDERS = 20
# In which a host that is cut off refuses a write.
REFUSED_SECONDS = 12
# How long a partition lasts at least, and at most: longer than it takes to be noticed, and shorter.
SHORTEST, LONGEST = 1, 20
PLANTED_SECONDS = 20


class Torture:
    """The cluster, and its network."""

    def __init__(self, run: report.Run, net: network.Network, cluster: hosts.Cluster) -> None:
        self.run = run
        self.net = net
        self.cluster = cluster
        self.figures = books.Figures()
        self.slowest = 0.0
        self.rounds = 0

    # MARK: Partitions

    def leader(self) -> str:
        """The server that decides."""
        return SERVERS[self.cluster.engine.led(hosts.LOG)]

    def a_while(self) -> None:
        """As long as a partition lasts."""
        time.sleep(self.run.random.uniform(SHORTEST, LONGEST))

    def host_from_all(self) -> None:
        """One host is cut off: it answers reads, and refuses writes in time; the others go on."""
        away = self.run.random.choice(self.cluster.hosts)
        self.net.part([away.name], SERVERS)
        self.cut_off(away)

    def host_one_way(self) -> None:
        """What one host sends is lost, and it hears the others; they go on."""
        away = self.run.random.choice(self.cluster.hosts)
        for server in SERVERS:
            self.net.cut(away.name, server)
        self.cut_off(away)

    def cut_off(self, away: hosts.Host) -> None:
        """What a host does that is cut off, and what the others do."""
        asking = threading.Thread(target=self.refused, args=(away,), daemon=True)
        asking.start()
        others = [host for host in self.cluster.hosts if host is not away]
        self.cluster.await_service('a host is cut off', others)
        asking.join()

    def refused(self, host: hosts.Host) -> None:
        """It answers a read, refuses a write in time, and does so once more."""
        asking = client.Client(host.socket, host.key)
        for _ in range(2):
            answer = asking.get('/v1/orders/1')
            self.note(answer.status == 200, f'host {host.name}, cut off, answers a read with {answer.status}')
            begun = time.monotonic()
            try:
                answer = asking.patch('/v1/orders/1', {'internalId': 'cut off'})
                said = f'{answer.status} {hosts.message(answer)}'
            except client.Unanswered as reason:
                said = str(reason)
            took = time.monotonic() - begun
            self.slowest = max(self.slowest, took)
            self.note(said.startswith('503'), f'host {host.name}, cut off, answers a write with {said}')
            self.note(
                took <= REFUSED_SECONDS,
                f'host {host.name}, cut off, answers a write with {said} after {took:.1f} s')

    def note(self, holds: bool, text: str) -> None:
        """What is said from a thread."""
        if not holds:
            try:
                self.run.wrong(text)
            except report.Stop:
                pass

    def leader_from_peers(self) -> None:
        """The server that decides hears clients, and no server: another one decides."""
        leader = self.leader()
        self.net.part([leader], [server for server in SERVERS if server != leader])
        self.a_while()

    def leader_from_clients(self) -> None:
        """The server that decides hears servers, and no host: the hosts find another way to it."""
        self.net.part([self.leader()], hosts.NAMES)
        self.cluster.await_service('no host reaches the leader')

    def leader_one_way(self) -> None:
        """What the server that decides sends to the others is lost."""
        leader = self.leader()
        for server in SERVERS:
            if server != leader:
                self.net.cut(leader, server)
        self.a_while()

    def leader_from_all(self) -> None:
        """The server that decides is alone: the hosts go on with the others."""
        leader = self.leader()
        self.net.part([leader], [*(server for server in SERVERS if server != leader), *hosts.NAMES])
        self.cluster.await_service('the leader is alone')

    def partitions(self) -> list[Callable[[], None]]:
        """What is to be done, each kind about as often."""
        kinds = [
            self.host_from_all, self.leader_from_all, self.leader_from_peers, self.host_one_way,
            self.leader_from_clients, self.leader_one_way]
        return [kinds[number % len(kinds)] for number in range(self.run.number('partitions'))]

    # MARK: The whole

    def perform(self) -> None:
        """Parts the network under load, heals it, and looks."""
        for partition in self.partitions():
            what = partition.__name__.replace('_', ' ')
            self.rounds += 1
            load = books.Load(
                self.cluster, self.run.number('writers'), f'p{self.rounds}', self.figures)
            with load:
                time.sleep(0.5)
                begun = time.monotonic()
                partition()
                took = time.monotonic() - begun
                self.net.heal()
                self.cluster.await_service(f'healed: {what}')
            load.say()
            self.cluster.settle(f'after {what}')
            host = self.run.random.choice(self.cluster.hosts)
            for line in load.wrong(host):
                self.run.wrong(f'after {what}, host {host.name}: {line}')
            self.run.step(
                f'{what} for {took:.1f} s: {self.figures.acknowledged} acknowledged writes so far, '
                f'{len(self.run.faults)} wrong')

    def plant(self) -> None:
        """A host that stays cut off in one direction."""
        away = self.run.random.choice(self.cluster.hosts)
        self.net.part([away.name], SERVERS)
        self.net.heal([(server, away.name) for server in SERVERS])
        self.cluster.await_service('healed', seconds=PLANTED_SECONDS)


def torture(run: report.Run) -> None:
    """Makes a network and a cluster in it, parts and heals it, and compares what is left."""
    with network.Network([*SERVERS, *hosts.NAMES]) as net, engine.Engine(
            run.place / 'engine', [net.addresses[server] for server in SERVERS],
            [net.within(server) for server in SERVERS]) as servers:
        try:
            cluster = hosts.begin(
                run, servers, FIRST_ORDERS, within=[net.within(name) for name in hosts.NAMES])
            work = Torture(run, net, cluster)
            if run.plant is not None:
                work.plant()
                return
            work.perform()
            lines = cluster.compare()
        finally:
            relay.end_all()
    figures = work.figures
    run.expect(figures.acknowledged > 0, 'no write was acknowledged')
    run.summary = (
        f"{run.number('partitions')} partitions, {figures.acknowledged} acknowledged writes, 0 lost, 0 twice, "
        f'{figures.unknown + figures.unanswered} without an end, {figures.refused} refused; three equal dumps of '
        f'{lines} lines; {figures.reads} reads, p99 {1000 * figures.p99():.0f} ms; cut off, a write is refused '
        f'after {work.slowest:.1f} s; service again after {cluster.slowest:.1f} s')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
