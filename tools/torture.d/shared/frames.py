"""HTTP/2 frame by frame, for clients that do what no library would."""
import collections
import pathlib
import select
import socket
import time
from typing import Iterable, Iterator


# RFC 9113, section 6 and 7.
PRIORITY_UPDATE = 16  # RFC 9218.
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 2, 3, 4, 6, 7, 8, 9)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
REFUSED_STREAM = 7
ENABLE_PUSH, INITIAL_WINDOW_SIZE, MAX_WINDOW = 2, 4, 0x7FFF_FFFF
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
# What a server may send before the client opens the connection's window again.
WINDOW = 1 << 24
DEFAULT_WINDOW = 65_535


Frame = collections.namedtuple('Frame', 'type flags stream payload')


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b'') -> bytes:
    """A frame as it is sent."""
    return b''.join((
        len(payload).to_bytes(3, 'big'), bytes((kind, flags)), stream.to_bytes(4, 'big'), payload))


def setting(name: int, value: int) -> bytes:
    """One entry of a SETTINGS frame."""
    return name.to_bytes(2, 'big') + value.to_bytes(4, 'big')


def text(value: bytes) -> bytes:
    """A string of RFC 7541 (5.2), without Huffman coding."""
    length = len(value)
    if length < 127:
        return bytes((length,)) + value
    result, rest = bytearray((127,)), length - 127
    while rest >= 128:
        result.append(rest & 127 | 128)
        rest >>= 7
    return bytes(result) + bytes((rest,)) + value


def block(fields: Iterable[tuple[str, str]]) -> bytes:
    """A field block of literals that enter no table."""
    return b''.join(
        b'\0' + text(name.encode()) + text(value.encode()) for name, value in fields)


def request(method: str, path: str, key: str | None = None) -> list[tuple[str, str]]:
    """The fields of a request."""
    fields = [(':method', method), (':scheme', 'http'), (':authority', 'localhost'),
              (':path', path)]
    return fields if key is None else [*fields, ('authorization', f'Bearer {key}')]


class Wire:
    """A connection that sends what it is given and reads frames: a client without manners.

    It reads only when it is asked to, and answers nothing of its own.
    """

    def __init__(self, unix: pathlib.Path | str, seconds: float = 30) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.received = bytearray()
        until = time.monotonic() + seconds
        while True:
            try:
                self.socket.connect(str(unix))
                break
            except BlockingIOError:
                # So many wait to be accepted that there is no room for one more.
                if time.monotonic() > until:
                    raise
                time.sleep(0.005)

    def begin(self, *settings: bytes) -> None:
        """The preface and SETTINGS."""
        self.send(PREFACE + frame(SETTINGS, payload=b''.join(settings)))

    def send(self, data: bytes) -> bool:
        """Sends bytes; False when the peer has closed, or takes nothing for the time."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def next(self) -> Frame | None:
        """The next frame; None when the connection ended, or nothing came for the time."""
        while True:
            if len(self.received) >= 9:
                end = 9 + int.from_bytes(self.received[:3], 'big')
                if len(self.received) >= end:
                    stream = int.from_bytes(self.received[5:9], 'big') & MAX_WINDOW
                    result = Frame(
                        self.received[3], self.received[4], stream, bytes(self.received[9:end]))
                    del self.received[:end]
                    return result
            try:
                data = self.socket.recv(1 << 16)
            except OSError:
                return None
            if not data:
                return None
            self.received += data

    def frames(self) -> Iterator[Frame]:
        """All frames until the end, or silence."""
        while (found := self.next()) is not None:
            yield found

    def is_readable(self, seconds: float) -> bool:
        """Whether a frame has begun to come (or the end) within the time."""
        return len(self.received) >= 9 or bool(select.select([self.socket], [], [], seconds)[0])

    def close(self) -> None:
        """Closes the socket, read or not."""
        self.socket.close()
