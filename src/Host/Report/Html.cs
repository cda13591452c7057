using System.Globalization;
using System.Net;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Report;

/// <summary>Small pieces of HTML and the formats of figures. Whatever comes from data goes through <see cref="Text"/>.</summary>
internal static class Html
{
    /// <summary>
    /// Escaped text; control characters, which a model may well write, become visible, and so does what turns the direction of a line.
    /// </summary>
    public static string Text(string? text) => WebUtility.HtmlEncode(PlainText.Of(text ?? "").Replace('\t', '\u2409'));

    /// <summary>A chart with its caption; the legend names the lines or parts in the order of their colours.</summary>
    public static string Figure(string title, string explanation, string svg, IReadOnlyList<string>? legend = null)
    {
        var items = legend is null
            ? ""
            : $"<ul class=\"legend\">{string.Concat(legend.Select((name, i) => $"<li><span class=\"swatch s{i}\"></span>{Text(name)}</li>"))}</ul>";
        var small = explanation.Length == 0 ? "" : $"<span class=\"hint\">{Text(explanation)}</span>";
        return $"<figure><figcaption><strong>{Text(title)}</strong>{small}</figcaption>{items}{svg}</figure>\n";
    }

    public static string Section(string id, string title, string lead, string body) =>
        $"<section id=\"{id}\" aria-labelledby=\"{id}-title\"><h2 id=\"{id}-title\">{Text(title)}</h2>{(lead.Length == 0 ? "" : $"<p class=\"lead\">{Text(lead)}</p>")}\n{body}</section>\n";

    /// <summary>A table that scrolls on its own where the page is narrow.</summary>
    /// <param name="cells">Rows of cells that are HTML already.</param>
    public static string Table(string label, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> cells, string cssClass = "")
    {
        var head = string.Concat(
            headings.Select(heading => $"<th scope=\"col\">{Text(heading).Replace("/", "/<wbr/>", StringComparison.Ordinal)}</th>"));
        var rows = string.Concat(cells.Select(row => $"<tr>{string.Concat(row.Select(cell => $"<td>{cell}</td>"))}</tr>\n"));
        return $"<div class=\"scroll\" role=\"region\" aria-label=\"{Text(label)}\" tabindex=\"0\"><table class=\"{cssClass}\"><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>\n";
    }

    /// <summary>A share from 0 to 1 as a percentage with one decimal; no line breaks inside.</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0}\u00a0%");

    /// <summary>A difference of two shares in percentage points, with its sign.</summary>
    public static string Points(double difference) => string.Create(CultureInfo.InvariantCulture, $"{difference * 100:+0.0;−0.0;0.0}");

    /// <summary>A whole number with thin spaces between thousands.</summary>
    public static string Count(long value) =>
        value.ToString("#,0", CultureInfo.InvariantCulture).Replace(",", "\u202f", StringComparison.Ordinal);

    public static string Number(double value, string format = "0.000") =>
        value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>A figure of any size in three digits or so.</summary>
    public static string Significant(double value) => Number(value, Math.Abs(value) is > 0 and < 0.01 or >= 1e6 ? "0.00e0" : "0.000");

    public static string Duration(double seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalMinutes: < 2 } span => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        { TotalHours: < 2 } span => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min {span.Seconds} s"),
        { TotalDays: < 2 } span => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours} h {span.Minutes} min"),
        var span => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalDays} d {span.Hours} h"),
    };

    /// <summary>The first digits of a digest, all of it on pointing.</summary>
    public static string Digest(string? hex) =>
        hex is null ? "—" : $"<code title=\"{Text(hex)}\">{Text(hex[..Math.Min(12, hex.Length)])}</code>";
}
