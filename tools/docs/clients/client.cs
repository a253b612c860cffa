// dotnet run SOCKET KEY-FILE          .NET 5 or newer
using System.Net;
using System.Net.Sockets;

var key = File.ReadAllText(args[1]).Trim();
using var relay = new HttpClient(new SocketsHttpHandler
{
    ConnectCallback = async (_, cancellation) =>
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(args[0]), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    },
})
{
    BaseAddress = new Uri("http://localhost"),
    DefaultRequestVersion = HttpVersion.Version20,
    DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
};
relay.DefaultRequestHeaders.Authorization = new("Bearer", key);

Console.WriteLine(await relay.GetStringAsync("/v1/orders?limit=2"));
