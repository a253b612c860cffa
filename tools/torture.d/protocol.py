"""Our conformance suite of RFC 9113 and RFC 7541, frame by frame, against a relayd"""
import os
import pathlib
import re
import socket
import subprocess
import threading

import frames
import report
from relay import Relayd

NUMBERS = [
    report.Number('rounds', 1, 10, 'how often the suite is run; its cases run side by side'),
    report.Number('cases', 250, 250, 'how many there are at least'),
]
PLANTS = {'codes': 'a proxy gives another error code to each GOAWAY and RST_STREAM'}
FINDINGS = {'codes': 'errorCode'}
ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = ROOT / '.build/debug/relayPackageTests.xctest'
SECONDS = 300


def pump(source: socket.socket, target: socket.socket, has_frames: bool) -> None:
    """Passes bytes on, of a server with other error codes, until one side ends."""
    received = bytearray()
    try:
        while data := source.recv(1 << 16):
            received += data
            passed = changed(received) if has_frames else bytes(received)
            del received[:len(passed)]
            target.sendall(passed)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def changed(received: bytearray) -> bytes:
    """The whole frames of what was received, with other error codes."""
    result = bytearray()
    while len(received) - len(result) >= 9:
        start = len(result)
        end = start + 9 + int.from_bytes(received[start:start + 3], 'big')
        if len(received) < end:
            break
        result += received[start:end]
        code = {frames.RST_STREAM: start + 9, frames.GOAWAY: start + 13}.get(received[start + 3])
        if code is not None:
            result[code + 3] ^= 0x55
    return bytes(result)


def proxy(unix: pathlib.Path, server: pathlib.Path) -> None:
    """Listens at `unix` and passes on what comes, as long as this process lives."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(unix))
    listener.listen(1024)

    def accept() -> None:
        while True:
            client, _ = listener.accept()
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(str(server))
            for pair in ((client, behind, False), (behind, client, True)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def perform(run: report.Run, unix: pathlib.Path) -> int:
    """One run of the suite; the number of its cases."""
    result = subprocess.run(
        [SUITE, '--testing-library', 'swift-testing', '--filter', 'ConformanceTests'],
        env={**os.environ, 'RELAY_CONFORMANCE_SOCKET': str(unix)}, cwd=ROOT, timeout=SECONDS,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors='replace')
    text = re.sub(r'\x1b\[[0-9;]*m', '', result.stdout)
    failed = [line.strip() for line in text.splitlines() if 'recorded an issue' in line]
    for line in failed:
        run.wrong(line)
    run.expect(result.returncode == 0 or bool(failed), f'the suite ends with {result.returncode}: '
               + text[-500:])
    return sum(map(int, re.findall(r'with (\d+) test cases? passed', text)))


def torture(run: report.Run) -> None:
    """The suite, once or a few times, against one relayd that has to live through all of it."""
    if not SUITE.exists():
        raise report.LeftOut('it runs tests: swift build --build-tests makes them')
    store = run.place / 'store'
    run.programs.sample(store, 10, seed=run.seed)
    server = Relayd(run.programs, store)
    unix = server.socket
    if run.plant:
        unix = run.place / 'proxy.sock'
        proxy(unix, server.socket)
    count = 0
    for _ in range(run.number('rounds')):
        count = perform(run, unix)
        run.expect(server.runs(), f'relayd died: {server.log()[-500:]}')
        run.expect(count >= run.number('cases'), f'only {count} cases were run or passed')
    code = server.stop()
    run.expect(code == 0, f'relayd ended with {code}')
    run.summary = f"{count} cases, {run.number('rounds')} times"


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
