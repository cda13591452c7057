using System.Net;
using System.Net.Sockets;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>What a user can get wrong about nodes before there is a cluster.</summary>
[Collection(nameof(PageTests))]
public sealed class NodeRefusalTests
{
    [Theory]
    [InlineData("there is no such role", "--roles", "generator,teacher")]
    [InlineData("a node that begins a cluster is a coordinator", "--roles", "generator")]
    [InlineData("know each other by certificates", "--bind", "0.0.0.0")]
    [InlineData("write HOST:PORT", "--roles", "judge", "--join", "10.0.0.1")]
    [InlineData("--port takes a port", "--port", "70000")]
    [InlineData("write sqlite, or postgres://", "--journal", "mysql://x/y")]
    [InlineData("/nowhere/ca.crt: cannot be read", "--certificate", "/nowhere/one.crt")]
    public void Node_withOptionsThatAreNone_isRefusedAtOnce(string problem, params string[] options)
    {
        using var node = DpoProcess.Run(["node", .. options]);

        Assert.Equal(2, node.ExitCode);
        Assert.Contains(problem, node.Errors);
    }

    [Theory]
    [InlineData("notices.conf: campaign.notices names nobody to tell", "campaign.notices.retries = 1")]
    [InlineData("campaign.notices.on leaves out node-lost", "campaign.notices { command = [./tell.sh], on = [done] }")]
    [InlineData("DPO_TEST_NO_SUCH_KEY is not set", "campaign.notices { webhook = \"http://127.0.0.1:9\", key-variable = DPO_TEST_NO_SUCH_KEY }")]
    public void Node_withNoticesThatTellNobody_isRefusedAtOnce(string problem, string notices)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-notices-");
        var path = Path.Combine(directory.FullName, "notices.conf");
        File.WriteAllText(path, notices);

        using var node = DpoProcess.Run("node", "--notices", path, "--state", directory.FullName);

        Assert.Equal(2, node.ExitCode);
        Assert.Contains(problem, node.Errors);
        directory.Delete(recursive: true);
    }

    [Fact]
    public void Command_withACertificateOfAnotherAuthority_saysWhatToCheck()
    {
        var directory = Directory.CreateTempSubdirectory("dpo-certificates-").FullName;
        string[] files = [.. new[] { "ours", "theirs" }.Select(name => Path.Combine(directory, name))];
        foreach (var path in files)
        {
            using var made = DpoProcess.Run("certificates", "--out", path, "--node", "one");
            Assert.True(made.ExitCode == 0, made.Errors);
        }
        var port = TestCluster.FreePort();
        using var node = DpoProcess.Start(
            "node",
            "--roles",
            "coordinator",
            "--port",
            $"{port}",
            "--http",
            "0",
            "--state",
            Path.Combine(directory, "state"),
            "--certificate",
            Path.Combine(files[0], "one.crt"));
        Assert.True(node.WaitForLine(line => line.Contains("is up")), node.Errors);

        using var ours = DpoProcess.Run("nodes", "--join", $"127.0.0.1:{port}", "--certificate", Path.Combine(files[0], "one.crt"));
        using var theirs = DpoProcess.Run("nodes", "--join", $"127.0.0.1:{port}", "--certificate", Path.Combine(files[1], "one.crt"));

        Assert.True(ours.ExitCode == 0, ours.Errors);
        Assert.Equal(2, theirs.ExitCode);
        Assert.Contains("that the certificate is of its cluster's authority", theirs.Errors);
        node.Kill9();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Several nodes on a machine need no port each, but one that was asked for is not another.</summary>
    [Fact]
    public void Node_whereTheUsualPortIsTaken_takesAnyUnlessItWasAskedFor()
    {
        const int usual = 8421;
        using var taken = new TcpListener(IPAddress.Loopback, usual);
        // Somebody else may have it: that is as good.
        _ = Record.Exception(taken.Start);
        var state = Directory.CreateTempSubdirectory("dpo-node-").FullName;
        using var node = DpoProcess.Start("node", "--roles", "coordinator", "--state", state);
        Assert.True(node.WaitForLine(line => line.Contains("is up")), node.Errors);

        using var asked = DpoProcess.Run("node", "--roles", "coordinator", "--state", $"{state}-2", "--http", $"{usual}");

        Assert.DoesNotContain($"127.0.0.1:{usual}/", node.Errors);
        Assert.Equal(2, asked.ExitCode);
        Assert.Contains("--http: cannot listen", asked.Errors);
        node.Kill9();
        Directory.Delete(state, recursive: true);
        Directory.Delete($"{state}-2", recursive: true);
    }

    [Fact]
    public void Command_whereNoNodeIs_saysSo()
    {
        using var nodes = DpoProcess.Run("nodes", "--join", $"127.0.0.1:{TestCluster.FreePort()}");

        Assert.Equal(2, nodes.ExitCode);
        Assert.Contains("no node answers at 127.0.0.1:", nodes.Errors);
    }
}
