import Glibc
import Options
import RelayRecords
import RelaySnapshots
import RelayStore

/// `relayctl snapshot show`: one record as a snapshot has it, or an attachment's file.
enum SnapshotShowCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let name = arguments[Commands.record]
        let account = UInt32(arguments[Commands.recordAccount])
        let key = try RecordName.key(name, account)
        let isFile = arguments[Commands.recordBytes]
        let target = arguments[Commands.recordTo] ?? OutputFile.standardOutput
        if isFile {
            guard key.resource == Resource.attachment.rawValue else {
                throw .usage("--bytes is for attachments, such as attachments/17")
            }
            if target == OutputFile.standardOutput, isatty(STDOUT_FILENO) == 1 {
                throw .usage(
                    "--bytes writes a file's bytes, and standard output is a terminal: give --to FILE, "
                        + "or lead it to another program")
            }
        }
        try CommandError.lifting { () throws(OutputError) in try OutputFile.check(target) }
        let repositoryKey = try SnapshotKey.given(arguments)
        let snapshot = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in
            try OpenSnapshot(arguments[Commands.snapshotOrStore], repositoryKey, progress)
        }
        let output = try CommandError.lifting { () throws(OutputError) in try OutputFile(target) }
        var failure: OutputError?
        let isFound = try CommandError.lifting { () throws(SnapshotError) in
            if isFile {
                return try snapshot.forEachChunk(ofAttachment: key) { bytes in
                    failure = write(bytes, to: output)
                    return failure == nil
                }
            }
            guard var json = try snapshot.json(of: key) else { return false }
            json.append(UInt8(ascii: "\n"))
            // SAFETY: the array's bytes, written inside the closure.
            failure = json.withUnsafeBytes { write($0, to: output) }
            return true
        }
        if let failure { throw .output(failure) }
        guard isFound else {
            throw .noRecord(
                name: name, account: account, place: arguments[Commands.snapshotOrStore])
        }
        try CommandError.lifting { () throws(OutputError) in try output.publish() }
        return Report.silent
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to output: OutputFile
    ) -> OutputError? {
        do throws(OutputError) {
            try output.write(bytes)
            return nil
        } catch {
            return error
        }
    }
}
