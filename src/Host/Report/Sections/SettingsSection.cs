namespace IterativeDpo.Host.Report;

/// <summary>What it takes to run the campaign again.</summary>
internal static class SettingsSection
{
    public static string Render(ReportData data)
    {
        var engines = string.Concat(data.Summary.Engines.Select(engine => Item(engine.Key, engine.Value)));
        var body = $"""
            <dl class="facts">{Item("base model", data.ModelName)}{engines}{Item("state", data.Summary.State)}</dl>
            <details><summary>Resolved configuration</summary><div class="scroll" role="region" aria-label="Resolved configuration" tabindex="0"><pre>{Html.Text(data.SettingsJson)}</pre></div></details>
            """;
        return Html.Section("settings", "How it was run", "", body);
    }

    private static string Item(string name, string value) => $"<div><dt>{Html.Text(name)}</dt><dd>{Html.Text(value)}</dd></div>";
}
