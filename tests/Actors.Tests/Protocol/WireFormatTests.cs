using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Campaigns.Tests;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Pairs;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Actors.Tests.Protocol;

public sealed class WireFormatTests
{
    private static readonly WorkId Id = new(2, Stage.Judge, 7);
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private static readonly Digest A = Digest.Of([1]);
    private static readonly Digest B = Digest.Of([2]);
    private static readonly ImmutableSortedDictionary<string, double> Metrics =
        ImmutableSortedDictionary<string, double>.Empty.Add("loss", 0.1).Add("rewards/margins", 1d / 3);

    private static readonly JudgeResult Judged =
        new(Id, A, 1, 2, ImmutableSortedDictionary<string, TaskScore>.Empty.Add("add", new TaskScore(3, 4)), 0.25,
            new JudgeUsage(1, 2, 3, 4, ImmutableSortedDictionary<string, int>.Empty.Add("cheap", 5)),
            Latency.Of([0.25, 1]),
            new SetScore("gate", new(2, 3), 3, 2, [1, 0, SetScore.NoVerdict]),
            0.75,
            new Agreement(1, 2, 3, 4, 5, 6));

    private static readonly CampaignPlan Plan = CampaignSimulator.Plan with
    {
        Consistency = true,
        Sets = [new PlannedSet("old", 12, 8, 2, 5)],
        Gate = new GatePlan(GateTest.EProcess, 0.1, 20, "gate", GateFailure.Pause),
        Watch = new WatchOptions(0.1, 3, 0.4, 0.8, 4, WatchAction.Pause, 64, 2, 0.9),
        StopKl = 7.5,
        RaisedRounds = 9,
        Budgets = ImmutableSortedDictionary<string, JudgeBudget>.Empty.Add("gpt", new(100, 5000)),
    };

    /// <summary>One of each, with nothing left at its default.</summary>
    private static readonly ICampaignMessage[] Examples =
    [
        new ArtifactLost(A, At),
        new CampaignAccepted(CampaignStatus.Paused),
        new CampaignAnnounced("c", CampaignStatus.Running, "http://localhost:8421/", A),
        new CampaignCancelled(At),
        new CampaignCompleted(At, "far enough"),
        new CampaignFailed("disk full"),
        new CampaignForked(new CampaignOrigin("c", "/state", A, 2, new CampaignOrigin("d", "/other", B, 1)), Plan, At),
        new CampaignPaused("disk full", At, "ops"),
        new CampaignResumed(At, "ops"),
        new CampaignStarted(Plan, At),
        new CampaignSimulator { Right = round => round == 2 ? 1 : 5 }.Run(until: new WorkId(3, Stage.Train, 0)).State with
        {
            Attempts = ImmutableDictionary<WorkId, int>.Empty.Add(Id, 2),
            PauseReason = "disk full",
            PausedBy = "ops",
        },
        new CampaignStopped(),
        new CancelCampaign(),
        new CancelWork("test", 3),
        new CheckpointWork(Id, A),
        new CompleteWork(Judged, 3),
        new ContinueCampaign("ops"),
        new DescribeNode(),
        new DrainNode(),
        new FailWork(Id, "no answer", FailureKind.Permanent, Judged, 3, A, B),
        new JudgeOrder(Id, A, B, A, IsLast: true, "gate", new(B), B) { Number = 3, Campaign = "c", Bundle = B, TraceParent = "00-1-2-01" },
        Judged,
        new NoWork("c"),
        new NodeReport(
            "n",
            "akka.tcp://s@h:1",
            "http://h:2/",
            ["judge"],
            "1.0",
            2,
            "cpu",
            true,
            ["c 1/Judge/0"],
            ["no model"],
            12.5,
            At,
            At,
            Notices: true),
        new PairOrder(Id, [new JudgedUnit(A, B)], A, new StatisticsOrder(B))
        {
            Number = 3,
            Campaign = "c",
            Bundle = B,
            TraceParent = "00-1-2-01",
        },
        new PairResult(Id, A, 3, 4, 5, 0.5, new PairSelectionCounts(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), B, 17, 0.25),
        new PauseCampaign("by hand", "ops"),
        new PlanRevised(Plan, At, "ops"),
        new PublishOrder(Id, A, new AverageOrder(B, 0.9)) { Number = 3, Campaign = "c", Bundle = B, TraceParent = "00-1-2-01" },
        new PublishResult(Id, A, 0.5, B),
        new RaiseLimits(9, "gpt", new JudgeBudget(100, 5000), "ops"),
        new ResumeCampaign(),
        new RoundCompleted(2, RoundOutcome.RolledBack, At, new GateEvidence(GateTest.EProcess, "gate", false, 100, 9, 5, 1.5, 20)),
        new RoundStarted(2, A, At),
        new SampleOrder(Id, A, 64, 32, B, "gate") { Number = 3, Campaign = "c", Bundle = B, TraceParent = "00-1-2-01" },
        new SampleResult(Id, A, 32, 256, 4096, 1d / 3, 0.5, "gate", 0.125, 0.25, 12, new Divergence(3, 40, 1.5)),
        new StartCampaign(Plan),
        new StopCampaign(),
        new TrainOrder(Id, [A, B], A, B, A, new ReplayOrder([B], 0.25), B)
        {
            Number = 3,
            Campaign = "c",
            Bundle = B,
            TraceParent = "00-1-2-01",
        },
        new TrainResult(Id, A, B, 34, Metrics, 0.5),
        new TrainingCheckpointed(2, A, At),
        new WatchCampaign(),
        new WorkCancelled(Id, 3),
        new WorkCompleted(Judged, At),
        new WorkDropped(Id, "no answer", At),
        new WorkFailed(Id, "no answer", At, Judged),
        new WorkInHand(WorkerRole.Judge, Id, 3),
        new WorkProgress(Id, 3, 4, 99, 0.5, Metrics),
        new WorkSettled("test", 3),
        new WorkerReady(WorkerRole.Trainer),
    ];

    private static readonly Dictionary<string, string> WrittenDown = ReadWrittenDown();

    public static TheoryData<Type> WireTypes =>
        [
            .. typeof(ICampaignMessage)
                .Assembly.GetTypes()
                .Where(type => type.IsAssignableTo(typeof(ICampaignMessage)) && type is { IsAbstract: false, IsInterface: false }),
        ];

    [Theory]
    [MemberData(nameof(WireTypes))]
    public void Read_gives_back_what_was_written(Type type)
    {
        var message = Assert.Single(Examples, example => example.GetType() == type);

        var copy = WireFormat.Read(WireFormat.Write(message), WireFormat.ManifestOf(message));

        AssertSame(message, copy);
    }

    /// <summary>
    /// Nodes of other versions, and journals of earlier ones, have each message as it is written down in <c>wire-format.jsonl</c>: its
    /// name, the members that have to be there, and an example. A member may be added with a default, and nothing else: a name or a needed
    /// member that changes is another message. <c>UPDATE=1 dotnet test tests/Actors.Tests --filter WireFormat</c> writes the file again.
    /// </summary>
    [Theory]
    [MemberData(nameof(WireTypes))]
    public void Write_isAsItIsWrittenDown_andNeedsWhatIsWrittenDown(Type type)
    {
        var message = Assert.Single(Examples, example => example.GetType() == type);

        Assert.Equal(WrittenDown.GetValueOrDefault(WireFormat.ManifestOf(message)), LineOf(message));
    }

    [Theory]
    [MemberData(nameof(WireTypes))]
    public void Read_membersOfANewerVersion_areLeftOut(Type type)
    {
        var message = Assert.Single(Examples, example => example.GetType() == type);
        var json = JsonNode.Parse(WireFormat.Write(message))!.AsObject();
        json["later"] = new JsonObject { ["of"] = "a newer version" };

        AssertSame(message, WireFormat.Read(Encoding.UTF8.GetBytes(json.ToJsonString()), WireFormat.ManifestOf(message)));
    }

    /// <summary>An older version writes no member that came later: it has its default then.</summary>
    [Fact]
    public void Read_withoutMembersThatHaveADefault_hasTheDefaults()
    {
        AssertSame(
            new FailWork(Id, "no answer", FailureKind.Transient),
            Read("fail-work", """{"id":"2/Judge/7","reason":"no answer","kind":"Transient"}"""));
        AssertSame(
            new JudgeOrder(Id, A) { Campaign = "c" },
            Read("judge-order", $$"""{"id":"2/Judge/7","samples":"{{A}}","campaign":"c"}"""));
        AssertSame(new TrainResult(Id, A, B, 34, Metrics, 0.5), Read(
                "train-result",
                $$"""{"adapter":"{{A}}","history":"{{B}}","steps":34,"metrics":{"loss":0.1,"rewards/margins":0.3333333333333333},"id":"2/Judge/7","seconds":0.5}"""));
        AssertSame(
            new CampaignAnnounced("c", CampaignStatus.Running, "http://h:1/", null),
            Read("campaign-announced", """{"campaign":"c","status":"Running","http":"http://h:1/"}"""));
    }

    [Fact]
    public void ManifestOf_is_another_for_every_type()
    {
        Assert.Distinct(Examples.Select(WireFormat.ManifestOf));
    }

    [Fact]
    public void Read_unknown_manifest_says_that_a_newer_version_wrote_it()
    {
        var error = Assert.Throws<ArgumentException>(() => WireFormat.Read([], "round-forked"));

        Assert.Contains("newer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_damaged_bytes_is_an_error()
    {
        Assert.Throws<JsonException>(() => WireFormat.Read("{\"id\":"u8.ToArray(), "work-cancelled"));
    }

    [Theory]
    [InlineData("campaign-paused", """{"at":"2026-01-02T03:04:05+00:00"}""", "'reason'")]
    [InlineData("campaign-paused", """{"reason":null,"at":"2026-01-02T03:04:05+00:00"}""", "reason")]
    [InlineData("campaign-started", """{"at":"2026-01-02T03:04:05+00:00"}""", "'plan'")]
    [InlineData("campaign-started", """{"plan":{"campaign":"c"},"at":"2026-01-02T03:04:05+00:00"}""", "'settings'")]
    [InlineData("work-completed", """{"result":null,"at":"2026-01-02T03:04:05+00:00"}""", "result")]
    [InlineData(
        "work-completed",
        """{"result":{"id":"1/Publish/0","adapter":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","seconds":1},"at":"2026-01-02T03:04:05+00:00"}""",
        "result")]
    [InlineData("work-dropped", """{"id":"1/Judge","reason":"no answer","at":"2026-01-02T03:04:05+00:00"}""", "'1/Judge' is not a work id")]
    [InlineData("publish-result", """{"id":"1/Publish/0","seconds":1}""", "'adapter'")]
    [InlineData("publish-result", """{"id":"1/Publish/0","adapter":null,"seconds":1}""", "digest is missing")]
    [InlineData("publish-result", """{"id":"1/Publish/0","adapter":"../../../../etc/passwd","seconds":1}""", "is no SHA-256")]
    [InlineData(
        "publish-result",
        """{"id":"1/Publish/0","adapter":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}""",
        "'seconds'")]
    [InlineData("campaign-state", """{"rounds":null,"attempts":{},"doneInPart":{}}""", "rounds")]
    [InlineData("campaign-state", """{"attempts":{},"doneInPart":{}}""", "'rounds'")]
    public void Read_member_that_is_missing_or_null_is_an_error_that_names_it(string manifest, string json, string named)
    {
        var error = Assert.Throws<JsonException>(() => WireFormat.Read(Encoding.UTF8.GetBytes(json), manifest));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_what_may_be_null_may_be_missing()
    {
        Assert.Null(
            ((RoundStarted)WireFormat.Read("""{"round":1,"at":"2026-01-02T03:04:05+00:00"}"""u8.ToArray(), "round-started")).Policy);
        Assert.Null(
            (
                (SampleOrder)
                    WireFormat.Read("""{"id":"1/Sample/0","firstPrompt":0,"prompts":2,"campaign":"c"}"""u8.ToArray(), "sample-order")
            ).Adapter);
        Assert.Null(((CampaignState)WireFormat.Read("""{"rounds":[],"attempts":{},"doneInPart":{}}"""u8.ToArray(), "campaign-state")).Plan);
    }

    /// <summary>A journal from before replays and averages.</summary>
    [Fact]
    public void Read_plan_and_publication_without_later_settings_have_them_off()
    {
        var started = (CampaignStarted)WireFormat.Read(
            """
            {"plan":{"campaign":"c","settings":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","rounds":3,"prompts":5,"unitPrompts":2,"heldOutPrompts":3,"maxAttempts":3,"data":"New",
            "initialization":"Previous","reference":"Base","rollbackPoints":5},"at":"2026-01-02T03:04:05+00:00"}
            """u8.ToArray(), "campaign-started");
        var published = (PublishResult)
            WireFormat.Read(
                """{"adapter":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","id":"1/Publish/0","seconds":0.5}"""u8.ToArray(),
                "publish-result");

        Assert.Equal((ReferenceOrigin.Base, 0, 0), (started.Plan.Reference, started.Plan.ReplayShare, started.Plan.ReferenceEmaDecay));
        Assert.Null(published.Average);
    }

    /// <summary>A journal from before costs and latencies.</summary>
    [Fact]
    public void Read_judgements_without_usage_and_latency()
    {
        var judged = (JudgeResult)WireFormat.Read(
                """{"judgements":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","abstained":1,"dropped":2,"byTask":{"add":{"right":3,"total":4}},"id":"1/Judge/0","seconds":0.5}"""u8.ToArray(),
                "judge-result");

        Assert.Equal((1, 2, null, null), (judged.Abstained, judged.Dropped, judged.Usage, judged.Latency));
    }

    private static object Read(string manifest, string json) => WireFormat.Read(Encoding.UTF8.GetBytes(json), manifest);

    private static string WrittenDownPath([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "wire-format.jsonl");

    private static Dictionary<string, string> ReadWrittenDown()
    {
        if (Environment.GetEnvironmentVariable("UPDATE") == "1")
        {
            File.WriteAllLines(WrittenDownPath(), Examples.Select(LineOf));
            return Examples.ToDictionary(WireFormat.ManifestOf, LineOf);
        }
        return File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Protocol", "wire-format.jsonl"))
            .ToDictionary(line => JsonNode.Parse(line)!["manifest"]!.GetValue<string>());
    }

    private static string LineOf(ICampaignMessage message)
    {
        var (manifest, json) = (WireFormat.ManifestOf(message), JsonNode.Parse(WireFormat.Write(message))!.AsObject());
        var needs = json.Select(member => member.Key).Where(member =>
        {
            var without = json.DeepClone().AsObject();
            without.Remove(member);
            return Record.Exception(() => Read(manifest, without.ToJsonString())) is JsonException;
        });
        return new JsonObject
        {
            ["manifest"] = manifest,
            ["needs"] = new JsonArray([.. needs.Select(member => JsonValue.Create(member))]),
            ["json"] = json.DeepClone(),
        }.ToJsonString();
    }

    /// <summary>Compares by content: records with collections in them are equal by reference only.</summary>
    private static void AssertSame(object? expected, object? actual)
    {
        Assert.Equal(expected?.GetType(), actual?.GetType());
        if (expected is null or string || expected.GetType() is { IsPrimitive: true } or { IsEnum: true })
        {
            Assert.Equal(expected, actual);
        }
        else if (expected is IEnumerable items)
        {
            var pairs = items
                .Cast<object?>()
                .Order(Comparer<object?>.Create(ByText))
                .Zip(((IEnumerable)actual!).Cast<object?>().Order(Comparer<object?>.Create(ByText)));
            Assert.Equal(items.Cast<object?>().Count(), ((IEnumerable)actual!).Cast<object?>().Count());
            Assert.All(pairs, pair => AssertSame(pair.First, pair.Second));
        }
        else if (expected is IEquatable<Digest> or DateTimeOffset)
        {
            Assert.Equal(expected, actual);
        }
        else
        {
            foreach (var property in expected.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                AssertSame(property.GetValue(expected), property.GetValue(actual));
            }
        }
    }

    private static int ByText(object? left, object? right) => string.CompareOrdinal(left?.ToString(), right?.ToString());
}
