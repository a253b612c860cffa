import RelayStore

extension Replication {
    /// Writes commands of every kind through a log, as a host.
    public static func records(_ log: any SharedLog, as host: HostName) -> Replication {
        Replication(log, as: host) {
            let decoder = CommandDecoder(RecordApplier())
            return { (encoding, completion) throws(CommandFault) in
                try decoder.single(encoding, completion)
            }
        }
    }
}
