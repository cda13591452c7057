using System.Text;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation.Batching;

namespace IterativeDpo.Generation.Tests.Batching;

public class BatchRunnerTests
{
    private const int Vocabulary = 8;
    private const int End = 7;
    private static readonly byte[][] s_pieces =
    [
        .. Enumerable.Range(0, Vocabulary).Select(id => id == End ? [] : new[] { (byte)('a' + id) }),
    ];
    private static readonly TokenTable Tokens = new(s_pieces, new HashSet<int> { End });
    private static readonly ThoughtMarks s_thoughts = new(Begin: 5, End: 6);

    [Fact]
    public void Run_fewSlots_givesTheSamplesThatManySlotsGive()
    {
        var one = Run(new ToyDecoder(1, Mixed), Requests(5, 3));
        var many = Run(new ToyDecoder(16, Mixed), Requests(5, 3));

        Assert.Equal(one.Select(Describe), many.Select(Describe));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void Run_severalPlaces_givesTheSamplesThatOneGives(int places)
    {
        var one = Run(new ToyDecoder(4, Mixed), Requests(7, 3));
        var several = Run(new ToyDecoder(4, Mixed, places), Requests(7, 3));

        Assert.Equal(one.Select(Describe), several.Select(Describe));
    }

    [Fact]
    public void Run_otherOrder_givesTheSameSamples()
    {
        var forward = Run(new ToyDecoder(4, Mixed), Requests(5, 3));
        var backward = Run(new ToyDecoder(4, Mixed), [.. Requests(5, 3).Reverse()]);

        Assert.Equal(forward.Select(Describe), backward.Select(Describe));
    }

    [Fact]
    public void Run_anyRequests_computesEachPromptOnce()
    {
        var decoder = new ToyDecoder(4, Mixed);
        Run(decoder, Requests(5, 3));

        Assert.Equal(5, decoder.Prefills);
    }

    [Fact]
    public void Run_samplesOfOneLength_keepsEverySlotBusyUntilNoneWait()
    {
        var decoder = new ToyDecoder(4, _ => Only(0));
        Run(decoder, Requests(3, 4), new SamplingOptions(MaxTokens: 6));

        // The first token comes from the prompt: 12 samples of 5 decoded tokens in 4 slots.
        Assert.Equal(Enumerable.Repeat(4, 15), decoder.BatchSizes);
    }

    [Fact]
    public void Run_endToken_isTheLastIdAndNotInTheText()
    {
        var sample = RunOne(held => held.Count < 5 ? Only(1) : Only(End), new SamplingOptions());

        Assert.Equal(FinishReason.Eos, sample.FinishReason);
        Assert.Equal([1, 1, End], sample.TokenIds);
        Assert.Equal("bb", sample.Text);
    }

    [Fact]
    public void Run_maxTokens_endsByLength()
    {
        var sample = RunOne(_ => Only(1), new SamplingOptions(MaxTokens: 4));

        Assert.Equal((FinishReason.Length, "bbbb"), (sample.FinishReason, sample.Text));
    }

    [Fact]
    public void Run_contextFull_endsByLength()
    {
        // Three tokens of prompt and five of completion are the context.
        var sample = RunOne(_ => Only(1), new SamplingOptions(MaxTokens: 100), contextSize: 8);

        Assert.Equal((FinishReason.Length, 5), (sample.FinishReason, sample.TokenIds.Length));
    }

    [Fact]
    public void Run_stopString_endsBeforeItAndKeepsTheIds()
    {
        var sample = RunOne(held => Only(held.Count % 3), new SamplingOptions(StopStrings: ["ca"]));

        Assert.Equal(FinishReason.Stop, sample.FinishReason);
        Assert.Equal("ab", sample.Text);
        Assert.Equal([0, 1, 2, 0], sample.TokenIds);
    }

    [Fact]
    public void Run_anySample_hasALogProbForEveryTokenAndTheMeanEntropy()
    {
        var sample = RunOne(_ => new float[Vocabulary], new SamplingOptions(MaxTokens: 5));

        Assert.All(sample.LogProbs, logProb => Assert.Equal(-Math.Log(Vocabulary), logProb, 1e-5));
        Assert.Equal(sample.TokenIds.Length, sample.LogProbs.Length);
        Assert.Equal(Math.Log(Vocabulary), sample.MeanEntropy, 1e-5);
    }

    [Theory]
    [InlineData("f b b g c d h", 4, "cd")]
    [InlineData("f b g g c h", 3, "gc")]
    [InlineData("b f g c h", 0, "bfgc")]
    [InlineData("f b b", 3, "")]
    [InlineData("f b g", 3, "")]
    public void Run_thoughtsBeforeTheAnswer_areCountedAndLeftOutOfIt(string written, int thoughts, string answer)
    {
        var ids = Ids(written);

        var sample = RunOne(held => Only(ids[held.Count - 3]), new SamplingOptions(MaxTokens: ids.Length), marks: s_thoughts);

        Assert.Equal((thoughts, answer, ids.Length), (sample.Thoughts, sample.Answer, sample.TokenIds.Length));
    }

    [Theory]
    [InlineData("f", 2)]
    [InlineData("f g", 0)]
    [InlineData("f a a a", 0)]
    public void Run_thoughtsThatThePromptBegan_areThoughts(string end, int thoughts)
    {
        int[] prompt = [1, .. Ids(end)], ids = Ids("b g c h");
        var runner = new BatchRunner(
            new ToyDecoder(1, held => Only(ids[held.Count - prompt.Length])),
            new(s_pieces, new HashSet<int> { End }, s_thoughts),
            new(),
            64,
            new TokenCounter());
        var results = new List<PromptSamples>();

        runner.Run([new EncodedRequest(Requests(1, 1)[0], prompt)], results.Add, CancellationToken.None);

        Assert.Equal((thoughts, thoughts == 0 ? "bgc" : "c"), (results[0].Samples[0].Thoughts, results[0].Samples[0].Answer));
    }

    /// <summary>f x g opens a message in the channel x, c ends it, and a is the channel of answers.</summary>
    [Theory]
    [InlineData("f b g b b c d e f a g b d", 11, "bd")]
    [InlineData("f a g b d", 3, "bd")]
    [InlineData("f b g a b", 5, "")]
    [InlineData("b d", 0, "bd")]
    public void Run_channels_haveTheAnswerInTheirs(string written, int thoughts, string answer)
    {
        var ids = Ids(written);
        var marks = s_thoughts with { Channel = new(Name: 0, MessageEnd: 2, MessageStart: 3, Role: 4) };

        var sample = RunOne(held => Only(ids[held.Count - 3]), new SamplingOptions(MaxTokens: ids.Length), marks: marks);

        Assert.Equal((thoughts, answer), (sample.Thoughts, sample.Answer));
    }

    [Fact]
    public void Run_thoughtsInAChannelOverTheirLimit_areEndedByTheAnswersHeader()
    {
        var marks = s_thoughts with { Channel = new(Name: 0, MessageEnd: 2, MessageStart: 3, Role: 4) };

        var sample = RunOne(
            held => Only(held.Count == 3 ? marks.Begin : 1),
            new SamplingOptions(ThoughtTokens: 4, MaxTokens: 11),
            marks: marks);

        Assert.Equal([marks.Begin, 1, 1, 1, 2, 3, 4, marks.Begin, 0, marks.End, 1], sample.TokenIds);
        Assert.Equal((10, "b"), (sample.Thoughts, sample.Answer));
    }

    [Fact]
    public void Run_thoughtsOverTheirLimit_areEndedForTheModel()
    {
        var sample = RunOne(
            held =>
                Only(
                    held.Contains(s_thoughts.End) ? End
                    : held.Count == 3 ? s_thoughts.Begin
                    : 1),
            new SamplingOptions(ThoughtTokens: 3),
            marks: s_thoughts);

        Assert.Equal([s_thoughts.Begin, 1, 1, s_thoughts.End, End], sample.TokenIds);
        Assert.Equal(-100, sample.LogProbs[3], 1e-3);
        Assert.Equal((4, FinishReason.Eos), (sample.Thoughts, sample.FinishReason));
    }

    [Fact]
    public void Run_anyRequests_countsEveryToken()
    {
        var counter = new TokenCounter();
        var results = Run(new ToyDecoder(4, Mixed), Requests(5, 3), counter: counter);

        Assert.Equal(results.Sum(r => r.Samples.Sum(s => s.TokenIds.Length)), counter.Value);
    }

    [Fact]
    public void Run_cancelledOnTheWay_stops()
    {
        using var cancellation = new CancellationTokenSource();
        var decoder = new ToyDecoder(2, _ => Only(0));
        var runner = new BatchRunner(decoder, Tokens, new SamplingOptions(MaxTokens: 3), 64, new TokenCounter());

        Assert.Throws<OperationCanceledException>(() =>
            runner.Run(Encode(Requests(50, 2)), _ => cancellation.Cancel(), cancellation.Token));
        Assert.Equal(2, decoder.BatchSizes.Count);
    }

    [Fact]
    public void Replay_tracedRun_makesTheSameCalls()
    {
        var decoder = new ToyDecoder(4, Mixed);
        var trace = new DecodeTrace(decoder);
        new BatchRunner(trace, Tokens, new SamplingOptions(MaxTokens: 12), 64, new TokenCounter()).Run(
            Encode(Requests(5, 3)),
            _ => { },
            CancellationToken.None);
        var first = decoder.BatchSizes.ToArray();
        decoder.BatchSizes.Clear();

        trace.Replay();

        Assert.Equal(first, decoder.BatchSizes);
        Assert.Equal(10, decoder.Prefills);
    }

    /// <summary>Logits that depend on every token held, ending now and then.</summary>
    private static float[] Mixed(IReadOnlyList<int> held)
    {
        var seed = held.Aggregate(1UL, (hash, id) => SampleSeed.Mix(hash ^ (ulong)id));
        var random = new SplitMix64(seed);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => (float)(4 * random.NextDouble()))];
    }

    private static float[] Only(int id)
    {
        var logits = new float[Vocabulary];
        logits[id] = 100;
        return logits;
    }

    private static GenerationRequest[] Requests(int count, int samples) =>
        [.. Enumerable.Range(0, count).Select(i => new GenerationRequest(
            new Prompt($"p{i}", null, "", null, []), [.. Enumerable.Range(0, samples).Select(s => SampleSeed.Derive(1, 0, $"p{i}", s))]))];

    private static EncodedRequest[] Encode(GenerationRequest[] requests) =>
        [.. requests.Select(r => new EncodedRequest(r, [1, 2, r.Prompt.Id[1] % Vocabulary]))];

    /// <summary>Tokens by their letters.</summary>
    private static int[] Ids(string letters) => [.. letters.Split(' ').Select(letter => letter[0] - 'a')];

    private static Sample RunOne(
        Func<IReadOnlyList<int>, float[]> logits,
        SamplingOptions options,
        int contextSize = 64,
        ThoughtMarks? marks = null
    ) => Run(new ToyDecoder(2, logits), Requests(1, 1), options, contextSize, marks: marks).Single().Samples.Single();

    private static PromptSamples[] Run(
        ToyDecoder decoder,
        GenerationRequest[] requests,
        SamplingOptions? options = null,
        int contextSize = 64,
        TokenCounter? counter = null,
        ThoughtMarks? marks = null)
    {
        var results = new List<PromptSamples>();
        var runner = new BatchRunner(
            decoder,
            marks is null ? Tokens : new(s_pieces, new HashSet<int> { End }, marks),
            options ?? new SamplingOptions(MaxTokens: 12),
            contextSize,
            counter ?? new TokenCounter());
        runner.Run(Encode(requests), results.Add, CancellationToken.None);
        return [.. results.OrderBy(r => r.Prompt.Id)];
    }

    private static string Describe(PromptSamples samples)
    {
        var text = new StringBuilder(samples.Prompt.Id);
        foreach (var sample in samples.Samples)
        {
            text.Append($" {sample.Index}:{sample.Seed:x}:{sample.FinishReason}:{sample.Text}:{string.Join(',', sample.LogProbs)}");
        }
        return text.ToString();
    }
}
