import Glibc
import Options

/// `relayctl top`: what a running relayd does, by asking its admin socket again and again. A relayd that
/// stands still or is restarted is what one wants to see, so it goes on over both.
enum TopCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let socket = try AdminClient.socket(arguments)
        guard let relayd = try AdminClient(socket: socket) else {
            throw .notRunning(socket: socket)
        }
        let interval = arguments[Commands.interval]
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        if arguments[Commands.once] || arguments[Commands.json] || !isTerminal {
            return try once(relayd, interval, asJSON: arguments[Commands.json])
        }
        Interrupt.hold()
        let feed = TopFeed(socket, relayd)
        if let screen = TopScreen() {
            draw(feed, interval, on: screen)
        } else {
            list(feed, interval)
        }
        return .silent
    }

    /// Two looks, one table: also where there is no terminal. As JSON, the second look as it is.
    private static func once(
        _ relayd: AdminClient, _ interval: Int, asJSON: Bool
    ) throws(CommandError) -> Report {
        if asJSON { return Report(json: try relayd.perform("GET", "/admin/stat")) }
        let before = try sample(relayd)
        usleep(UInt32(interval) * 1000)
        for line in TopTable(before: before, after: try sample(relayd)).lines { print(line) }
        return .silent
    }

    /// On a screen, until the user has seen enough.
    private static func draw(_ feed: TopFeed, _ interval: Int, on screen: TopScreen) {
        var view = TopView()
        var isHelp = false
        var shownAt = 0
        func show() {
            shownAt = TopSample.now()
            screen.show(isHelp ? TopView.help : view.lines(at: shownAt))
        }
        while true {
            let pause = look(feed, &view, interval)
            // The seconds of a silence go on too.
            if pause == nil || TopSample.now() - shownAt >= Limits.redrawSilence { show() }
            switch screen.key(within: pause ?? 0) {
            case .none: continue
            case .quit: return
            case .help: isHelp.toggle()
            case .redraw: break
            }
            show()
        }
    }

    /// On a terminal that understands no more than lines: a table after the other, until Ctrl-C.
    private static func list(_ feed: TopFeed, _ interval: Int) {
        var view = TopView()
        var listedAt = 0
        while !Interrupt.isPending {
            let pause = look(feed, &view, interval)
            let now = TopSample.now()
            if pause == nil, now - listedAt >= interval {
                listedAt = now
                print((view.lines(at: now) + [""]).joined(separator: "\n"))
                fflush(nil)
            }
            usleep(UInt32(pause ?? 0) * 1000)
        }
    }

    /// Asks, or looks for the answer.
    ///
    /// - Returns: nil when there is something new to show, else how many milliseconds there is nothing
    ///   to do.
    private static func look(_ feed: TopFeed, _ view: inout TopView, _ interval: Int) -> Int? {
        let now = TopSample.now()
        guard feed.isAsked else {
            let left = feed.askedAt + interval - now
            if left > 0 { return min(left, Int(Limits.keyPause)) }
            guard let reason = feed.ask() else { return 0 }
            view.note(reason, since: now)
            return nil
        }
        switch feed.take(within: Limits.keyPause) {
        case .sample(let sample):
            view.add(sample)
            return nil
        case .lost(let reason):
            view.note(reason, since: feed.askedAt)
            return nil
        case .waiting:
            if now - feed.askedAt < Limits.patience { return 0 }
            view.note("relayd or its admin socket does not answer", since: feed.askedAt)
            return 0
        }
    }

    private static func sample(_ relayd: AdminClient) throws(CommandError) -> TopSample {
        let answer = try relayd.perform("GET", "/admin/stat")
        guard let sample = TopSample(answer, time: TopSample.now()) else {
            throw .refused(status: 200, detail: "the figures are not JSON")
        }
        return sample
    }
}
