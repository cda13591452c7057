using System.Globalization;
using System.Net;
using System.Text;

namespace IterativeDpo.Host.Report.Charts;

/// <summary>Writes the few SVG elements that the charts are made of. Colours are classes, so that a page can have themes.</summary>
internal sealed class SvgText
{
    private readonly StringBuilder _text = new();

    /// <param name="label">Read out in place of the picture.</param>
    public SvgText(double width, double height, string label) =>
        _text.Append(CultureInfo.InvariantCulture, $"""<svg viewBox="0 0 {width:0} {height:0}" role="img" aria-label="{Escape(label)}">""");

    public void Line(double x1, double y1, double x2, double y2, string cssClass) =>
        _text.Append(
            CultureInfo.InvariantCulture,
            $"""<line class="{cssClass}" x1="{x1:0.#}" y1="{y1:0.#}" x2="{x2:0.#}" y2="{y2:0.#}"/>""");

    public void Polyline(IEnumerable<(double X, double Y)> points, string cssClass) =>
        _text.Append(CultureInfo.InvariantCulture, $"""<polyline class="{cssClass}" points="{Join(points)}"/>""");

    public void Polygon(IEnumerable<(double X, double Y)> points, string cssClass) =>
        _text.Append(CultureInfo.InvariantCulture, $"""<polygon class="{cssClass}" points="{Join(points)}"/>""");

    public void Dot(double x, double y, double radius, string cssClass, string title) =>
        _text.Append(
            CultureInfo.InvariantCulture,
            $"""<circle class="{cssClass}" cx="{x:0.#}" cy="{y:0.#}" r="{radius:0.#}"><title>{Escape(title)}</title></circle>""");

    public void Bar(double x, double y, double width, double height, string cssClass, string title) =>
        _text.Append(
            CultureInfo.InvariantCulture,
            $"""<rect class="{cssClass}" x="{x:0.##}" y="{y:0.#}" width="{width:0.##}" height="{height:0.#}"><title>{Escape(title)}</title></rect>""");

    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>.</param>
    public void Text(double x, double y, string text, string anchor, string cssClass = "tick") =>
        _text.Append(
            CultureInfo.InvariantCulture,
            $"""<text class="{cssClass}" x="{x:0.#}" y="{y:0.#}" text-anchor="{anchor}">{Escape(text)}</text>""");

    public string Close() => _text.Append("</svg>").ToString();

    private static string Join(IEnumerable<(double X, double Y)> points) =>
        string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X:0.#},{p.Y:0.#}")));

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
