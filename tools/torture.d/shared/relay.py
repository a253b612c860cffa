"""relayd and relayctl as processes."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
from typing import Any, Mapping, Sequence

from client import Client

START_SECONDS = 30


class Programs:
    """The directory of relayd and relayctl."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory.resolve()

    def relayctl(
        self, *arguments: object, environment: Mapping[str, str] | None = None,
        timeout: float = 120, **options: Any,
    ) -> subprocess.CompletedProcess:
        """Runs relayctl to its end; output is text unless options say otherwise."""
        options = {'text': True, 'errors': 'replace', **options}
        options.setdefault('stdout', subprocess.PIPE)
        options.setdefault('stderr', subprocess.PIPE)
        options.setdefault('stdin', subprocess.DEVNULL)
        return subprocess.run(
            [self.directory / 'relayctl', *map(str, arguments)],
            env={**os.environ, **(environment or {})}, timeout=timeout, **options)

    def done(self, *arguments: object) -> subprocess.CompletedProcess:
        """Runs relayctl, which has to succeed."""
        result = self.relayctl(*arguments)
        if result.returncode != 0:
            words = ' '.join(map(str, arguments))
            raise RuntimeError(f'relayctl {words} exits with {result.returncode}: {result.stderr}')
        return result

    def sample(self, store: pathlib.Path, orders: int, accounts: int = 1, seed: int = 1) -> None:
        """Makes a store of sample data."""
        self.done(
            'sample', '--store', store, '--orders', orders, '--accounts', accounts, '--seed', seed)

    def key(
        self, store: pathlib.Path, account: int = 1, admin: pathlib.Path | None = None
    ) -> str:
        """A new API key of an account; relayd may be running, with its admin socket at `admin` if not in the store."""
        asked = ['--admin-socket', admin] if admin else []
        made = self.done('keys', 'create', '--store', store, '--account', account, '--json', *asked)
        return json.loads(made.stdout)['key']


_running: list['Relayd'] = []


def end_all() -> None:
    """Kills every relayd that still runs, at the end of a torture."""
    for server in list(_running):
        server.kill()


class Relayd:
    """A relayd on a store. It is started at once and waited for, unless `wait` is False.

    Its log (standard error) grows in one file over all its starts. `environment` is added to the
    process's own, as for LD_PRELOAD.
    """

    def __init__(
        self, programs: Programs, store: pathlib.Path, unix: pathlib.Path | None = None,
        options: Sequence[str] = (), environment: Mapping[str, str] | None = None,
        wait: bool = True,
    ) -> None:
        self.programs = programs
        self.store = store
        self.socket = unix or store.parent / 'relay.sock'
        self.options = list(options)
        self.environment = dict(environment or {})
        self.log_path = self.socket.with_suffix('.log')
        self.process: subprocess.Popen | None = None
        self.start(wait)

    @property
    def pid(self) -> int:
        """Its process id, of the last start."""
        assert self.process is not None
        return self.process.pid

    def start(self, wait: bool = True) -> None:
        """Starts it (again), and waits until it takes connections."""
        command = [
            self.programs.directory / 'relayd', '--store', self.store, '--socket', self.socket,
            *self.options]
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.environment})
        _running.append(self)
        if wait and not self.wait_until_it_serves():
            self.kill()
            raise RuntimeError(f'relayd does not serve: {self.log()[-2000:]}')

    def wait_until_it_serves(self, seconds: float = START_SECONDS) -> bool:
        """Whether it takes connections before the time is over, or it ends."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.runs():
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(str(self.socket))
                    return True
                except OSError:
                    time.sleep(0.002)
        return False

    def runs(self) -> bool:
        """Whether the process still runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM, and its exit code; what does not end in time is killed (exit code -9)."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._ended()
        return self.process.returncode

    def kill(self) -> int:
        """SIGKILL, as kill -9 does; its exit code (its own when it had ended before)."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._ended()
        return self.process.returncode

    def _ended(self) -> None:
        if self in _running:
            _running.remove(self)

    def log(self) -> str:
        """All that it wrote, of every start."""
        return self.log_path.read_text(errors='replace')

    def says(self, text: str, since: int, seconds: float = 2) -> bool:
        """Whether its log has this behind so many characters: it is written by a thread of its own."""
        until = time.monotonic() + seconds
        while text not in self.log()[since:]:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def client(self, key: str | None) -> Client:
        """A client of it, with a key or with none."""
        return Client(self.socket, key)
