import JSON
import Options
import RelaySnapshots
import RelayStore

/// `relayctl snapshot diff`: a line for each document that differs, and then the counts.
enum SnapshotDiffCommand {
    /// What differs of one kind of record.
    private struct Counts {
        var added = 0
        var changed = 0
        var removed = 0
    }

    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let (older, newer) = (arguments[Commands.older], arguments[Commands.newer])
        let (fields, asJSON) = (arguments[Commands.fields], arguments[Commands.json])
        var resources: [String: Counts] = [:]
        let key = try SnapshotKey.given(arguments)
        try SnapshotCommand.withProgress(arguments) { (progress) throws(SnapshotError) in
            let before = try OpenSnapshot(older, key, progress)
            let after = try OpenSnapshot(newer, key, progress)
            try SnapshotDifference.forEach(
                from: before, to: after, withFields: fields, progress
            ) { difference in
                switch difference.kind {
                case .added: resources[difference.resource, default: Counts()].added += 1
                case .changed: resources[difference.resource, default: Counts()].changed += 1
                case .removed: resources[difference.resource, default: Counts()].removed += 1
                }
                print(asJSON ? line(difference) : sentence(difference))
            }
        }
        return Report { writer in
            writer.member("added", resources.values.reduce(0) { $0 + $1.added })
            writer.member("changed", resources.values.reduce(0) { $0 + $1.changed })
            writer.member("removed", resources.values.reduce(0) { $0 + $1.removed })
            writer.name("resources")
            writer.beginArray()
            for (resource, counts) in resources.sorted(by: { $0.key < $1.key }) {
                writer.beginObject()
                writer.member("resource", resource)
                writer.member("added", counts.added)
                writer.member("changed", counts.changed)
                writer.member("removed", counts.removed)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private static func line(_ difference: SnapshotDifference) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        difference.writeMembers(to: &writer)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func sentence(_ difference: SnapshotDifference) -> String {
        var text =
            "\(difference.kind) \(difference.resource) \(difference.key.id) of account "
            + "\(difference.key.account)"
        for field in difference.fields {
            text += "\n    \(field.name): \(show(field.before)) → \(show(field.after))"
        }
        return text
    }

    private static func show(_ json: [UInt8]?) -> String {
        json.map { String(decoding: $0, as: UTF8.self).printable } ?? "nothing"
    }
}
