import Glibc
import TestSupport
import Testing

@Suite("relayctl top on a real terminal", .serialized)
struct TopTests {
    private let directory = TemporaryDirectory()

    private func serve() throws -> Relayd {
        try Relayd(store: directory.file("store"), in: directory, arguments: ["--loops", "1"])
    }

    private func command(_ relayd: Relayd, type: String = "xterm") -> String {
        "env TERM=\(type) \(ChildProcess.products)/relayctl top --interval 200ms "
            + "--admin-socket \(relayd.adminSocket)"
    }

    @Test("It goes on over a relayd that stands still and one that is restarted, and says so.")
    func stall() throws {
        let relayd = try serve()
        let terminal = try Terminal(command(relayd))
        #expect(terminal.wait { terminal.screen.has("pid \(relayd.process.pid),") })
        relayd.process.pause()
        // Longer than any request of another verb may take.
        #expect(terminal.wait { terminal.screen.has("no answer for 4 s") })
        #expect(terminal.screen.has("pid \(relayd.process.pid),"))
        relayd.process.signal(SIGCONT)
        #expect(terminal.wait { !terminal.screen.has("no answer") })
        #expect(relayd.stop() == 0)
        #expect(terminal.wait { terminal.screen.has("no process listens on") })
        let second = try serve()
        #expect(
            terminal.wait {
                terminal.screen.has("pid \(second.process.pid),")
                    && !terminal.screen.has("no answer")
            })
        terminal.type("q")
        #expect(terminal.process.wait() == 0)
        // The screen from before and the cursor come back.
        #expect(terminal.wait(for: "\u{1b}[?25h\u{1b}[?1049l"))
        #expect(second.stop() == 0)
    }

    @Test("40 columns lose nothing that 200 show, and a changed window is drawn anew.")
    func widths() throws {
        let relayd = try serve()
        let terminal = try Terminal(command(relayd), rows: 50, columns: 40)
        #expect(terminal.wait { terminal.screen.has("readers") })
        let narrow = terminal.rows
        #expect(narrow.allSatisfy { $0.count <= 40 })
        #expect(narrow.contains { $0.hasPrefix("          ") })
        #expect(narrow.last == "q ends   h helps")
        let words = narrow.joined(separator: " ").split(separator: " ")
        #expect(words.contains("busy") && words.contains("5xx") && words.contains("turn"))
        terminal.resize(rows: 50, columns: 200)
        #expect(
            terminal.wait {
                terminal.rows.contains { $0.hasPrefix("requests") && $0.hasSuffix("a turn") }
            })
        terminal.resize(rows: 4, columns: 80)
        #expect(terminal.wait { terminal.rows.count <= 4 && terminal.screen.has("too low") })
        #expect(terminal.rows.last == "q ends   h helps")
        terminal.type("q")
        #expect(terminal.process.wait() == 0)
    }

    @Test("A terminal of type dumb gets lines without escape codes, until Ctrl-C.")
    func dumb() throws {
        let relayd = try serve()
        let terminal = try Terminal(command(relayd, type: "dumb"))
        #expect(
            terminal.wait {
                terminal.output.components(of: "relayd    pid").count > 2
            })
        #expect(!terminal.output.has("\u{1b}"))
        terminal.type("\u{3}")
        #expect(terminal.process.wait() == 0)
    }

    @Test("Where there is no terminal one table comes, without escape codes.")
    func redirected() throws {
        let relayd = try serve()
        let run = ChildProcess.run(
            "relayctl", ["top", "--interval", "100ms", "--admin-socket", relayd.adminSocket])
        #expect(run.code == 0)
        #expect(run.output.components(of: "relayd    pid").count == 2)
        #expect(!run.output.has("\u{1b}"), "\(run.output.debugDescription)")
    }

    @Test("Ctrl-Z gives the terminal back, fg takes it again, and h helps.")
    func stopped() throws {
        let relayd = try serve()
        let terminal = try Terminal("env PS1=ready: TERM=xterm bash --norc --noprofile -i")
        #expect(terminal.wait(for: "ready:"))
        terminal.type(command(relayd) + "\r")
        #expect(terminal.wait { terminal.screen.has("q ends") })
        terminal.clear()
        terminal.type("\u{1a}")
        #expect(terminal.wait(for: "Stopped"))
        #expect(terminal.output.has("\u{1b}[?1049l"))
        terminal.clear()
        terminal.type("stty -a\r")
        #expect(terminal.wait(for: " icanon"))
        terminal.type("fg\r")
        #expect(terminal.wait { terminal.screen.has("q ends") })
        terminal.type("h")
        #expect(terminal.wait { terminal.screen.has("leaves top standing") })
        terminal.type("?")
        #expect(terminal.wait { terminal.screen.has("requests") })
        terminal.type("q")
        #expect(terminal.wait(for: "\u{1b}[?1049l"))
        terminal.type("echo ended $?\r")
        #expect(terminal.wait(for: "ended 0"))
    }
}

extension String {
    /// The pieces between the places where a text stands.
    fileprivate func components(of text: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let place = rest.range(before: text, last: false) {
            pieces.append(rest[..<place])
            rest = rest[rest.utf8.index(place, offsetBy: text.utf8.count)...]
        }
        return pieces + [rest]
    }
}
