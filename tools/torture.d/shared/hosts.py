"""Hosts that share a log: a relayd each, with a store of its own."""
import dataclasses
import hashlib
import json
import pathlib
import shutil
import signal
import subprocess
import time
from typing import Any, Callable, Mapping, Sequence

import client
import engine
import relay
import report

LOG = 'orders'
NAMES = ('a', 'b', 'c')
SETTLE_SECONDS = 60
SERVICE_SECONDS = 40


class Host(relay.Relayd):
    """One host. `within` is a command that runs another one where the host is."""

    def __init__(
        self, run: report.Run, name: str, url: str, key: str, within: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.key = key
        # When it was last killed, stopped, started or continued: what waits for it then may wait long.
        self.disturbed = 0.0
        self.asking = client.Client(run.place / f'{name}.sock', key)
        programs = run.programs
        if within:
            programs = relay.Programs(programs.directory)
            programs.directory = wrapped(run, name, within)
        super().__init__(
            programs, run.place / name, run.place / f'{name}.sock',
            options=['--log', url, '--host-name', name, '--loops', '1'], environment=environment)

    def stat(self) -> dict[str, Any]:
        """What it says of its log."""
        return client.Client(self.store / 'admin.sock', None).get('/admin/stat').json()['sharedLog']

    def why_not_ready(self) -> str:
        """Why it says that it is not ready; nothing when it is."""
        answer = client.Client(self.store / 'admin.sock', None).get('/readyz')
        return '' if answer.status == 200 else answer.json()['detail']

    def start(self, wait: bool = True) -> None:
        """Starts it (again)."""
        super().start(wait)
        self.disturbed = time.monotonic()

    def kill(self) -> int:
        """SIGKILL."""
        self.disturbed = float('inf')
        return super().kill()

    def pause(self) -> None:
        """Has it stand still."""
        self.disturbed = float('inf')
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Has it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.disturbed = time.monotonic()


def wrapped(run: report.Run, name: str, within: Sequence[str]) -> pathlib.Path:
    """A directory with a relayd that runs where a host is."""
    place = run.place / f'bin-{name}'
    place.mkdir(exist_ok=True)
    script = place / 'relayd'
    script.write_text(f'#!/bin/sh\nexec {" ".join(within)} {run.programs.directory}/relayd "$@"\n')
    script.chmod(0o755)
    return place


@dataclasses.dataclass
class Cluster:
    """The engine and the hosts."""

    run: report.Run
    engine: engine.Engine
    hosts: list[Host]
    key: str
    # How long it took at most until all hosts carried out a write again.
    slowest: float = 0

    # MARK: Service

    def await_service(
        self, what: str, hosts: Sequence[Host] | None = None, seconds: float = SERVICE_SECONDS,
    ) -> None:
        """Every host carries out a write, soon; else the torture ends here."""
        begun = time.monotonic()
        for host in hosts or self.hosts:
            said: str | None = ''
            while said is not None:
                if time.monotonic() > begun + seconds:
                    self.give_up(f'{what}: host {host.name} takes no write for {seconds} s: {said}')
                said = self.refusal(host, what)
        self.slowest = max(self.slowest, time.monotonic() - begun)

    def refusal(self, host: Host, what: str) -> str | None:
        """Has a host write; None when it did, else why it did not."""
        try:
            answer = host.asking.patch('/v1/orders/1', {'internalId': f'probe {what}'})
            if answer.status == 200:
                return None
            stopped = host.stat().get('stopped')
            if stopped:
                self.give_up(f'{what}: host {host.name} has stopped: {stopped}')
            said = answer.body.decode(errors='replace')
        except client.Unanswered as reason:
            said = str(reason)
        if not host.runs():
            self.give_up(
                f'{what}: host {host.name} has ended by itself with {host.kill()}: {host.log()[-2000:]}')
        time.sleep(0.05)
        return said

    def give_up(self, text: str) -> None:
        """Notes something wrong behind which nothing is to be learned."""
        self.run.wrong(text)
        raise report.Stop

    def settle(self, what: str) -> dict[str, Any]:
        """Waits until all hosts have applied all, and compares what they then say of it."""
        until = time.monotonic() + SETTLE_SECONDS
        told: list[dict[str, Any]] = []
        while time.monotonic() < until:
            told = [host.stat() for host in self.hosts]
            if len({(one['sequence'], one['last']) for one in told}) == 1 and all(
                    one['lag'] == 0 for one in told):
                break
            if any('stopped' in one for one in told):
                break
            time.sleep(0.1)
        for host, one in zip(self.hosts, told):
            self.run.expect('stopped' not in one, f"{what}: host {host.name} has stopped: {one.get('stopped')}")
            self.run.expect(not one['differing'], f"{what}: host {host.name} sees {one['differing']} differ")
        for name in ('identity', 'sequence', 'chain', 'documents'):
            values = [one[name] for one in told]
            self.run.expect(len(set(values)) == 1, f'{what}: {name} differs between the hosts: {values}')
        return told[0]

    def compare(self, before: Callable[[], None] = lambda: None) -> int:
        """Ends the hosts: their stores are sound and have the same dump; its lines. `before` is called when
        they have ended."""
        for host in self.hosts:
            code = host.stop()
            self.run.expect(code == 0, f'relayd of host {host.name} exits with {code} after SIGTERM')
        before()
        sums, lines = [], 0
        for host in self.hosts:
            check = self.run.programs.relayctl('check', '--store', host.store, timeout=600)
            self.run.expect(
                check.returncode == 0, f'relayctl check of host {host.name} exits with '
                f'{check.returncode}: {(check.stdout + check.stderr)[-400:]}')
            dump = self.run.place / f'{host.name}.jsonl'
            self.run.programs.done('dump', '--store', host.store, '--to', dump)
            records = dump.read_bytes().splitlines()
            # The first line says when and from where.
            sums.append(hashlib.sha256(b'\n'.join(records[1:])).hexdigest())
            lines = len(records)
        if not self.run.expect(len(set(sums)) == 1, f'the dumps differ: {sums}'):
            self.show_difference()
        return lines

    def show_difference(self) -> None:
        """Prints the first lines that differ."""
        paths = [self.run.place / f'{host.name}.jsonl' for host in self.hosts]
        for other in paths[1:]:
            found = subprocess.run(['diff', paths[0], other], capture_output=True, text=True, check=False)
            self.run.step(f'{paths[0].stem}, {other.stem}: {found.stdout[:600]}')


def begin(
    run: report.Run, made: engine.Engine, orders: int,
    urls: Sequence[str] | None = None, within: Sequence[Sequence[str]] | None = None,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> Cluster:
    """A log, and hosts whose stores begin it."""
    made.wait()
    first = run.place / NAMES[0]
    run.programs.sample(first, orders=orders, seed=run.seed)
    key = run.programs.key(first)
    run.programs.done('cluster', 'init', '--log', made.url(LOG), '--from', first)
    for name in NAMES[1:]:
        shutil.copytree(first, run.place / name, ignore=no_sockets)
    places = within or [()] * len(NAMES)
    hosts = [
        Host(
            run, name, urls[index] if urls else made.url(LOG), key, places[index],
            (environments or {}).get(name))
        for index, name in enumerate(NAMES)]
    cluster = Cluster(run, made, hosts, key)
    cluster.await_service('the start')
    return cluster


def no_sockets(_: str, names: list[str]) -> list[str]:
    """What copytree is to leave out."""
    return [name for name in names if name.endswith('.sock')]


def message(answer: client.Answer) -> str:
    """The name of a problem."""
    try:
        return answer.json().get('type', '').rpartition('/')[2]
    except json.JSONDecodeError:
        return ''
