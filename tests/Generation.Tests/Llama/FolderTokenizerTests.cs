using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.HuggingFace;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>Token ids of converted folders are those that the folder's tokenizer.json means.</summary>
public sealed class FolderTokenizerTests : IDisposable
{
    private const string Qwen =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const int Bos = 256, End = 259, Twelve = 264, Ab = 265, SpaceAb = 266, AbC = 267;

    private readonly string _root = Directory.CreateTempSubdirectory("dpo-folder-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Bytes_withTheirTemplate_areThoseOfTheSameModelAsAGguf()
    {
        using var tokenizer = Convert(ByteVocabulary.Size, _ => { });
        var gguf = Path.Combine(_root, "plain.gguf");
        TinyModel.Write(gguf, TinyModel.Config());
        using var plain = LlamaTextTokenizer.Load(gguf);
        var asked = Passage.Of(new ChatMessage("user", "Größe 1+2?"));

        Assert.Equal(plain.EncodePrompt(asked), tokenizer.EncodePrompt(asked));
        Assert.Equal(plain.EncodeCompletion(asked, Passage.Of("3")), tokenizer.EncodeCompletion(asked, Passage.Of("3")));
    }

    [Theory]
    [InlineData(Qwen, "12ab", new[] { '1', '2', Ab })]
    [InlineData(Llama3, "12ab", new[] { Twelve, Ab })]
    [InlineData(Llama3, "ab abc 12", new[] { Ab, SpaceAb, 'c', ' ', Twelve })]
    [InlineData(Qwen, "abcab<|end|>x", new[] { AbC, Ab, End, 'x' })]
    public void Merges_behindTheRulesOfAPreTokenizer_giveItsIds(string pattern, string text, int[] expected)
    {
        using var tokenizer = Convert(AbC + 1, json =>
        {
            json["pre_tokenizer"] = JsonNode.Parse($$$"""
                { "type": "Sequence", "pretokenizers": [{ "type": "Split", "pattern": { "Regex": {{{JsonValue.Create(pattern).ToJsonString()}}} }, "behavior": "Isolated", "invert": false },
                  { "type": "ByteLevel", "add_prefix_space": false, "use_regex": false }] }
                """);
            foreach (var (i, token) in new[] { "12", "ab", "Ġab", "abc" }.Index()) json["model"]!["vocab"]![token] = Twelve + i;
            json["model"]!["merges"] = new JsonArray("1 2", "a b", new JsonArray("Ġ", "ab"), "ab c");
        });

        Assert.Equal([Bos, .. expected], tokenizer.EncodePrompt(Passage.Of(text)));
    }

    /// <summary>A piece that two pairs make: which pairs are joined first decides, as the list has it.</summary>
    [Theory]
    [InlineData("ab", new[] { 264 })]
    [InlineData("aab", new[] { 262, 263 })]
    [InlineData("a b\n", new[] { 262, 259, 261, 3 + '\n' })]
    [InlineData("é</s>a", new[] { 259, 3 + 0xC3, 3 + 0xA9, 2, 262 })]
    public void SentencePieces_areJoinedInTheOrderOfTheMerges(string text, int[] expected)
    {
        using var tokenizer = ConvertPieces(prepends: true);

        Assert.Equal([1, .. expected], tokenizer.EncodePrompt(Passage.Of(text)));
    }

    [Fact]
    public void SentencePieces_withoutASpaceBefore_haveNone()
    {
        using var tokenizer = ConvertPieces(prepends: false);

        Assert.Equal([1, 263], tokenizer.EncodePrompt(Passage.Of("ab")));
        Assert.Equal([1, 264], tokenizer.EncodePrompt(Passage.Of(" ab")));
    }

    private LlamaTextTokenizer ConvertPieces(bool prepends) => Convert(
        265,
        json =>
        {
            string[] pieces =
            [
                "<unk>",
                "<s>",
                "</s>",
                .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"),
                "▁",
                "a",
                "b",
                "▁a",
                "ab",
                "▁ab",
            ];
            json["added_tokens"] = new JsonArray([
                .. pieces
                    .Take(3)
                    .Select(
                        (piece, id) =>
                            new JsonObject
                            {
                                ["id"] = id,
                                ["content"] = piece,
                                ["special"] = true,
                            }),
            ]);
            json["normalizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = JsonNode.Parse(
                        $$"""[{{(prepends ? """{ "type": "Prepend", "prepend": "▁" },""" : "")}} { "type": "Replace", "pattern": { "String": " " }, "content": "▁" }]"""),
            };
            json["pre_tokenizer"] = null;
            json["post_processor"] = null;
            json["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["byte_fallback"] = true,
                ["unk_token"] = "<unk>",
                ["vocab"] = new JsonObject(pieces.Select((piece, id) => KeyValuePair.Create(piece, (JsonNode?)id))),
                ["merges"] = new JsonArray("▁ a", "a b", "▁ ab", "▁a b"),
            };
        },
        config =>
        {
            (config["bos_token"], config["eos_token"], config["pad_token"], config["add_bos_token"]) = ("<s>", "</s>", "<unk>", true);
        });

    private LlamaTextTokenizer Convert(int size, Action<JsonObject> change, Action<JsonObject>? changeConfig = null)
    {
        var (source, path) = (Path.Combine(_root, "hub"), Path.Combine(_root, "converted.gguf"));
        TinyFolder.Write(source, TinyModel.Config() with { VocabSize = size });
        TinyFolder.WriteTokenizer(source, change, changeConfig);
        using (var folder = ModelFolder.Open(source))
        {
            new FolderConversion(folder, null, null, default).Write(path);
        }
        using (var file = GgufFile.Open(path))
        {
            Assert.Equal(size, ModelConfig.Read(file).VocabSize);
        }
        return LlamaTextTokenizer.Load(path);
    }
}
