import Options

/// What a report is written to.
extension BenchReport {
    private static let files = [
        BenchOptions.json, BenchOptions.timeSeries, BenchOptions.hdr, BenchOptions.hdrLog,
        BenchOptions.openMetrics,
    ]

    /// Refuses files that could not be written, before anything is done for their sake.
    static func requireWritable(_ arguments: Arguments) throws(BenchError) {
        for file in files {
            if let path = arguments[file] { try TextFile.requireWritable(path) }
        }
    }

    /// Writes all files that were asked for, and for people what was measured.
    func write(_ arguments: Arguments) throws(BenchError) {
        let json = arguments[BenchOptions.json]
        if json != "-", !runs.isEmpty { print(text, terminator: "") }
        if let json { try TextFile.write(self.json, to: json) }
        if let path = arguments[BenchOptions.timeSeries] {
            try TextFile.write(Array(timeSeries.utf8), to: path)
        }
        if let path = arguments[BenchOptions.hdr] {
            let all = Histogram()
            for run in runs { all.add(run.all.corrected) }
            try TextFile.write(Array(all.percentileText().utf8), to: path)
        }
        if let path = arguments[BenchOptions.hdrLog] {
            try TextFile.write(Array(histogramLog.utf8), to: path)
        }
        if let path = arguments[BenchOptions.openMetrics] {
            try TextFile.write(openMetrics, to: path)
        }
    }
}
