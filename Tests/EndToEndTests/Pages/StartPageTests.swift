import Glibc
import RelayClient
import RelayContract
import TestSupport
import Testing

/// The programs that the page *Start in five minutes* shows, run by the languages that Debian has.
@Suite("The programs of the start page", .serialized)
struct StartPageTests {
    private static let root =
        "/" + "\(#filePath)".split(separator: "/").dropLast(4).joined(separator: "/")
    private static let directory = root + "/tools/docs/clients"

    /// A program of the page, and how it is run.
    struct Client: Sendable, CustomTestStringConvertible {
        let file: String
        /// Runs the file, which is appended to it, with the socket and the key's file.
        let command: [String]
        /// Ends with 0 where the language and its library are installed.
        let probe: [String]
        /// What brings them.
        let packages: String

        var testDescription: String { file }
    }

    private static let java = ["okhttp", "okio"].map { "/usr/share/java/\($0).jar" }
    private static let net = "/usr/share/gocode/src/golang.org/x/net/http2"

    static let clients = [
        Client(
            file: "curl.sh", command: ["bash"], probe: ["curl", "--version"], packages: "curl"),
        // Debian's own: another Python in PATH does not have Debian's packages.
        Client(
            file: "httpx_client.py", command: ["/usr/bin/python3"],
            probe: ["/usr/bin/python3", "-c", "import httpx, h2"],
            packages: "python3-httpx python3-h2"),
        Client(
            file: "node.mjs", command: ["node"], probe: ["node", "--version"], packages: "nodejs"),
        Client(
            file: "client.go",
            command: ["GO111MODULE=off", "GOPATH=/usr/share/gocode", "go", "run"],
            probe: ["sh", "-c", "go version && test -d \(net)"],
            packages: "golang-go golang-golang-x-net-dev"),
        Client(
            file: "Client.java", command: ["java", "-cp", java.joined(separator: ":")],
            probe: ["sh", "-c", "javac -version && test -e \(java[0])"],
            packages: "default-jdk-headless libokhttp-java"),
        Client(
            file: "client.php", command: ["php"],
            probe: ["php", "-r", "exit(extension_loaded('curl') ? 0 : 1);"],
            packages: "php-cli php-curl"),
        Client(
            file: "client.pl", command: ["perl"],
            probe: ["perl", "-MProtocol::HTTP2::Client", "-e", "1"],
            packages: "libprotocol-http2-perl"),
        Client(
            file: "client.rb", command: ["ruby"],
            probe: ["ruby", "-e", "require 'async/http'"], packages: "ruby-async-http"),
    ]

    /// Files of the page that no Debian runs without hundreds of megabytes.
    static let shown = ["client.cs", "client.rs"]

    private func run(
        _ client: Client, socket: String, key: String
    ) -> (code: Int32, output: String) {
        ChildProcess.run(
            "env", client.command + ["\(Self.directory)/\(client.file)", socket, key])
    }

    @Test("Each prints two orders, and fails by 401 with a wrong key.", arguments: clients)
    func orders(client: Client) throws {
        if ChildProcess.run("env", client.probe).code != 0 {
            try Test.cancel("not installed: apt-get install \(client.packages)")
        }
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        let (file, wrong) = (directory.file("key"), directory.file("wrong"))
        let key = try relayd.makeKey()
        // As an editor or echo writes it: with a line break.
        try writeBytes(file, Array("\(key)\n".utf8))
        try writeBytes(wrong, Array("relay_wrong\n".utf8))
        let relay = RelayClient(connection: try relayd.connect(), key: key)
        for title in ["Klingel defekt", "Dachrinne säubern", "Heizung fällt aus"] {
            _ = try relay.createOrder(NewOrder(title: title))
        }
        let right = run(client, socket: relayd.socket, key: file)
        #expect(right.code == 0, "\(right.output)")
        #expect(right.output.contains("Klingel defekt"), "\(right.output)")
        #expect(right.output.contains("Dachrinne säubern"), "\(right.output)")
        #expect(!right.output.contains("Heizung"), "\(right.output)")
        let refused = run(client, socket: relayd.socket, key: wrong)
        #expect(refused.code != 0, "\(refused.output)")
        #expect(refused.output.contains("401"), "\(refused.output)")
    }

    @Test("The page shows each file as it is, and says which are run.")
    func page() {
        let page = readText(Self.root + "/tools/docs/start.md")
        let files = TemporaryDirectory.names(in: Self.directory).filter { !$0.hasPrefix(".") }
        #expect(files.sorted() == (Self.clients.map(\.file) + Self.shown).sorted())
        for file in files {
            let text = readText("\(Self.directory)/\(file)")
            #expect(page.contains("\n\(text)```\n"), "start.md does not show \(file) as it is")
        }
        for client in Self.clients {
            #expect(page.contains("`\(client.packages)`"), "start.md: \(client.packages)")
        }
    }

    @Test("curl needs a command for each URL where it is Debian 12's, as the page says.")
    func curlTwice() throws {
        let version = ChildProcess.run("curl", ["--version"]).output
        if !version.hasPrefix("curl 7.88.") { try Test.cancel("this curl is another one") }
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        let url = "http://localhost/openapi.json"
        let base = ["-sS", "--http2-prior-knowledge", "--unix-socket", relayd.socket]
        let twice = ChildProcess.run(
            "curl", base + ["-o", "/dev/null", "-o", "/dev/null", url, url])
        #expect(twice.code == 16)
        #expect(twice.output.contains("Error in the HTTP2 framing layer"), "\(twice.output)")
    }
}
