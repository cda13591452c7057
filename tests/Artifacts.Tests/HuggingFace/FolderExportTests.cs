using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.Artifacts.Tests.HuggingFace;

/// <summary>What of a GGUF's tokenizer a folder gets.</summary>
public sealed class FolderExportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_aByteLevelVocabulary_isReadAsTheSame()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
        {
            var tokens = ((GgufValue)metadata["tokenizer.ggml.tokens"]).Value as string[];
            (tokens![262], tokens[263]) = ("ab", "[PAD263]");
            metadata["tokenizer.ggml.tokens"] = tokens;
            metadata["tokenizer.ggml.token_type"] = Enumerable
                .Range(0, 264)
                .Select(id =>
                    id is < 256 or 262 ? 1
                    : id == 261 ? 4
                    : id == 263 ? 5
                    : 3)
                .ToArray();
            metadata["tokenizer.ggml.merges"] = new[] { "a b" };
            metadata["tokenizer.ggml.pre"] = "refact";
            metadata["tokenizer.chat_template.tool_use"] = "{{ tools }}";
        });

        Assert.Empty(Export());

        using var before = GgufFile.Open(_directory["m.gguf"]);
        using var after = Convert();
        foreach (var key in new[] { "tokens", "token_type", "merges", "bos_token_id", "eos_token_id", "padding_token_id", "add_bos_token" })
            Assert.Equal(
                before.Metadata.First(entry => entry.Key == $"tokenizer.ggml.{key}").Value.Value,
                after.Metadata.First(entry => entry.Key == $"tokenizer.ggml.{key}").Value.Value);
        Assert.Equal(
            ("smollm", "{{ tools }}"),
            (after.Metadata.GetString("tokenizer.ggml.pre"), after.Metadata.GetString("tokenizer.chat_template.tool_use")));
    }

    /// <summary>llama.cpp has Llama 3's rules under this name too.</summary>
    [Fact]
    public void Write_theVocabularyOfLfm2_hasTheRulesOfLlama()
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            metadata =>
            {
                metadata["tokenizer.ggml.pre"] = "lfm2";
                metadata["tokenizer.ggml.merges"] = new[] { "a b" };
                (((GgufValue)metadata["tokenizer.ggml.tokens"]).Value as string[])![262] = "ab";
                metadata["tokenizer.ggml.token_type"] = Enumerable.Range(0, 264).Select(id => id is < 256 or 262 ? 1 : 3).ToArray();
            },
            architecture: "lfm2");

        Assert.Empty(Export());

        using var after = Convert();
        Assert.Equal("llama-bpe", after.Metadata.GetString("tokenizer.ggml.pre"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_sentencePieces_haveTheMergesOfTheirScores(bool addsSpace)
    {
        WritePieces(metadata => metadata["tokenizer.ggml.add_space_prefix"] = addsSpace, [-1, -5, -2, -4, -3]);

        Assert.Empty(Export());

        var model = JsonNode.Parse(File.ReadAllText(_directory["hub/tokenizer.json"]))!["model"]!;
        Assert.Equal(
            """[["▁","a"],["a","b"],["▁","ab"],["▁a","b"]]""",
            JsonNode
                .Parse(model["merges"]!.ToJsonString())!
                .ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        using var after = Convert();
        Assert.Equal(addsSpace, after.Metadata.GetBool("tokenizer.ggml.add_space_prefix"));
        Assert.Equal("llama", after.Metadata.GetString("tokenizer.ggml.model"));
    }

    /// <summary>Pieces of one score are joined from the left on, which no list of merges says.</summary>
    [Fact]
    public void Write_sentencePiecesOfOneScore_haveNoTokenizer()
    {
        WritePieces(_ => { }, [0, 0, 0, 0, 0]);

        var note = Assert.Single(Export());

        Assert.Contains(
            "no tokenizer is written, since the GGUF's cannot be said in full ('tokenizer.ggml.scores')",
            note,
            StringComparison.Ordinal);
        Assert.False(File.Exists(_directory["hub/tokenizer.json"]));
        Assert.True(File.Exists(_directory["hub/config.json"]));
    }

    [Fact]
    public void Write_rulesThatAreNotKnown_haveNoTokenizer()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata["tokenizer.ggml.pre"] = "falcon");

        Assert.Contains("the rules of the pre-tokenizer 'falcon' are not known here", Assert.Single(Export()), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_overAnOlderExport_leavesNothingOfIt()
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config());
        Directory.CreateDirectory(_directory["hub"]);
        File.WriteAllText(_directory["hub/chat_template.jinja"], "of another model");

        Export();

        Assert.False(File.Exists(_directory["hub/chat_template.jinja"]));
    }

    /// <param name="scores">Of ▁a, ab, ▁ab and two that nothing makes, in this order: the last three pieces' places are ▁, a and b.</param>
    private void WritePieces(Action<Dictionary<string, object>> change, float[] scores) =>
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            metadata =>
    {
        metadata.Remove("tokenizer.ggml.merges");
        metadata["tokenizer.ggml.model"] = "llama";
        metadata["tokenizer.ggml.pre"] = "default";
        metadata["tokenizer.ggml.tokens"] = new[] { "<unk>", "<s>" }
            .Concat(Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"))
            .Concat(["▁", "a", "b", "▁a", "ab", "▁ab"])
            .ToArray();
        metadata["tokenizer.ggml.token_type"] = new[] { 2, 3 }.Concat(Enumerable.Repeat(6, 256)).Concat(Enumerable.Repeat(1, 6)).ToArray();
        metadata["tokenizer.ggml.scores"] = new float[258]
            .Concat([scores[3], scores[4], -9])
            .Concat([scores[0], scores[2], scores[1]])
            .ToArray();
        foreach (var (key, id) in new[] { ("bos", 1u), ("eos", 1u), ("padding", 0u) }) metadata[$"tokenizer.ggml.{key}_token_id"] = id;
        metadata["tokenizer.ggml.unknown_token_id"] = 0u;
        change(metadata);
    });

    private IReadOnlyList<string> Export()
    {
        using var file = GgufFile.Open(_directory["m.gguf"]);
        var matrices = new MatrixReader(file);
        return new FolderExport(file, (name, expert) => matrices.Read(name, expert), null).Write(_directory["hub"], TensorType.F32);
    }

    private GgufFile Convert()
    {
        using var folder = ModelFolder.Open(_directory["hub"]);
        new FolderConversion(folder, null, null, default).Write(_directory["back.gguf"]);
        return GgufFile.Open(_directory["back.gguf"]);
    }
}
