import Glibc
import Options

/// `relayctl top`: what a running relayd does, by asking its admin socket again and again.
enum TopCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let store = arguments[Commands.healthStore]
        guard
            let socket = arguments[Commands.adminSocket]
                ?? store.map(AdminClient.defaultSocket(store:))
        else { throw .nothingToAsk }
        guard let relayd = try AdminClient(socket: socket) else {
            throw .notRunning(socket: socket)
        }
        let interval = arguments[Commands.interval]
        if arguments[Commands.once] || arguments[Commands.json] {
            return try once(relayd, interval, asJSON: arguments[Commands.json])
        }
        Interrupt.hold()
        guard let screen = TopScreen() else {
            return try once(relayd, interval, asJSON: false)
        }
        var before = try sample(relayd)
        screen.show(["relayctl top: asking \(socket) …"])
        while !screen.waitForKey(interval) {
            let after = try sample(relayd)
            screen.show(TopTable(before: before, after: after).lines + ["", "q ends"])
            // A changed window is drawn anew at once, with the rates of a longer time.
            if after.time - before.time >= interval / 2 { before = after }
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

    private static func sample(_ relayd: AdminClient) throws(CommandError) -> TopSample {
        let answer = try relayd.perform("GET", "/admin/stat")
        guard let sample = TopSample(answer, time: TopSample.now()) else {
            throw .refused(status: 200, detail: "figures that are not JSON")
        }
        return sample
    }
}
