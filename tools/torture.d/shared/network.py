"""Hosts as network namespaces on one bridge, and packets between two of them that go nowhere, one way or both."""
import os
import shutil
import subprocess
from typing import Sequence

import report

# Of RFC 2544, for tests of networks: nobody else has it.
NET = '198.18.7'
# A station that is not on the bridge.
NOBODY = '02:00:00:00:00:fe'
DEVICE = 'eth0'


class Network:
    """Namespaces by name, and a bridge in one of its own. This machine's own network gets one link to it."""

    def __init__(self, names: Sequence[str]) -> None:
        if os.geteuid() != 0 or not shutil.which('ip') or not shutil.which('nsenter'):
            raise report.LeftOut('network namespaces need root, ip and nsenter')
        self.prefix = f'relay{os.getpid()}'
        self.switch = f'{self.prefix}-switch'
        self.addresses = {name: f'{NET}.{number + 1}' for number, name in enumerate(names)}
        self.cuts: set[tuple[str, str]] = set()
        # A link's name has at most 15 bytes.
        self.link = f'rt{os.getpid()}'
        try:
            self._make(names)
        except subprocess.CalledProcessError as error:
            self.close()
            raise report.LeftOut(f'no network namespace can be made: {error.stderr.strip()}') from error

    def __enter__(self) -> 'Network':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self, names: Sequence[str]) -> None:
        for name in [self.switch, *map(self.place, names)]:
            ip('netns', 'add', name)
        ip('-n', self.switch, 'link', 'add', 'bridge', 'type', 'bridge')
        ip('-n', self.switch, 'link', 'set', 'bridge', 'up')
        for number, name in enumerate(names):
            place, port = self.place(name), f'port{number}'
            ip('-n', place, 'link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', port, 'netns', self.switch)
            self._plug(port)
            ip('-n', place, 'address', 'add', f'{self.addresses[name]}/24', 'dev', DEVICE)
            for device in ('lo', DEVICE):
                ip('-n', place, 'link', 'set', device, 'up')
        ip('link', 'add', self.link, 'type', 'veth', 'peer', 'name', 'own', 'netns', self.switch)
        self._plug('own')
        ip('address', 'add', f'{NET}.254/24', 'dev', self.link)
        ip('link', 'set', self.link, 'up')

    def _plug(self, port: str) -> None:
        ip('-n', self.switch, 'link', 'set', port, 'master', 'bridge')
        ip('-n', self.switch, 'link', 'set', port, 'up')

    def close(self) -> None:
        """Removes all of it."""
        for name in [self.switch, *map(self.place, self.addresses)]:
            subprocess.run(['ip', 'netns', 'del', name], capture_output=True, check=False)

    def place(self, name: str) -> str:
        """The namespace of a host."""
        return f'{self.prefix}-{name}'

    def within(self, name: str) -> list[str]:
        """What runs a command in a host."""
        return ['nsenter', f'--net=/run/netns/{self.place(name)}']

    def cut(self, sender: str, receiver: str) -> None:
        """What one sends to the other is lost from now on."""
        ip('-n', self.place(sender), 'neighbour', 'replace', self.addresses[receiver], 'lladdr', NOBODY,
           'nud', 'permanent', 'dev', DEVICE)
        self.cuts.add((sender, receiver))

    def part(self, some: Sequence[str], others: Sequence[str]) -> None:
        """Nothing goes between these two groups, either way."""
        for one in some:
            for other in others:
                self.cut(one, other)
                self.cut(other, one)

    def heal(self, left: Sequence[tuple[str, str]] = ()) -> None:
        """Everything goes everywhere again, but for what is left as it is."""
        for sender, receiver in self.cuts - set(left):
            ip('-n', self.place(sender), 'neighbour', 'del', self.addresses[receiver], 'dev', DEVICE)
        self.cuts &= set(left)


def ip(*arguments: str) -> None:
    """Runs ip."""
    subprocess.run(['ip', *arguments], check=True, capture_output=True, text=True)
