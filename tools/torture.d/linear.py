"""clients of three hosts, through failovers and kills: are all writes, and reads with Relay-Min-Seq: now, linearizable?"""
import contextlib
import math
import random
import time

import client
import engine
import hosts
import recording
import relay
import report
from linearizability import Operation
from shim import FOREVER, Shim

NUMBERS = [
    report.Number('operations', 2_000, 110_000, 'recorded operations'),
    report.Number('clients', 8, 12, 'clients at once'),
    report.Number('records', 6, 8, 'records that live at once'),
    report.Number('leaders', 1, 20, "how often the leader of the engine's servers is killed meanwhile"),
    report.Number('pauses', 0, 10, 'how often it stands still for some seconds'),
    report.Number('replicas', 2, 40, 'how often a relayd is killed'),
]
PLANTS = {'stale-read': 'some reads of a host with a slow disk are sent without the field, and noted as if they had it'}
FINDINGS = {'stale-read': 'an older version after|absent'}
ORDERS = 1
# Of the reads: those without the field, which may be of an older state. And how many are planted.
GLANCES, STALE = 0.25, 0.1
# What a disk takes for a sync that is slow, in milliseconds.
SLOW_MILLISECONDS = 50
LONGEST_PAUSE = 4
REST_SECONDS = 0.02
# Answers that say that nothing was done, or nobody knows.
NOT_DONE, UNKNOWN = ('unavailable', 'in-progress'), 'outcome-unknown'


class Client(recording.Client):
    """One client: each operation goes to a host of chance."""

    def __init__(self, world: 'World', number: int) -> None:
        super().__init__(world, number)
        self.world: World = world
        # A client of each host, and which start of it that client has a connection to.
        self.clients: dict[str, tuple[float, client.Client]] = {}

    def choose(self) -> hosts.Host:
        """A host, and the connection to it."""
        host = self.random.choice(self.world.cluster.hosts)
        disturbed, asking = self.clients.get(host.name, (None, None))
        if asking is None or disturbed != host.disturbed:
            self.clients[host.name] = host.disturbed, client.Client(host.socket, host.key)
        self.client = self.clients[host.name][1]
        return host

    def abandon(self, record: int) -> None:
        """On some host. It may happen until that is another process, which has written."""
        host = self.choose()
        before = len(self.world.operations)
        super().abandon(record)
        for operation in self.world.operations[before:]:
            if operation.outcome == 'unanswered' and operation.text == f'{self.number}.{self.texts}':
                operation.host = host.name

    def ask(
        self, operation: Operation, method: str, path: str, body: dict | None,
        headers: dict[str, str], stale: bool = False, since: int = 0,
    ) -> client.Answer | None:
        """Sends it to some host; None when it came to nothing that is known (and is recorded, if a write)."""
        host = self.choose()
        fields, is_planted = dict(headers), False
        if operation.kind == 'read' and self.random.random() < GLANCES:
            operation.kind = 'glance'
        elif operation.kind in ('read', 'list'):
            is_planted = self.world.slow is host and self.random.random() < STALE
            fields.update({} if is_planted else {'Relay-Min-Seq': 'now'})
        operation.host = host.name
        operation.begun = since or time.monotonic_ns()
        try:
            answer = self.client.request(method, path, body, fields)
        except client.Unanswered as reason:
            self.note(operation, reason.refused)
            time.sleep(REST_SECONDS)
            return None
        operation.ended = time.monotonic_ns()
        problem = hosts.message(answer) if answer.status >= 400 else ''
        if problem in NOT_DONE or problem == UNKNOWN or answer.status == 409:
            self.world.count(problem)
            self.note(operation, problem != UNKNOWN)
            time.sleep(REST_SECONDS)
            return None
        # A glance, or a host that lags, may not know of the record yet.
        if answer.status == 404 and operation.kind == 'glance':
            return None
        return answer

    def note(self, operation: Operation, is_refused: bool) -> None:
        """Notes a write that may happen."""
        if operation.kind in ('patch', 'delete') and not is_refused:
            operation.outcome = 'unanswered'
            self.world.note(operation)


class World(recording.World):
    """What the clients share."""

    def __init__(self, run: report.Run, cluster: hosts.Cluster) -> None:
        host = cluster.hosts[0]
        customer = host.asking.get('/v1/customers').json()['customers'][0]['id']
        super().__init__(run, host, cluster.key, customer, goal=run.number('operations'))
        self.cluster = cluster
        # When each host had written, as another process: what an earlier one had sent cannot happen any more.
        self.renewals: dict[str, list[int]] = {host.name: [] for host in cluster.hosts}
        self.slow: hosts.Host | None = None
        self.problems: dict[str, int] = {}

    def count(self, problem: str) -> None:
        """Counts an answer that says that nothing was done, or may have been."""
        with self.lock:
            self.problems[problem] = self.problems.get(problem, 0) + 1


class Torture:
    """The faults."""

    def __init__(self, run: report.Run, cluster: hosts.Cluster) -> None:
        self.run = run
        self.cluster = cluster
        self.engine = cluster.engine
        self.world = World(run, cluster)
        self.random = random.Random(f'{run.seed} faults')

    def leaders(self) -> None:
        """The server that decides is gone, and comes back."""
        leader = self.engine.led(hosts.LOG)
        self.engine.kill(leader)
        time.sleep(self.random.uniform(0, 2))
        self.engine.start(leader)

    def pauses(self) -> None:
        """It stands still, and then believes for a while that it still decides."""
        leader = self.engine.led(hosts.LOG)
        self.engine.pause(leader)
        time.sleep(self.random.uniform(0.5, LONGEST_PAUSE))
        self.engine.resume(leader)

    def replicas(self) -> None:
        """One host is gone, and comes back with the store that it left."""
        host = self.random.choice(self.cluster.hosts)
        code = host.kill()
        self.run.expect(code == -9, f'host {host.name} ended by itself with {code}: {host.log()[-600:]}')
        host.start()
        self.cluster.await_service('a kill', [host])
        self.world.renewals[host.name].append(time.monotonic_ns())

    def hurt(self) -> None:
        """Does all of it, each fault when so many operations were recorded."""
        faults = [
            fault for fault in (self.leaders, self.pauses, self.replicas)
            for _ in range(self.run.number(fault.__name__))]
        self.random.shuffle(faults)
        for number, fault in enumerate(faults, 1):
            goal = self.world.goal * number // (len(faults) + 1)
            while len(self.world.operations) < goal and not self.world.is_over:
                time.sleep(0.005)
            fault()
            if number % 10 == 0:
                self.run.step(f'{number} faults, {len(self.world.operations)} operations')

    def slow_down(self) -> None:
        """Has a host lag, whose reads are planted."""
        host = self.cluster.hosts[-1]
        host.stop()
        shim = Shim(self.run.place, host.store)
        shim.fail('sync', 'slow', 1, FOREVER, milliseconds=SLOW_MILLISECONDS)
        host.environment.update(shim.environment)
        host.start()
        self.world.slow = host

    def perform(self) -> None:
        """Records a history through all of it, and judges it."""
        first = Client(self.world, 0)
        for _ in range(self.run.number('records')):
            first.create()
        if self.run.plant is not None:
            self.slow_down()
        threads = [Client(self.world, number) for number in range(1, self.run.number('clients') + 1)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        if self.run.plant is None:
            self.hurt()
        while not self.world.is_over:
            time.sleep(0.01)
        took = time.monotonic() - begun
        for thread in threads:
            thread.join(2 * client.REQUEST_SECONDS)
        self.run.expect(not any(thread.is_alive() for thread in threads), 'a client hangs')
        self.cluster.settle('at the end')
        self.look_once_more()
        self.bound()
        self.run.expect(len(self.world.epochs) == 1, f'the epoch changed: {self.world.epochs}')
        said = recording.judge(self.world)
        lines = self.cluster.compare()
        problems = ', '.join(f'{count} {name}' for name, count in sorted(self.world.problems.items()))
        self.run.summary = (
            f"{said} over three hosts in {took:.0f} s, leader killed {self.run.number('leaders')} times and paused "
            f"{self.run.number('pauses')}, relayd killed {self.run.number('replicas')} ({problems or 'none refused'}): "
            f'0 violations; three equal dumps of {lines} lines; service again after {self.cluster.slowest:.1f} s')

    def look_once_more(self) -> None:
        """Reads every record on each host."""
        self.world.living.clear()
        created = {
            operation.record for operation in self.world.operations if operation.kind == 'create'}
        last = Client(self.world, 0)
        everywhere = self.cluster.hosts
        for host in everywhere:
            self.cluster.hosts = [host]
            for record in sorted(created):
                last.read(record)
        self.cluster.hosts = everywhere

    def bound(self) -> None:
        """Gives writes without an answer their end: when their host was another process, and had written."""
        for operation in self.world.operations:
            if operation.outcome == 'unanswered':
                operation.ended = min(
                    (moment for moment in self.world.renewals.get(operation.host, [])
                     if moment > operation.begun), default=math.inf)


def torture(run: report.Run) -> None:
    """Makes a cluster, records a history on it, and judges that."""
    with engine.Engine(run.place / 'engine') as servers, contextlib.ExitStack() as ends:
        ends.callback(relay.end_all)
        Torture(run, hosts.begin(run, servers, ORDERS)).perform()


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
