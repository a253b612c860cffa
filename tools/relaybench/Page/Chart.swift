import Glibc

/// A line chart as inline SVG: drawn by us, so that a report needs no network and no script.
struct Chart {
    /// A line of it.
    struct Series {
        let name: String
        /// A class of the page's style sheet: `s0`, `s1`, …
        let style: String
        let points: [(x: Double, y: Double)]
        /// Points further apart than this are not joined: between them nothing is known.
        var gap = Double.infinity
    }

    /// A labelled position on an axis.
    struct Mark {
        /// 0…1 from the left, or from the bottom.
        let position: Double
        let label: String
    }

    /// What a browser shows for a position on the x axis.
    struct Hover {
        let x: Double
        let lines: [String]
    }

    /// In the SVG's own units: pixels, where the page is as wide.
    struct Size {
        let width: Double
        let height: Double
        let left: Double
        let right: Double

        /// For a screen, and for a file of its own.
        static let wide = Size(width: 860, height: 320, left: 78, right: 36)
        /// For a telephone: scaled down, the text of the wide one could not be read.
        static let narrow = Size(width: 360, height: 300, left: 62, right: 14)
    }

    let title: String
    let series: [Series]
    /// Where data lies on the axes: functions to 0…1.
    let x: (Double) -> Double
    let y: (Double) -> Double
    let xMarks: [Mark]
    let yMarks: [Mark]
    let xTitle: String
    let yTitle: String
    /// Thresholds, as lines across.
    var limits: [(y: Double, label: String)] = []
    /// From this position on the x axis to the end something else goes on; what it is.
    var band: (from: Double, label: String)?
    var hovers: [Hover] = []

    /// Both sizes; the page's style sheet shows the one that fits.
    var svg: String {
        "<div class=\"wide\">\n" + svg(.wide, within: "", "") + "</div>\n<div class=\"narrow\">\n"
            + svg(.narrow, within: "", "") + "</div>\n"
    }

    /// A file of its own, with the styles in it: light or dark as its reader likes.
    var picture: String {
        let paper = "<rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n"
        return svg(
            .wide, within: "xmlns=\"http://www.w3.org/2000/svg\" ",
            "<style>\n\(HTML.pictureStyle)</style>\n" + paper)
    }

    private func svg(_ size: Size, within attributes: String, _ beginning: String) -> String {
        let drawing = ChartDrawing(chart: self, size: size)
        var text = "<svg \(attributes)viewBox=\"0 0 \(Int(size.width)) \(Int(size.height))\" "
        text += "role=\"img\" aria-label=\"\(HTML.escape(title))\">\n"
        text += beginning + drawing.text
        return text + "</svg>\n"
    }
}

/// Axes with round marks.
enum Axis {
    /// From 0 to a round number above the largest value.
    static func linear(
        to largest: Double, label: (Double) -> String
    ) -> (scale: (Double) -> Double, marks: [Chart.Mark]) {
        let largest = Swift.max(largest, 1e-9)
        let power = pow(10, floor(log10(largest / 4)))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { largest / $0 <= 5 } ?? power * 10
        let top = (largest / step).rounded(.up) * step
        let marks = (0...Int((top / step).rounded())).map {
            Chart.Mark(position: Double($0) * step / top, label: label(Double($0) * step))
        }
        return ({ $0 / top }, marks)
    }

    /// Powers of ten around the values, with a mark at each; at least one power wide.
    static func logarithmic(
        from smallest: Double, to largest: Double, label: (Double) -> String
    ) -> (scale: (Double) -> Double, marks: [Chart.Mark]) {
        let low = floor(log10(Swift.max(smallest, 1e-3)))
        let high = Swift.max(low + 1, ceil(log10(Swift.max(largest, 1e-3))))
        let marks = stride(from: low, through: high, by: 1).map {
            Chart.Mark(position: ($0 - low) / (high - low), label: label(pow(10, $0)))
        }
        return ({ (log10(Swift.max($0, 1e-3)) - low) / (high - low) }, marks)
    }

    /// 0 %, 90 %, 99 %, 99.9 % … at equal distances: the tail is what a percentile plot is for.
    static func percentile(
        to largest: Double
    ) -> (scale: (Double) -> Double, marks: [Chart.Mark]) {
        // As many nines as the count of values can tell apart.
        let nines = Swift.max(2, Swift.min(6, ceil(-log10(Swift.max(1e-6, 1 - largest / 100)))))
        let names = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"]
        let marks = (0...Int(nines)).map {
            Chart.Mark(position: Double($0) / nines, label: names[$0])
        }
        return ({ -log10(Swift.max(1e-7, 1 - $0 / 100)) / nines }, marks)
    }
}
