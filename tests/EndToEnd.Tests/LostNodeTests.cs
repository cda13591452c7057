using System.Text.Json;
using IterativeDpo.Judging.Tests.Http;
using static IterativeDpo.EndToEnd.Tests.TestCluster;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A cluster of real processes, of which two tell of lost nodes, and what they tell.</summary>
[Collection(nameof(ClusterTests))]
public sealed class LostNodeTests : IDisposable
{
    /// <summary>Five seconds of silence and five more until others go on, on a machine that is busy.</summary>
    private static readonly TimeSpan s_lost = TimeSpan.FromSeconds(25);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-lost-");
    private readonly FakeService _hook = new(new FakeReply(200, ""));
    private readonly List<DpoProcess> _nodes = [];
    private readonly int _port = FreePort();

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }
        _hook.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void Notices_areOfNodesThatDieAlone_andOnceHoweverManyTell()
    {
        var notices = Path.Combine(_directory.FullName, "notices.conf");
        File.WriteAllText(notices, $"campaign.notices.webhook = \"{_hook.Url}/S3CRET\"");
        var coordinator = Start("coordinator", "coordinator", "--port", $"{_port}");
        Start("first", "trainer", "--join", $"127.0.0.1:{_port}", "--notices", notices);
        Start("second", "trainer", "--join", $"127.0.0.1:{_port}", "--notices", notices);
        var victim = Start("victim", "generator,judge", "--join", $"127.0.0.1:{_port}");
        var leaver = Start("leaver", "judge", "--join", $"127.0.0.1:{_port}");
        foreach (var name in new[] { "first", "second", "victim", "leaver" })
        {
            Until(() => coordinator.Errors.Contains($"node {name} is there", StringComparison.Ordinal));
        }

        // It leaves in order, and another one is silent for a while: neither is lost.
        leaver.Interrupt();
        Until(() => coordinator.Errors.Contains("node leaver has left", StringComparison.Ordinal));
        var tree = victim.Tree;
        DpoProcess.Signal("STOP", tree);
        Until(() => coordinator.Errors.Contains("node victim is not heard of", StringComparison.Ordinal));
        DpoProcess.Signal("CONT", tree);
        Until(() => coordinator.Errors.Contains("node victim is heard of again", StringComparison.Ordinal));
        Assert.Empty(_hook.Requests);

        DpoProcess.Signal("KILL", tree);
        Until(() => _hook.Requests.Count > 0, s_lost);
        Assert.Equal(
            ("node_lost", "victim", "node victim (generator, judge) is lost: it was not heard of any more, and did not leave"),
            (Text(Told[^1], "kind"), Text(Told[^1], "node"), Text(Told[^1], "text")));

        // With the only coordinator the whole cluster is gone, and those who are left tell.
        DpoProcess.Signal("KILL", coordinator.Tree);
        Until(() => _hook.Requests.Count > 1, s_lost);
        Thread.Sleep(TimeSpan.FromSeconds(2));
        Assert.Equal(["victim", "coordinator"], Told.Select(told => Text(told, "node")));
        Assert.DoesNotContain(_nodes, node => node.Errors.Contains("S3CRET", StringComparison.Ordinal));
    }

    private IReadOnlyList<JsonElement> Told => [.. _hook.Requests.Select(request => JsonDocument.Parse(request.Body).RootElement)];

    private DpoProcess Start(string name, string roles, params string[] more)
    {
        var node = DpoProcess.Start(
        [
            "node", "--name", name, "--roles", roles, "--state", Path.Combine(_directory.FullName, name),
            "--threads", "1", "--http", "0", .. more,
        ]);
        _nodes.Add(node);
        return node;
    }
}
