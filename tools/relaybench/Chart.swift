import Glibc

/// A line chart as inline SVG: drawn by us, so that a report needs no network and no script.
struct Chart {
    /// A line of it.
    struct Series {
        let name: String
        /// A class of the page's style sheet: `s0`, `s1`, …
        let style: String
        let points: [(x: Double, y: Double)]
    }

    /// A labelled place on an axis.
    struct Mark {
        /// 0…1 from the left, or from the bottom.
        let place: Double
        let label: String
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

    // Sizes in the SVG's own units; the page scales it to its width.
    private static let width = 860.0
    private static let height = 320.0
    private static let left = 78.0
    private static let right = 36.0
    private static let top = 40.0
    private static let bottom = 46.0

    /// The whole element, for a page that has the styles.
    var svg: String { svg(within: "", "") }

    /// A file of its own, with the styles in it: light or dark as its reader likes.
    var picture: String {
        let paper = "<rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n"
        return svg(
            within: "xmlns=\"http://www.w3.org/2000/svg\" ",
            "<style>\n\(HTML.pictureStyle)</style>\n" + paper)
    }

    private func svg(within attributes: String, _ beginning: String) -> String {
        var text = "<svg \(attributes)viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" "
        text += "role=\"img\" aria-label=\"\(HTML.escape(title))\">\n"
        text += beginning + grid
        for line in series where !line.points.isEmpty {
            text += "<polyline class=\"line \(line.style)\" points=\"\(path(line.points))\"/>\n"
            // A single point would be invisible as a line.
            if line.points.count == 1 {
                let (x, y) = place(line.points[0])
                text += "<circle class=\"\(line.style)\" cx=\"\(x)\" cy=\"\(y)\" r=\"3\"/>\n"
            }
        }
        text += legend
        return text + "</svg>\n"
    }

    private var grid: String {
        let (bottom, right) = (Self.height - Self.bottom, Self.width - Self.right)
        var text = ""
        for mark in yMarks {
            let y = Self.number(bottom - mark.place * (bottom - Self.top))
            text +=
                "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(right)\" y1=\"\(y)\" y2=\"\(y)\"/>"
            text += "<text class=\"label\" x=\"\(Self.left - 8)\" y=\"\(y)\" dy=\"4\" "
            text += "text-anchor=\"end\">\(HTML.escape(mark.label))</text>\n"
        }
        for mark in xMarks {
            let x = Self.number(Self.left + mark.place * (right - Self.left))
            text +=
                "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(Self.top)\" y2=\"\(bottom)\"/>"
            text += "<text class=\"label\" x=\"\(x)\" y=\"\(bottom + 17)\" "
            text += "text-anchor=\"middle\">\(HTML.escape(mark.label))</text>\n"
        }
        text += "<text class=\"label\" x=\"\(right)\" y=\"\(Self.height - 8)\" "
        text += "text-anchor=\"end\">\(HTML.escape(xTitle))</text>\n"
        text +=
            "<text class=\"label\" x=\"6\" y=\"\(Self.top - 14)\">\(HTML.escape(yTitle))</text>\n"
        return text
    }

    private var legend: String {
        var text = ""
        var x = Self.width - Self.right
        for line in series.reversed() {
            let name = HTML.escape(line.name)
            text += "<text class=\"name\" x=\"\(Self.number(x))\" y=\"20\" "
            text += "text-anchor=\"end\">\(name)</text>"
            x -= Double(line.name.count) * 6.3 + 6
            text += "<line class=\"line \(line.style)\" x1=\"\(Self.number(x - 18))\" "
            text += "x2=\"\(Self.number(x))\" y1=\"16\" y2=\"16\"/>\n"
            x -= 34
        }
        return text
    }

    private func path(_ points: [(x: Double, y: Double)]) -> String {
        points.map { point in
            let (x, y) = place(point)
            return "\(x),\(y)"
        }.joined(separator: " ")
    }

    private func place(_ point: (x: Double, y: Double)) -> (String, String) {
        let (bottom, right) = (Self.height - Self.bottom, Self.width - Self.right)
        let x = Self.left + min(1, max(0, self.x(point.x))) * (right - Self.left)
        let y = bottom - min(1, max(0, self.y(point.y))) * (bottom - Self.top)
        return (Self.number(x), Self.number(y))
    }

    private static func number(_ value: Double) -> String { Figure.fixed(value, 1) }
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
            Chart.Mark(place: Double($0) * step / top, label: label(Double($0) * step))
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
            Chart.Mark(place: ($0 - low) / (high - low), label: label(pow(10, $0)))
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
            Chart.Mark(place: Double($0) / nines, label: names[$0])
        }
        return ({ -log10(Swift.max(1e-7, 1 - $0 / 100)) / nines }, marks)
    }
}
