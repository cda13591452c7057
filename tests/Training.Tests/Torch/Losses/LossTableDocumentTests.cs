using System.Text.Json;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training.Tests.Torch.Losses;

/// <summary>docs/losses.md says what the tables in the code say.</summary>
public class LossTableDocumentTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "docs", "losses.md"));

    [Fact]
    public void Document_has_a_row_for_every_loss() => Assert.All(PreferenceLosses.All, loss => Assert.Contains(RowOf(loss), Lines));

    [Fact]
    public void Document_has_a_row_for_every_score() =>
        Assert.All(ConstraintScores.All, score => Assert.Contains($"| {score.Name} | {score.Formula} |", Lines));

    private static string RowOf(PreferenceLoss loss)
    {
        var reads = Enum.GetValues<LossSettings>().Where(s => s != LossSettings.None && loss.Reads.HasFlag(s));
        string[] needs =
        [
            .. loss.UsesReference ? new[] { "reference" } : [],
            .. loss.Unpaired ? new[] { "labelled completions" } : [],
            .. loss.UsesMismatched ? new[] { "mismatched completions" } : [],
            .. loss.NeedsWholeStep ? new[] { "the whole step" } : [],
        ];
        var name = loss.Alias is null ? loss.Name : $"{loss.Name}, {loss.Alias}";
        return $"| {name} | {loss.Formula} | {loss.Source} | {string.Join(", ", reads.Select(s => JsonNamingPolicy.KebabCaseLower.ConvertName(s.ToString())))} | {string.Join(", ", needs)} |";
    }
}
