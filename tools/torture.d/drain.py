"""SIGTERM restarts under load: no request fails for clients that retry what was not processed"""
import collections
import contextlib
import dataclasses
import json
import random
import shutil
import threading
import time

import client
import relay
import report

NUMBERS = [
    report.Number('restarts', 8, 100, 'restarts by SIGTERM'),
    report.Number('clients', 6, 8, 'clients at once, the last of them a slow reader'),
    report.Number('depth', 8, 16, 'requests that a client has under way at once'),
    report.Number('milliseconds', 150, 400, 'longest time between two restarts'),
]
PLANTS = {
    'kill': 'relayd is killed instead of told to end',
    'lost-write': 'after one restart the store is that of the restart before',
}
# What has to be said of them.
FINDINGS = {
    'kill': 'the connection|nothing received', 'lost-write': 'is there 0 times|are there|after',
}
ORDERS = 300
# The answer is longer than what a socket takes at once.
LONG_LIST = f'/v1/orders?limit={ORDERS}&offset=0'
LONG_TEXT = 'Der Monteur kommt am Montag. ' * 60
SLOW_SECONDS = 0.02


@dataclasses.dataclass
class Work:
    """A request, with what is known of it."""

    method: str
    path: str
    body: bytes | None = None
    # Of a write: the text that it stores.
    text: str = ''
    sent: int = 0


@dataclasses.dataclass
class World:
    """What the clients share."""

    run: report.Run
    server: relay.Relayd
    key: str
    over: threading.Event = dataclasses.field(default_factory=threading.Event)
    answered: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    again: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    # Texts of orders that were made, and the last text of each order that was changed.
    made: list[str] = dataclasses.field(default_factory=list)
    changed: dict[int, str] = dataclasses.field(default_factory=dict)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


class Drainer(threading.Thread):
    """A client with several requests under way, which sends again only what was not processed."""

    def __init__(self, world: World, number: int, is_slow: bool) -> None:
        super().__init__(daemon=True)
        self.world = world
        self.number = number
        self.is_slow = is_slow
        self.random = random.Random(f'{world.run.seed} {number}')
        self.connection: client.Connection | None = None
        self.under_way: collections.deque[tuple[int, Work]] = collections.deque()
        self.to_send: collections.deque[Work] = collections.deque()
        self.texts = 0

    def run(self) -> None:
        """Sends and receives until the torture is over and all is answered."""
        try:
            while not self.world.over.is_set() or self.has_more():
                self.send()
                self.receive()
        except Exception as error:  # noqa: BLE001  (said by the torture)
            with contextlib.suppress(report.Stop):
                self.world.run.expect(
                    isinstance(error, report.Stop), f'client {self.number}: {error!r}')

    def has_more(self) -> bool:
        """Whether answers are missing, and worth waiting for."""
        return not self.world.run.faults and bool(self.under_way or self.to_send)

    def next_work(self) -> Work:
        """What is asked next: reads short and long, changes, new orders, long bodies."""
        chance = self.random.random()
        if self.is_slow or chance < 0.05:
            return Work('GET', LONG_LIST)
        if chance < 0.5:
            return Work('GET', f'/v1/orders/{self.random.randint(1, ORDERS)}')
        self.texts += 1
        text = f'{self.number}.{self.texts}'
        if chance < 0.75:
            # An order of its own, and one change of it at a time: the last one has to be seen.
            body = {'internalId': text}
            return Work('PATCH', f'/v1/orders/{self.number}', json.dumps(body).encode(), text)
        if chance < 0.96:
            body = {'title': 'made while draining', 'internalId': text}
            return Work('POST', '/v1/orders', json.dumps(body).encode(), text)
        body = {'text': LONG_TEXT, 'authorName': text}
        return Work(
            'POST', f'/v1/orders/{self.random.randint(100, ORDERS)}/comments',
            json.dumps(body).encode())

    def send(self) -> None:
        """Sends until as many requests are under way as may be."""
        while len(self.under_way) < self.world.run.number('depth'):
            if self.connection is None or not self.connection.is_usable():
                if self.under_way:
                    return
                self.connect()
            if not self.to_send:
                if self.world.over.is_set():
                    return
                work = self.next_work()
                if work.method == 'PATCH' and any(
                        other.method == 'PATCH' for _, other in self.under_way):
                    continue
                self.to_send.append(work)
            self.send_one(self.to_send.popleft())

    def send_one(self, work: Work) -> None:
        """Sends one request."""
        fields = [(':method', work.method), (':scheme', 'http'), (':authority', 'localhost'),
                  (':path', work.path), ('authorization', f'Bearer {self.world.key}')]
        if work.body is not None:
            fields.append(('content-type', 'application/json'))
        work.sent += 1
        try:
            self.under_way.append((self.connection.begin(fields, work.body), work))
        except client.Unanswered as reason:
            self.settle(work, None, reason)
            self.connection = None

    def connect(self) -> None:
        """Connects, as soon as somebody listens."""
        until = time.monotonic() + relay.START_SECONDS
        while True:
            try:
                self.connection = client.Connection(str(self.world.server.socket))
                return
            except client.Unanswered:
                self.world.again['no connection'] += 1
                if time.monotonic() > until:
                    raise
                time.sleep(0.002)

    def receive(self) -> None:
        """Waits for the answer to the oldest request."""
        if not self.under_way:
            return
        number, work = self.under_way.popleft()
        if self.is_slow:
            time.sleep(self.random.uniform(0, SLOW_SECONDS))
        try:
            answer = self.connection.end(number, time.monotonic() + client.REQUEST_SECONDS)
        except client.Unanswered as reason:
            self.settle(work, None, reason)
        else:
            self.settle(work, answer, None)

    def settle(
        self, work: Work, answer: client.Answer | None, reason: client.Unanswered | None,
    ) -> None:
        """Takes an answer, sends again what was not processed, and says what failed."""
        world = self.world
        with world.lock:
            if reason is not None and reason.refused:
                world.again[str(reason).partition(':')[0]] += 1
                self.to_send.append(work)
            elif answer is None or answer.status not in (200, 201):
                told = reason if answer is None else f'{answer.status} {answer.body[:200]!r}'
                world.run.wrong(f'{work.method} {work.path} (sent {work.sent} times): {told}')
            else:
                world.answered[f'{work.method} {answer.status}'] += 1
                if work.path == '/v1/orders' and work.text:
                    world.made.append(work.text)
                elif work.method == 'PATCH':
                    world.changed[self.number] = work.text


def torture(run: report.Run) -> None:
    """Restarts relayd again and again, and counts what failed."""
    store = run.place / 'store'
    run.programs.sample(store, ORDERS, seed=run.seed)
    key = run.programs.key(store)
    world = World(run, relay.Relayd(run.programs, store), key)
    count = run.number('clients')
    drainers = [Drainer(world, number, number == count) for number in range(1, count + 1)]
    for drainer in drainers:
        drainer.start()
    try:
        slowest = restart_often(world)
    finally:
        world.over.set()
    for drainer in drainers:
        drainer.join(2 * client.REQUEST_SECONDS)
    run.expect(not any(drainer.is_alive() for drainer in drainers), 'a client hangs')
    check_writes(world)
    code = world.server.stop()
    run.expect(code == 0, f'relayd ended with {code}')
    run.step(', '.join(f'{n} {what}' for what, n in sorted(world.answered.items())))
    run.step('sent again: ' + ', '.join(f'{n} {what}' for what, n in sorted(world.again.items())))
    run.summary = (
        f"{world.answered.total()} requests over {run.number('restarts')} restarts, 0 failed, "
        f'slowest restart {slowest * 1000:.0f} ms')


def restart_often(world: World) -> float:
    """All restarts, at random moments; the longest took so many seconds."""
    run, server, slowest = world.run, world.server, 0.0
    copy = run.place / 'copy.mdb'
    for number in range(run.number('restarts')):
        time.sleep(run.random.uniform(0.02, run.number('milliseconds') / 1000))
        if run.faults:
            break
        started = time.monotonic()
        code = server.kill() if run.plant == 'kill' else server.stop()
        if run.plant is None:
            run.expect(code == 0, f'relayd ended with {code}: {server.log()[-500:]}')
        if run.plant == 'lost-write' and number == 4:
            shutil.copy(copy, server.store / 'data.mdb')
        shutil.copy(server.store / 'data.mdb', copy)
        server.start()
        slowest = max(slowest, time.monotonic() - started)
        if (number + 1) % 20 == 0:
            run.step(f'{number + 1} restarts, {world.answered.total()} requests')
    return slowest


def check_writes(world: World) -> None:
    """Every write that was answered is there, once."""
    shown = world.server.client(world.key).get('/v1/orders').json()
    found = collections.Counter(order.get('internalId') for order in shown)
    for text in world.made:
        world.run.expect(found[text] == 1, f'the order {text} is there {found[text]} times')
    made = [order for order in shown if order['title'] == 'made while draining']
    world.run.expect(
        len(made) == len(world.made), f'{len(world.made)} orders were made, {len(made)} are there')
    for order in shown:
        text = world.changed.get(order['id'])
        world.run.expect(
            text in (None, order.get('internalId')),
            f"order {order['id']} has {order.get('internalId')} after {text}")


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
