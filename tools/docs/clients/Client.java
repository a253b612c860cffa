// java -cp okhttp.jar:okio.jar Client.java SOCKET KEY-FILE          OkHttp 3.11 or newer, Java 16 or newer
import java.io.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.*;
import java.util.List;
import javax.net.SocketFactory;
import okhttp3.*;

class Client {
    public static void main(String[] arguments) throws IOException {
        var key = Files.readString(Path.of(arguments[1])).strip();
        var relay = new OkHttpClient.Builder().protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE))
            .socketFactory(new UnixSockets(arguments[0])).build();
        var request = new Request.Builder().url("http://localhost/v1/orders?limit=2")
            .header("Authorization", "Bearer " + key).build();
        try (var answer = relay.newCall(request).execute()) {
            System.out.println(answer.body().string());
            System.exit(answer.isSuccessful() ? 0 : 1);
        }
    }
}

class UnixSockets extends SocketFactory {
    private final String path;

    UnixSockets(String path) { this.path = path; }

    @Override public Socket createSocket() throws IOException { return new UnixSocket(path); }
    // OkHttp calls none of these.
    @Override public Socket createSocket(String host, int port) { throw new UnsupportedOperationException(); }
    @Override public Socket createSocket(InetAddress host, int port) { throw new UnsupportedOperationException(); }
    @Override public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
        throw new UnsupportedOperationException();
    }
    @Override public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
        throw new UnsupportedOperationException();
    }
}

/** A Unix socket as OkHttp uses one. The streams of java.nio.channels.Channels would not do: a read there keeps writes waiting. */
class UnixSocket extends Socket {
    private final SocketChannel channel;

    UnixSocket(String path) throws IOException { channel = SocketChannel.open(UnixDomainSocketAddress.of(path)); }

    @Override public void connect(SocketAddress address, int timeout) { } // it is connected
    @Override public void setSoTimeout(int timeout) { }
    @Override public void close() throws IOException { channel.close(); }

    @Override public InputStream getInputStream() {
        return new InputStream() {
            @Override public int read() { throw new UnsupportedOperationException(); }
            @Override public int read(byte[] bytes, int offset, int count) throws IOException {
                return channel.read(ByteBuffer.wrap(bytes, offset, count));
            }
        };
    }

    @Override public OutputStream getOutputStream() {
        return new OutputStream() {
            @Override public void write(int value) { throw new UnsupportedOperationException(); }
            @Override public void write(byte[] bytes, int offset, int count) throws IOException {
                for (var rest = ByteBuffer.wrap(bytes, offset, count); rest.hasRemaining();) channel.write(rest);
            }
        };
    }
}
