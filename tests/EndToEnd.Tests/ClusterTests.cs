using System.Diagnostics;
using System.Net;
using System.Text.Json;
using IterativeDpo.Judging.Tests.Http;
using Xunit.Abstractions;
using static IterativeDpo.EndToEnd.Tests.TestCluster;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A cluster of real processes, and what becomes of campaigns when they are killed, frozen, drained.</summary>
[Collection(nameof(ClusterTests))]
public sealed class ClusterTests(TestCluster cluster, ITestOutputHelper output) : IClassFixture<TestCluster>
{
    private const string Sampler = "generator,judge";

    /// <summary>A lost worker's work is elsewhere after 15 s at most; the rest of a campaign takes as long again.</summary>
    private static readonly TimeSpan s_elsewhere = TimeSpan.FromSeconds(30);

    [Fact]
    public void Submit_waiting_printsTheSummaryThatRunPrints()
    {
        cluster.Ensure("one", Sampler);
        cluster.Ensure("trainer", "trainer");
        using var submit = cluster.Run("submit", cluster.Campaign("alone"), "--wait", "--json");

        Assert.True(submit.ExitCode == 0, submit.Errors);
        Assert.Equal(ResultsOf(cluster.Alone), ResultsOf(submit.Json));
        Assert.Equal(Adapter(cluster.Alone), Adapter(submit.Json));
        Assert.Equal(Names(cluster.Alone), Names(submit.Json));
        using var status = cluster.Run("status", "--campaign", "alone", "--json");
        Assert.Equal("completed", Text(status.Json, "status"));
        using var campaigns = cluster.Run("campaigns", "--json");
        Assert.Contains(
            campaigns.Json.GetProperty("campaigns").EnumerateArray(),
            campaign => Text(campaign, "name") == "alone" && Text(campaign, "status") == "completed");
        using var report = cluster.Run("report", "alone", "--output", cluster.PathOf("alone.html"));
        Assert.True(report.ExitCode == 0, report.Errors);
        Assert.Contains("<html", File.ReadAllText(cluster.PathOf("alone.html")));
    }

    [Fact]
    public void ReplayAndFork_ofACampaignThatACoordinatorHas_areThoseOfAnyOther()
    {
        cluster.Ensure("one", Sampler);
        cluster.Ensure("trainer", "trainer");
        using var submit = cluster.Run("submit", cluster.Campaign("recorded"), "--wait");
        Assert.True(submit.ExitCode == 0, submit.Errors);

        using var replay = DpoProcess.Run(
            "replay",
            "--state",
            cluster.PathOf("coordinator"),
            "--campaign",
            "recorded",
            "--threads",
            "1",
            "--round",
            "1");
        using var fork = DpoProcess.Run(
            "fork",
            "--state",
            cluster.PathOf("coordinator"),
            "--campaign",
            "recorded",
            "--round",
            "1",
            "--to",
            cluster.PathOf("forked"),
            "--config",
            cluster.Campaign("recorded"));

        Assert.True(replay.ExitCode == 0, replay.Errors + replay.Output);
        Assert.True(fork.ExitCode == 0, fork.Errors);
        Assert.True(File.Exists(Path.Combine(cluster.PathOf("forked"), "campaign.conf")));
    }

    [Fact]
    public void Nodes_json_hasTheFieldsThatScriptsReadByName()
    {
        using var nodes = cluster.Run("nodes", "--json");

        var node = nodes.Json.GetProperty("nodes").EnumerateArray().First();
        Assert.Equal(
            [
                "name",
                "address",
                "http",
                "roles",
                "state",
                "in_hand",
                "troubles",
                "version",
                "threads",
                "device",
                "rate",
                "seconds_since_heard",
            ],
            node.EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public void Health_onEveryNode_isLiveAndReady()
    {
        cluster.Ensure("trainer", "trainer");
        foreach (var node in new[] { "coordinator", "trainer" })
        {
            Assert.Equal(HttpStatusCode.OK, cluster.Status(node, "/health/live"));
            Assert.Equal(HttpStatusCode.OK, cluster.Status(node, "/health/ready"));
        }
    }

    /// <summary>Pauses, drains and the rest are an operator's, who says yes twice; whoever only reads is refused.</summary>
    [Fact]
    public async Task Page_showsNodesAndCampaigns_andDrainsANodeForAnOperator()
    {
        cluster.Ensure("one", Sampler);
        cluster.Submit("paged");
        File.WriteAllText(cluster.PathOf("tokens"), "reader reader-0123456789abcdef\noperator operator-0123456789abcdef ops\n");
        using var page = DpoProcess.Start(
            "page",
            "--join",
            cluster.Join,
            "--page",
            "127.0.0.1:0",
            "--page-token-file",
            cluster.PathOf("tokens"));
        Until(() => page.Output.Contains("page: ", StringComparison.Ordinal));
        var address = new Uri(page.Output.Split(' ')[1]);
        using HttpClient reader = Browser("reader-0123456789abcdef"), ops = Browser("operator-0123456789abcdef");
        FormUrlEncodedContent Drain() =>
            new(
                new Dictionary<string, string>
                {
                    ["command"] = "drain",
                    ["name"] = "one",
                    ["shown_at"] = $"{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}",
                });

        Assert.Contains("<td>one</td>", await reader.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.DoesNotContain("<form", await reader.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.Contains("<h1>paged</h1>", await reader.GetStringAsync("/campaigns/paged"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsync("/operate", Drain())).StatusCode);
        Assert.Contains(
            "Drain one: it takes nothing new",
            await ops.GetStringAsync("/operate/confirm?command=drain&name=one"),
            StringComparison.Ordinal);
        Assert.Contains(cluster.Nodes(), node => Text(node, "name") == "one");

        Assert.Equal(HttpStatusCode.SeeOther, (await ops.PostAsync("/operate", Drain())).StatusCode);

        Until(() => cluster.Nodes().All(node => Text(node, "name") != "one"));
        page.Interrupt();
        Assert.Equal(0, page.ExitCode);

        HttpClient Browser(string token) =>
            new(new HttpClientHandler { AllowAutoRedirect = false })
            {
                BaseAddress = address,
                DefaultRequestHeaders = { Authorization = new("Bearer", token) },
            };
    }

    [Fact]
    public void Worker_killedWithWorkInHand_hasItDoneElsewhere()
    {
        cluster.Ensure("two", Sampler);
        cluster.Submit("killed");
        cluster.UntilAtWork("killed", "two");

        cluster["two"].Kill9();

        var watch = Stopwatch.StartNew();
        cluster.AssertEndsLikeAlone("killed");
        Say("kill -9 of a worker until the campaign was done without it", watch);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, s_elsewhere);
    }

    [Fact]
    public void Coordinator_killedAndStartedAgain_goesOnWithWorkInHandBegunOnce()
    {
        cluster.Ensure("one", Sampler);
        cluster.Ensure("two", Sampler);
        cluster.Submit("headless");
        var (node, work) = cluster.UntilAtWork("headless");

        cluster["coordinator"].Kill9();
        Thread.Sleep(1000);
        cluster.Start("coordinator", "coordinator");

        var watch = Stopwatch.StartNew();
        var holders = new HashSet<string>();
        Until(() =>
        {
            holders.UnionWith(cluster.InHand("headless").Where(held => held.Work == work).Select(held => held.Node));
            return cluster.Ask("/campaigns/headless") is not null && cluster.Nodes().Count >= 4;
        });
        Say("the coordinator, started again, until all are back", watch);
        cluster.AssertEndsLikeAlone("headless");
        Assert.DoesNotContain(holders, holder => holder != node);
    }

    /// <summary>What stands still cannot be drained; what lives all the same comes back by itself.</summary>
    [Fact]
    public void Drain_downOfANodeThatStandsStill_takesItForGone_andItComesBackWhenItLives()
    {
        cluster.Ensure("two", Sampler);
        var tree = cluster["two"].Tree;
        DpoProcess.Signal("STOP", tree);

        using var down = cluster.Run("drain", "two", "--down");

        Assert.True(down.ExitCode == 0, down.Errors);
        Assert.DoesNotContain(cluster.Nodes(), node => Text(node, "name") == "two");
        DpoProcess.Signal("CONT", tree);
        cluster.Ensure("two", Sampler);
        using var self = cluster.Run("drain", "coordinator", "--down");
        Assert.Equal(2, self.ExitCode);
        Assert.Contains("node coordinator answers", self.Errors);
    }

    [Fact]
    public void Worker_frozenFor20Seconds_isBackAndNothingIsLost()
    {
        cluster.Ensure("two", Sampler);
        cluster.Submit("frozen");
        cluster.UntilAtWork("frozen", "two");

        var tree = cluster["two"].Tree;
        DpoProcess.Signal("STOP", tree);
        var watch = Stopwatch.StartNew();
        cluster.UntilStatus("frozen", "completed");
        Say("a worker frozen until the campaign was done without it", watch);
        Thread.Sleep(Math.Max(0, 20_000 - (int)watch.ElapsedMilliseconds));
        DpoProcess.Signal("CONT", tree);

        watch.Restart();
        Until(() => cluster.Nodes().Any(node => Text(node, "name") == "two" && Text(node, "state") == "up"));
        Say("a worker woken after 20 s until it is back", watch);
        cluster.AssertEndsLikeAlone("frozen");
        Assert.False(cluster["two"].HasExited);
    }

    [Fact]
    public void NodeProcess_killed_isStartedAgainBySupervisor()
    {
        cluster.Ensure("trainer", "trainer");
        cluster.Submit("aborted");
        cluster.UntilAtWork("aborted", "trainer");
        var before = cluster["trainer"].Tree;
        Assert.Equal(2, before.Count);

        DpoProcess.Signal("KILL", before[1]);

        cluster.AssertEndsLikeAlone("aborted");
        Assert.DoesNotContain(before[1], cluster["trainer"].Tree);
    }

    [Fact]
    public void Drain_ofABusyNode_endsWhenItHasLeftAndWorkGoesOnElsewhere()
    {
        cluster.Ensure("one", Sampler);
        cluster.Ensure("two", Sampler);
        cluster.Submit("drained");
        cluster.UntilAtWork("drained", "two");

        var watch = Stopwatch.StartNew();
        using var drain = cluster.Run("drain", "two");
        Say("drain of a busy node", watch);

        Assert.True(drain.ExitCode == 0, drain.Errors);
        Assert.DoesNotContain(cluster.Nodes(), node => Text(node, "name") == "two");
        Assert.Equal(0, cluster["two"].ExitCode);
        cluster.AssertEndsLikeAlone("drained");
    }

    [Fact]
    public void Terminated_handsItsTrainingOnWhereItIs_andARoleThatNobodyPlaysShows()
    {
        cluster.Ensure("trainer", "trainer");
        cluster.Submit("orphaned");
        var work = cluster.UntilAtWork("orphaned", "trainer");
        var steps = Path.Combine(cluster.PathOf("trainer"), "work", "orphaned", "round-1");
        Until(() => Directory.Exists(steps) && Directory.EnumerateFiles(steps, "checkpoint-*.bin").Any());

        var watch = Stopwatch.StartNew();
        DpoProcess.Signal("TERM", cluster["trainer"].Id);
        Assert.Equal(0, cluster["trainer"].ExitCode);
        Say("SIGTERM of a busy node until it is gone", watch);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));

        Until(
            () =>
                cluster.Ask("/campaigns/orphaned") is { } view
                && view.GetProperty("waiting").EnumerateArray().Any(role => role.GetString() == "trainer"),
            TimeSpan.FromSeconds(10));
        watch.Restart();
        Assert.True(cluster.Start("heir", "trainer").WaitForLine(line => line.Contains("is up")));
        Say("node start to up", watch);
        // At once: nobody waits for a lease to end.
        Assert.Equal(work, cluster.UntilAtWork("orphaned", "heir"));
        cluster.AssertEndsLikeAlone("orphaned");
        // It went on from the step at which the other one was stopped.
        Assert.True(File.Exists(Path.Combine(cluster.PathOf("heir"), "work", "orphaned", "round-1", "checkpoint.artifact")));
        DpoProcess.Signal("TERM", cluster["heir"].Id);
        Assert.Equal(0, cluster["heir"].ExitCode);
    }

    [Fact]
    public void PauseResumeCancel_doWhatTheySay_andOtherSettingsAreRefused()
    {
        cluster.Submit("commanded");
        Assert.Equal("paused", StatusAfter("pause", "commanded"));
        Assert.Equal("running", StatusAfter("resume", "commanded"));

        using var other = cluster.Run("submit", cluster.Campaign("commanded"), "--seed", "77");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("with other settings", other.Errors);

        Assert.Equal("cancelled", StatusAfter("cancel", "commanded"));
        using var again = cluster.Run("submit", cluster.Campaign("commanded"));
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("was cancelled; give the new one another name", again.Errors);
        using var unknown = cluster.Run("pause", "nobodys");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("no such campaign", unknown.Errors);
    }

    [Fact]
    public void Budget_ofAJudge_isOneForAllNodes_andWhatWasAnsweredIsAskedNoMore()
    {
        cluster.Ensure("one", Sampler);
        cluster.Ensure("two", Sampler);
        cluster.Ensure("trainer", "trainer");
        var (both, count) = (new TaskCompletionSource(), 0);
        using var service = new FakeService(async request =>
        {
            // Submitting asks whether it is there.
            if (request.Body.Length == 0)
            {
                return HttpJudgeTests.Answer(request.Body);
            }
            // A node has two calls out at most: with the third, two nodes ask.
            if (Interlocked.Increment(ref count) == 3)
            {
                both.SetResult();
            }
            await both.Task;
            return HttpJudgeTests.Answer(request.Body);
        });
        File.WriteAllText(cluster.PathOf("ask.txt"), "[user]\n{prompt}\n====\n{answer_a}\n====\n{answer_b}\n");
        string WithBudget(int calls) => $$"""
            judging { judge = gpt, judges.gpt { type = http, url = "{{service.Url}}", model = small, template = ask.txt, max-comparisons = 3, concurrency = 2, budget-calls = {{calls}} } }
            evaluation.judge = verifier
            """;

        cluster.Submit("budgeted", WithBudget(30));
        cluster.UntilStatus("budgeted", "paused");
        Assert.Equal(30, Questions().Length);
        Assert.Contains(
            "judges.gpt: its budget of 30 calls is spent. Raise campaign.judging.judges.gpt.budget-calls",
            Text(cluster.Ask("/campaigns/budgeted")!.Value, "pause_reason"));

        cluster.Submit("budgeted", WithBudget(1000));
        cluster.UntilStatus("budgeted", "completed");
        Assert.InRange(Questions().Length, 31, 1000);
        Assert.Equal(Questions().Length, Questions().Distinct().Count());

        var asked = Questions().Length;
        using var forgot = cluster.Run("judges", "--forget", "gpt", "--campaign", "budgeted");
        Assert.Equal(
            (0, $"forgot {asked:N0} answers of gpt; its questions are asked again, and what it spent stays spent"),
            (forgot.ExitCode, forgot.Output.Trim()));
        using var nobody = cluster.Run("judges", "--forget", "gpd", "--campaign", "budgeted");
        Assert.Equal(2, nobody.ExitCode);
        Assert.Contains("no service was asked for a judge of this name", nobody.Errors);

        string[] Questions() => [.. service.Requests.Select(request => request.Body).Where(body => body.Length > 0)];
    }

    [Fact]
    public void Model_thatIsOnNoNode_isToldAndMended_andIdleNodesDrain()
    {
        var model = cluster.PathOf("moved.gguf");
        File.WriteAllBytes(model, [.. File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf")), .. new byte[32]]);
        cluster.Ensure("trainer", "trainer");
        cluster.Ensure("one", Sampler);
        cluster.Ensure("two", Sampler);
        int[] workers = [.. new[] { "one", "two", "trainer" }.SelectMany(name => cluster[name].Tree)];
        DpoProcess.Signal("STOP", workers);
        cluster.Submit("moved", $"model = \"{model}\"");
        Directory.CreateDirectory(Path.Combine(cluster.PathOf("three"), "models"));
        File.Move(model, Path.Combine(cluster.PathOf("three"), "models", "any-name.gguf"));
        DpoProcess.Signal("CONT", workers);

        Until(() => cluster.Nodes().Any(node => node.GetProperty("troubles").EnumerateArray().Any(trouble =>
            trouble.GetString()!.Contains("moved.gguf (")
            && trouble.GetString()!.Contains("put it in")
            && trouble.GetString()!.Contains("--fetch-models"))));

        cluster.Start("three", Sampler);
        cluster.Start("four", "trainer", "--fetch-models");
        cluster.UntilStatus("moved", "completed");
        var watch = Stopwatch.StartNew();
        using var drained = cluster.Run("drain", "three", "--json");
        Say("drain of an idle node", watch);
        using var too = cluster.Run("drain", "four");
        Assert.Equal((0, 0), (drained.ExitCode, too.ExitCode));
        Assert.Equal("three", Text(drained.Json, "drained"));
        Assert.DoesNotContain(cluster.Nodes(), node => Text(node, "name") is "three" or "four");
        Assert.Equal(0, cluster["three"].ExitCode);
    }

    [Fact]
    public void Node_thatCannotBe_isRefusedWithTheWayOut()
    {
        var free = FreePort().ToString();
        AssertRefused(
            "cannot listen",
            ["--roles", "generator", "--join", cluster.Join, "--http", cluster.HttpOf("coordinator").Port.ToString()]);
        AssertRefused("--port", ["--roles", "coordinator", "--http", free, "--port", cluster.Join.Split(':')[1]]);
        AssertRefused(
            "there is a node named coordinator in this cluster already",
            ["--roles", "generator", "--join", cluster.Join, "--http", free, "--name", "coordinator"]);
        AssertRefused(
            "--state",
            ["--roles", "generator", "--join", cluster.Join, "--http", free, "--state", cluster.PathOf("coordinator")]);
    }

    private void AssertRefused(string problem, params string[] options)
    {
        string[] state = options.Contains("--state") ? [] : ["--state", cluster.PathOf("refused")];
        using var node = DpoProcess.Run(["node", "--threads", "1", .. options, .. state]);

        Assert.True(node.ExitCode == 2, $"{node.ExitCode}: {node.Errors}");
        Assert.Contains(problem, node.Errors);
        Assert.DoesNotContain("fault of this program", node.Errors);
    }

    /// <summary>Its metadata have the campaign's name.</summary>
    private static string Adapter(JsonElement summary) => Text(summary.GetProperty("rounds")[0], "adapter_sha256");

    private string StatusAfter(string verb, string campaign)
    {
        using var command = cluster.Run(verb, campaign, "--json");
        Assert.True(command.ExitCode == 0, command.Errors);
        return Text(command.Json, "status");
    }

    private void Say(string what, Stopwatch watch) => output.WriteLine($"{what}: {watch.Elapsed.TotalSeconds:F1} s");

    /// <summary>The names in a document, those of elements of a list once.</summary>
    private static SortedSet<string> Names(JsonElement document, string path = "") => document.ValueKind switch
    {
        JsonValueKind.Object =>
        [
            .. document
                .EnumerateObject()
                .SelectMany(field => Names(field.Value, $"{path}/{field.Name}").Append($"{path}/{field.Name}")),
        ],
        JsonValueKind.Array => [.. document.EnumerateArray().SelectMany(item => Names(item, path))],
        _ => [],
    };
}
