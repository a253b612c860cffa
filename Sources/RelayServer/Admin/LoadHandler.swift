import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// `POST /admin/load`: lines of a dump, which become one command of the writer.
///
/// They are decoded here, on the admin socket's thread, so that the writer only has to look and to put;
/// whoever loads sends little at a time, and other writes go between. A log that hosts share gets them as
/// they are.
struct LoadHandler {
    let writer: Writer
    private let context: LoadCommand.Context

    init(_ writer: Writer) {
        self.writer = writer
        context = writer.replication == nil ? .applying(DumpReader(), RecordApplier()) : .sending
    }

    static let path = "/admin/load"

    /// Loads the lines of the body and answers with a `LoadOutcome`.
    func answer(_ exchange: Exchange) {
        writer.carryOut(
            LoadCommand(exchange.body), in: context, for: exchange
        ) { outcome, exchange in
            exchange.answer(200, json: .object { outcome.writeMembers(to: &$0) })
        }
    }
}
