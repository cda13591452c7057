using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Page;
using IterativeDpo.Host.Pairs;

namespace IterativeDpo.Host.Tests.Page;

public sealed class PairIndexTests : IDisposable
{
    private readonly MadeCampaign _campaign = new(rounds: 2);
    private readonly PairIndex _index;
    private readonly IReadOnlyList<RoundState> _rounds;

    public PairIndexTests()
    {
        _index = new(StateDirectory.ArtifactsOf(_campaign.StatePath));
        _rounds = CampaignReader.ReadWhole(_campaign.StatePath)!.Rounds;
    }

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public void Find_withoutAFilter_givesAllAsTheyWereMade() =>
        Assert.Equal(["1:p0:0:1", "1:p1:0:1", "2:p0:0:1", "2:p1:0:1"], Ids(new()));

    [Fact]
    public void Find_letsThroughWhatTheListOfTheCommandLineLetsThrough()
    {
        var listed = new CampaignPairs(
            "state",
            _rounds,
            CampaignReader.ReadSettings(_campaign.StatePath),
            StateDirectory.ArtifactsOf(_campaign.StatePath));
        PairFilter[] filters =
        [
            new(Round: 2),
            new(Task: "reverse"),
            new(Judge: "verifier"),
            new(MinMargin: 0.5),
            new(Prompt: "p1"),
            new(Contains: "write it"),
            new(Contains: "WRITE"),
            new(Contains: "('pwned')"),
            new(Contains: "\u001b"), new(Round: 1, Task: "capitals", Contains: "in capitals"),
        ];

        Assert.All(filters, filter => Assert.Equal(listed.Read(filter).Select(found => found.Id.ToString()), Ids(filter)));
    }

    [Fact]
    public void Find_ofWhatIsNotThere_givesNothing()
    {
        Assert.Empty(Ids(new(Task: "none")));
        Assert.Empty(Ids(new(Judge: "none")));
        Assert.Empty(Ids(new(Contains: "nowhere")));
        Assert.Empty(Ids(new(Round: 9)));
    }

    [Fact]
    public void Find_sorted_goesByTheWholeList()
    {
        Assert.Equal(["p1", "p1", "p0", "p0"], Find(new(), PairSort.Close).Pairs.Select(found => found.Pair.PromptId));
        Assert.Equal(["p0", "p0", "p1", "p1"], Find(new(), PairSort.Margin).Pairs.Select(found => found.Pair.PromptId));
    }

    [Fact]
    public void Find_aPart_countsTheWhole()
    {
        var page = _index.Find(_rounds, new(Task: "reverse"), PairSort.Made, skip: 1, take: 5);

        Assert.Equal((1, 2, 4), (page.Pairs.Count, page.Total, page.All));
        Assert.Equal(["capitals", "reverse"], page.Tasks);
        Assert.Equal(["verifier"], page.Judges);
    }

    private string[] Ids(PairFilter filter) => [.. Find(filter, PairSort.Made).Pairs.Select(found => found.Id.ToString())];

    private PairPage Find(PairFilter filter, PairSort order) => _index.Find(_rounds, filter, order, 0, 100);
}
