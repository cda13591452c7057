using System.Text;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>Writes down every setting there is: as a configuration file with the defaults, and as tables.</summary>
internal static class SettingsReference
{
    private const int Width = 140;

    /// <summary>HOCON with a comment to each setting.</summary>
    public static string Hocon(IEnumerable<Setting> settings)
    {
        var text = new StringBuilder();
        WriteHocon(text, settings, "");
        return text.ToString();
    }

    /// <summary>Markdown, a table to each section.</summary>
    public static string Markdown(IEnumerable<Setting> settings)
    {
        var text = new StringBuilder();
        WriteMarkdown(text, settings, "");
        return text.ToString();
    }

    private static void WriteHocon(StringBuilder text, IEnumerable<Setting> settings, string indent)
    {
        var isFirst = true;
        foreach (var setting in settings.Where(setting => setting.Key != Setting.AnyName))
        {
            if (!isFirst && (setting.Text.Length > 0 || setting.Members is not null))
            {
                text.Append('\n');
            }
            isFirst = false;
            foreach (var line in Describe(setting).SelectMany(paragraph => Wrap(paragraph, Width - indent.Length - 2)))
            {
                text.Append(line.Length == 0 ? $"{indent}#\n" : $"{indent}# {line}\n");
            }
            if (setting.Members is null)
            {
                text.Append($"{indent}{setting.Key} = {setting.Default ?? (setting.IsList ? "[]" : "\"\"")}\n");
                continue;
            }
            text.Append($"{indent}{setting.Key} {{\n");
            WriteHocon(text, setting.Members, $"{indent}  ");
            text.Append($"{indent}}}\n");
        }
    }

    private static void WriteMarkdown(StringBuilder text, IEnumerable<Setting> settings, string section)
    {
        var single = settings.Where(setting => setting.Members is null).ToArray();
        if (single.Length > 0)
        {
            text.Append($"\n| key | default | it must be | |\n| --- | --- | --- | --- |\n");
            foreach (var setting in single)
            {
                text.Append(
                    $"| `{setting.Key}` | {Cell(setting.Default ?? "")} | {(setting.IsList ? "a list, each " : "")}{setting.Range} | {Inline(setting.Text)} |\n");
            }
        }
        foreach (var inner in settings.Where(setting => setting.Members is not null))
        {
            var name = section.Length == 0 ? inner.Key : $"{section}.{inner.Key}";
            text.Append($"\n## {name}\n");
            if (inner.Text.Length > 0)
            {
                text.Append($"\n{Inline(inner.Text)}\n");
            }
            WriteMarkdown(text, inner.Members!, name);
        }
    }

    /// <summary>The text, and what it does not say of what is allowed.</summary>
    private static string[] Describe(Setting setting)
    {
        var text = setting.Members is not null || setting.Text.Length == 0 ? setting.Text
            : $"{setting.Text}{(setting.IsBounded ? $" {char.ToUpperInvariant(setting.Range[0])}{setting.Range[1..]}." : "")}{(setting.Default is null ? " Must be set." : "")}";
        return text.Length == 0 ? [] : text.Split('\n');
    }

    private static IEnumerable<string> Wrap(string paragraph, int width)
    {
        while (paragraph.Length > width)
        {
            var end = paragraph.LastIndexOf(' ', width);
            yield return paragraph[..end].TrimEnd();
            paragraph = paragraph[(end + 1)..].TrimStart();
        }
        yield return paragraph;
    }

    private static string Cell(string text) => text.Length == 0 ? "must be set" : $"`{Inline(text)}`";

    private static string Inline(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
