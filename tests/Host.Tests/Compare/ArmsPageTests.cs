using System.Net;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Compare;
using IterativeDpo.Host.Page;
using IterativeDpo.Host.Tests.Page;

namespace IterativeDpo.Host.Tests.Compare;

public sealed class ArmsPageTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-arms-");
    private readonly List<MadeCampaign> _made = [];

    public void Dispose()
    {
        _directory.Delete(recursive: true);
        _made.ForEach(campaign => campaign.Dispose());
    }

    [Fact]
    public async Task Page_ofADirectoryOfArms_showsThemSideBySide_andForksAsATree()
    {
        var parent = Add("dpo-1");
        var fork = Add(
            "branch",
            new CampaignForked(new CampaignOrigin("test", parent, Digest.Of("settings"u8), 1), MadeCampaign.Plan, MadeCampaign.LastAt));
        Add("twig", new CampaignForked(
            new CampaignOrigin(
                "test",
                fork,
                Digest.Of("settings"u8),
                2,
                new CampaignOrigin("test", parent, Digest.Of("settings"u8), 1)),
            MadeCampaign.Plan,
            MadeCampaign.LastAt));
        await using var app = await PageServer.StartAsync(
            new(new(IPAddress.Loopback, 0), [], IsGiven: true),
            new ArmsPage(_directory.FullName, TimeProvider.System).Render);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        var html = await http.GetStringAsync(new Uri("/", UriKind.Relative));

        Assert.Contains("Held-out accuracy by round and arm", html, StringComparison.Ordinal);
        var tree = html[
            html.IndexOf("<ul class=\"tree\">", StringComparison.Ordinal)..html.IndexOf(
                "</section>",
                html.IndexOf("<ul class=\"tree\">", StringComparison.Ordinal),
                StringComparison.Ordinal)
        ];
        string[] places = [parent, "after round 1:", fork, "after round 2:", "twig"];
        Assert.Equal(
            places.Length,
            places
                .Aggregate(
                    (Found: 0, At: 0),
                    (sum, place) =>
                        tree.IndexOf(place, sum.At, StringComparison.Ordinal) is >= 0 and var at ? (sum.Found + 1, at + place.Length) : sum)
                .Found);
        Assert.Equal(2, tree.Split("<ul>").Length - 1);
        Assert.DoesNotMatch("(?i)(src|href)=\"https?:|\\son[a-z]+=|style=\"", html);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/rounds/1", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public void Render_whereNoneHasBegun_saysSo()
    {
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "rft-1"));

        Assert.Empty(ArmsPage.DirectoriesIn(_directory.FullName));
        Assert.Contains(
            "Nothing to compare yet",
            new ArmsPage(_directory.FullName, TimeProvider.System).Render(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void DirectoriesIn_aCampaignsOwnDirectory_isNone()
    {
        Add("rft-1");

        Assert.Equal([Path.Combine(_directory.FullName, "rft-1")], ArmsPage.DirectoriesIn(_directory.FullName));
        Assert.Empty(ArmsPage.DirectoriesIn(Path.Combine(_directory.FullName, "rft-1")));
    }

    private string Add(string name, params CampaignEvent[] more)
    {
        var campaign = new MadeCampaign(2, more);
        _made.Add(campaign);
        return Directory.CreateSymbolicLink(Path.Combine(_directory.FullName, name), campaign.StatePath).FullName;
    }
}
