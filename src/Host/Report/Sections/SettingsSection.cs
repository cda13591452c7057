namespace IterativeDpo.Host.Report;

/// <summary>What it takes to run the campaign again.</summary>
internal static class SettingsSection
{
    public static string Render(ReportData data) => Render(
        [new("base model", data.ModelName), .. data.Summary.Engines, new("state", data.Summary.State)], data.SettingsJson);

    public static string Render(IEnumerable<KeyValuePair<string, string>> facts, string settingsJson)
    {
        var body = $"""
            <dl class="facts">{string.Concat(facts.Select(fact => Item(fact.Key, fact.Value)))}</dl>
            <details><summary>Resolved configuration</summary><div class="scroll" role="region" aria-label="Resolved configuration" tabindex="0"><pre>{Html.Text(settingsJson)}</pre></div></details>
            """;
        return Html.Section("settings", "How it was run", "", body);
    }

    private static string Item(string name, string value) => $"<div><dt>{Html.Text(name)}</dt><dd>{Html.Text(value)}</dd></div>";
}
