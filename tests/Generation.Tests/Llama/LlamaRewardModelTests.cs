using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;
using LLama;
using LLama.Common;
using LLama.Native;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>
/// A head that is a row of the model's output map: the reward is then one of llama.cpp's own logits after the last token.
/// </summary>
public sealed class LlamaRewardModelTests(TinyModelFile files) : IClassFixture<TinyModelFile>
{
    private const int Row = 42;

    private static readonly Prompt Chat = new("chat", [new("user", "What is 1 + 1?")], null, null, []);
    private static readonly Prompt Text = new("text", null, "One and one is ", null, []);

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Score_headInTheFile_isTheHeadOnTheLastTokensState(string architecture)
    {
        var body = files[$"{architecture}.gguf"];
        TinyModel.Write(body, TinyModel.Config(architecture));
        using var model = new LlamaRewardModel(WithHead(body, $"{architecture}-reward.gguf"), null, 128, 100, threads: 1);
        int[][] sequences =
        [
            model.Encode(Chat, Sampled("2")),
            model.Encode(Text, Sampled("two")),
            model.Encode(Chat, Sampled("It is two, I think.")),
            model.Encode(Chat, Sampled("")),
        ];

        var scores = Score(model, sequences);

        Assert.All(sequences.Zip(scores), pair => Assert.Equal(LastLogits(body, pair.First)[Row], pair.Second, 1e-4));
        Assert.All(sequences.Zip(scores), pair => Assert.Equal(Assert.Single(Score(model, [pair.First])), pair.Second, 1e-4));
        Assert.Equal(4, scores.Distinct().Count());
    }

    [Fact]
    public void Score_moreSequencesThanACallTakes_areAllScored()
    {
        using var model = new LlamaRewardModel(WithHead(files.ModelPath, "many.gguf"), null, 64, 64, threads: 1);
        int[][] sequences = [.. Enumerable.Range(0, 70).Select(i => model.Encode(Text, Sampled(new string('a', i % 7))))];

        var scores = Score(model, sequences);

        Assert.All(scores.Index(), item => Assert.Equal(scores[item.Index % 7], item.Item, 1e-4));
    }

    [Fact]
    public void Score_headInAFileOfItsOwn_isTheSame()
    {
        using var inside = new LlamaRewardModel(WithHead(files.ModelPath, "inside.gguf"), null, 128, 128, threads: 1);
        using var beside = new LlamaRewardModel(files.ModelPath, files["inside.gguf"], 128, 128, threads: 1);
        int[][] sequences = [inside.Encode(Chat, Sampled("2"))];

        Assert.Equal(Score(inside, sequences), Score(beside, sequences));
    }

    [Fact]
    public void Encode_chatAndText_haveSpecialTokensOnce()
    {
        using var model = new LlamaRewardModel(WithHead(files.ModelPath, "encode.gguf"), null, 128, 128, threads: 1);

        Assert.Equal(
            [ByteVocabulary.Bos, .. ByteVocabulary.Encode("<|user|>\nWhat is 1 + 1?<|end|>\n<|assistant|>\n2<|end|>\n")],
            model.Encode(Chat, Sampled("2")));
        Assert.Equal(
            [ByteVocabulary.Bos, .. "One and one is two".Select(c => (int)c), ByteVocabulary.End],
            model.Encode(Text, Sampled("two")));
    }

    [Fact]
    public void Encode_textThatSpellsSpecialTokens_isWhatTheTrainerReads()
    {
        var prompt = new Prompt("text", null, "<|user|>\na<|end|>\n<|assistant|>\n", null, []);
        using var model = new LlamaRewardModel(WithHead(files.ModelPath, "spells.gguf"), null, 128, 128, threads: 1);

        var ofData = model.Encode(prompt, Sampled("2<|end|>") with { TokenIds = [] });
        var sampled = model.Encode(prompt, Sampled("2<|end|>"));

        Assert.Equal([.. ByteVocabulary.EncodeQuestion("a"), '2', ByteVocabulary.End], ofData);
        Assert.Equal([.. ByteVocabulary.EncodeQuestion("a"), .. "2<|end|>".Select(c => (int)c), ByteVocabulary.End], sampled);
    }

    [Fact]
    public void Encode_longerThanTheContext_isAFailureWithTheLengths()
    {
        using var model = new LlamaRewardModel(WithHead(files.ModelPath, "short.gguf"), null, 16, 16, threads: 1);

        var e = Assert.Throws<InvalidOperationException>(() => model.Encode(Text, Sampled("two")));

        Assert.Contains("20 tokens, and the reward model reads 16", e.Message);
    }

    [Fact]
    public void Check_modelWithoutAHead_isRefused()
    {
        using var model = new LlamaRewardModel(files.ModelPath, null, 128, 128, threads: 1);

        Assert.Contains("no classification head (cls.output.weight)", Assert.Throws<UserInputException>(model.Check).Message);
        Assert.Throws<UserInputException>(() => model.Encode(Text, Sampled("two")));
    }

    [Fact]
    public void Check_missingModel_isNamed()
    {
        using var model = new LlamaRewardModel(files["gone.gguf"], null, 128, 128, threads: 1);

        Assert.Contains("gone.gguf", Assert.Throws<UserInputException>(model.Check).Message);
    }

    private static Sample Sampled(string text) => new(0, 0, [.. text.Select(c => (int)c)], [], text, FinishReason.Eos, 0);

    private static double[] Score(LlamaRewardModel model, int[][] sequences)
    {
        var scores = new double[sequences.Length];
        model.Score(sequences, (i, score) => scores[i] = score, default);
        return scores;
    }

    private string WithHead(string body, string name)
    {
        using var file = GgufFile.Open(body);
        TinyModel.WriteWith(
            file,
            files[name],
            "cls.output.weight",
            [1, 32],
            file.ReadFloat32(file.Tensors[ModelConfig.Output]).AsMemory(Row * 32, 32));
        return files[name];
    }

    private static float[] LastLogits(string path, int[] ids)
    {
        var parameters = new ModelParams(path)
        {
            GpuLayerCount = 0,
            ContextSize = 128,
            Threads = 1,
            BatchThreads = 1,
            FlashAttention = false,
            TypeK = GGMLType.GGML_TYPE_F32,
            TypeV = GGMLType.GGML_TYPE_F32,
        };
        using var weights = LLamaWeights.LoadFromFile(parameters);
        using var context = weights.CreateContext(parameters);
        var batch = new LLamaBatch();
        var last = ids.Select((id, i) => batch.Add(id, i, (LLamaSeqId)0, logits: true)).Last();
        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        return context.NativeHandle.GetLogitsIth(last).ToArray();
    }
}
