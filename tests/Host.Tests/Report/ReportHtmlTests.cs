using System.Text.RegularExpressions;
using System.Xml.Linq;
using IterativeDpo.Host.Report;

namespace IterativeDpo.Host.Tests.Report;

public sealed partial class ReportHtmlTests
{
    private readonly string _html = ReportHtml.Render(SyntheticReport.Create());

    [Fact]
    public void Render_is_well_formed()
    {
        var xml = VoidElements().Replace(_html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), "$0</$1>");

        XElement.Parse(StyleElement().Replace(xml, ""));
    }

    [Fact]
    public void Render_needs_nothing_from_elsewhere()
    {
        Assert.DoesNotMatch(@"\b(src|href)\s*=|url\(|@import|<script", _html);
    }

    [Fact]
    public void Render_headline_tells_before_after_and_gain()
    {
        Assert.Contains("<span>51.1\u00a0%</span>", _html, StringComparison.Ordinal);
        Assert.Contains("<strong>83.0\u00a0%</strong>", _html, StringComparison.Ordinal);
        Assert.Contains("+31.9 points", _html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_every_picture_says_what_it_shows()
    {
        var pictures = Regex.Matches(_html, "<svg [^>]*>");

        Assert.NotEmpty(pictures);
        Assert.All(pictures, picture => Assert.Matches("role=\"img\" aria-label=\"[^\"]+\"", picture.Value));
    }

    [Fact]
    public void Render_every_figure_has_a_caption()
    {
        Assert.Equal(Regex.Count(_html, "<figure>"), Regex.Count(_html, "<figure><figcaption><strong>[^<]+</strong>"));
    }

    [Fact]
    public void Render_has_a_chart_for_each_task()
    {
        Assert.All(
            SyntheticReport.Create().Summary.Baseline.ByTask.Keys,
            task => Assert.Contains($"aria-label=\"Accuracy on {task} by round", _html, StringComparison.Ordinal));
    }

    [Fact]
    public void Render_escapes_what_a_model_wrote()
    {
        var data = SyntheticReport.Create() with { Pairs = [SyntheticReport.Pair(1, "a & b", "<script>alert(1)</script>", "\"'\u0001")] };

        var html = ReportHtml.Render(data);

        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html, StringComparison.Ordinal);
        Assert.Contains("a &amp; b", html, StringComparison.Ordinal);
        Assert.Contains("&quot;&#39;\u2401", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_pair_shows_its_provenance()
    {
        Assert.Contains(
            "<dt>seeds</dt><dd><code>123456789abcdef0</code> <code>000000000000002a</code></dd>",
            _html,
            StringComparison.Ordinal);
        Assert.Contains("<dt>judge</dt><dd>verifier</dd>", _html, StringComparison.Ordinal);
        Assert.Contains($"<code title=\"{new string('a', 64)}\">aaaaaaaaaaaa</code>", _html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Render_says_what_the_gain_of_the_bundled_seed_is_and_only_of_it(bool bundled)
    {
        var html = ReportHtml.Render(SyntheticReport.Create(fromBundledSeed: bundled));

        Assert.Equal(bundled, html.Contains("trained on partly noisy answers on purpose", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_names_the_task_that_got_worse_and_the_round_rolled_back()
    {
        Assert.Contains("What got worse: count lost 3.0 points", _html, StringComparison.Ordinal);
        Assert.Contains("Rolled back: round 3 did not pass the gate", _html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_judges_shows_figures_and_warnings_by_round()
    {
        Assert.Contains("<td>small</td>", _html, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"Flip rate by round\"", _html, StringComparison.Ordinal);
        Assert.Contains(
            "<li>Round 3, small: the order of the answers decides 33.3\u00a0% of 9,000 comparisons; judging.limits.flip-rate is 30\u00a0%.</li>",
            _html,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Render_judge_without_comparisons_has_no_chart_of_flips()
    {
        var data = SyntheticReport.Create();
        var html = ReportHtml.Render(
            data with
            {
                Judges = [.. data.Judges.Select(judge => judge with { Figures = judge.Figures with { Flips = default } })],
            });

        Assert.DoesNotContain("Flip rate by round", html, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"judges\"", ReportHtml.Render(data with { Judges = [] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Render_long_campaign_stays_small()
    {
        var html = ReportHtml.Render(SyntheticReport.Create(rounds: 50, stepsPerRound: 500));

        Assert.True(html.Length < 1_500_000, $"{html.Length} characters");
    }

    [Fact]
    public void Render_campaign_without_rounds()
    {
        Assert.Contains("no data", ReportHtml.Render(SyntheticReport.Create(rounds: 0)), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_replaces_an_older_report()
    {
        var directory = Directory.CreateTempSubdirectory("dpo-report-");
        try
        {
            var path = Path.Combine(directory.FullName, "report.html");
            File.WriteAllText(path, "old");

            ReportHtml.Write(SyntheticReport.Create(), path);

            Assert.Equal(_html, File.ReadAllText(path));
            Assert.Single(directory.GetFiles());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [GeneratedRegex("<(meta)[^>]*>")]
    private static partial Regex VoidElements();

    [GeneratedRegex("<style>.*</style>", RegexOptions.Singleline)]
    private static partial Regex StyleElement();
}
