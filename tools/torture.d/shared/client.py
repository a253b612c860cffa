"""An HTTP/2 client on relayd's Unix socket: libnghttp2, which relayd has only the decoder of fields from."""
import ctypes
import dataclasses
import json
import socket
import threading
import time
from typing import Any, Mapping

REQUEST_SECONDS = 30.0
RECEIVED_BYTES = 1 << 18
# An error code, a frame's type, a flag of a data provider, a setting.
REFUSED_STREAM, GOAWAY, EOF_FLAG, INITIAL_WINDOW_SIZE = 7, 7, 1, 4


class Unanswered(Exception):
    """No whole answer came.

    `refused` says that the server surely did nothing: it took no connection, it reset the stream
    as refused, or its GOAWAY left the stream out. Otherwise nobody knows whether it did.
    """

    def __init__(self, reason: str, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


@dataclasses.dataclass
class Answer:
    """An HTTP answer; names of header fields are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)


class _Field(ctypes.Structure):
    """nghttp2_nv."""

    _fields_ = [
        ('name', ctypes.c_char_p), ('value', ctypes.c_char_p), ('name_length', ctypes.c_size_t),
        ('value_length', ctypes.c_size_t), ('flags', ctypes.c_uint8)]


class _Frame(ctypes.Structure):
    """nghttp2_frame_hd, and the first fields of nghttp2_goaway."""

    _fields_ = [
        ('length', ctypes.c_size_t), ('stream', ctypes.c_int32), ('type', ctypes.c_uint8),
        ('flags', ctypes.c_uint8), ('reserved', ctypes.c_uint8), ('last_stream', ctypes.c_int32)]


_Pointer, _Size, _Int = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int32
_ReadBody = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, _Pointer, _Int, _Pointer, _Size, ctypes.POINTER(ctypes.c_uint32), _Pointer,
    _Pointer)
_OnHeader = ctypes.CFUNCTYPE(
    ctypes.c_int, _Pointer, ctypes.POINTER(_Frame), _Pointer, _Size, _Pointer, _Size,
    ctypes.c_uint8, _Pointer)
_OnData = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, ctypes.c_uint8, _Int, _Pointer, _Size, _Pointer)
_OnClose = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, _Int, ctypes.c_uint32, _Pointer)
_OnFrame = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, ctypes.POINTER(_Frame), _Pointer)


class _Provider(ctypes.Structure):
    """nghttp2_data_provider."""

    _fields_ = [('source', _Pointer), ('read', _ReadBody)]


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL('libnghttp2.so.14')
    for name in ('mem_recv', 'mem_send'):
        getattr(library, f'nghttp2_session_{name}').restype = ctypes.c_ssize_t
    library.nghttp2_session_mem_recv.argtypes = [_Pointer, ctypes.c_char_p, _Size]
    return library


_nghttp2 = _load()


@dataclasses.dataclass
class _Stream:
    """What came on one stream so far."""

    status: int = 0
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytearray = dataclasses.field(default_factory=bytearray)
    error: int | None = None


class Connection:
    """One HTTP/2 connection, for one thread. Several requests may be under way on it.

    `window` is how many bytes the server may send ahead, on each stream and on all of them.
    """

    def __init__(
        self, unix: str, seconds: float = REQUEST_SECONDS, window: int | None = None,
    ) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        try:
            self.socket.connect(unix)
        except OSError as error:
            self.socket.close()
            raise Unanswered(f'no connection: {error}', refused=True) from error
        # Bytes that are received at once.
        self.most = RECEIVED_BYTES
        self.streams: dict[int, _Stream] = {}
        self.last_stream: int | None = None
        self._bodies: dict[int, Any] = {}
        self._session = _Pointer()
        self._make_session(window)

    def _make_session(self, window: int | None) -> None:
        # The callbacks belong to the object: libnghttp2 does not keep them alive.
        self._callbacks = {
            'header': _OnHeader(self._take_header), 'frame_recv': _OnFrame(self._take_frame),
            'stream_close': _OnClose(self._take_close),
            'data_chunk_recv': _OnData(self._take_data)}
        callbacks = _Pointer()
        _nghttp2.nghttp2_session_callbacks_new(ctypes.byref(callbacks))
        for name, callback in self._callbacks.items():
            setter = getattr(_nghttp2, f'nghttp2_session_callbacks_set_on_{name}_callback')
            setter(callbacks, callback)
        _nghttp2.nghttp2_session_client_new(ctypes.byref(self._session), callbacks, None)
        _nghttp2.nghttp2_session_callbacks_del(callbacks)
        if window is None:
            _nghttp2.nghttp2_submit_settings(self._session, ctypes.c_uint8(0), None, _Size(0))
            return
        setting = (ctypes.c_uint32 * 2)(INITIAL_WINDOW_SIZE, window)
        _nghttp2.nghttp2_submit_settings(self._session, ctypes.c_uint8(0), setting, _Size(1))
        _nghttp2.nghttp2_session_set_local_window_size(
            self._session, ctypes.c_uint8(0), _Int(0), _Int(window))

    def close(self) -> None:
        """Closes the socket; what is under way has no answer."""
        self.socket.close()
        if self._session:
            _nghttp2.nghttp2_session_del(self._session)
            self._session = _Pointer()

    def __del__(self) -> None:
        if hasattr(self, '_session'):
            self.close()

    def _take_header(
        self, _: Any, frame: Any, name: int, name_length: int, value: int, value_length: int,
        __: int, ___: Any,
    ) -> int:
        stream = self.streams.get(frame.contents.stream)
        if stream is not None:
            field = ctypes.string_at(name, name_length).decode('latin-1')
            content = ctypes.string_at(value, value_length).decode('latin-1')
            if field == ':status':
                stream.status = int(content)
                stream.headers.clear()
            else:
                stream.headers[field] = content
        return 0

    def _take_data(self, _: Any, __: int, number: int, data: int, length: int, ___: Any) -> int:
        if number in self.streams:
            self.streams[number].body += ctypes.string_at(data, length)
        return 0

    def _take_close(self, _: Any, number: int, error: int, __: Any) -> int:
        if number in self.streams:
            self.streams[number].error = error
        self._bodies.pop(number, None)
        return 0

    def _take_frame(self, _: Any, frame: Any, __: Any) -> int:
        if frame.contents.type == GOAWAY:
            self.last_stream = frame.contents.last_stream
        return 0

    def is_usable(self) -> bool:
        """Whether it takes a new request: the server has not said GOAWAY, as far as is read."""
        return bool(_nghttp2.nghttp2_session_check_request_allowed(self._session))

    def begin(self, fields: list[tuple[str, str]], body: bytes | None) -> int:
        """Sends a request; returns its stream's number for `end`."""
        array = (_Field * len(fields))()
        for place, (name, value) in enumerate(fields):
            first, second = name.encode('latin-1'), value.encode('latin-1')
            array[place] = _Field(first, second, len(first), len(second), 0)
        provider = self._provider(body) if body is not None else None
        number = _nghttp2.nghttp2_submit_request(
            self._session, None, array, _Size(len(fields)),
            provider and ctypes.byref(provider), None)
        if number <= 0:
            raise Unanswered(f'no new stream: {number}', refused=True)
        self.streams[number] = _Stream()
        self._bodies[number] = provider
        self._send()
        return number

    def _provider(self, body: bytes) -> _Provider:
        sent = 0

        def read(_s: Any, _n: int, buffer: int, length: int, flags: Any, _d: Any, _u: Any) -> int:
            nonlocal sent
            part = body[sent:sent + length]
            ctypes.memmove(buffer, part, len(part))
            sent += len(part)
            if sent == len(body):
                flags[0] = EOF_FLAG
            return len(part)

        return _Provider(None, _ReadBody(read))

    def _send(self) -> None:
        data = ctypes.c_void_p()
        while True:
            length = _nghttp2.nghttp2_session_mem_send(self._session, ctypes.byref(data))
            if length <= 0:
                return
            try:
                self.socket.sendall(ctypes.string_at(data, length))
            except OSError:
                return  # What the server wrote before it closed is still to be read.

    def receive(self) -> None:
        """Waits for bytes of the server and takes them in; Unanswered at their end."""
        try:
            data = self.socket.recv(self.most)
        except OSError as error:
            raise Unanswered(f'nothing received: {error or type(error).__name__}') from error
        if not data:
            raise Unanswered('the server closed the connection')
        self.take(data)

    def take(self, data: bytes) -> None:
        """Takes bytes of the server in; Unanswered when they are no HTTP/2."""
        if _nghttp2.nghttp2_session_mem_recv(self._session, data, len(data)) < 0:
            raise Unanswered('the server broke the protocol')
        self._send()

    def end(self, number: int, until: float) -> Answer:
        """Waits for the answer of a stream, until a time of time.monotonic()."""
        stream = self.streams[number]
        try:
            while stream.error is None:
                if self.last_stream is not None and number > self.last_stream:
                    raise Unanswered('GOAWAY leaves it out', refused=True)
                if time.monotonic() > until:
                    raise Unanswered('no answer in time')
                self.receive()
        except Unanswered as reason:
            # The bytes of GOAWAY may have come with the end.
            left_out = self.last_stream is not None and number > self.last_stream
            raise Unanswered(str(reason), reason.refused or left_out) from reason
        finally:
            del self.streams[number]
        if stream.error != 0:
            raise Unanswered(
                f'stream reset with {stream.error}', refused=stream.error == REFUSED_STREAM)
        return Answer(stream.status, stream.headers, bytes(stream.body))


class Client:
    """A client that threads may share: each has its own connection, made when it is needed.

    A request without a whole answer raises Unanswered; nothing is sent a second time.
    """

    def __init__(self, unix: Any, key: str | None) -> None:
        self.socket = str(unix)
        self.key = key
        self._threads = threading.local()

    def connection(self) -> Connection:
        """This thread's connection: a new one after a fault or a GOAWAY."""
        connection = getattr(self._threads, 'connection', None)
        if connection is None or not connection.is_usable():
            connection = self._threads.connection = Connection(self.socket)
        return connection

    def request(
        self, method: str, path: str, body: Any = None,
        headers: Mapping[str, str] | None = None, seconds: float = REQUEST_SECONDS,
    ) -> Answer:
        """Sends a request and waits: a body of bytes goes as it is, anything else as JSON."""
        fields = {':method': method, ':scheme': 'http', ':authority': 'localhost', ':path': path}
        if self.key is not None:
            fields['authorization'] = f'Bearer {self.key}'
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            fields['content-type'] = 'application/json'
        fields.update({name.lower(): value for name, value in (headers or {}).items()})
        connection = self.connection()
        try:
            number = connection.begin(list(fields.items()), body)
            return connection.end(number, time.monotonic() + seconds)
        except Unanswered:
            self._threads.connection = None
            connection.close()
            raise

    def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return self.request('GET', path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Answer:
        """POST."""
        return self.request('POST', path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Answer:
        """PATCH."""
        return self.request('PATCH', path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        """DELETE."""
        return self.request('DELETE', path, **options)
