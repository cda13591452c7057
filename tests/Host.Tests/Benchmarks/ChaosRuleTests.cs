using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class ChaosRuleTests : IDisposable
{
    private readonly ChaosLog _log = new("/dev/null");

    [Fact]
    public void CanDoWithout_aRoleThatNobodyElsePlays_isFalse()
    {
        ChaosNode[] nodes =
        [
            Node("k", "coordinator"),
            Node("a", "generator", "judge"),
            Node("b", "judge", "trainer"),
            Node("c", "trainer"),
        ];

        Assert.True(ChaosRule.CanDoWithout(nodes, nodes[3]));
        Assert.True(ChaosRule.CanDoWithout(nodes, nodes[2]));
        Assert.False(ChaosRule.CanDoWithout(nodes, nodes[1]));
        Assert.False(ChaosRule.CanDoWithout(nodes, nodes[2], nodes[3]));
    }

    [Fact]
    public void CanDoWithout_beside_thoseThatAreWounded_isFalse()
    {
        ChaosNode[] nodes =
        [
            Node("k", "coordinator"),
            Node("a", "generator", "judge", "trainer"),
            Node("b", "generator", "judge", "trainer"),
        ];
        nodes[1].IsWounded = true;

        Assert.False(ChaosRule.CanDoWithout(nodes, nodes[1]));
        Assert.False(ChaosRule.CanDoWithout(nodes, nodes[2]));
    }

    [Fact]
    public void CanDoWithout_aSoleCoordinator_isTrue()
    {
        ChaosNode[] nodes = [Node("k", "coordinator"), Node("a", "generator", "judge", "trainer")];

        Assert.True(ChaosRule.CanDoWithout(nodes, nodes[0]));
    }

    [Fact]
    public void CanDoWithout_aSecondOfThreeCoordinators_isFalse()
    {
        ChaosNode[] nodes =
        [
            Node("k", "coordinator"),
            Node("l", "coordinator"),
            Node("m", "coordinator"),
            Node("a", "generator", "judge", "trainer"),
        ];

        Assert.True(ChaosRule.CanDoWithout(nodes, nodes[0]));
        Assert.False(ChaosRule.CanDoWithout(nodes, nodes[0], nodes[1]));
        nodes[2].IsWounded = true;
        Assert.False(ChaosRule.CanDoWithout(nodes, nodes[0]));
    }

    [Fact]
    public void CanDoWithout_guests_countForNobody()
    {
        ChaosNode[] nodes =
        [
            Node("k", "coordinator"),
            Node("a", "generator", "judge", "trainer"),
            new("x", ["generator", "judge", "trainer"], s_place, [], [], _log) { IsGuest = true },
        ];

        Assert.False(ChaosRule.CanDoWithout(nodes, nodes[1]));
    }

    private static readonly ChaosPlace s_place = new([], "127.0.0.1", 1, 2, []);

    public void Dispose() => _log.Dispose();

    private ChaosNode Node(string name, params string[] roles) => new(name, roles, s_place, [], [], _log);
}
