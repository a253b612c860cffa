import Testing

@testable import RelayLog

/// The address of a log.
@Suite struct JetStreamURLTests {
    @Test("An address names servers and a log.")
    func parts() throws {
        let url = try JetStreamURL("nats://127.0.0.1:4222,b.example:4223,[::1]:4/orders_1")
        #expect(url.servers == ["127.0.0.1:4222", "b.example:4223", "[::1]:4"])
        #expect(url.name == "orders_1")
        #expect(!url.isSecure)
        #expect("\(url)" == "nats://127.0.0.1:4222,b.example:4223,[::1]:4/orders_1")
    }

    @Test("A server without a port has that of NATS.")
    func port() throws {
        #expect(try JetStreamURL("tls://a,[fe80::1]/o").servers == ["a:4222", "[fe80::1]:4222"])
        #expect(try JetStreamURL("tls://a/o").isSecure)
    }

    @Test(
        "What is no address is refused with what is wrong.",
        arguments: [
            ("", "neither nats:// nor tls://"), ("http://a/b", "neither nats:// nor tls://"),
            ("nats://a:1", "names no log"), ("nats://a:1/", "names no log"),
            ("nats://a:1/x.y", "the log's name may have"), ("nats://a:1/x/y", "the log's name may"),
            ("nats://a:1/ü", "the log's name may have"),
            ("nats://a:1/" + String(repeating: "x", count: 65), "64 at most"),
            ("nats:///x", "'' is no HOST:PORT"), ("nats://a,,b/x", "'' is no HOST:PORT"),
            ("nats://a:0/x", "'0' is no port"), ("nats://a:65536/x", "'65536' is no port"),
            ("nats://a:+1/x", "'+1' is no port"), ("nats://a:/x", "'' is no port"),
            ("nats://::1/x", "is no HOST:PORT"), ("nats://me:secret@a:1/x", "--log-creds FILE"),
            ("nats://" + [String](repeating: "a", count: 17).joined(separator: ",") + "/x", "16"),
        ])
    func refused(text: String, why: String) {
        let error = #expect(throws: JetStreamURLError.self) { try JetStreamURL(text) }
        #expect(error?.description.contains(why) == true, "\(error as Any)")
    }

    @Test("A version is three numbers, whatever follows.")
    func versions() throws {
        #expect(ServerVersion("2.15.1") == Limits.leastServer)
        #expect(try #require(ServerVersion("2.16.0-RC.1")) > Limits.leastServer)
        #expect(try #require(ServerVersion("2.9.10")) < Limits.leastServer)
        #expect(ServerVersion("2.15") == nil)
        #expect(ServerVersion("v2.15.1") == nil)
    }

    @Test("A message's place is read with a domain and without.")
    func places() {
        let plain = MessagePlace(reply: "$JS.ACK.ORD.c1.1.7.3.1795862995970721820.0")
        #expect(plain?.sequence == 7)
        #expect(plain?.time == 1_795_862_995_970)
        let domain = MessagePlace(reply: "$JS.ACK.hub.acc.ORD.c1.1.7.3.1795862995970721820.0.x")
        #expect(domain == plain)
        for text in ["", "$JS.ACK.ORD.c1.1.7.3", "$JS.ACK.ORD.c1.1.x.3.1.0", "_INBOX.h.1.r.1.2"] {
            #expect(MessagePlace(reply: text) == nil, "\(text)")
        }
    }
}
