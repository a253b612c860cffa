"""A Debian 12 in a directory, with the package in it: booted by its systemd, or units started by hand."""
import os
import pathlib
import shlex
import signal
import subprocess
from typing import Any, Sequence

import units
from monitor import wait_until

HERE = pathlib.Path(__file__).resolve().parent
UNITS = 'lib/systemd/system'
ENVIRONMENT = {
    'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root', 'LANG': 'C.UTF-8',
    'DEBIAN_FRONTEND': 'noninteractive'}
BOOT_SECONDS = 60


class Broken(Exception):
    """Something did not do what it has to; the text says what."""


def run(*command: Any, **options: Any) -> str:
    """Runs a command of the host, which has to succeed; what it said, both ways."""
    result = subprocess.run(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
        stdin=subprocess.DEVNULL, **options)
    if result.returncode != 0:
        raise Broken(f'{shlex.join(map(str, command))} exits with {result.returncode}: '
                     f'{result.stdout[-1500:].strip()}')
    return result.stdout


class Machine:
    """The Debian of a directory. Nothing is started in it: `start` does that, in the ways below."""

    # How its units are started, for the report.
    way = ''

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.mounts: list[pathlib.Path] = []

    def make(self) -> None:
        """Debian's own packages, and what systemd and the pages need of them."""
        run(HERE.parent / 'debian-root', self.root, 'systemd', 'curl')
        # Nothing is started by an installation in a directory that has not booted.
        self.mount('proc', 'proc', self.root / 'proc')

    def mount(self, kind: str, name: str, point: pathlib.Path, *options: str) -> None:
        """Mounts a file system, until the end."""
        point.mkdir(parents=True, exist_ok=True)
        run('mount', '-t', kind, *options, name, point)
        self.mounts.append(point)

    def inside(self) -> list[str]:
        """What a command begins with that is to run in it."""
        return ['chroot', str(self.root)]

    def path(self, inner: str) -> pathlib.Path:
        """Where the host finds a path of it."""
        return self.root / inner.lstrip('/')

    def call(self, text: str, user: str = 'root') -> subprocess.CompletedProcess:
        """Has a shell in it run a line, as a user: exit code, and what it said, both ways."""
        command = ['sh', '-c', text]
        if user != 'root':
            command = ['runuser', '-u', user, '--', *command]
        return subprocess.run(
            [*self.inside(), *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors='replace', stdin=subprocess.DEVNULL, env=ENVIRONMENT)

    def type(self, text: str, user: str = 'root') -> str:
        """Has a shell in it run a line, which has to succeed; what it said."""
        result = self.call(text, user)
        if result.returncode != 0:
            raise Broken(f'{text!r} exits with {result.returncode}: {result.stdout[-1500:].strip()}')
        return result.stdout

    def write(self, path: str, text: str, mode: str = 'w') -> None:
        """Writes a file of it, and the directories above."""
        file = self.root / path.lstrip('/')
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, mode) as out:
            out.write(text)

    def start(self) -> None:
        """Starts what starts with it."""

    def stop(self) -> None:
        """Ends all that runs in it."""

    def end(self) -> None:
        """Ends it, and lets go of what was mounted."""
        self.stop()
        for point in reversed(self.mounts):
            subprocess.run(['umount', '--lazy', point], check=False)


class Booted(Machine):
    """It boots: its systemd is process 1 of namespaces of its own, but for the network's."""

    way = 'systemd'
    process: subprocess.Popen | None = None
    pid = 0
    group: pathlib.Path | None = None

    @staticmethod
    def hindrance() -> str:
        """Why a systemd cannot boot here; nothing: ''."""
        if Booted._groups() is None:
            return 'no cgroup2 is mounted'
        flags = ['--mount', '--pid', '--fork', '--uts', '--ipc', '--cgroup']
        tried = subprocess.run(
            ['unshare', *flags, 'sh', '-c', 'mount -t tmpfs try /mnt && mknod -m 600 /mnt/null c 1 3'],
            capture_output=True, text=True)
        return (tried.stdout + tried.stderr).strip() if tried.returncode else ''

    @staticmethod
    def _groups() -> pathlib.Path | None:
        for line in pathlib.Path('/proc/self/mounts').read_text().splitlines():
            if line.split()[2] == 'cgroup2':
                return pathlib.Path(line.split()[1])
        return None

    def start(self) -> None:
        self.group = self._groups() / f'relay-drill-{os.getpid()}'
        self.group.mkdir()
        script = 'echo $$ >"$1/cgroup.procs"; exec unshare --mount --pid --fork --uts --ipc --cgroup ' \
            '--propagation private "$2" "$3"'
        with open(self.root.parent / 'boot.log', 'wb') as log:
            self.process = subprocess.Popen(
                ['sh', '-c', script, 'sh', self.group, HERE / 'boot.sh', self.root],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        children = pathlib.Path(f'/proc/{self.process.pid}/task/{self.process.pid}/children')
        wait_until(lambda: self.process.poll() is not None or children.read_text().strip(), 5)
        said = (self.root.parent / 'boot.log').read_text
        if self.process.poll() is not None:
            raise Broken(f'systemd does not boot: {said()}')
        self.pid = int(children.read_text().split()[0])
        state = ['running', 'degraded']
        if not wait_until(
                lambda: self.call('systemctl is-system-running').stdout.strip() in state, BOOT_SECONDS):
            raise Broken(f'systemd has not booted after {BOOT_SECONDS} s: {said()}')

    def inside(self) -> list[str]:
        if not self.pid:
            return super().inside()
        return ['nsenter', '--target', str(self.pid), '--mount', '--pid', '--uts', '--ipc', '--']

    def path(self, inner: str) -> pathlib.Path:
        # What is mounted there is seen from there.
        return pathlib.Path(f'/proc/{self.pid}/root{inner}') if self.pid else super().path(inner)

    def stop(self) -> None:
        if self.process is None:
            return
        # As nspawn has a container halt.
        if self.process.poll() is None and self.pid:
            os.kill(self.pid, signal.SIGRTMIN + 3)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self.process.wait(30)
        self.process, self.pid = None, 0
        for directory, _, __ in os.walk(self.group, topdown=False):
            os.rmdir(directory)


class ByHand(Machine):
    """Nothing boots: a stand-in for systemctl starts what the units say, as the user that they name."""

    way = 'by hand'

    def __init__(self, root: pathlib.Path) -> None:
        super().__init__(root)
        self.server: subprocess.Popen | None = None

    def start(self) -> None:
        self._serve()

    def stop(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait()
            self.server = None

    def call(self, text: str, user: str = 'root') -> subprocess.CompletedProcess:
        words = shlex.split(text)
        if words[0] != 'systemctl':
            return super().call(text, user)
        self._systemctl(words[1], [word for word in words[2:] if not word.startswith('-')])
        return subprocess.CompletedProcess(words, 0, '')

    def _systemctl(self, verb: str, names: Sequence[str]) -> None:
        """What this verb does to these units, as far as it matters without systemd."""
        if verb in ('stop', 'restart') and 'relayd.service' in names:
            self.stop()
        if verb in ('start', 'restart'):
            for name in names:
                if name == 'relayd.service':
                    self._serve()
                elif name.endswith('.service'):
                    self._once(units.read(self.root, name))

    def _command(self, unit: units.Unit) -> list[str]:
        """What runs a command of a service: as its user, with its environment and in no other group."""
        for name in unit.words('StateDirectory'):
            super().type(
                f"install -d -o {unit['User']} -g {unit['Group']} -m {unit['StateDirectoryMode']} /var/lib/{name}")
        environment = [text.replace('"', '') for text in unit.all('Environment')]
        return [
            'env', *environment, 'setpriv', '--reuid', unit['User'], '--regid', unit['Group'],
            '--clear-groups']

    def _once(self, unit: units.Unit) -> None:
        """Runs the commands of a oneshot."""
        for command in unit.all('ExecStart'):
            words = [*self._command(unit), 'sh', '-c', units.as_shell(command)]
            super().type(shlex.join(words))

    def _serve(self) -> None:
        """Opens relayd's socket as its unit says, and starts relayd behind it."""
        socket, service = (units.read(self.root, f'relayd.{kind}') for kind in ('socket', 'service'))
        path = socket['ListenStream']
        super().type(f"install -d -m {socket['DirectoryMode']} {os.path.dirname(path)}; rm -f {path}")
        command = [
            'systemd-socket-activate', f"--fdname={socket['FileDescriptorName']}", f'--listen={path}',
            *self._command(service), *shlex.split(service['ExecStart'])]
        with open(self.root.parent / 'relayd.log', 'ab') as log:
            self.server = subprocess.Popen(
                [*self.inside(), *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=ENVIRONMENT)
        file = self.root / path.lstrip('/')
        if not wait_until(file.is_socket, 10):
            raise Broken(f"nobody opened {path}: {(self.root.parent / 'relayd.log').read_text()[-500:]}")
        super().type(
            f"chown {socket['SocketUser']}:{socket['SocketGroup']} {path}; chmod {socket['SocketMode']} {path}")
        # A first client: relayd starts.
        super().call(f"curl --silent --max-time 1 --unix-socket {path} http://localhost/")


def machine(root: pathlib.Path, by_hand: bool) -> tuple[Machine, str]:
    """A machine that boots where it can, and why it cannot, if it cannot."""
    hindrance = 'as asked' if by_hand else Booted.hindrance()
    return (ByHand(root) if hindrance else Booted(root)), hindrance
