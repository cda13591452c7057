using System.Text;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Host.Report;

/// <summary>Writes a campaign's report: one HTML file that needs nothing else.</summary>
public static class ReportHtml
{
    /// <summary>Replaces the file at once, so that a reader never sees half a report.</summary>
    /// <exception cref="StorageException">It could not be written; an older report is untouched.</exception>
    public static void Write(ReportData data, string path) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Render(data))));

    public static string Render(ReportData data) => Page(
        $"{data.Summary.Campaign} · iterative DPO report",
        HeaderSection.Render(data)
            + NotesSection.Render(data)
            + AccuracySection.Render(data)
            + RoundsSection.Render(data)
            + TrainingSection.Render(data)
        + PolicySection.Render(data)
        + JudgesSection.Render(data)
        + TimeSection.Render(data)
        + PairsSection.Render(data)
        + SettingsSection.Render(data));

    /// <summary>A whole page.</summary>
    /// <param name="sections">HTML.</param>
    public static string Page(string title, string sections) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{Html.Text(title)}</title>
        <style>
        {Content("report.css")}</style>
        </head>
        <body>
        <main>
        {sections}</main>
        </body>
        </html>

        """;

    /// <summary>A file that the program has in it.</summary>
    internal static string Content(string name)
    {
        using var stream = typeof(ReportHtml).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
